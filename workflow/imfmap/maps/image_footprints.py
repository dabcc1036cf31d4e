"""Footprints of projected images, out of the pixels that they fill."""

from dataclasses import asdict
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
# Islands of less than this share of an image are left out: single pixels between shadows.
_LEAST_SHARE = 1e-3
# 3 mm on the Moon; and 3 cm, by which an edge may be straighter than it is.
_DECIMALS = 7
_TOLERANCE_DEG = 1e-6


def image_footprints(paths):
    """Footprints of the rasters of a target, with what is known of each image.

    Parameters
    ----------
    paths : sequence of path
        Projected images with the tags of `image_facts.ImageFacts`, or finished mosaics without; all on one CRS.

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
        return {"product": tags.get(PRODUCTS_TAG, Path(path).stem)}
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


def geographic_footprint(grid, outline=None):
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
    left, bottom, right, top = outline.bounds
    dense = shapely.orient_polygons(outline).segmentize(max(right - left, top - bottom) / 64)
    degrees = shapely.transform(dense, lambda points: np.column_stack(grid.lonlat(*grid.rowcol(*points.T))))
    poles = {name: _holds(grid, outline, lat) for name, lat in (("north", 90.0), ("south", -90.0))}
    fixed = antimeridian.fix_shape(degrees, force_north_pole=poles["north"], force_south_pole=poles["south"])
    geometry = shapely.transform(
        shapely.geometry.shape(fixed).simplify(_TOLERANCE_DEG), lambda points: points.round(_DECIMALS)
    )
    return geometry, [round(float(value), _DECIMALS) for value in antimeridian.bbox(geometry)]


def _holds(grid, outline, lat_deg):
    """Whether an area of a map holds a place on the meridian of 0."""
    row, column = grid.rowcol_of_lonlat(0.0, lat_deg)
    return bool(np.isfinite([row, column]).all()) and outline.intersects(shapely.Point(*grid.xy(row, column)))
