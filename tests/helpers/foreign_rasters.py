"""Rasters that somebody else made: a smooth pattern of places on all kinds of maps."""

import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS

from imfmap.maps.bodies import body, body_of
from tests.helpers.target_factory import target_grid

GRID = target_grid(size=(400, 600))


def relief(lon, lat):
    """A smooth pattern of places, 20..220: what every mosaic of these tests shows."""
    centre = GRID.lonlat(GRID.shape[0] / 2, GRID.shape[1] / 2)
    lon = (lon + 180) % 360 - 180
    east, north = (lon - centre[0]) / 0.01, (lat - centre[1]) / 0.01
    return 120 + 60 * np.sin(3 * east) + 40 * np.cos(4 * north + east)


def given(path, crs, transform, shape, values=None, **options):
    """Write somebody's mosaic of `relief` by GDAL alone; its path."""
    if values is None:
        rows, columns = np.indices(shape)
        x, y = transform * (columns + 0.5, rows + 0.5)
        lon, lat = body_of(crs).to_lonlat(CRS.from_user_input(crs)).transform(x, y)
        values = relief(np.asarray(lon), np.asarray(lat))
    values = np.asarray(values)
    options = {"dtype": "uint8", **options}
    if np.issubdtype(np.dtype(options["dtype"]), np.integer):
        values = np.rint(values)
    with rasterio.open(
        path, "w", driver="GTiff", height=shape[0], width=shape[1], count=1, crs=crs, transform=transform, **options
    ) as dataset:
        dataset.write(values.astype(options["dtype"]), 1)
    return path


def truth(grid):
    rows, columns = np.indices(grid.shape)
    return relief(*grid.lonlat(rows, columns))


def inner(grid, margin=8):
    return (slice(margin, grid.shape[0] - margin), slice(margin, grid.shape[1] - margin))


DEGREE_M = np.radians(1) * body("moon").radius_m
LEFT, BOTTOM, RIGHT, TOP = GRID.bounds
WEST, EAST = (float(value) for value in GRID.lonlat(GRID.shape[0] / 2, np.array([0, GRID.shape[1]]))[0])
SOUTH, NORTH = (float(value) for value in GRID.lonlat(np.array([GRID.shape[0], 0]), GRID.shape[1] / 2)[1])
STEP = 1.5 / DEGREE_M
OTHERS = {
    "degrees": ("IAU_2015:30100", Affine(STEP, 0, WEST - 20 * STEP, 0, -STEP, NORTH + 20 * STEP)),
    "degrees from 0 to 360": ("IAU_2015:30100", Affine(STEP, 0, WEST + 360 - 20 * STEP, 0, -STEP, NORTH + 20 * STEP)),
    "another name of the Moon": ("ESRI:104903", Affine(STEP, 0, WEST - 20 * STEP, 0, -STEP, NORTH + 20 * STEP)),
    "another projection": (
        "+proj=ortho +lat_0=-10.4 +lon_0=-165.01 +R=1737400 +units=m",
        Affine(1.5, 0, LEFT + 270, 0, -1.5, 330),
    ),
    "feet": (
        "+proj=eqc +lat_ts=-10.4 +lon_0=-165 +R=1737400 +units=us-ft",
        Affine.scale(3937 / 1200) @ Affine(1.5, 0, LEFT - 30, 0, -1.5, TOP + 30),
    ),
    "another radius": (
        "+proj=eqc +lat_ts=-10.4 +lon_0=-165 +R=1738000 +units=m",
        Affine.scale(1738000 / 1737400) @ Affine(1.5, 0, LEFT - 30, 0, -1.5, TOP + 30),
    ),
    "coarser": (GRID.crs.to_wkt(), Affine(3, 0, LEFT - 30, 0, -3, TOP + 30)),
    "finer": (GRID.crs.to_wkt(), Affine(0.5, 0, LEFT - 30, 0, -0.5, TOP + 30)),
    "oblong pixels": (GRID.crs.to_wkt(), Affine(1.5, 0, LEFT - 30, 0, -2.0, TOP + 30)),
    "south up": (GRID.crs.to_wkt(), Affine(1.5, 0, LEFT - 30, 0, 1.5, BOTTOM - 30)),
    "east to the left": (GRID.crs.to_wkt(), Affine(-1.5, 0, RIGHT + 30, 0, -1.5, TOP + 30)),
    "kilometres": (
        "+proj=eqc +lat_ts=-10.4 +lon_0=-165 +R=1737400 +units=km",
        Affine.scale(1e-3) @ Affine(1.5, 0, LEFT - 30, 0, -1.5, TOP + 30),
    ),
    "turned": (
        GRID.crs.to_wkt(),
        Affine.translation(LEFT - 30, TOP + 300) @ Affine.rotation(-20) @ Affine.scale(1.5, -1.5),
    ),
}
