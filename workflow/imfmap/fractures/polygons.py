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
from ..core.limits import MOST_CORNERS, MOST_PARTS, check_limit
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
        If the hysteresis is above the threshold, or the raster holds more detections, or longer outlines, than
        `core.limits` allows.
    """
    if hysteresis is not None and hysteresis > threshold:
        raise InputError(
            "mapping.hysteresis", f"{hysteresis} is above the threshold {threshold}", "give a lower hysteresis"
        )
    high = code_at_least(threshold)
    low = high if hysteresis is None else code_at_least(hysteresis)
    with open_raster(probability_path) as dataset:
        grid = MapGrid.of(dataset)
        detections = _detections(dataset, max(low, 1), high, window_px)
    geometries = [_joined(parts) for parts in detections]
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


def _detections(dataset, low, high, window_px):
    """Return the polygons of the components that have a pixel with a code of at least `high`, in pixel coordinates.

    Returns
    -------
    list of list of list of shapely.Polygon
        For each component its parts (pixels that touch by edges), and for each part its polygons in all windows.
    """
    rows, columns = dataset.shape
    components, parts = Components(columns), Components(columns, corners=False)
    outlines, piece_of_part, certain, corners = [], [], [], 0
    windows = -(-rows // window_px) * -(-columns // window_px)
    with tqdm(total=windows, desc="vectorise", unit="window", mininterval=1) as bar:
        for row in range(0, rows, window_px):
            for column in range(0, columns, window_px):
                height, width = min(window_px, rows - row), min(window_px, columns - column)
                codes = read_window(dataset, row, column, height, width)
                mask = (codes >= low) & (codes != NODATA)
                pieces, first_piece, piece_count = components.add(row, column, mask)
                labels, first_part, part_count = parts.add(row, column, mask)
                if part_count:
                    corners += _corner_count(mask)
                    _check_size(dataset.name, first_part + part_count, corners)
                    # Few pixels of a map are fractures.
                    found = np.flatnonzero(mask)
                    of_found = pieces.ravel()[found]
                    reached = np.zeros(piece_count + 1, bool)
                    reached[of_found[codes.ravel()[found] >= high]] = True
                    certain.append(reached[1:])
                    piece_of = np.zeros(part_count + 1, int)
                    piece_of[labels.ravel()[found]] = of_found
                    piece_of_part.append(piece_of[1:] + (first_piece - 1))
                    outlines.extend(_outlines(labels, part_count, row, column))
                bar.update()
    if not outlines:
        return []
    component_of_piece = components.roots()
    component = component_of_piece[np.concatenate(piece_of_part)]
    kept = np.isin(component, component_of_piece[np.concatenate(certain)])
    detections = {}
    for part, (owner, whole) in enumerate(zip(component, parts.roots(), strict=True)):
        if kept[part]:
            detections.setdefault(owner, {}).setdefault(whole, []).append(outlines[part])
    return [list(of_component.values()) for of_component in detections.values()]


def _check_size(path, parts, corners):
    """Refuse a raster that would take too long: a probability that is noise everywhere, for instance."""
    remedy = "look at it: a map of fractures has far fewer; raise mapping.threshold, or train the model longer"
    check_limit(parts, MOST_PARTS, path, "separate detections", remedy)
    check_limit(corners, MOST_CORNERS, path, "corners of outlines", remedy)


def _corner_count(mask):
    """Return how many corners the outlines of a mask have inside it: one where one or three of four pixels are set.

    Where two are set that touch by a corner, there are two.
    """
    across = mask[:, 1:] != mask[:, :-1]
    one, both = across[1:] != across[:-1], across[1:] & across[:-1]
    return int(one.sum()) + 2 * int((both & (mask[1:, 1:] == mask[:-1, :-1])).sum())


def _outlines(labels, count, row, column):
    """Return the polygons of labels 1..count, in pixel coordinates; the window begins at (row, column)."""
    outlines = [None] * count
    labels = labels.astype(np.int32, copy=False)
    for geometry, value in shapes(labels, mask=labels > 0, transform=Affine.translation(column, row)):
        outlines[int(value) - 1] = shape(geometry)
    return outlines


def _joined(parts):
    """Join the polygons of a component's parts to one geometry, with points only where its outline turns."""
    # Part by part: among many parts that do not touch, a union would look for the owner of each hole in all of them.
    polygons = [polygons[0] if len(polygons) == 1 else _without_joints(polygons) for polygons in parts]
    return shapely.normalize(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))


def _without_joints(polygons):
    """Return the union of a part's polygons in all windows: one polygon."""
    whole = shapely.union_all(polygons)
    return shapely.Polygon(_corners(whole.exterior), [_corners(ring) for ring in whole.interiors])


def _corners(ring):
    """Return the points of a closed ring at which it turns."""
    points = shapely.get_coordinates(ring)[:-1]
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    return points[before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]]
