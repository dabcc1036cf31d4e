"""Footprints of projected images, made from their valid pixels."""

from collections.abc import Sequence
from pathlib import Path

import antimeridian
import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from rasterio.enums import Resampling
from rasterio.features import shapes
from shapely.geometry import shape

from .grids import MapGrid
from .image_facts import PRODUCTS_TAG, ImageFacts
from .rasters import open_raster

MOST_PX = 1024
# Parts of less than this share of an image are left out, such as single pixels between shadows.
_LEAST_SHARE = 1e-3
# Decimals of a degree: 3 mm on the Moon.
_DECIMALS = 7
# Simplified outlines may be wrong by this much: 3 cm on the Moon.
_TOLERANCE_DEG = 1e-6


def image_footprints(paths: Sequence[str | Path]) -> gpd.GeoDataFrame:
    """Return the footprints of the rasters of a target, with the facts of each image.

    Parameters
    ----------
    paths : sequence of path
        Projected images with the tags of `image_facts.ImageFacts`, or mosaics without them. All have the same CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        A row for each raster, in the rasters' CRS: ``product``, the other facts if the raster has them, and the outline
        of the valid pixels. Holes, such as shadows, are filled. The outline is made from a copy of at most `MOST_PX`
        pixels on the longer side, and is right within two pixels of that copy.
    """
    rows, outlines, crs = [], [], None
    for path in paths:
        with open_raster(path) as dataset:
            grid = MapGrid.of(dataset)
            rows.append(_facts(dataset.tags(), path))
            outlines.append(_outline(dataset, grid))
        crs = crs or grid.crs
    return gpd.GeoDataFrame(rows, geometry=outlines, crs=crs)


def _facts(tags, path):
    if not any(key.startswith("IMF_SUN") for key in tags):
        return {"product": tags.get(PRODUCTS_TAG, Path(path).stem)}
    return ImageFacts.from_tags(tags, path).listed()


def _outline(dataset, grid):
    shrink = max(1.0, max(grid.shape) / MOST_PX)
    size = tuple(max(1, round(side / shrink)) for side in grid.shape)
    pixels = dataset.read(1, out_shape=size, resampling=Resampling.nearest, masked=True)
    valid = ~np.ma.getmaskarray(pixels) & np.isfinite(pixels.filled(0))
    transform = grid.transform * Affine.scale(grid.shape[1] / size[1], grid.shape[0] / size[0])
    parts = [
        shapely.Polygon(shape(geometry).exterior)
        for geometry, value in shapes(valid.astype(np.uint8), mask=valid, connectivity=8, transform=transform)
        if value
    ]
    least = _LEAST_SHARE * sum(part.area for part in parts)
    filled = shapely.union_all([part for part in parts if part.area >= least])
    return filled.simplify(transform.a)


def geographic_footprint(
    grid: MapGrid, outline: shapely.Polygon | shapely.MultiPolygon | None = None
) -> tuple[shapely.Geometry, list[float]]:
    """Return an area of a map in longitude and latitude, as GeoJSON needs it.

    Parameters
    ----------
    grid : MapGrid
    outline : shapely.Polygon or shapely.MultiPolygon, optional
        The area in map metres; by default all of the grid.

    Returns
    -------
    geometry : shapely geometry
        Degrees, longitudes -180..180. It is cut at the antimeridian, and closed over a pole that it contains.
    bbox : list of float
        West, south, east, north. West is above east if the area crosses the antimeridian (RFC 7946, section 5.2).
    """
    outline = shapely.box(*grid.bounds) if outline is None else outline
    left, bottom, right, top = outline.bounds
    dense = shapely.orient_polygons(outline).segmentize(max(right - left, top - bottom) / 64)
    degrees = shapely.transform(dense, lambda points: np.column_stack(grid.lonlat(*grid.rowcol(*points.T))))
    poles = {name: _contains(grid, outline, lat) for name, lat in (("north", 90.0), ("south", -90.0))}
    fixed = antimeridian.fix_shape(degrees, force_north_pole=poles["north"], force_south_pole=poles["south"])
    geometry = shapely.transform(
        shapely.geometry.shape(fixed).simplify(_TOLERANCE_DEG), lambda points: points.round(_DECIMALS)
    )
    return geometry, [round(float(value), _DECIMALS) for value in antimeridian.bbox(geometry)]


def _contains(grid, outline, lat_deg):
    """Return whether an area of a map contains the place of a latitude on the meridian of 0."""
    row, column = grid.rowcol_of_lonlat(0.0, lat_deg)
    return bool(np.isfinite([row, column]).all()) and outline.intersects(shapely.Point(*grid.xy(row, column)))
