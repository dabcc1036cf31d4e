"""Places of boulders, and of the trails that some of them left."""

from collections.abc import Sequence

import numpy as np

from .linework import SPACING_M, LineFeature, random_path, resample
from .objects import Boulders, Craters, area_of, draw_count, power_law
from .open_cracks import OpenCracks
from .settings import SceneSettings
from .wall import Wall

_SMALLEST_M = 1.5
# Diameters of the blocks of open cracks, and the exponent of their cumulative size-frequency law.
_RUBBLE_M, _RUBBLE_SLOPE = (1.0, 7.0), 3.0


def rockfalls(
    wall: Wall, per_km: float, rng: np.random.Generator
) -> tuple[list[LineFeature], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return the trails of boulders that rolled down the wall on to the floor.

    Parameters
    ----------
    wall : Wall
    per_km : float
        Trails per km of wall foot.

    Returns
    -------
    tuple
        The trails (list of LineFeature), and the arrays (x, y, diameter_m) of the boulders at their ends, in metres.
    """
    features, ends = [], []
    first, last = wall.span_m
    for _ in range(rng.poisson(per_km * (last - first) / 1000.0) if wall.stands else 0):
        s = rng.uniform(first, last)
        run_out_m, climb_m = rng.uniform(-30.0, 130.0), rng.uniform(60.0, 260.0)
        start = wall.xy(climb_m, s)
        heading = wall.outward_at(s) + np.pi + rng.normal(0, 0.12)
        path = resample(random_path(start, heading, climb_m + run_out_m, rng, bend=0.10, jog=0.03))
        diameter = rng.uniform(3.5, 9.0)
        count = len(path)
        # A rolling boulder of uneven shape leaves a chain of dents.
        beat = 0.75 + 0.25 * np.cos(2 * np.pi * np.arange(count) * SPACING_M / (3.0 * diameter) + rng.uniform(0, 6))
        half = 0.5 * diameter * rng.uniform(0.7, 1.0) * beat
        features.append(LineFeature(path, half, half, 0.22 * half * 2 * beat, 0.9))
        ends.append((*path[-1], diameter))
    return features, tuple(np.array(ends, float).reshape(-1, 3).T)


def boulders(
    bounds: tuple[float, float, float, float],
    settings: SceneSettings,
    wall: Wall,
    craters: Craters,
    trail_ends: tuple[np.ndarray, np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> Boulders:
    """Return boulders: scattered, in clusters, at the foot of the wall, around fresh craters, at the ends of trails.

    Parameters
    ----------
    bounds : tuple of float
        Left, bottom, right, top in map metres.
    settings : SceneSettings
    wall : Wall
    craters : Craters
    trail_ends : tuple of ndarray
        x, y, diameter_m as `rockfalls` returns them.
    rng : numpy.random.Generator

    Returns
    -------
    Boulders
    """
    left, bottom, right, top = bounds
    slope, largest = settings.boulder_slope, settings.boulder_max_m
    count = draw_count(settings.boulder_density_per_km2, 2.0, slope, _SMALLEST_M, largest, area_of(bounds), rng)
    diameter = power_law(count, slope, _SMALLEST_M, largest, rng)
    x, y = rng.uniform(left, right, count), rng.uniform(bottom, top, count)
    kind = rng.random(count)
    # Clusters: each of these boulders lies near a random place, more often close to it than far away.
    hubs = rng.uniform([left, bottom], [right, top], (max(3, count // 60), 2))
    fresh = np.flatnonzero((craters.age < 0.02) & (craters.diameter_m > 25.0))
    clustered = np.flatnonzero(kind < 0.45)
    hub = hubs[rng.integers(0, len(hubs), len(clustered))]
    spread = rng.exponential(28.0, len(clustered))
    if len(fresh):
        at_crater = rng.random(len(clustered)) < 0.6
        # The larger a crater, the more blocks it throws.
        odds = craters.diameter_m[fresh] ** 2
        which = rng.choice(fresh, len(clustered), p=odds / odds.sum())
        hub = np.where(at_crater[:, None], np.column_stack([craters.x[which], craters.y[which]]), hub)
        thrown = craters.diameter_m[which] * rng.exponential(0.55, len(clustered))
        spread = np.where(at_crater, thrown, spread)
    angle = rng.uniform(0, 2 * np.pi, len(clustered))
    x[clustered], y[clustered] = hub[:, 0] + spread * np.cos(angle), hub[:, 1] + spread * np.sin(angle)
    if wall.stands:
        foot = np.flatnonzero((kind >= 0.45) & (kind < 0.75))
        s = rng.uniform(*wall.span_m, len(foot))
        x[foot], y[foot] = wall.xy(10.0 + rng.laplace(0.0, 35.0, len(foot)), s).T
    x, y, diameter = (np.concatenate([a, b]) for a, b in zip((x, y, diameter), trail_ends, strict=True))
    return Boulders.of(x, y, diameter, settings.cracked_boulder_share, settings.boulder_brightening, rng)


def rubble(
    lines: Sequence[LineFeature], cracks: OpenCracks, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the blocks in and beside open cracks.

    Parameters
    ----------
    lines : sequence of LineFeature
        The open cracks.
    cracks : OpenCracks
    rng : numpy.random.Generator

    Returns
    -------
    tuple of ndarray
        Arrays (n,): map x, map y and diameter in metres.
    """
    parts = [np.zeros((0, 3))]
    for line in lines:
        # Some cracks are almost free of rubble, others are choked.
        per_km = cracks.rubble_per_km * rng.lognormal(0.0, 1.0)
        count = rng.poisson(per_km * line.length_m / 1000.0)
        at = rng.integers(0, len(line.points), count)
        way = np.gradient(line.points, axis=0)
        way /= np.hypot(*way.T)[:, None]
        # Two of three blocks lie within the crack, the others on its rims.
        across = rng.normal(0.0, 0.8, count)
        half = np.where(across > 0, line.left_m[at], line.right_m[at])
        xy = line.points[at] + np.column_stack([-way[at, 1], way[at, 0]]) * (across * (half + 1.0))[:, None]
        diameter = power_law(count, _RUBBLE_SLOPE, *_RUBBLE_M, rng)
        parts.append(np.column_stack([xy, np.minimum(diameter, np.maximum(0.7 * line.width_m, _RUBBLE_M[0]))]))
    return tuple(np.concatenate(parts).T)
