"""A small target with all products that a map needs. No rule has to run."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine

from imfmap.fractures.density import write_density
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import MappedGround
from imfmap.maps.image_facts import PRODUCTS_TAG, ImageFacts
from imfmap.maps.image_footprints import image_footprints
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import create_raster, write_raster
from imfmap.maps.vectors import write_vector
from imfmap.products.tables import write_fractures, write_summary

PRODUCTS = ("M1500000010LE", "M1500000020RE")
# Row, column, rows and columns of the bar of each fracture, and of a rejected one.
BARS = ((40, 60, 6, 200), (300, 500, 90, 12), (420, 100, 20, 60), (600, 650, 4, 30))
SMALL_BAR = (500, 400, 3, 5)


@dataclass(frozen=True)
class Target:
    """Paths of a target's products, and its grid."""

    folder: Path
    grid: MapGrid
    fractures: gpd.GeoDataFrame
    images: list
    boundary: Path

    def __truediv__(self, name):
        return self.folder / name


def target_grid(projection="equirectangular", lat_deg=-10.4, lon_deg=-165.0, body_name="moon", size=(700, 900)):
    crs = body(body_name).projected(projection, lat_deg, lon_deg)
    return MapGrid.centred(crs, lon_deg, lat_deg, 1.5 * size[1], 1.5 * size[0], 1.5)


def write_target(folder, grid=None):
    """Write mosaic, sources, probability, images, fractures, outlines and boundary. Return a `Target`."""
    folder, grid = Path(folder), grid or target_grid()
    rng = np.random.default_rng(4)
    rows, columns = grid.shape
    grey = rng.integers(60, 200, grid.shape).astype(np.uint8)
    grey[:, : columns // 30] = 0
    tags = {PRODUCTS_TAG: ",".join(PRODUCTS)}
    with create_raster(folder / "mosaic.tif", grid, "uint8", nodata=0, tags=tags, cloud=True) as dataset:
        dataset.write(grey, 1)
    with create_raster(
        folder / "mosaic_sources.tif", grid, "uint8", nodata=0, tags=tags, overviews="nearest", cloud=True
    ) as dataset:
        dataset.write((grey > 0).astype(np.uint8), 1)
    probability = np.full(grid.shape, 0.02, np.float32)
    for row, column, height, width in (*BARS, SMALL_BAR):
        probability[row : row + height, column : column + width] = 0.9
    probability[grey == 0] = np.nan
    with create_probability(folder / "probability.tif", grid, tags) as dataset:
        dataset.write(encode(probability), 1)
    images = []
    for number, product in enumerate(PRODUCTS):
        facts = ImageFacts(
            product, f"2010-06-0{number + 1}T10:00:00", 275.0 - 180 * number, 42.0, 1.5, 43.0, 1.0, "native"
        )
        pixels = np.where(grey > 0, grey / 4000.0, np.nan).astype(np.float32)
        pixels[:, (columns // 2) * (1 - number) : columns - number * (columns // 3)] *= 1.1
        pixels[: number * 100] = np.nan
        images.append(folder / "projected" / f"{product}.tif")
        write_raster(images[-1], pixels, grid, nodata=np.nan, tags=facts.tags())
    fractures = _bars(grid, BARS)
    rejected = _bars(grid, [SMALL_BAR], first=len(BARS) + 1).assign(reason="small")
    write_fractures(folder, fractures, rejected, _lines(fractures), _pond(grid))
    _write_density(folder / "density.tif", grid)
    write_vector(folder / "footprints.gpkg", {"footprints": image_footprints(images)})
    left, bottom, right, top = grid.bounds
    floor = shapely.box(left + 100, bottom + 100, right + 300, top - 100)
    ponds = shapely.Point(left + 400, bottom + 300).buffer(60)
    layers = {
        name: gpd.GeoDataFrame(geometry=[area], crs=grid.crs) for name, area in (("floor", floor), ("ponds", ponds))
    }
    boundary = folder / "boundary.gpkg"
    write_vector(boundary, layers)
    write_summary(folder / "summary.json", {"fractures": {"polygons": len(BARS)}})
    return Target(folder, grid, fractures, images, boundary)


def _write_density(path, grid):
    """Write a density on cells of 50 pixels: 0 at the left to 4 km per km2, without data in the first row."""
    rows, columns = (-(-side // 50) for side in grid.shape)
    cells = MapGrid(grid.crs, grid.transform * Affine.scale(50), (rows, columns))
    bands = np.tile(np.linspace(0, 4, columns, dtype=np.float32), (2, rows, 1))
    bands[:, 0] = np.nan
    write_density(path, bands, MappedGround(cells, np.ones(cells.shape)), 200.0)


def _bars(grid, bars, first=1):
    """Return bars with measures. Widths and lengths are those of the drawing."""
    geometries = [shapely.box(*grid.window(*bar).bounds) for bar in bars]
    sides = np.array([sorted(bar[2:]) for bar in bars]) * grid.resolution_m
    lon, lat = grid.lonlat(*np.array([(row + rows / 2, column + columns / 2) for row, column, rows, columns in bars]).T)
    numbers = np.arange(first, first + len(bars))
    return gpd.GeoDataFrame(
        {
            "fracture": numbers,
            "area_m2": sides.prod(axis=1),
            "length_m": sides[:, 1],
            "total_length_m": sides[:, 1],
            "mean_width_m": sides[:, 0],
            "max_width_m": sides[:, 0],
            "orientation_deg": 90.0,
            "sinuosity": 1.0,
            "confidence": 0.6 + 0.05 * numbers,
            "lon_deg": lon,
            "lat_deg": lat,
            "group": numbers,
            "products": PRODUCTS[0],
            "images_seen": 2,
            "images_agreed": 1,
            "incidence_deg": 42.0,
            "sun_azimuth_north_deg": 275.0,
            "incidences_deg": "42.0",
            "sun_azimuths_north_deg": "275.0",
            "shadow_shares": f'{{"{PRODUCTS[0]}": 0.25}}',
            "always_dark_share": 0.1,
            "depth_m": 2.5 * numbers,
            "depth_kind": ["measured", "at least"][len(numbers) % 2],
        },
        geometry=geometries,
        crs=grid.crs,
    )


def _lines(fractures):
    """Return the long axes of fractures, each with two widths along it."""
    ends = []
    for left, bottom, right, top in fractures.bounds.values:
        x, y = (left + right) / 2, (bottom + top) / 2
        ends.append([(left, y), (right, y)] if right - left > top - bottom else [(x, bottom), (x, top)])
    widths = fractures["mean_width_m"]
    return gpd.GeoDataFrame(
        {
            "fracture": fractures["fracture"],
            "line": 0,
            "length_m": fractures["length_m"],
            "mean_width_m": widths,
            "distances_m": [f"[{length / 4}, {3 * length / 4}]" for length in fractures["length_m"]],
            "widths_m": [f"[{width}, {width}]" for width in widths],
        },
        geometry=[shapely.LineString(pair) for pair in ends],
        crs=fractures.crs,
    )


def _pond(grid):
    """Return a candidate pond around the lowest fracture on the map."""
    outline = shapely.box(*grid.window(580, 620, 60, 80).bounds)
    numbers = {"fractures": 5, "total_length_m": 600.0, "area_m2": outline.area, "density_km_km2": 5.0}
    lon, lat = grid.lonlat(610, 660)
    return gpd.GeoDataFrame(
        {"pond": [1], **numbers, "confidence": 0.8, "lon_deg": lon, "lat_deg": lat}, geometry=[outline], crs=grid.crs
    )
