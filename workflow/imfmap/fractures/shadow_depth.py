"""Shadows in fractures: the share of each fracture that is dark, and its depth from the shadow on its floor.

A wall towards the Sun throws a shadow on the floor. Its length along the direction of sunlight, over the tangent of the
incidence, is how far the floor at its tip lies below the edge of that wall.
"""

import json
import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation, distance_transform_edt, map_coordinates
from tqdm import tqdm

from ..core.open_files import open_files
from ..maps.alignment import offset_on
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts, facts_of
from ..maps.large_shapes import even_places
from ..maps.rasters import open_raster, read_window
from .centreline import MOST_PIXELS, polygon_mask, polygon_window
from .image_support import COVER_SHARE

MEASURED, AT_LEAST = "measured", "at least"
# Brightness relative to the lit ground around. The edge of a shadow lies at half of it; a slope that only faces away
# from the Sun is dim, and not as dark as a shadow is; a slope that faces the Sun is brighter than level ground.
EDGE, DARK, FACING = 0.5, 0.25, 1.15
# Ground around a fracture that tells how bright lit ground is, and the ring next to it that is left out, pixels.
AROUND_PX, NEXT_PX = 16, 2
# The mapped edge of a fracture may be so many pixels off.
OFF_PX = 2.0
# Lit floor between the tip of a shadow and the other wall must be so wide to be seen, pixels.
LEAST_FLOOR_PX = 1.5
# Sine of the least angle between a fracture and the sunlight: along a fracture there is no shadow to measure.
LEAST_ACROSS = 0.35
# A shadow must be seen at so many places of a fracture, and at this share of them.
LEAST_PLACES, LEAST_SHARE = 3, 0.25
# Each end of a shadow is known to half a pixel. A lower bound is of a shadow that is shorter by both.
BOTH_ENDS_PX = 1.0
_PLACE_STEP_PX, _RAY_STEP_PX, _MOST_PLACES = 2.0, 0.25, 200
COLUMNS = ("shadow_shares", "always_dark_share", "depth_m", "depth_kind")


@dataclass(frozen=True)
class _Ground:
    """A fracture on the pixels around it: its mask, the ground around it, places along it and its directions there
    (column, row), and the longest way across it that is measured."""

    mask: np.ndarray
    around: np.ndarray
    places: np.ndarray
    tangents: np.ndarray
    reach_px: float


