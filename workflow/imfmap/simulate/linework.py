"""Line features (fractures, ridges, trails): sizes, paths, and width and depth along the path.

Widths and lengths follow the label table of Le Corre et al. (2025, table of width classes): shares of 51, 33,
13, 3 and below 0.01 %, mean lengths of 0.002, 0.004, 0.006, 0.011 and 0.021 degrees (1 degree is 30.3 km).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..labels.width_classes import CLASS_PIXEL_M, WIDTH_BOUNDS_PX
from .noise import line_noise
from .open_cracks import OpenCracks
from .settings import SceneSettings

WIDTH_SHARES = {"tiny": 0.51, "small": 0.33, "medium": 0.13, "large": 0.0299, "huge": 0.0001}
MEAN_LENGTH_M = {"tiny": 60.6, "small": 121.3, "medium": 181.9, "large": 333.6, "huge": 636.8}
SPACING_M = 1.5
_LENGTH_SPREAD = 0.45
# No open crack is deeper: its walls fall in.
_DEEPEST_M = 30.0


@dataclass
class LineFeature:
    """A fracture, ridge or trail.

    Attributes
    ----------
    points : ndarray
        (n, 2) map x, y in metres along the centreline, about `SPACING_M` apart.
    left_m, right_m : ndarray
        (n,) distance from the centreline to the left and to the right edge, seen along the line.
    depth_m : ndarray
        (n,) depth (or height) at the centreline, positive.
    wall : float
        Share of the half-width that the wall takes: 1 for a v-shape, less for a box.
    softness : float
        Rounding of the cross-section, 0 (sharp) to 1 (a soft hollow).
    group : int
        Number of its complex.
    is_open : bool
        Whether it is an open crack.
    """

    points: np.ndarray
    left_m: np.ndarray
    right_m: np.ndarray
    depth_m: np.ndarray
    wall: float
    softness: float = 0.0
    group: int = 0
    is_open: bool = False

    @property
    def width_m(self) -> float:
        """Mean width in metres."""
        return float(np.mean(self.left_m + self.right_m))

    @property
    def length_m(self) -> float:
        """Length of the centreline in metres."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def draw_sizes(
    total_m: float,
    rng: np.random.Generator,
    min_width_m: float = 1.0,
    max_width_m: float = 90.0,
    huge_share: float = WIDTH_SHARES["huge"],
) -> tuple[np.ndarray, np.ndarray]:
    """Draw widths and lengths of features from the label table until the lengths add up to a total.

    Parameters
    ----------
    total_m : float
        Total length.
    rng : numpy.random.Generator
    min_width_m, max_width_m : float
        Smallest and largest width. Classes beyond them are left out; the others keep their proportions.
    huge_share : float
        Share of the huge class.

    Returns
    -------
    tuple of ndarray
        width_m, length_m, both (n,).
    """
    names = list(WIDTH_SHARES)
    shares = np.array([WIDTH_SHARES[name] * (1.0 - huge_share) for name in names[:-1]] + [huge_share])
    bounds = np.clip(CLASS_PIXEL_M * np.array([WIDTH_BOUNDS_PX[name] for name in names]), min_width_m, max_width_m)
    shares[bounds[:, 0] >= bounds[:, 1]] = 0.0
    widths, lengths, so_far = [], [], 0.0
    while so_far < total_m:
        kind = rng.choice(len(names), p=shares / shares.sum())
        name, (low, high) = names[kind], bounds[kind]
        # Within a class, narrow features are more frequent; in class tiny, those in the middle of the range are.
        width = (
            rng.triangular(low, 0.5 * (low + high), high) if name == "tiny" else low + (high - low) * rng.beta(1, 1.6)
        )
        length = MEAN_LENGTH_M[name] * rng.lognormal(-0.5 * _LENGTH_SPREAD**2, _LENGTH_SPREAD)
        length = max(length, 3.0 * width)
        widths.append(width)
        lengths.append(length)
        so_far += length
    return np.array(widths), np.array(lengths)


def random_path(
    start: Sequence[float] | np.ndarray,
    heading: float,
    length_m: float,
    rng: np.random.Generator,
    bend: float = 0.35,
    jog: float = 0.16,
) -> np.ndarray:
    """Return a curvilinear path from a point.

    Parameters
    ----------
    start : array of float
        Map x, y in metres.
    heading : float
        Mean direction in radians, counterclockwise from x.
    bend, jog : float
        Amplitude in radians of the slow bends (over some 120 m) and of the angular jogs (over some 14 m).

    Returns
    -------
    ndarray
        (n, 2) map x, y, `SPACING_M` apart.
    """
    count = max(4, int(length_m / SPACING_M) + 1)
    turn = bend * line_noise(count, SPACING_M, 120.0, rng)
    jogs = rng.normal(0.0, 2.0 * jog, max(2, int(length_m / 14.0) + 2))
    cuts = np.sort(rng.random(len(jogs) - 1)) * count
    turn = turn - turn.mean() + jogs[np.searchsorted(cuts, np.arange(count))]
    steps = np.column_stack([np.cos(heading + turn), np.sin(heading + turn)]) * SPACING_M
    return np.asarray(start) + np.vstack([np.zeros(2), np.cumsum(steps[:-1], axis=0)])


