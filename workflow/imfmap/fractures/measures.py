"""Measure the shape and size of fractures, in true ground units for any map projection."""

import json
import math
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from pyproj import Geod
from rasterio.enums import Resampling
from rasterio.windows import Window
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from ..core.code_digest import code_of
from ..core.limits import MOST_MEASURED_PIXELS, check_limit
from ..core.part_store import PartStore
from ..maps.axial import axial_difference_deg, polygon_principal_axis
from ..maps.grids import MapGrid
from ..maps.large_shapes import pieces_of
from ..maps.probability_raster import decode
from ..maps.rasters import open_raster
from .centreline import MOST_PIXELS, centreline, mask_shape, polygon_mask, polygon_raster, polygon_window
from .width_profiles import edge_distance_m, width_profile

# Limits for pieces of one fracture: their gap, the angle by which they are out of line, and the sideways shift that is
# allowed in addition to half their width.
GAP_M = 30.0
LINE_DEG = 25.0
SIDEWAYS_M = 5.0
# Fractures whose neighbours are looked for at a time, so that the pairs of a dense map fit in memory.
_AT_ONCE = 1000
# Step of the width profile along a centreline, in pixels of the map.
PROFILE_PX = 2
# Pixels are not treated as squares on the ground if the map's scales in its two main directions differ by this factor.
STRETCHED = 1.05

MEASURES = (
    "area_m2",
    "length_m",
    "total_length_m",
    "mean_width_m",
    "max_width_m",
    "orientation_deg",
    "sinuosity",
    "confidence",
    "lon_deg",
    "lat_deg",
)