def shadow_depths(
    fractures: gpd.GeoDataFrame, centrelines: gpd.GeoDataFrame, grid: MapGrid, image_paths: Sequence[str | Path]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the shadows of fractures in the images of a map.

    Parameters
    ----------
    fractures, centrelines : geopandas.GeoDataFrame
        See `measures.measure`.
    grid : MapGrid
        Grid of the map.
    image_paths : sequence of path
        Projected images, I/F, with the tags of `image_facts.ImageFacts`.

    Returns
    -------
    fractures : pandas.DataFrame
        One row per fracture, with its index: ``shadow_shares``, the share of its area in shadow in each image that
        covers half of it or more, as JSON by product; ``always_dark_share``, the share that is in shadow in all of
        them; ``depth_m`` and ``depth_kind``. A depth is ``measured`` if lit floor is seen beyond the tip of the shadow.
        Of several images the one with the longest shadow counts, since its length is the most accurate. If all floor is
        dark, or the shadow ends on the other wall, the largest depth of the images is a lower bound: ``at least``. A
        bound is of a shadow that is one pixel shorter than the one that is seen, as its ends are known to half a pixel.
        Without a shadow, or without images, the numbers are NaN and the texts empty.
    single : pandas.DataFrame
        One row per fracture and image with a shadow: ``row`` (place in `fractures`), ``product``, ``incidence_deg``,
        ``depth_m``, ``depth_kind`` and ``shadow_px``, the shadow's length.

    Raises
    ------
    InputError
        If an image lies on other pixels than the grid, or lacks its tags.
    """
    facts = [facts_of(path) for path in image_paths]
    lines = dict(tuple(centrelines.groupby("fracture")))
    rows, single = [], []
    with ExitStack() as stack, open_files(len(image_paths)):
        datasets = [stack.enter_context(open_raster(path)) for path in image_paths]
        offsets = [offset_on(dataset, grid, "the map") for dataset in datasets]
        usual = [_usual_brightness(dataset) for dataset in datasets]
        centroids = fractures.geometry.centroid
        jacobians = grid.ground_jacobians(*grid.rowcol(centroids.x.to_numpy(), centroids.y.to_numpy()))
        numbers = tqdm(fractures["fracture"], desc="shadows", unit="fracture", mininterval=1)
        for index, number in enumerate(numbers):
            geometry = fractures.geometry.iloc[index]
            window = polygon_window(geometry, grid, AROUND_PX)
            shares, found = {}, []
            if image_paths and window[2] * window[3] <= MOST_PIXELS:
                seen_at_all, lit_at_all = (np.zeros(window[2:], bool) for _ in range(2))
                ground = _ground(geometry, lines[number].geometry.to_numpy(), grid, window)
                for dataset, offset, one, level in zip(datasets, offsets, facts, usual, strict=True):
                    iof = read_window(
                        dataset, window[0] - offset[0], window[1] - offset[1], *window[2:], fill=math.nan
                    ).astype(float)
                    seen = np.isfinite(iof) & ground.mask
                    if seen.sum() < COVER_SHARE * ground.mask.sum() or not seen.any():
                        continue
                    lit = _lit_brightness(iof, ground, level)
                    dark = seen & (iof < EDGE * lit)
                    shares[one.product] = round(float(dark.sum() / seen.sum()), 3)
                    seen_at_all |= seen
                    lit_at_all |= seen & ~dark
                    depth = _depth(iof / lit, ground, one, jacobians[index], grid.resolution_m)
                    if depth is not None:
                        found.append((index, one.product, one.incidence_deg, *depth))
            share = 1 - float(lit_at_all.sum() / seen_at_all.sum()) if shares else math.nan
            rows.append((json.dumps(shares) if shares else "", share, *_best(found)))
            single += found
    names = ["row", "product", "incidence_deg", "depth_m", "depth_kind", "shadow_px"]
    table = pd.DataFrame(rows, columns=list(COLUMNS), index=fractures.index)
    return table.astype({"always_dark_share": float, "depth_m": float}), pd.DataFrame(single, columns=names)


def _usual_brightness(dataset):
    """Return the median I/F of an image, from a sample of its pixels; NaN without data."""
    shape = tuple(min(512, side) for side in dataset.shape)
    values = dataset.read(1, out_shape=shape)
    return float(np.nanmedian(values)) if np.isfinite(values).any() else math.nan


def _ground(geometry, lines, grid, window):
    mask = polygon_mask(geometry, grid, window, 1)
    lengths_px = np.array([line.length for line in lines]) / grid.resolution_m
    spare = max(1.0, lengths_px.sum() / _PLACE_STEP_PX / _MOST_PLACES)
    counts = np.maximum(1, np.rint(lengths_px / _PLACE_STEP_PX / spare)).astype(int)
    ends, owner = even_places(lines, counts, ends=True)
    row, column = (np.asarray(values) for values in grid.rowcol(*ends.T))
    points = np.column_stack([column - window[1], row - window[0]])
    same = np.diff(owner) == 0
    steps = np.diff(points, axis=0)[same]
    places = (points[1:] + points[:-1])[same] / 2
    tangents = steps / np.maximum(np.hypot(*steps.T), 1e-9)[:, np.newaxis]
    reach_px = 2 * distance_transform_edt(mask).max() / LEAST_ACROSS + 2 * OFF_PX
    return _Ground(mask, ~binary_dilation(mask, iterations=NEXT_PX), places, tangents, reach_px)


def _lit_brightness(iof, ground, usual):
    """Return the brightness of lit ground around a fracture. In a shadow wider than that, half of the usual one."""
    around = iof[ground.around & np.isfinite(iof)]
    near = float(np.median(around)) if len(around) else 0.0
    return max(near, 0.5 * usual, 1e-9)


def _depth(bright, ground, facts: ImageFacts, jacobian, resolution_m):
    """Return depth, kind and length in pixels of the shadow of a fracture in one image; None if none is seen.

    `bright` is the brightness relative to that of the lit ground around.
    """
    if not (math.isfinite(facts.sun_azimuth_deg) and 0 < facts.incidence_deg < 90):
        return None
    angle = math.radians(facts.sun_azimuth_deg)
    towards_sun = np.array([math.sin(angle), -math.cos(angle)])
    across = np.abs(ground.tangents @ [-towards_sun[1], towards_sun[0]])
    places = ground.places[across >= LEAST_ACROSS]
    if not len(places):
        return None
    places = places[:: math.ceil(len(places) / _MOST_PLACES)]
    step_m = resolution_m * math.hypot(*(jacobian @ [math.sin(angle), math.cos(angle)]))
    steps = math.ceil(ground.reach_px / _RAY_STEP_PX)
    offsets = np.arange(-steps, steps + 1) * _RAY_STEP_PX
    # From the Sun's side to the other one.
    rays = (places[:, :, np.newaxis] - towards_sun[:, np.newaxis] * offsets).transpose(1, 0, 2)[::-1]
    inside = map_coordinates(ground.mask.astype(np.float32), rays, order=1) >= 0.5
    values = map_coordinates(np.nan_to_num(bright, nan=1.0), rays, order=1, cval=1.0)
    spare = round(OFF_PX / _RAY_STEP_PX)
    found = []
    for ray, is_inside in zip(values, inside, strict=True):
        start, end = _run_around(is_inside, steps)
        first = max(0, start - spare)
        found.append(_shadow_on_ray(ray[first : end + spare + 1], start - first, end - first))
    found = [shadow for shadow in found if shadow is not None]
    if len(found) < max(LEAST_PLACES, LEAST_SHARE * len(values)):
        return None
    lengths, measured = (np.array(values) for values in zip(*found, strict=True))
    # Where at least half of the places show the floor, these count; else all are lower bounds.
    is_measured = 2 * measured.sum() >= len(measured)
    shadow_px = float(np.median(lengths[measured] if is_measured else lengths))
    sure_px = shadow_px if is_measured else shadow_px - BOTH_ENDS_PX
    if sure_px <= 0:
        return None
    depth_m = sure_px * step_m / math.tan(math.radians(facts.incidence_deg))
    return depth_m, MEASURED if is_measured else AT_LEAST, shadow_px


def _run_around(inside, middle):
    """Return first and last index of the run of True around an index; the index itself if it is False."""
    outside = np.flatnonzero(~inside)
    before, after = outside[outside <= middle], outside[outside >= middle]
    start = before[-1] + 1 if len(before) else 0
    end = after[0] - 1 if len(after) else len(inside) - 1
    return (start, end) if start <= end else (middle, middle)


def _shadow_on_ray(values, near_edge, far_edge):
    """Return the length in pixels of the longest shadow on a ray, and whether lit floor is seen beyond it.

    `values` (N,) run from the Sun's side to the other one, from a little before the fracture to a little behind it;
    `near_edge` and `far_edge` are the indices of its edges. The wall's own shadow begins in the Sun's half of the
    fracture. A shadow that comes from outside, or goes on outside, is that of something else. Returns None if there is
    no shadow of the wall.
    """
    dim = np.concatenate([[False], values < EDGE, [False]])
    starts, ends = np.flatnonzero(dim[1:] & ~dim[:-1]), np.flatnonzero(~dim[1:] & dim[:-1])
    runs = [
        (end - start, start, end)
        for start, end in zip(starts, ends, strict=True)
        if values[start:end].min() < DARK and 0 < start <= (near_edge + far_edge) / 2 and end < len(values)
    ]
    if not runs:
        return None
    length, _, end = max(runs)
    floor = values[end + round(0.75 / _RAY_STEP_PX) : far_edge + 1]
    lit = len(floor) * _RAY_STEP_PX >= LEAST_FLOOR_PX
    nearest = floor[: round(LEAST_FLOOR_PX / _RAY_STEP_PX)]
    return length * _RAY_STEP_PX, bool(lit and np.median(nearest) <= FACING)


def _best(found):
    """Return depth and kind of a fracture from those of its images: `found` has the rows of `single`."""
    measured = [row for row in found if row[4] == MEASURED]
    if measured:
        _, _, _, depth_m, kind, _ = max(measured, key=lambda row: row[5])
    elif found:
        _, _, _, depth_m, kind, _ = max(found, key=lambda row: row[3])
    else:
        return math.nan, ""
    return depth_m, kind
