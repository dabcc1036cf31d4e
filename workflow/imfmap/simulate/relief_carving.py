"""Relief of line features, craters and boulders, added to height grids pixel by pixel."""

from functools import lru_cache

import numpy as np
from numba import njit

CRATER_REACH = 3.0
AGES = np.concatenate([[0.0], np.geomspace(0.002, 1.2, 27)])
_STEP = 0.025
# A crater older than this has faded. It no longer removes line features.
WIPING_AGE = 0.1


@njit(cache=True)
def carve_lines(
    field: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    depth: np.ndarray,
    wall: np.ndarray,
    softness: np.ndarray,
    first: np.ndarray,
) -> None:
    """Write the cross-sections of line features into a grid of depths. Where they overlap, the deepest counts.

    Parameters
    ----------
    field : ndarray
        float32 (rows, columns), depth in metres, positive; changed in place.
    x, y : ndarray
        Points of all features, in pixels (column, row; whole numbers at centres).
    left, right, depth : ndarray
        Half-widths in pixels on the two sides of the path, and depth in metres, at each point.
    wall, softness : ndarray
        Wall share and rounding of each feature.
    first : ndarray
        Index of each feature's first point; last, the number of all points.
    """
    rows, columns = field.shape
    for f in range(len(first) - 1):
        for i in range(first[f], first[f + 1] - 1):
            dx, dy = x[i + 1] - x[i], y[i + 1] - y[i]
            square = dx * dx + dy * dy
            if square == 0.0:
                continue
            reach = 1.5 * max(max(left[i], right[i]), max(left[i + 1], right[i + 1])) + 1.0
            r0 = max(0, int(np.ceil(min(y[i], y[i + 1]) - reach)))
            r1 = min(rows - 1, int(np.floor(max(y[i], y[i + 1]) + reach)))
            c0 = max(0, int(np.ceil(min(x[i], x[i + 1]) - reach)))
            c1 = min(columns - 1, int(np.floor(max(x[i], x[i + 1]) + reach)))
            for r in range(r0, r1 + 1):
                for c in range(c0, c1 + 1):
                    px, py = c - x[i], r - y[i]
                    t = min(1.0, max(0.0, (px * dx + py * dy) / square))
                    ox, oy = px - t * dx, py - t * dy
                    # Rows grow downwards, so the cross product is negative on the left of the path.
                    side = left if dx * py - dy * px < 0.0 else right
                    half = side[i] * (1.0 - t) + side[i + 1] * t
                    s = np.sqrt(ox * ox + oy * oy) / max(half, 1e-3)
                    if s >= 1.5:
                        continue
                    shoulder = (1.5 - max(s, 1.0)) * 2.0
                    value = 0.06 * shoulder * shoulder
                    if s < 1.0:
                        u = min(1.0, (1.0 - s) / wall[f])
                        value += 0.94 * (0.4 * u + 0.6 * u * u * (3.0 - 2.0 * u))
                    if softness[f] > 0.0:
                        # Downslope creep turns any cross-section into a rounded, shallower hollow.
                        soft = 0.8 * np.exp(-2.0 * s * s) * min(1.0, 4.0 * (1.5 - s))
                        value += softness[f] * (soft - value)
                    value *= depth[i] * (1.0 - t) + depth[i + 1] * t
                    if value > field[r, c]:
                        field[r, c] = value


@lru_cache(maxsize=1)
def crater_profiles() -> np.ndarray:
    """Return the height profiles of simple craters by age, for a radius of 1.

    The fresh bowl is 0.185 diameters deep below a rim that is 0.04 diameters high (Pike 1977: some 0.2 and 0.04). It
    ages by topographic diffusion (Fassett & Thomson 2014), solved for circular symmetry. The age is diffusivity times
    time over radius squared.

    Returns
    -------
    ndarray
        float32 (ages, radii): height over radius, at ages `AGES` and at distances 0, 0.025, ... 3 radii.
    """
    r = np.arange(0.0, CRATER_REACH + _STEP / 2, _STEP)
    inside = -0.30 + 0.38 * r**2.2
    outside = 0.08 * np.maximum(r, 1.0) ** -3.2 * np.clip((CRATER_REACH - r) / 1.5, 0.0, 1.0)
    height = np.where(r < 1.0, np.maximum(inside, -0.29), outside)
    step = 0.2 * _STEP**2
    profiles, age = [height.copy()], 0.0
    outward, inward = (r + _STEP / 2), (r - _STEP / 2)
    for target in AGES[1:]:
        count = int(np.ceil((target - age) / step))
        dt = (target - age) / count
        for _ in range(count):
            flow = np.diff(height) / _STEP
            change = np.empty_like(height)
            change[0] = 4.0 * flow[0] / _STEP
            change[1:-1] = (outward[1:-1] * flow[1:] - inward[1:-1] * flow[:-1]) / (r[1:-1] * _STEP)
            change[-1] = 0.0
            height = height + dt * change
        age = target
        # Heights go to zero at the edge of the profile, so that old wide hollows leave no step.
        profiles.append(height * np.clip((CRATER_REACH - r) / 0.8, 0.0, 1.0))
    return np.array(profiles, np.float32)


