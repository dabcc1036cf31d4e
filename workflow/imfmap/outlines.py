"""Outlines of projected images, out of the pixels that they fill."""

import math
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from rasterio.enums import Resampling
from rasterio.features import shapes
from shapely.geometry import shape

from .grids import MapGrid
from .products import ImageFacts
from .rasters import open_raster

MOST_PX = 1024
# Islands of less than this share of an image are left out: single pixels between shadows.
_LEAST_SHARE = 1e-3
# 3 mm on the Moon; and 3 cm, by which an edge may be straighter than it is.
_DECIMALS = 7
_TOLERANCE_DEG = 1e-6


def image_outlines(paths):
    """Outlines of the rasters of a target, with what is known of each image.

    Parameters
    ----------
    paths : sequence of path
        Projected images with the tags of `products.ImageFacts`, or finished mosaics without; all on one CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        A row each, in the rasters' CRS: ``product``, the other facts where the raster has them, and the outline of its
        valid pixels, holes (as shadows are) filled. It is right within two pixels of `MOST_PX` on the longer side.
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
        return {"product": Path(path).stem}
    return asdict(ImageFacts.from_tags(tags, path))


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


def geographic_outline(grid, outline=None):
    """An area of a map in longitude and latitude, as GeoJSON wants it.

    Parameters
    ----------
    grid : MapGrid
    outline : shapely.Polygon or shapely.MultiPolygon, optional
        In map metres; by default the grid's edge.

    Returns
    -------
    geometry : shapely geometry
        Degrees, longitudes -180..180; cut where it crosses the antimeridian, closed over a pole that it holds.
    bbox : list of float
        West, south, east, north; west is above east where the area crosses the antimeridian (RFC 7946, section 5.2).
    """
    outline = shapely.box(*grid.bounds) if outline is None else outline
    edges = _segment_m(outline)
    unwrapped = [_on_the_globe(part.exterior.segmentize(edges), grid) for part in shapely.get_parts(outline)]
    whole = shapely.union_all([polygon for polygon, _ in unwrapped])
    turns = range(-2, 3)
    cut = {turn: whole.intersection(shapely.box(360 * turn - 180, -90, 360 * turn + 180, 90)) for turn in turns}
    pieces = {turn: shapely.transform(part, _shift(-360.0 * turn)) for turn, part in cut.items() if part.area > 0}
    geometry = shapely.union_all(list(pieces.values()))
    west, south, east, north = geometry.bounds
    if len(pieces) > 1 and not any(polar for _, polar in unwrapped):
        west, east = pieces[min(pieces)].bounds[0], pieces[max(pieces)].bounds[2]
    geometry = shapely.transform(geometry.simplify(_TOLERANCE_DEG), lambda points: points.round(_DECIMALS))
    return geometry, [round(float(value), _DECIMALS) for value in (west, south, east, north)]


def _segment_m(outline):
    left, bottom, right, top = outline.bounds
    return max(right - left, top - bottom) / 64


def _shift(degrees):
    return lambda points: points + [degrees, 0.0]


def _on_the_globe(ring, grid):
    """Polygon of a ring in degrees, its longitudes running on past 180, and whether it goes around a pole."""
    lon, lat = grid.lonlat(*grid.rowcol(*shapely.get_coordinates(ring).T))
    lon = np.unwrap(lon, period=360)
    if abs(lon[-1] - lon[0]) < 180:
        return shapely.make_valid(shapely.Polygon(np.column_stack([lon, lat]))), False
    pole = math.copysign(90.0, lat.mean())
    lon, lat = np.append(lon, [lon[-1], lon[0]]), np.append(lat, [pole, pole])
    return shapely.make_valid(shapely.Polygon(np.column_stack([lon, lat]))), True