def resample(points: np.ndarray, spacing_m: float = SPACING_M) -> np.ndarray:
    """Return a path (n, 2) with evenly spaced points and the same ends."""
    points = np.asarray(points, float)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0.0, along[-1], max(3, int(along[-1] / spacing_m) + 1))
    return np.column_stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])])


def line_feature_along(
    points: np.ndarray, width_m: float, settings: SceneSettings, rng: np.random.Generator, group: int = 0
) -> LineFeature:
    """Return the line feature along a path, with width, depth and cross-section.

    Both edges vary independently, the ends taper, and the fill varies along the path.
    """
    count = len(points)
    length_m = SPACING_M * (count - 1)
    along = np.linspace(0.0, length_m, count)
    reach = min(0.25 * length_m, 1.8 * width_m)
    ends = np.minimum(along, length_m - along) / reach
    taper = 0.15 + 0.85 * np.clip(ends, 0.0, 1.0) ** 0.6
    slow = np.exp(0.2 * line_noise(count, SPACING_M, 15.0 * width_m, rng))
    edges = [
        taper * slow * np.clip(1.0 + 0.22 * line_noise(count, SPACING_M, max(0.6 * width_m, 3.0), rng), 0.3, 1.8)
        for _ in range(2)
    ]
    scale = width_m / np.mean(edges[0] + edges[1])
    low, high = settings.depth_to_width
    # Above 22 m, depth grows more slowly than width.
    ratio = low + (high - low) * rng.beta(1.6, 1.6)
    depth = ratio * min(width_m, 22.0 + 0.3 * max(width_m - 22.0, 0.0))
    # Debris makes a level bed. The more debris, the less remains of walls and depth.
    left_open = 1.0 - _share(settings.fracture_fill, rng)
    patchy = np.clip(1.0 + 0.22 * line_noise(count, SPACING_M, max(5.0 * width_m, 20.0), rng), 0.35, 1.4)
    depth_m = depth * left_open * patchy * np.clip(2.0 * ends, 0.15, 1.0)
    box = rng.random() < settings.fracture_box_share
    wall = left_open * (rng.uniform(0.3, 0.55) if box else rng.uniform(0.8, 1.0))
    # No wall is steeper than some 40 degrees, the angle of repose of loose debris.
    wall = max(wall, min(1.0, 2.4 * depth * left_open / width_m))
    softness = _share(settings.fracture_degradation, rng)
    return LineFeature(points, edges[0] * scale, edges[1] * scale, depth_m, wall, softness, group)


def open_crack_along(
    points: np.ndarray, width_m: float, cracks: OpenCracks, rng: np.random.Generator, group: int = 0
) -> LineFeature:
    """Return the open crack along a path.

    Parameters
    ----------
    points : ndarray
        (n, 2) map x, y in metres, `linework.SPACING_M` apart.
    width_m : float
        Mean width.
    cracks : OpenCracks
    rng : numpy.random.Generator
    group : int
        Number of its complex.

    Returns
    -------
    LineFeature
    """
    count = len(points)
    along = np.arange(count) * SPACING_M
    ends = np.minimum(along, along[-1] - along) / max(min(0.25 * along[-1], 1.8 * width_m), SPACING_M)
    taper = 0.2 + 0.8 * np.clip(ends, 0.0, 1.0) ** 0.6
    pinch = np.exp(cracks.pinching * line_noise(count, SPACING_M, max(5.0 * width_m, 30.0), rng))
    edges = [
        taper * pinch * np.clip(1.0 + 0.22 * line_noise(count, SPACING_M, max(0.6 * width_m, 3.0), rng), 0.3, 1.8)
        for _ in range(2)
    ]
    scale = width_m / np.mean(edges[0] + edges[1])
    low, high = cracks.depth_to_width
    depth = min(np.exp(rng.uniform(np.log(low), np.log(high))) * width_m, _DEEPEST_M)
    # Wide places are deep, narrow ones are choked with debris.
    depth_m = np.minimum(depth * taper * np.clip(pinch / np.median(pinch), 0.2, 1.6), _DEEPEST_M)
    return LineFeature(
        points, edges[0] * scale, edges[1] * scale, depth_m, rng.uniform(*cracks.wall_share), 0.0, group, True
    )


def _share(mean, rng):
    """Draw a share with a given mean. If the mean is small, most shares are smaller."""
    return mean if mean in (0.0, 1.0) else float(rng.beta(1.5, 1.5 * (1.0 - mean) / mean))
