"""Light on the simulated ground: photometry of the lunar surface and exact cast shadows.

The surface reflects by the LROC empirical function in its "b" form: a Lommel-Seeliger term times an exponential phase
function, with the coefficients of the public parameter file NAC_PHO_LROC_Empirical.0003. ISIS's lronacpho uses the same
function and coefficients to normalise real images.
"""

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from .direct_imaging import TerrainPart
    from .terrain import Terrain


# b0, b1, b2, b3, b4, b5, b6 of NAC_PHO_LROC_Empirical.0003.
COEFFICIENTS = (-1.479654495, -0.000083528, 0.012964707, -0.237774774, 0.556075496, 0.663671460, -0.439918609)
SUN_RADIUS_RAD = 0.00465
# Light that a shadow gets from the sunlit ground around it, as a share of the light on level sunlit ground.
SCATTERED = 0.02
# Direction towards a camera straight above: it does not change over the grid. See `view` of `reflectance`.
ZENITH = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


def sun_vector(sun_azimuth_deg: float, incidence_deg: float) -> np.ndarray:
    """Return the unit vector towards the Sun: right and up on the map, outward."""
    azimuth, incidence = np.radians(sun_azimuth_deg), np.radians(incidence_deg)
    return np.array([np.sin(azimuth) * np.sin(incidence), np.cos(azimuth) * np.sin(incidence), np.cos(incidence)])


@njit(cache=True)
def _sweep(height, along_step, across_slope, tangent, step_m, half_sun):
    """Return the visible share of the Sun's disc, float32 (rows, columns).

    The Sun stands beyond the first row, or beyond the last one if `along_step` is negative. The sweep follows lines
    that run away from the Sun and shift by `across_slope` columns a row. Along each line, the height of the shadow's
    edge decreases by `step_m * tangent` a row. Where the ground is higher, it becomes the edge.
    """
    rows, columns = height.shape
    lit = np.ones((rows, columns), np.float32)
    pad = int(np.ceil(abs(across_slope) * (rows - 1))) + 1
    low = -pad if across_slope > 0 else 0
    lines = columns + pad + 1
    # Height of the shadow edges for the Sun's centre and lower limb, and distance to the ground that throws them.
    edge, low_edge = np.full(lines, -1e9), np.full(lines, -1e9)
    reach, low_reach = np.zeros(lines), np.zeros(lines)
    drop = step_m * tangent
    low_drop = step_m * np.tan(np.arctan(tangent) - half_sun)
    share = np.ones(lines, np.float32)
    for i in range(rows):
        r = i if along_step > 0 else rows - 1 - i
        shift = across_slope * i
        whole = int(np.floor(shift))
        f = shift - whole
        for k in range(lines):
            edge[k] -= drop
            low_edge[k] -= low_drop
            reach[k] += step_m
            low_reach[k] += step_m
            c = k + low + whole
            if c < 0 or c + 1 >= columns:
                share[k] = 1.0
                if c < -1 or c >= columns:
                    continue
                ground = height[r, 0] if c < 0 else height[r, columns - 1]
            else:
                ground = height[r, c] * (1.0 - f) + height[r, c + 1] * f
            # The Sun is a disc. Besides, no shadow's edge is sharper than the grid.
            blur = max(reach[k] * half_sun * (1.0 + tangent * tangent), 0.5 * drop)
            value = 0.5 - (edge[k] - ground) / (2.0 * blur)
            blur = max(low_reach[k] * half_sun * (1.0 + tangent * tangent), 0.5 * drop)
            value = min(value, 1.0 - (low_edge[k] - ground) / (2.0 * blur))
            share[k] = min(1.0, max(0.0, value))
            if ground > edge[k]:
                edge[k] = ground
                reach[k] = 0.0
            if ground > low_edge[k]:
                low_edge[k] = ground
                low_reach[k] = 0.0
        for c in range(columns):
            k = c - low - whole
            a = share[k] if 0 <= k < lines else np.float32(1.0)
            b = share[k - 1] if 0 <= k - 1 < lines else a
            lit[r, c] = a * (1.0 - f) + b * f
    return lit


def sunlit(height_m: np.ndarray, resolution_m: float, sun_azimuth_deg: float, incidence_deg: float) -> np.ndarray:
    """Return the share of the Sun's disc that is visible from every pixel.

    The horizon is exact: every pixel is compared with all ground between it and the Sun.

    Parameters
    ----------
    height_m : ndarray
        (rows, columns).
    resolution_m : float
    sun_azimuth_deg : float
        Direction towards the Sun, clockwise from up.
    incidence_deg : float
        Incidence angle on level ground, 0..90.

    Returns
    -------
    ndarray
        float32 (rows, columns), 0 in full shadow, 1 in full light.
    """
    if incidence_deg < 1e-3:
        return np.ones(height_m.shape, np.float32)
    east, north, up = sun_vector(sun_azimuth_deg, incidence_deg)
    right, down = east, -north
    turned = abs(right) > abs(down)
    field = np.ascontiguousarray(height_m.T if turned else height_m, dtype=np.float32)
    major, minor = (right, down) if turned else (down, right)
    # Lines run away from the Sun: towards larger rows if the Sun is on the side of row 0.
    along = 1 if major < 0 else -1
    across = -minor / abs(major)
    step_m = resolution_m * np.hypot(1.0, across)
    tangent = up / np.hypot(east, north)
    lit = _sweep(field, along, across, tangent, step_m, SUN_RADIUS_RAD)
    return lit.T if turned else lit


