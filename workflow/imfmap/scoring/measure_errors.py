"""Compare the measures of fractures of a simulated target with the truth of its scene.

There are two sources of errors. *Drawn*: each true fracture alone is drawn on the map's pixels and measured; this shows
the errors of measuring. *Mapped*: fractures of the map that each match one true fracture; this adds the errors of
mapping.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.features import shapes

from ..core.files import replacing
from ..fractures.centreline import polygon_mask, polygon_window
from ..fractures.measures import measure
from ..fractures.segments import segments_of
from ..fractures.shadow_depth import MEASURED, shadow_depths
from ..labels.width_classes import WIDTH_CLASSES, width_class
from ..maps.axial import axial_difference_deg, line_principal_axis
from ..maps.grids import MapGrid
from ..maps.large_shapes import pieces_of, places_along
from ..maps.rasters import open_raster
from ..maps.vectors import read_vector

if TYPE_CHECKING:
    from ..maps.ground_plane import MappedGround

UNITS = {
    "length_m": "m",
    "length_percent": "%",
    "mean_width_m": "m",
    "max_width_m": "m",
    "orientation_deg": "deg",
    "sinuosity": "",
    "segments": "",
    "local_width_m": "m",
    "depth_m": "m",
    "depth_at_least_m": "m",
}
SOURCES = ("drawn", "mapped")
ALL = "all"
# A mapped fracture matches a true one if it covers PAIR_SHARE of the true centreline, and PAIR_SHARE of its own area
# lies on the true fracture. It is merged instead if it covers a second true centreline, by more than OTHER_SHARE of the
# length that it covers of the first. It is false if less than OTHER_SHARE of its area lies on true fractures.
PAIR_SHARE, OTHER_SHARE = 0.5, 0.25
# A true fracture counts if at least this share of its centreline lies on the map.
SEEN_SHARE = 0.5
# The width at a place of a mapped centreline is compared if the line has the direction of the one true fracture there,
# within this angle.
ALONG_DEG = 30.0
# Depths of single images are compared by incidence, in steps.
INCIDENCE_STEP_DEG = 10
_ERRORS = ["source", "measure", "width_class", "true", "error"]
_VALUES = ["length_m", "mean_width_m", "max_width_m", "orientation_deg", "sinuosity", "segments"]


def truth_measures(
    fractures: gpd.GeoDataFrame,
    centrelines: gpd.GeoDataFrame,
    truth_path: str | Path,
    probability_path: str | Path,
    mapped: "MappedGround",
    image_paths: Sequence[str | Path] = (),
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the errors of the measures of fractures, and how many mapped fractures match true ones.

    Parameters
    ----------
    fractures, centrelines : geopandas.GeoDataFrame
        Fractures and centrelines of the map, see `measures.measure`.
    truth_path : path
        ``truth.gpkg`` of the scene: layers `fractures` and `centrelines`, the width as third coordinate.
    probability_path : path
        Probability raster of the map.
    mapped : ground_plane.MappedGround
    image_paths : sequence of path
        Projected images of the map, for depths.

    Returns
    -------
    errors : pandas.DataFrame
        One row per measure of a pair: ``source`` (drawn or mapped), ``measure`` (one of `UNITS`), ``width_class`` of
        the true fracture's mean width, ``true`` value, and ``error`` (measured minus true). ``local_width_m`` compares
        the width profile with the width of the true fracture at the same place. ``depth_m`` compares the measured
        depths (best of all images) with the mean depth of the true fracture, ``depth_at_least_m`` the lower bounds, and
        ``depth_m_incidence_A_B`` the depths measured in single images of such incidences.
    counts : dict of int
        Numbers of fractures: ``true`` (on the map), ``mapped``, ``pairs`` (a mapped one that matches a true one),
        ``merged`` (mapped ones that cover several true ones) and ``false`` (mapped ones of which less than a quarter
        lies on true ones).
    """
    with open_raster(probability_path) as dataset:
        grid = MapGrid.of(dataset)
    true = _Truth(truth_path, grid, mapped)
    drawn, which = true.drawn(grid)
    measured, lines = measure(drawn, probability_path)
    mapped_of, true_of, counts = _pairs(fractures, true)
    measured, fractures = (_with_segments(*pair) for pair in ((measured, lines), (fractures, centrelines)))
    rows = [
        *_errors("drawn", measured, true, np.arange(len(which)), which),
        *_errors("mapped", fractures, true, mapped_of, true_of),
        *_local_errors("drawn", lines, true, which),
        *_local_errors("mapped", centrelines, true),
        *_depth_errors("drawn", shadow_depths(measured, lines, grid, image_paths), true, np.arange(len(which)), which),
        *_depth_errors("mapped", shadow_depths(fractures, centrelines, grid, image_paths), true, mapped_of, true_of),
    ]
    return pd.DataFrame(rows, columns=_ERRORS), counts


