"""Measure the width of a shape along a line through it."""

import math

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates, maximum_filter1d

# Step across the line, in pixels of the mask.
_ACROSS_PX = 0.5
# A side opens into a branch if its edge is further away than so many times the nearest edge.
_OPEN = 2.0
# Places across the line that are sampled at a time, so that the widest shape fits in memory.
_MOST_PLACES = 1_000_000


def pixel_size_m(to_ground: np.ndarray) -> float:
    """Return the side in ground metres of a square as large as a pixel; `to_ground` as for `width_profile`."""
    return float(np.sqrt(abs(np.linalg.det(to_ground))))


def edge_distance_m(mask: np.ndarray, to_ground: np.ndarray) -> np.ndarray:
    """Return the distance in ground metres from each pixel of a shape to its nearest edge, 0 outside the shape.

    Arguments are as for `width_profile`.
    """
    return distance_transform_edt(mask, sampling=np.hypot(to_ground[0], to_ground[1]))


def width_profile(
    mask: np.ndarray, to_ground: np.ndarray, path: np.ndarray, step_m: float, edge_m: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the width of a shape at even steps along a line.

    The width is the distance from edge to edge at a right angle to the line. If one side opens into a branch, the
    distance to the nearest edge is used for that side. A cut that runs through two merged fractures at a slant is
    longer than either is wide: no width is larger than the largest circle nearby that fits between the walls.

    Parameters
    ----------
    mask : ndarray
        bool (rows, columns), False along its border.
    to_ground : ndarray
        (2, 2) matrix that takes pixel steps (row, column) to ground metres (east, north).
    path : ndarray
        (N, 2) ground metres from the mask's first pixel, N at least 2, inside the shape.
    step_m : float
        Wanted step; the nearest step that divides the line evenly is used.
    edge_m : ndarray, optional
        What `edge_distance_m` returns for the mask, so that it is worked out once for all lines of a shape.

    Returns
    -------
    distance_m : ndarray
        (M,) distance along the line to the middle of each step.
    width_m : ndarray
        (M,) width there.
    """
    along = np.concatenate([[0.0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    count = max(1, round(along[-1] / step_m))
    distance = (np.arange(count) + 0.5) * along[-1] / count

    def at(places):
        return np.stack([np.interp(places, along, path[:, axis]) for axis in (0, 1)], axis=-1)

    to_pixels = np.linalg.inv(to_ground)
    pixel_m = pixel_size_m(to_ground)
    to_edge = edge_distance_m(mask, to_ground) if edge_m is None else edge_m
    nearest = map_coordinates(to_edge, (at(distance) @ to_pixels.T).T, order=1)
    # The line's direction over about one width, so that small wiggles of the line do not count.
    reach = np.clip(np.median(nearest), pixel_m, along[-1] / 2)
    tangent = at(np.minimum(distance + reach, along[-1])) - at(np.maximum(distance - reach, 0.0))
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-9)[:, np.newaxis]
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
    shape, starts = mask.astype(np.float32), at(distance)
    width, radius = np.zeros(count), nearest.copy()
    # Places of about the same width together, so that a wide place does not make the rays of all others long.
    for chosen in _alike(nearest, pixel_m):
        furthest = _OPEN * nearest[chosen].max() + 2 * pixel_m
        offsets = np.arange(0.0, furthest + _ACROSS_PX * pixel_m, _ACROSS_PX * pixel_m)
        for some in np.array_split(chosen, -(-len(chosen) * len(offsets) // _MOST_PLACES)):
            for side in (-1, 1):
                rays = starts[some, np.newaxis] + side * offsets[:, np.newaxis] * normal[some, np.newaxis]
                places = np.moveaxis(rays @ to_pixels.T, -1, 0)
                edge = _first_edge(map_coordinates(shape, places, order=1), offsets)
                side_m = np.where(edge <= _OPEN * nearest[some] + 2 * pixel_m, edge, nearest[some])
                width[some] += side_m
                fits = np.where(offsets <= side_m[:, np.newaxis], map_coordinates(to_edge, places, order=1), 0.0)
                radius[some] = np.maximum(radius[some], fits.max(axis=1))
    # A circle reaches as far along the line as it is wide: near a blunt end, those further in count.
    reach_px = math.ceil(radius.max() / (along[-1] / count))
    fits_m = 2 * maximum_filter1d(radius, 2 * reach_px + 1, mode="nearest") + pixel_m
    return distance, np.maximum(np.minimum(width, fits_m), pixel_m / 2)


def _alike(nearest, pixel_m):
    """Yield the indices of places whose nearest edge is at most a pixel away, then two pixels, four, and so on."""
    doublings = np.ceil(np.log2(np.maximum(nearest / pixel_m, 1.0))).astype(int)
    for number in np.unique(doublings):
        yield np.flatnonzero(doublings == number)


def _first_edge(values, offsets):
    """Return the offset at which each ray (a row of values) first falls below one half; inf if it does not."""
    outside = values < 0.5
    last = np.maximum(outside.argmax(axis=1), 1)
    rows = np.arange(len(values))
    before, after = values[rows, last - 1], values[rows, last]
    share = np.clip((before - 0.5) / np.maximum(before - after, 1e-6), 0.0, 1.0)
    edge = offsets[last - 1] + share * (offsets[last] - offsets[last - 1])
    return np.where(outside.any(axis=1), edge, np.inf)