def measure(
    polygons: gpd.GeoDataFrame, probability_path: str | Path, out_path: str | Path | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Measure fractures.

    Parameters
    ----------
    polygons : geopandas.GeoDataFrame
        Polygons in the CRS of the probability raster.
    probability_path : path
        8-bit probability raster.
    out_path : path, optional
        Product beside which measures are kept (see `part_store.PartStore`). A polygon is not measured again if it and
        the probabilities around it are unchanged.

    Returns
    -------
    fractures : geopandas.GeoDataFrame
        The polygons with an integer ``fracture``, numbered from 1, and

        * ``area_m2``;
        * ``length_m`` of the longest path along the centreline, from edge to edge, and ``total_length_m`` with its
          branches;
        * ``mean_width_m``, the area over the total length, and ``max_width_m``, the largest width of the width
          profiles and of the circles that fit between the walls, also on branches;
        * ``orientation_deg`` of the axis of least inertia, clockwise from north, 0..180;
        * ``sinuosity``, length over the distance of the ends, NaN for a loop;
        * ``confidence``, the mean probability;
        * ``lon_deg`` (-180..180), ``lat_deg`` of the centroid;
        * ``group``: fractures with the same number are probably pieces of one (see `group_pieces`).
    centrelines : geopandas.GeoDataFrame
        Lines on the map: ``fracture``; ``line``, 0 for the longest path, from 1 for its branches; ``length_m``, which
        adds up to the fracture's total length; ``mean_width_m`` along the line. The width profile of each is two
        lists in JSON: ``widths_m``, from edge to edge across the line (see `width_profiles.width_profile`), at
        ``distances_m`` from the line's first point.

    Notes
    -----
    A shape hardly longer than wide has no useful skeleton. Its line is the long axis of the smallest rectangle around
    it, and its largest width is that of the largest circle in it. On bars 4 to 30 px wide, at every 15 degrees, lengths
    are right within 1.5 %, total lengths within 4 %, largest widths within 1 px, orientations within 0.5 degrees. Areas
    and mean widths are right within 12 % at 4 px (the error of drawing on pixels) and 3 % at 10 px. On arcs, lengths
    are right within 1 % and sinuosities within 3 % (too low, because ends are taken as straight). See
    ``tests/unit/fractures/test_measures.py``.
    """
    frame = polygons.reset_index(drop=True)
    rows, lines = [], []
    with (
        open_raster(probability_path) as dataset,
        PartStore(out_path, {"code": code_of(__file__)}) if out_path else nullcontext() as store,
    ):
        grid = MapGrid.of(dataset)
        _check_windows(frame.geometry.values, grid, probability_path)
        centroids = shapely.get_coordinates(shapely.centroid(frame.geometry.values))
        row, column = grid.rowcol(*centroids.T)
        jacobians = grid.ground_jacobians(row, column)
        places = grid.lonlat(row, column)
        for number, (geometry, jacobian) in enumerate(
            tqdm(list(zip(frame.geometry, jacobians, strict=True)), desc="measure", unit="fracture", mininterval=1), 1
        ):
            values, traced = _kept_measures(store, geometry, jacobian, grid, _Probability(dataset, geometry, grid))
            rows.append(values)
            lines += [{"fracture": number, "line": place, **line} for place, line in enumerate(traced)]
    for number, name in enumerate(MEASURES[:-2]):
        frame[name] = np.array([values[number] for values in rows], float)
    frame["lon_deg"], frame["lat_deg"] = places
    frame.insert(0, "fracture", np.arange(1, len(frame) + 1))
    frame["group"] = group_pieces(frame, grid)
    return frame, _centrelines(lines, frame.crs)


def group_pieces(frame: gpd.GeoDataFrame, grid: MapGrid) -> np.ndarray:
    """Number the groups of fractures that look like pieces of one.

    Two fractures belong together under three conditions: their gap is at most `GAP_M`; the direction of both differs
    from the line between their centroids by at most `LINE_DEG`; and, seen across each of them, the gap is at most half
    its width plus `SIDEWAYS_M`.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        With ``orientation_deg``, ``mean_width_m``, ``lon_deg``, ``lat_deg``.
    grid : MapGrid
        Grid of the map, for true directions.

    Returns
    -------
    ndarray
        int (N,), numbered from 1 in the order of the first piece.
    """
    geometries = frame.geometry.values
    if not len(geometries):
        return np.zeros(0, int)
    # Largest extent of the gap on the map, at the map's largest scale. The gap on the ground is checked below.
    corners = shapely.box(*shapely.total_bounds(geometries)).exterior.coords
    scales = np.linalg.svd(grid.ground_jacobians(*grid.rowcol(*np.array(corners).T)), compute_uv=False)
    reach = 1.01 * GAP_M / scales.min()
    lon, lat, axis, width = (
        frame[name].to_numpy() for name in ("lon_deg", "lat_deg", "orientation_deg", "mean_width_m")
    )
    geod = Geod(a=grid.body.radius_m, b=grid.body.radius_m)

    def in_line(one, other, gaps):
        # As lists, since pyproj treats an array of one element as a number.
        azimuth = np.asarray(geod.inv(*(values.tolist() for values in (lon[one], lat[one], lon[other], lat[other])))[0])
        gap_lon, gap_lat = grid.lonlat(*grid.rowcol(*shapely.get_coordinates(gaps).T))
        ends = (gap_lon[::2], gap_lat[::2], gap_lon[1::2], gap_lat[1::2])
        gap_azimuth, _, gap_m = map(np.asarray, geod.inv(*(values.tolist() for values in ends)))
        fits = gap_m <= GAP_M
        for piece in (one, other):
            sideways_m = gap_m * np.sin(np.radians(axial_difference_deg(gap_azimuth, axis[piece])))
            fits &= axial_difference_deg(azimuth, axis[piece]) <= LINE_DEG
            fits &= sideways_m <= width[piece] / 2 + SIDEWAYS_M
        return fits

    pairs = [np.empty((2, 0), int)]
    for one, other, gaps in _near_pairs(geometries, reach):
        pairs.append(np.stack([one, other])[:, in_line(one, other, gaps)])
    one, other = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(frame), len(frame)))
    return connected_components(graph, directed=False)[1] + 1


def _near_pairs(geometries, reach) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the pairs of geometries that are at most `reach` apart, some at a time, with the shortest lines between."""
    pieces, owner = pieces_of(geometries)
    tree = shapely.STRtree(pieces)
    for first in range(0, len(geometries), _AT_ONCE):
        start, end = np.searchsorted(owner, (first, first + _AT_ONCE))
        one, other = tree.query(pieces[start:end], predicate="dwithin", distance=reach)
        one, other = np.stack([one + start, other])[:, owner[other] > owner[one + start]]
        # Of the pairs of pieces of the same two geometries, the nearest one counts.
        order = np.lexsort((shapely.distance(pieces[one], pieces[other]), owner[other], owner[one]))
        one, other = one[order], other[order]
        new = np.ones(len(one), bool)
        new[1:] = (np.diff(owner[one]) != 0) | (np.diff(owner[other]) != 0)
        one, other = one[new], other[new]
        if len(one):
            yield owner[one], owner[other], shapely.shortest_line(pieces[one], pieces[other])


def _check_windows(geometries, grid, path):
    """Refuse a map on which many detections are as large as the map: each is measured in its own window."""
    left, bottom, right, top = shapely.bounds(geometries).T / grid.resolution_m
    pixels = np.minimum((right - left) * (top - bottom), MOST_PIXELS).sum()
    remedy = "look at it: its detections are long rings or stripes; raise mapping.threshold"
    check_limit(pixels, MOST_MEASURED_PIXELS, path, "pixels in the windows around its detections", remedy)


def _kept_measures(store, geometry, jacobian, grid, probability):
    """Return the result of `_measures`, from the store (or None) if it has it."""
    arguments = geometry, jacobian, grid, probability
    if store is None:
        return _measures(*arguments)
    codes = probability.codes.tobytes()
    key = store.key(geometry.wkb, jacobian.tobytes(), list(grid.transform), grid.shape, codes)
    return store.values(key, _measures, *arguments)


def _measures(geometry, jacobian, grid, probability):
    """Return one polygon's values of `MEASURES` up to the confidence, and its lines as rows of the centrelines.

    All are plain values. Geometries of lines are WKB as hexadecimal text.
    """
    area = geometry.area * abs(np.linalg.det(jacobian))
    ground = shapely.transform(geometry, lambda points: points @ jacobian.T)
    mask, to_ground, origin = _drawn_on_ground(geometry, ground, jacobian, grid)
    line = centreline(mask, to_ground)
    if line is None:
        path = _long_axis(ground) - origin
        length = total = float(np.hypot(*(path[1] - path[0])))
        sinuosity, max_width = 1.0, 2 * shapely.maximum_inscribed_circle(ground).length
        traced = [(path, area / total, total)]
    else:
        length, total, sinuosity, max_width = line.length_m, line.total_length_m, line.sinuosity, line.max_width_m
        traced = sorted(line.lines, key=lambda traced: traced[0] is not line.path)
    mean_width = area / total
    to_map, edge_m = np.linalg.inv(jacobian).T, edge_distance_m(mask, to_ground)
    rows = []
    for points, width_m, length_m in traced:
        distance, width = width_profile(mask, to_ground, points, PROFILE_PX * grid.resolution_m, edge_m)
        max_width = max(max_width, float(width.max()))
        rows.append(
            {
                "length_m": length_m,
                "mean_width_m": width_m,
                "distances_m": json.dumps(distance.round(2).tolist()),
                "widths_m": json.dumps(width.round(2).tolist()),
                "geometry": shapely.LineString((points + origin) @ to_map).wkb_hex,
            }
        )
    axis = polygon_principal_axis(ground)[0]
    values = area, length, total, mean_width, max_width, axis, sinuosity, probability.mean_of(geometry)
    return [float(value) for value in values], rows


def _drawn_on_ground(geometry, ground, jacobian, grid):
    """Return a polygon's mask, the matrix from its pixel steps to ground metres, and its first pixel in ground metres.

    The mask has the map's own pixels, whose edges the polygon follows. If the map stretches the ground, it has square
    pixels of the ground instead, since else the skeleton would not lie in the middle.
    """
    shrink, stretch = np.sort(np.linalg.svd(jacobian, compute_uv=False))
    if stretch <= STRETCHED * shrink:
        mask, to_map, origin = polygon_raster(geometry, grid)
        return mask, jacobian @ to_map, jacobian @ origin
    left, bottom, right, top = ground.bounds
    pixel_m = stretch * grid.resolution_m
    shape = math.ceil((top - bottom) / pixel_m), math.ceil((right - left) / pixel_m)
    return polygon_raster(ground, MapGrid(None, Affine(pixel_m, 0.0, left, 0.0, -pixel_m, top), shape))


def _centrelines(rows, crs):
    names = ("fracture", "line", "length_m", "mean_width_m", "distances_m", "widths_m")
    kinds = (int, int, float, float, object, object)
    columns = {name: np.array([row[name] for row in rows], kind) for name, kind in zip(names, kinds, strict=True)}
    return gpd.GeoDataFrame(columns, geometry=shapely.from_wkb([row["geometry"] for row in rows]), crs=crs)


class _Probability:
    """Codes of the probability around a polygon: sampled if it is large, empty if it lies off the raster."""

    def __init__(self, dataset, geometry, grid):
        row, column, rows, columns = polygon_window(geometry, grid, margin=0)
        top, left = max(row, 0), max(column, 0)
        rows, columns = min(row + rows, grid.shape[0]) - top, min(column + columns, grid.shape[1]) - left
        self._grid, self._window, self.codes = grid, (top, left, rows, columns), np.empty((0, 0), np.uint8)
        if rows > 0 and columns > 0:
            self._factor = min(1.0, math.sqrt(MOST_PIXELS / (rows * columns)))
            self.codes = dataset.read(
                1,
                window=Window(left, top, columns, rows),
                out_shape=mask_shape(self._window, self._factor),
                resampling=Resampling.nearest,
            )

    def mean_of(self, geometry):
        """Return the mean probability of the polygon; NaN without data."""
        if not self.codes.size:
            return math.nan
        values = decode(self.codes[polygon_mask(geometry, self._grid, self._window, self._factor)])
        return float(np.nanmean(values)) if np.isfinite(values).any() else math.nan


def _long_axis(ground):
    """Return the ends (2, 2) of the long axis of the smallest rectangle around a polygon."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(ground))[:4]
    middles = (corners + np.roll(corners, -1, axis=0)) / 2
    axes = np.stack([middles[[0, 2]], middles[[1, 3]]])
    return max(axes, key=lambda ends: np.hypot(*(ends[1] - ends[0])))