def error_table(errors: pd.DataFrame) -> pd.DataFrame:
    """Return bias and spread of the errors by width class.

    Parameters
    ----------
    errors : pandas.DataFrame
        Errors of `truth_measures`.

    Returns
    -------
    pandas.DataFrame
        ``source``, ``measure``, ``unit``, ``width_class`` (or "all"), ``n``, ``true_median``, ``bias`` (median of the
        errors) and ``spread`` (half the range from the 16th to the 84th percentile of the errors; for a normal
        distribution this is the standard deviation).
    """
    rows = []
    for source in SOURCES:
        by_incidence = sorted(name for name in set(errors["measure"]) - set(UNITS))
        for name, unit in {**UNITS, **dict.fromkeys(by_incidence, "m")}.items():
            chosen = errors[(errors["source"] == source) & (errors["measure"] == name)]
            for kind in (ALL, *WIDTH_CLASSES):
                part = chosen if kind == ALL else chosen[chosen["width_class"] == kind]
                if len(part):
                    low, bias, high = np.percentile(part["error"], (16, 50, 84))
                    values = (np.median(part["true"]), bias, (high - low) / 2)
                    rows.append((source, name, unit, kind, len(part), *(round(float(value), 2) for value in values)))
    names = ["source", "measure", "unit", "width_class", "n", "true_median", "bias", "spread"]
    return pd.DataFrame(rows, columns=names)


def write_error_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write the result of `error_table` as CSV."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