@njit(cache=True)
def _add_craters(
    height, lines, albedo, x, y, radius, pixel_m, ages, profiles, freshness, wobble, phase, relief, stretch, turn
):
    rows, columns = height.shape
    last = profiles.shape[1] - 1
    for k in range(len(x)):
        root = np.sqrt(stretch[k])
        cos, sin = np.cos(turn[k]), np.sin(turn[k])
        reach = CRATER_REACH * radius[k] * root * 1.1
        cos2, sin2 = wobble[k] * np.cos(phase[k, 0]), wobble[k] * np.sin(phase[k, 0])
        cos3, sin3 = 0.6 * wobble[k] * np.cos(phase[k, 1]), 0.6 * wobble[k] * np.sin(phase[k, 1])
        cos7, sin7 = 0.4 * wobble[k] * np.cos(phase[k, 2]), 0.4 * wobble[k] * np.sin(phase[k, 2])
        level = 0
        while level < profiles.shape[0] - 2 and AGES[level + 1] < ages[k]:
            level += 1
        mix = min(1.0, max(0.0, (ages[k] - AGES[level]) / (AGES[level + 1] - AGES[level])))
        r0, r1 = max(0, int(np.ceil(y[k] - reach))), min(rows - 1, int(np.floor(y[k] + reach)))
        c0, c1 = max(0, int(np.ceil(x[k] - reach))), min(columns - 1, int(np.floor(x[k] + reach)))
        big = radius[k] * pixel_m > 4.0
        for r in range(r0, r1 + 1):
            for c in range(c0, c1 + 1):
                px = ((c - x[k]) * cos + (r - y[k]) * sin) / root
                py = ((r - y[k]) * cos - (c - x[k]) * sin) * root
                d = np.sqrt(px * px + py * py) / radius[k]
                if d >= 1.1 * CRATER_REACH:
                    continue
                if big and d > 0.05:
                    # Two, three and seven waves around the crater: powers of the direction as a complex number.
                    ux, uy = px / (d * radius[k]), py / (d * radius[k])
                    x2, y2 = ux * ux - uy * uy, 2.0 * ux * uy
                    x3, y3 = x2 * ux - y2 * uy, x2 * uy + y2 * ux
                    x6, y6 = x3 * x3 - y3 * y3, 2.0 * x3 * y3
                    x7, y7 = x6 * ux - y6 * uy, x6 * uy + y6 * ux
                    d *= 1.0 + x2 * cos2 - y2 * sin2 + x3 * cos3 - y3 * sin3 + x7 * cos7 - y7 * sin7
                if d >= CRATER_REACH:
                    continue
                at = d / _STEP
                i = min(int(at), last - 1)
                w = at - i
                young = profiles[level, i] * (1.0 - w) + profiles[level, i + 1] * w
                old = profiles[level + 1, i] * (1.0 - w) + profiles[level + 1, i + 1] * w
                height[r, c] += (young * (1.0 - mix) + old * mix) * radius[k] * pixel_m * relief[k]
                if big and ages[k] < WIPING_AGE and d < 1.25:
                    # A crater deeper than a fracture removes it.
                    depth = 0.35 * radius[k] * pixel_m
                    keep = min(1.0, max(0.0, (d - 0.85) / 0.4))
                    share = min(1.0, (depth / max(abs(lines[r, c]), 0.01)) ** 2)
                    lines[r, c] *= 1.0 - (1.0 - keep) * share
                if freshness[k] > 0.0:
                    albedo[r, c] *= 1.0 + freshness[k] * np.exp(-max(d - 0.9, 0.0) / 0.6)


