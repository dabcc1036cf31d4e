"""Seams of a mosaic: the lines along which it changes from one image to another."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from ..core.errors import InputError
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG
from ..maps.rasters import open_raster, read_window

_STRIP_ROWS = 512


def seam_lines(sources: str | Path) -> gpd.GeoDataFrame:
    """Return the lines between pixels that came from different images.

    Parameters
    ----------
    sources : path
        Raster that `build.mosaic` wrote.

    Returns
    -------
    geopandas.GeoDataFrame
        Lines in map coordinates, simplified to within a pixel, with the columns ``product_a``, ``product_b``; empty for
        a mosaic of one image. The edge between an image and no data is no seam.

    Raises
    ------
    InputError
        If the raster does not name its products.
    """
    with open_raster(sources) as dataset:
        grid, products = MapGrid.of(dataset), dataset.tags().get(PRODUCTS_TAG)
        if not products:
            raise InputError(sources, f"has no tag {PRODUCTS_TAG}", "make the mosaic again with this workflow")
        products = products.split(",")
        strips = range(0, dataset.height, _STRIP_ROWS)
        # Each strip has one row more, for the edges towards the next strip.
        edges = [_strip_edges(read_window(dataset, row, 0, _STRIP_ROWS + 1, dataset.width), row) for row in strips]
    pairs, ends = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    lines, names = [], []
    for first, second in np.unique(pairs, axis=0):
        chosen = ends[(pairs == (first, second)).all(axis=1)]
        # Pixel (r, c) has its centre at (r, c), so its upper left corner lies half a pixel before.
        corners = np.stack(grid.xy(chosen[..., 0] - 0.5, chosen[..., 1] - 0.5), axis=-1)
        merged = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(corners)))
        parts = shapely.get_parts(shapely.simplify(merged, grid.resolution_m))
        lines.extend(parts)
        names.extend([(products[first - 1], products[second - 1])] * len(parts))
    columns = {"product_a": [a for a, _ in names], "product_b": [b for _, b in names]}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(lines, crs=grid.crs), crs=grid.crs)


def _strip_edges(strip, first_row):
    """Return straight runs of pixel edges at which the source changes.

    Returns
    -------
    tuple of ndarray
        (n, 2): the two sources, the lower number first; (n, 2, 2): both ends as row, column of pixel corners.
    """
    below = _runs(strip[:-1], strip[1:])
    pairs_below, row, start, stop = below
    ends_below = np.stack([np.stack([row + 1, start], -1), np.stack([row + 1, stop], -1)], axis=1)
    beside = _runs(strip[:-1, :-1].T, strip[:-1, 1:].T)
    pairs_beside, column, start, stop = beside
    ends_beside = np.stack([np.stack([start, column + 1], -1), np.stack([stop, column + 1], -1)], axis=1)
    ends = np.concatenate([ends_below, ends_beside])
    ends[..., 0] += first_row
    return np.concatenate([pairs_below, pairs_beside]), ends


def _runs(one, other):
    """Return runs along the second axis in which two arrays hold the same pair of different sources."""
    line, position = np.nonzero((one != other) & (one != 0) & (other != 0))
    values = np.stack([one[line, position], other[line, position]], axis=-1).astype(int)
    pairs = np.sort(values, axis=-1)
    if not len(line):
        return pairs, line, position, position
    same = (np.diff(line) == 0) & (np.diff(position) == 1) & (np.diff(pairs, axis=0) == 0).all(axis=-1)
    begins = np.flatnonzero(np.concatenate([[True], ~same]))
    stops = np.concatenate([begins[1:] - 1, [len(line) - 1]])
    return pairs[begins], line[begins], position[begins], position[stops] + 1