class _Truth:
    """The parts of true fractures that lie on the mapped ground, and their measures."""

    def __init__(self, path, grid, mapped):
        fractures = read_vector(path, "fractures", grid.crs, columns=["depth_m"])
        polygons = fractures.geometry.to_numpy()
        lines = read_vector(path, "centrelines", grid.crs).geometry.to_numpy()
        # A crater may have removed a part, and the map's edge may cut off another.
        polygons = shapely.intersection(polygons, shapely.box(*grid.bounds))
        flat = shapely.force_2d(lines)
        left = shapely.intersection(flat, polygons)
        middles = shapely.get_coordinates(shapely.line_interpolate_point(flat, 0.5, normalized=True))
        seen = (shapely.length(left) >= SEEN_SHARE * shapely.length(flat)) & (mapped.at(*middles.T) > 0)
        self.polygons, self.left, self.flat = polygons[seen], left[seen], flat[seen]
        self.depths_m = fractures["depth_m"].to_numpy(float)[seen]
        self._widths = [shapely.get_coordinates(line, include_z=True)[:, 2] for line in lines[seen]]
        self._jacobians = grid.ground_jacobians(*grid.rowcol(*middles[seen].T)) if seen.any() else np.zeros((0, 2, 2))
        rows = [self._values_of(index) for index in range(len(self.left))]
        self.values = pd.DataFrame(rows, columns=_VALUES)
        self.classes = np.array([width_class(width_m) for width_m in self.values["mean_width_m"]], object)

    def _values_of(self, index):
        jacobian = self._jacobians[index]
        ground = shapely.transform(self.left[index], lambda points: points @ jacobian.T)
        area, length = self.polygons[index].area * abs(np.linalg.det(jacobian)), shapely.length(ground)
        remains = shapely.dwithin(shapely.points(shapely.get_coordinates(self.flat[index])), self.left[index], 1.0)
        widest = self._widths[index][remains].max(initial=0.0) * self._scale(index)
        ends = shapely.get_coordinates(self.flat[index])[[0, -1]] @ jacobian.T
        whole = shapely.length(shapely.transform(self.flat[index], lambda points: points @ jacobian.T))
        sinuosity = max(1.0, whole / max(float(np.hypot(*(ends[1] - ends[0]))), 1e-9))
        # A true fracture has one line.
        return length, area / length, widest, line_principal_axis(ground)[0], sinuosity, 1.0

    def _scale(self, index):
        return np.sqrt(abs(np.linalg.det(self._jacobians[index])))

    def drawn(self, grid):
        """Return the true fractures that fill a pixel, each drawn alone on the map's pixels, and their indices."""
        drawn, which = [], []
        for index, polygon in enumerate(self.polygons):
            window = polygon_window(polygon, grid, margin=1)
            mask = polygon_mask(polygon, grid, window, 1).astype(np.uint8)
            transform = grid.transform * grid.transform.translation(window[1], window[0])
            parts = [shapely.geometry.shape(part) for part, _ in shapes(mask, mask > 0, 4, transform)]
            if parts:
                drawn.append(shapely.union_all(parts))
                which.append(index)
        return gpd.GeoDataFrame(geometry=drawn, crs=grid.crs), np.array(which, int)

    def width_at(self, index, points):
        """Return ground width and direction on the map of a true fracture at the places next to points (N, 2)."""
        line = self.flat[index]
        along = np.concatenate([[0.0], np.hypot(*np.diff(shapely.get_coordinates(line), axis=0).T).cumsum()])
        place = shapely.line_locate_point(line, shapely.points(points))
        back, ahead = (
            shapely.get_coordinates(shapely.line_interpolate_point(line, np.clip(place + step, 0, along[-1])))
            for step in (-6.0, 6.0)
        )
        return np.interp(place, along, self._widths[index]) * self._scale(index), _directions(back, ahead)


def _pairs(fractures, true):
    """Return the indices of mapped and of true fractures that match, and the counts of `truth_measures`."""
    found = fractures.geometry.to_numpy()
    mapped, other, covered, common = _overlaps(found, true)
    long_enough = covered >= PAIR_SHARE * shapely.length(true.left[other])
    pairs, merged, false = [], 0, 0
    for index, polygon in enumerate(found):
        mine = np.arange(*np.searchsorted(mapped, (index, index + 1)))
        mine = mine[np.argsort(-covered[mine], kind="stable")]
        if common[mine].sum() < OTHER_SHARE * polygon.area:
            false += 1
        elif (covered[mine[1:]] > OTHER_SHARE * covered[mine[0]]).any():
            merged += 1
        elif long_enough[mine[0]] and common[mine[0]] >= PAIR_SHARE * polygon.area:
            pairs.append((index, other[mine[0]]))
    mapped_of, true_of = np.array(pairs, int).reshape(-1, 2).T
    counts = {"true": len(true.left), "mapped": len(found), "pairs": len(pairs), "merged": merged, "false": false}
    return mapped_of, true_of, counts


def _overlaps(found, true):
    """Return the pairs of mapped and true fractures that meet, sorted; the length and the area that they share."""
    pieces, owner = pieces_of(found)
    piece, other = shapely.STRtree(true.polygons).query(pieces, predicate="intersects")
    length = shapely.length(shapely.intersection(true.left[other], pieces[piece]))
    area = shapely.area(shapely.intersection(true.polygons[other], pieces[piece]))
    count = max(len(true.polygons), 1)
    keys, pair = np.unique(owner[piece] * count + other, return_inverse=True)
    return keys // count, keys % count, np.bincount(pair, length, len(keys)), np.bincount(pair, area, len(keys))