@njit(cache=True)
def _reflect(height, albedo, lit, resolution_m, sun, view, b, scattered):
    rows, columns = height.shape
    out = np.empty((rows, columns), np.float32)
    for r in range(rows):
        up, down = max(r - 1, 0), min(r + 1, rows - 1)
        for c in range(columns):
            vx = view[0, 0] + r * view[1, 0] + c * view[2, 0]
            vy = view[0, 1] + r * view[1, 1] + c * view[2, 1]
            vz = view[0, 2] + r * view[1, 2] + c * view[2, 2]
            phase_deg = np.degrees(np.arccos(min(max(sun[0] * vx + sun[1] * vy + sun[2] * vz, -1.0), 1.0)))
            base = b[0] + b[1] * phase_deg * phase_deg + b[2] * phase_deg + b[3] * np.sqrt(phase_deg)
            left, right = max(c - 1, 0), min(c + 1, columns - 1)
            gx = (height[r, right] - height[r, left]) / (right - left)
            gy = (height[up, c] - height[down, c]) / (down - up)
            if 1 < r < rows - 2 and 1 < c < columns - 2:
                # Fourth-order differences keep the slopes of relief that is a few pixels wide.
                gx = (4.0 * gx - 0.25 * (height[r, c + 2] - height[r, c - 2])) / 3.0
                gy = (4.0 * gy - 0.25 * (height[r - 2, c] - height[r + 2, c])) / 3.0
            gx, gy = gx / resolution_m, gy / resolution_m
            # Fourth order again: central differences flatten relief that is only a few pixels wide.
            if 2 <= c < columns - 2:
                gx += (gx - (height[r, c + 2] - height[r, c - 2]) / (4.0 * resolution_m)) / 3.0
            if 2 <= r < rows - 2:
                gy += (gy - (height[r - 2, c] - height[r + 2, c]) / (4.0 * resolution_m)) / 3.0
            cos_slope = 1.0 / np.sqrt(1.0 + gx * gx + gy * gy)
            cos_i = (sun[2] - gx * sun[0] - gy * sun[1]) * cos_slope
            cos_e = max((vz - gx * vx - gy * vy) * cos_slope, 0.0)
            level = sun[2] / (vz + sun[2]) * np.exp(base + b[4] * vz + b[5] * sun[2] + b[6] * sun[2] * sun[2])
            value = scattered * level * cos_slope
            if cos_i > 0.0 and lit[r, c] > 0.0:
                bright = np.exp(base + b[4] * cos_e + b[5] * cos_i + b[6] * cos_i * cos_i)
                value += lit[r, c] * cos_i / (cos_e + cos_i) * bright
            out[r, c] = albedo[r, c] * value
    return out


def reflectance(
    height_m: np.ndarray,
    albedo: np.ndarray,
    resolution_m: float,
    sun_azimuth_deg: float,
    incidence_deg: float,
    view: np.ndarray = ZENITH,
    skyline_lit: np.ndarray | None = None,
) -> np.ndarray:
    """Return the I/F of relief under a distant Sun.

    Parameters
    ----------
    height_m, albedo : ndarray
        float32 (rows, columns): heights in metres, and albedo relative to that of the photometric function.
    resolution_m : float
    sun_azimuth_deg : float
        Direction towards the Sun on the map, clockwise from up.
    incidence_deg : float
        Incidence angle on level ground, 0..90.
    view : ndarray
        (3, 3): unit vector towards the camera (right and up on the map, outward) at the first pixel, its change from
        row to row, and its change from column to column. By default the camera is straight above.
    skyline_lit : ndarray, optional
        float32 (rows, columns): share of the Sun's disc above a distant rim, see `skyline.Skyline.lit`.

    Returns
    -------
    ndarray
        I/F, float32 (rows, columns).
    """
    lit = sunlit(height_m, resolution_m, sun_azimuth_deg, incidence_deg)
    if skyline_lit is not None:
        lit = np.minimum(lit, skyline_lit)
    sun = sun_vector(sun_azimuth_deg, incidence_deg)
    return _reflect(height_m, albedo, np.ascontiguousarray(lit), resolution_m, sun, view, COEFFICIENTS, SCATTERED)


def shade(
    terrain: "Terrain | TerrainPart", sun_azimuth_deg: float, incidence_deg: float, view: np.ndarray = ZENITH
) -> np.ndarray:
    """Return the I/F of a terrain on its own grid, with the shadow of its rim; see `reflectance`."""
    sun = sun_azimuth_deg, incidence_deg
    lit = None if terrain.skyline is None else terrain.skyline.lit(terrain.grid, terrain.height_m, *sun)
    return reflectance(terrain.height_m, terrain.albedo, terrain.grid.resolution_m, *sun, view, lit)
