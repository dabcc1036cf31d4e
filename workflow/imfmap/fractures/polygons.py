"""Turn probabilities into polygons, window by window; the result does not depend on the windows."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from rasterio.features import shapes
from shapely.geometry import shape
from tqdm import tqdm

from ..core.choices import THRESHOLD
from ..core.errors import InputError
from ..learning.probability_calibration import THRESHOLD_TAG
from ..maps.components import Components
from ..maps.grids import MapGrid
from ..maps.probability_raster import NODATA, code_at_least
from ..maps.rasters import open_raster, read_window

WINDOW_PX = 2048


def vectorise(
    probability_path: str | Path, threshold: float, hysteresis: float | None = None, window_px: int = WINDOW_PX
) -> gpd.GeoDataFrame:
    """Return polygons of the places whose probability reaches a threshold.

    Pixels that touch by an edge or a corner belong together: a fracture one pixel wide that runs diagonally is one
    fracture. Parts that touch only by a corner make a MultiPolygon.

    Parameters
    ----------
    probability_path : path
        8-bit probability raster.
    threshold : float
        Probability, 0..1, that a polygon's pixels must reach.
    hysteresis : float, optional
        Lower probability. A polygon then consists of pixels that reach it, at least one of which reaches `threshold`.
    window_px : int
        Side of the windows that are read; the result does not depend on it.

    Returns
    -------
    geopandas.GeoDataFrame
        Geometries in the raster's CRS, along pixel edges, from the map's top to its bottom.

    Raises
    ------
    InputError
        If the hysteresis is above the threshold.
    """
    if hysteresis is not None and hysteresis > threshold:
        raise InputError(
            "mapping.hysteresis", f"{hysteresis} is above the threshold {threshold}", "give a lower hysteresis"
        )
    high = code_at_least(threshold)
    low = high if hysteresis is None else code_at_least(hysteresis)
    with open_raster(probability_path) as dataset:
        grid = MapGrid.of(dataset)
        pieces, groups = _pieces(dataset, max(low, 1), high, window_px)
    geometries = [_joined([pieces[piece] for piece in group]) for group in groups]
    geometries.sort(
        key=lambda geometry: (geometry.bounds[1], geometry.bounds[0], geometry.bounds[3], geometry.bounds[2])
    )
    scale, origin = np.array([grid.transform.a, grid.transform.e]), np.array([grid.transform.c, grid.transform.f])
    placed = shapely.transform(geometries, lambda points: points * scale + origin)
    return gpd.GeoDataFrame(geometry=placed, crs=grid.crs)


def map_threshold(probability_path: str | Path, asked: float | None = None) -> float:
    """Return the probability from which on a pixel of a map is fracture.

    Parameters
    ----------
    probability_path : path
        8-bit probability raster.
    asked : float, optional
        The config's ``mapping.threshold``.

    Returns
    -------
    float
        `asked`; else the threshold that a calibrated model brings with it, in the raster's tag; else `THRESHOLD`.
    """
    if asked is not None:
        return asked
    with open_raster(probability_path) as dataset:
        return float(dataset.tags().get(THRESHOLD_TAG, THRESHOLD))


def _pieces(dataset, low, high, window_px):
    """Return the pieces of components in each window, and which pieces belong together.

    Returns
    -------
    pieces : list of list of shapely.Polygon
        Polygons of each piece, in pixel coordinates.
    groups : list of list of int
        Pieces of every component that has a pixel with a code of at least `high`.
    """
    pieces, certain = [], []
    rows, columns = dataset.shape
    components = Components(columns)
    windows = -(-rows // window_px) * -(-columns // window_px)
    with tqdm(total=windows, desc="vectorise", unit="window", mininterval=1) as bar:
        for row in range(0, rows, window_px):
            for column in range(0, columns, window_px):
                height, width = min(window_px, rows - row), min(window_px, columns - column)
                codes = read_window(dataset, row, column, height, width)
                labels, _, count = components.add(row, column, (codes >= low) & (codes != NODATA))
                if count:
                    reached = np.zeros(count + 1, bool)
                    reached[labels[(labels > 0) & (codes >= high)]] = True
                    certain.extend(reached[1:])
                    pieces.extend(_outlines(labels, count, row, column))
                bar.update()
    groups = {}
    for piece, root in enumerate(components.roots()):
        groups.setdefault(root, []).append(piece)
    return pieces, [group for group in groups.values() if any(certain[piece] for piece in group)]


def _outlines(labels, count, row, column):
    """Return the polygons of labels 1..count, in pixel coordinates; the window begins at (row, column)."""
    outlines = [[] for _ in range(count)]
    for geometry, value in shapes(labels.astype(np.int32), mask=labels > 0, transform=Affine.translation(column, row)):
        outlines[int(value) - 1].append(shape(geometry))
    return outlines


def _joined(pieces):
    """Join the polygons of a component's pieces to one geometry, with points only where its outline turns."""
    polygons = [polygon for piece in pieces for polygon in piece]
    if len(polygons) == 1:
        return shapely.normalize(polygons[0])
    joined = shapely.union_all(polygons) if len(pieces) > 1 else shapely.MultiPolygon(polygons)
    parts = [
        shapely.Polygon(_corners(part.exterior), [_corners(ring) for ring in part.interiors])
        for part in shapely.get_parts(joined)
    ]
    return shapely.normalize(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))


def _corners(ring):
    """Return the points of a closed ring at which it turns."""
    points = shapely.get_coordinates(ring)[:-1]
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    return points[before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]]