def _with_segments(fractures, centrelines):
    """Return fractures with the number of their ``segments``."""
    count = segments_of(centrelines)["fracture"].value_counts()
    return fractures.assign(segments=fractures["fracture"].map(count).fillna(0))


def _errors(source, measured, true, measured_of, true_of):
    """Yield the rows of errors of pairs."""
    for name in _VALUES:
        wanted = true.values[name].to_numpy(float)[true_of]
        error = measured[name].to_numpy(float)[measured_of] - wanted
        if name == "orientation_deg":
            error = (error + 90.0) % 180.0 - 90.0
        # A loop has no sinuosity.
        known = np.isfinite(error)
        wanted, error, kinds = wanted[known], error[known], true.classes[true_of][known]
        yield from ((source, name, *row) for row in zip(kinds, wanted, error, strict=True))
        if name == "length_m":
            share = 100 * error / wanted
            yield from ((source, "length_percent", *row) for row in zip(kinds, wanted, share, strict=True))


def _depth_errors(source, depths, true, measured_of, true_of):
    """Yield the rows of errors of depths: the best of each fracture, and those of single images by incidence."""
    best, single = depths
    true_by_row = dict(zip(measured_of.tolist(), true_of.tolist(), strict=True))
    shown = [
        (row, *values, "depth_m") for row, values in enumerate(zip(best["depth_m"], best["depth_kind"], strict=True))
    ]
    for row in single[single["depth_kind"] == MEASURED].itertuples():
        low = int(row.incidence_deg // INCIDENCE_STEP_DEG * INCIDENCE_STEP_DEG)
        shown.append((row.row, row.depth_m, MEASURED, f"depth_m_incidence_{low:02d}_{low + INCIDENCE_STEP_DEG:02d}"))
    for row, depth_m, kind, name in shown:
        if row in true_by_row and np.isfinite(depth_m):
            wanted = true.depths_m[true_by_row[row]]
            name = name if kind == MEASURED else "depth_at_least_m"
            yield source, name, true.classes[true_by_row[row]], wanted, depth_m - wanted


def _local_errors(source, centrelines, true, which=None):
    """Yield the rows of errors of the width along centrelines.

    `which` is the index of each fracture's true fracture. Without it, a place is compared if exactly one true fracture
    lies there.
    """
    tree = shapely.STRtree(true.polygons)
    for row in centrelines[centrelines["line"] == 0].itertuples():
        distance, width = np.array(json.loads(row.distances_m)), np.array(json.loads(row.widths_m))
        share = distance / row.length_m
        reach = min(0.5, 6.0 / row.length_m)
        points, back, ahead = (places_along(row.geometry, np.clip(share + step, 0, 1)) for step in (0.0, -reach, reach))
        if which is None:
            point, other = tree.query(shapely.points(points), predicate="intersects")
            alone = np.bincount(point, minlength=len(points))[point] == 1
            point, other = point[alone], other[alone]
        else:
            point, other = np.arange(len(points)), np.full(len(points), which[row.fracture - 1])
        order = np.argsort(other, kind="stable")
        indices, starts = np.unique(other[order], return_index=True)
        for index, here in zip(indices, np.split(point[order], starts)[1:], strict=True):
            wanted, axis = true.width_at(index, points[here])
            along = axial_difference_deg(axis, _directions(back[here], ahead[here])) <= ALONG_DEG
            error = (width[here] - wanted)[along]
            kind = true.classes[index]
            yield from (
                (source, "local_width_m", kind, true_m, miss) for true_m, miss in zip(wanted[along], error, strict=True)
            )


def _directions(back, ahead):
    """Return directions in degrees clockwise from up, 0..180."""
    return np.degrees(np.arctan2(*(ahead - back).T)) % 180.0