def add_craters(
    height: np.ndarray,
    lines: np.ndarray,
    albedo: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    pixel_m: float,
    ages: np.ndarray,
    freshness: np.ndarray,
    wobble: np.ndarray,
    phase: np.ndarray,
    relief: np.ndarray,
    stretch: np.ndarray,
    turn: np.ndarray,
) -> None:
    """Add craters to heights in place. Larger ones remove line relief, fresh ones brighten the ground.

    Parameters
    ----------
    height, lines, albedo : ndarray
        float32 (rows, columns); heights in metres, relief of line features in metres, relative albedo.
    x, y, radius : ndarray
        Columns, rows and radii in pixels.
    pixel_m : float
    ages : ndarray
        Diffusion ages, see `crater_profiles`.
    freshness : ndarray
        Relative brightening of ejecta.
    wobble, phase : ndarray
        Amplitude (n,) and phases (n, 3) of the departure from a circle.
    relief : ndarray
        Factors on the heights.
    stretch, turn : ndarray
        Length over width, and direction of the length in radians from columns to rows.
    """
    _add_craters(
        height, lines, albedo, x, y, radius, pixel_m, ages, crater_profiles(), freshness, wobble, phase, relief,
        stretch, turn,
    )  # fmt: skip


@njit(cache=True)
def brighten_slopes(albedo: np.ndarray, height: np.ndarray, pixel_m: float, strength: float) -> None:
    """Brighten steep ground in place: material that slides off exposes ground that is not yet space-weathered.

    Parameters
    ----------
    albedo, height : ndarray
        float32 (rows, columns).
    pixel_m : float
    strength : float
        Relative brightening of a slope of 30 degrees.
    """
    rows, columns = height.shape
    scale = strength / np.tan(np.pi / 6.0) ** 2
    for r in range(1, rows - 1):
        for c in range(1, columns - 1):
            gx = (height[r, c + 1] - height[r, c - 1]) / (2.0 * pixel_m)
            gy = (height[r + 1, c] - height[r - 1, c]) / (2.0 * pixel_m)
            albedo[r, c] *= 1.0 + scale * min(gx * gx + gy * gy, 0.5)


@njit(cache=True)
def add_boulders(
    height: np.ndarray,
    albedo: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    tall_m: np.ndarray,
    sides: np.ndarray,
    reach: np.ndarray,
    steep: np.ndarray,
    tilt: np.ndarray,
    crack: np.ndarray,
    bright: np.ndarray,
    pixel_m: float,
) -> None:
    """Add boulders to the ground in place: polyhedra with a bumpy top and steep sides.

    Parameters
    ----------
    height, albedo : ndarray
        float32 (rows, columns).
    x, y, radius : ndarray
        Columns, rows and mean radii in pixels.
    tall_m : ndarray
        Heights in metres.
    sides, reach, steep : ndarray
        (n, k): direction of each side in radians, its distance from the centre over the radius, and its slope.
    tilt : ndarray
        (n, 2): slope of the top.
    crack : ndarray
        Direction in radians of a crack through the boulder, NaN if there is no crack.
    bright : ndarray
        Albedo as a multiple of the ground's.
    """
    rows, columns = height.shape
    for k in range(len(x)):
        far = radius[k] * 1.7 + 1.0
        r0, r1 = max(0, int(np.ceil(y[k] - far))), min(rows - 1, int(np.floor(y[k] + far)))
        c0, c1 = max(0, int(np.ceil(x[k] - far))), min(columns - 1, int(np.floor(x[k] + far)))
        for r in range(r0, r1 + 1):
            for c in range(c0, c1 + 1):
                px, py = c - x[k], r - y[k]
                top = tall_m[k] + (tilt[k, 0] * px + tilt[k, 1] * py) * pixel_m
                for j in range(sides.shape[1]):
                    gap = reach[k, j] * radius[k] - (px * np.cos(sides[k, j]) + py * np.sin(sides[k, j]))
                    top = min(top, gap * steep[k, j] * pixel_m)
                if top <= 0.0:
                    continue
                # Worn edges and bumps: faces of real blocks are not planes.
                u, v = 4.0 * px / radius[k] + 5.0 * sides[k, 0], 4.0 * py / radius[k] + 7.0 * sides[k, 1]
                bumps = np.sin(u + 1.3 * np.sin(0.7 * v)) * np.sin(v + 1.1 * np.sin(0.8 * u))
                shape = np.sqrt(max(1.0 - (px * px + py * py) / (1.5 * radius[k]) ** 2, 0.0))
                top *= (0.35 + 0.65 * shape) * (1.0 + 0.28 * bumps)
                if not np.isnan(crack[k]):
                    across = abs(px * np.sin(crack[k]) - py * np.cos(crack[k]))
                    if across < 0.11 * radius[k]:
                        top *= 0.25
                height[r, c] += top
                albedo[r, c] *= bright[k]
