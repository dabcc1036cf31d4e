"""The search for the line that saw a ground point, compiled."""

import math

import numpy as np
from numba import njit

_ITERATIONS = 40
_SMALLEST_STEP = 1e-4


@njit(cache=True, nogil=True)
def detector_of(table, line, x, y, z, constants):
    """Detector sample and line at which the camera, at an image line, sees a point; NaN where it is behind.

    Parameters
    ----------
    table : ndarray
        (lines + 2, 12): body-fixed position of the camera in km and rotation from the body to the camera, row by
        row, at image lines 0, 1, ...; continued linearly beyond both ends.
    line : float
        Image line.
    x, y, z : float
        Body-fixed point, km.
    constants : ndarray
        `sensors.Instrument.solver_constants`.
    """
    row = min(max(int(math.floor(line)), 0), table.shape[0] - 2)
    part = line - row
    before, after = table[row], table[row + 1]
    dx = x - before[0] - part * (after[0] - before[0])
    dy = y - before[1] - part * (after[1] - before[1])
    dz = z - before[2] - part * (after[2] - before[2])
    look_x = look_y = look_z = 0.0
    for axis, component in enumerate((dx, dy, dz)):
        look_x += (before[3 + axis] + part * (after[3 + axis] - before[3 + axis])) * component
        look_y += (before[6 + axis] + part * (after[6 + axis] - before[6 + axis])) * component
        look_z += (before[9 + axis] + part * (after[9 + axis] - before[9 + axis])) * component
    if look_z <= 0.0:
        return math.nan, math.nan
    focal_x = constants[0] * look_x / look_z
    focal_y = constants[0] * look_y / look_z
    # The smaller root of k u y^2 - y + u = 0; far off the detector there is none, and any monotonic value will do.
    root = 1.0 - 4.0 * constants[1] * focal_y * focal_y
    focal_y = 2.0 * focal_y / (1.0 + math.sqrt(max(root, 0.0)))
    sample = constants[2] + constants[4] + constants[5] * focal_x + constants[6] * focal_y
    return sample, constants[3] + constants[7] + constants[8] * focal_x + constants[9] * focal_y


@njit(cache=True, nogil=True)
def solve_line(table, x, y, z, guess, slope, tolerance_px, constants):
    """Line and detector sample of one point, by the secant method.

    Parameters
    ----------
    guess : float
        Line to begin at; where it is good to `tolerance_px`, one look is enough.
    slope : float
        Change of the point's detector line from image line to image line, roughly.
    tolerance_px : float
        Of the line, before a last correction.

    Returns
    -------
    tuple of float
        Line, detector sample and slope found; NaN where there is none.
    """
    line = guess
    sample, miss = detector_of(table, line, x, y, z, constants)
    for _ in range(_ITERATIONS):
        step = -miss / slope
        if abs(step) < tolerance_px:
            return line + step, sample, slope
        sample, new_miss = detector_of(table, line + step, x, y, z, constants)
        if abs(step) > _SMALLEST_STEP:
            slope = (new_miss - miss) / step
        # Written so that NaN and a flat course end the search too.
        if not abs(slope) > 1e-6:
            break
        line, miss = line + step, new_miss
    return math.nan, math.nan, math.nan


@njit(cache=True, nogil=True)
def faces(table, line, x, y, z):
    """Whether a point's side of the body is turned to the camera at an image line."""
    row = min(max(int(math.floor(line)), 0), table.shape[0] - 2)
    part = line - row
    facing = 0.0
    for axis, component in enumerate((x, y, z)):
        camera = table[row, axis] + part * (table[row + 1, axis] - table[row, axis])
        facing += component * (camera - component)
    return facing > 0.0


@njit(cache=True, nogil=True)
def solve_lines(table, points, fit, tolerance_px, constants):
    """Line and detector sample of points.

    Parameters
    ----------
    points : ndarray
        (n, 3) body-fixed, km.
    fit : ndarray
        (5,): a point's line is roughly its scalar product with the first three, plus the fourth; the fifth is the
        slope of `solve_line`.

    Returns
    -------
    tuple of ndarray
        (n,) line and detector sample, continued beyond the image; NaN where there is none or the point is turned
        away from the camera.
    """
    lines = np.full(points.shape[0], math.nan)
    samples = np.full(points.shape[0], math.nan)
    for index in range(points.shape[0]):
        x, y, z = points[index]
        guess = fit[0] * x + fit[1] * y + fit[2] * z + fit[3]
        line, sample, _ = solve_line(table, x, y, z, guess, fit[4], tolerance_px, constants)
        if line == line and faces(table, line, x, y, z):
            lines[index] = line
            samples[index] = sample
    return lines, samples
