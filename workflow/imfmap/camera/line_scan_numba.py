"""The inner loops of camera and projection, compiled by Numba: from the ground to line and sample, and resampling.

They are in one file because of Numba's cache. It checks the date of a function's own file only, not of the files whose
functions it calls. Image positions are zero-based in the resampling, and 1-based elsewhere.
"""

import math

import numpy as np
from numba import njit

from ..core.choices import RESAMPLINGS

NEAREST, BILINEAR, CUBIC, ANTIALIASED = range(4)
METHODS = dict(zip(RESAMPLINGS, (NEAREST, BILINEAR, CUBIC, ANTIALIASED), strict=True))
WIDEST_SCALE = 64.0
_ANTIALIASED_A = -0.5
_LINE_TOLERANCE_PX = 1e-3
_ITERATIONS = 40
_SMALLEST_STEP = 1e-4


@njit(cache=True, nogil=True)
def ground_to_detector(
    table: np.ndarray, line: float, x: float, y: float, z: float, constants: np.ndarray
) -> tuple[float, float]:
    """Return detector sample and detector line of a point, for the camera at an image line; NaN if it is behind.

    Parameters
    ----------
    table : ndarray
        (lines + 2, 12): body-fixed position of the camera in km, and matrix from the body to the camera by rows, at
        image lines 0, 1, ... It is continued linearly beyond both ends.
    line : float
        Image line.
    x, y, z : float
        Body-fixed point, km.
    constants : ndarray
        `instrument.Instrument.solver_constants`.
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
    # The smaller root of k u y^2 - y + u = 0. Far off the detector there is no root, and any monotonic value will do.
    root = 1.0 - 4.0 * constants[1] * focal_y * focal_y
    focal_y = 2.0 * focal_y / (1.0 + math.sqrt(max(root, 0.0)))
    sample = constants[2] + constants[4] + constants[5] * focal_x + constants[6] * focal_y
    return sample, constants[3] + constants[7] + constants[8] * focal_x + constants[9] * focal_y


@njit(cache=True, nogil=True)
def solve_image_line(
    table: np.ndarray,
    x: float,
    y: float,
    z: float,
    guess: float,
    slope: float,
    tolerance_px: float,
    constants: np.ndarray,
) -> tuple[float, float, float]:
    """Return image line and detector sample of one point, found by the secant method.

    Parameters
    ----------
    guess : float
        Line to begin with. If its error is below `tolerance_px`, one step is enough.
    slope : float
        Rough change of the point's detector line from one image line to the next.
    tolerance_px : float
        Largest error of the line before the last correction.

    Returns
    -------
    tuple of float
        Line, detector sample and slope; NaN if the search fails.
    """
    line = guess
    sample, miss = ground_to_detector(table, line, x, y, z, constants)
    for _ in range(_ITERATIONS):
        step = -miss / slope
        if abs(step) < tolerance_px:
            return line + step, sample, slope
        sample, new_miss = ground_to_detector(table, line + step, x, y, z, constants)
        if abs(step) > _SMALLEST_STEP:
            slope = (new_miss - miss) / step
        # In this form, NaN and a slope near 0 end the search, too.
        if not abs(slope) > 1e-6:
            break
        line, miss = line + step, new_miss
    return math.nan, math.nan, math.nan


@njit(cache=True, nogil=True)
def faces_camera(table: np.ndarray, line: float, x: float, y: float, z: float) -> bool:
    """Return whether a point is on the side of the body that faces the camera at an image line."""
    row = min(max(int(math.floor(line)), 0), table.shape[0] - 2)
    part = line - row
    facing = 0.0
    for axis, component in enumerate((x, y, z)):
        camera = table[row, axis] + part * (table[row + 1, axis] - table[row, axis])
        facing += component * (camera - component)
    return facing > 0.0


@njit(cache=True, nogil=True)
def solve_image_lines(
    table: np.ndarray, points: np.ndarray, fit: np.ndarray, tolerance_px: float, constants: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return image line and detector sample of points.

    Parameters
    ----------
    points : ndarray
        (n, 3) body-fixed, km.
    fit : ndarray
        (5,): The first guess of a point's line is its scalar product with the first three numbers, plus the fourth.
        The fifth is the slope of `solve_image_line`.

    Returns
    -------
    tuple of ndarray
        (n,) line and detector sample, continued beyond the image; NaN where the search fails or the point does not
        face the camera.
    """
    lines = np.full(points.shape[0], math.nan)
    samples = np.full(points.shape[0], math.nan)
    for index in range(points.shape[0]):
        x, y, z = points[index]
        guess = fit[0] * x + fit[1] * y + fit[2] * z + fit[3]
        line, sample, _ = solve_image_line(table, x, y, z, guess, fit[4], tolerance_px, constants)
        if line == line and faces_camera(table, line, x, y, z):
            lines[index] = line
            samples[index] = sample
    return lines, samples


@njit(cache=True, nogil=True)
def _nearest(lines, y, x):
    row, column = int(math.floor(y + 0.5)), int(math.floor(x + 0.5))
    if row < 0 or column < 0 or row >= lines.shape[0] or column >= lines.shape[1]:
        return math.nan
    return lines[row, column]


@njit(cache=True, nogil=True)
def _bilinear(lines, y, x):
    """Return the bilinear value; if one of the four pixels is missing, that of the nearest pixel."""
    row, column = int(math.floor(y)), int(math.floor(x))
    if row < 0 or column < 0 or row + 1 >= lines.shape[0] or column + 1 >= lines.shape[1]:
        return _nearest(lines, y, x)
    b, a = y - row, x - column
    upper = (1.0 - a) * lines[row, column] + a * lines[row, column + 1]
    lower = (1.0 - a) * lines[row + 1, column] + a * lines[row + 1, column + 1]
    value = (1.0 - b) * upper + b * lower
    return value if value == value else _nearest(lines, y, x)


@njit(cache=True, nogil=True)
def _cubic(lines, y, x):
    """Return the cubic convolution with a = -1; if one of the sixteen pixels is missing, the bilinear value."""
    row, column = int(math.floor(y)), int(math.floor(x))
    if row < 1 or column < 1 or row + 2 >= lines.shape[0] or column + 2 >= lines.shape[1]:
        return _bilinear(lines, y, x)
    b, a = y - row, x - column
    a0, a1, a2, a3 = -a * (1 - a) * (1 - a), 1 - 2 * a * a + a * a * a, a * (1 + a - a * a), -a * a * (1 - a)
    b0, b1, b2, b3 = -b * (1 - b) * (1 - b), 1 - 2 * b * b + b * b * b, b * (1 + b - b * b), -b * b * (1 - b)
    value = 0.0
    for offset, weight in enumerate((b0, b1, b2, b3)):
        line = row - 1 + offset
        value += weight * (
            a0 * lines[line, column - 1]
            + a1 * lines[line, column]
            + a2 * lines[line, column + 1]
            + a3 * lines[line, column + 2]
        )
    return value if value == value else _bilinear(lines, y, x)


@njit(cache=True, nogil=True)
def _wide_weights(position, scale, weights):
    """Fill in the weights (sum 1) of a cubic kernel (a = -0.5) stretched by `scale`. Return first pixel and count."""
    support = 2.0 * scale
    first = int(math.ceil(position - support))
    count = min(int(math.floor(position + support)) - first + 1, weights.shape[0])
    a = _ANTIALIASED_A
    inverse = 1.0 / scale
    total = 0.0
    for index in range(count):
        t = abs(first + index - position) * inverse
        if t < 1.0:
            weights[index] = ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0
        elif t < 2.0:
            weights[index] = ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a
        else:
            weights[index] = 0.0
        total += weights[index]
    normal = 1.0 / total
    for index in range(count):
        weights[index] *= normal
    return first, count


# Sums may be computed in any order. NaN must stay NaN.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _antialiased(lines, y, x, scale_y, scale_x, weights_y, weights_x):
    """Return the mean of valid pixels under a stretched cubic kernel; NaN if they have half its weight or less."""
    first_row, rows = _wide_weights(y, scale_y, weights_y)
    first_column, columns = _wide_weights(x, scale_x, weights_x)
    inside = first_row >= 0 and first_row + rows <= lines.shape[0]
    if inside and first_column >= 0 and first_column + columns <= lines.shape[1]:
        value = 0.0
        for i in range(rows):
            line = 0.0
            for j in range(columns):
                line += weights_x[j] * lines[first_row + i, first_column + j]
            value += weights_y[i] * line
        if value == value:
            return value
    value = valid = 0.0
    for i in range(max(0, -first_row), min(rows, lines.shape[0] - first_row)):
        for j in range(max(0, -first_column), min(columns, lines.shape[1] - first_column)):
            pixel = lines[first_row + i, first_column + j]
            if pixel == pixel:
                value += weights_y[i] * weights_x[j] * pixel
                valid += weights_y[i] * weights_x[j]
    return value / valid if valid > 0.5 else math.nan


@njit(cache=True, nogil=True)
def resample(
    lines: np.ndarray,
    first_line: int,
    size: tuple[int, int],
    points: np.ndarray,
    positions: np.ndarray,
    step: int,
    factors: np.ndarray,
    slack_px: float,
    model: tuple[np.ndarray, np.ndarray, np.ndarray, float, float],
    method: int,
    out: np.ndarray,
) -> None:
    """Fill a block of a map with the pixels of an image.

    Parameters
    ----------
    lines : ndarray
        (n, samples) float32: all image lines that the block needs; NaN where invalid.
    first_line : int
        Zero-based number of the first line in `lines`.
    size : tuple of int
        Lines and samples of the image.
    points : ndarray
        (node rows, node columns, 3) body-fixed points on the sphere in km. A node is every `step`-th pixel.
    positions : ndarray
        (node rows, node columns, 2) rough line and sample (1-based) of the nodes; NaN where not known.
    step : int
        Pixels between nodes.
    factors : ndarray
        (rows, columns) or (1, 1): distance of the surface from the body's centre, divided by the sphere's radius.
    slack_px : float
        Largest error of interpolated `positions`.
    model : tuple
        `line_scan.LineScanCamera._solver_model`.
    method : int
        `NEAREST`, `BILINEAR`, `CUBIC` or `ANTIALIASED`.
    out : ndarray
        (rows, columns) float32: the pixels are written here; NaN outside the image and where no pixel is valid.
    """
    table, fit, constants, first_sample, summing = model
    weights_y = np.empty(int(4 * WIDEST_SCALE) + 2)
    weights_x = np.empty(int(4 * WIDEST_SCALE) + 2)
    inverse = 1.0 / step
    last_factor_row, last_factor_column = factors.shape[0] - 1, factors.shape[1] - 1
    # Nodes without a position are beyond the horizon. If there are none, no pixel is beyond it.
    horizon = np.isnan(positions).any()
    slope, correction = fit[4], 0.0
    for row in range(out.shape[0]):
        i = min(row // step, points.shape[0] - 2)
        b = (row - i * step) * inverse
        for j in range(points.shape[1] - 1):
            line0, line_step = _edge(positions, i, j, b, 0, inverse)
            sample0, sample_step = _edge(positions, i, j, b, 1, inverse)
            x0, x_step = _edge(points, i, j, b, 0, inverse)
            y0, y_step = _edge(points, i, j, b, 1, inverse)
            z0, z_step = _edge(points, i, j, b, 2, inverse)
            for a in range(min(step, out.shape[1] - j * step)):
                column = j * step + a
                out[row, column] = math.nan
                line, sample = line0 + a * line_step, sample0 + a * sample_step
                if line < -slack_px or line > size[0] + slack_px or sample < -slack_px or sample > size[1] + slack_px:
                    continue
                factor = factors[min(row, last_factor_row), min(column, last_factor_column)]
                x, y, z = factor * (x0 + a * x_step), factor * (y0 + a * y_step), factor * (z0 + a * z_step)
                # The search at the neighbour gives the error of the rough position, and the slope, near this pixel.
                guess = line + correction if line == line else fit[0] * x + fit[1] * y + fit[2] * z + fit[3]
                found, sample, slope = solve_image_line(table, x, y, z, guess, slope, _LINE_TOLERANCE_PX, constants)
                if found != found:
                    slope, correction = fit[4], 0.0
                    continue
                correction = found - line if line == line else 0.0
                sample = (sample - first_sample - 0.5) / summing + 0.5
                if found < 0.5 or found > size[0] + 0.5 or sample < 0.5 or sample > size[1] + 0.5:
                    continue
                if horizon and not faces_camera(table, found, x, y, z):
                    continue
                v, u = found - 1.0 - first_line, sample - 1.0
                if method == CUBIC:
                    out[row, column] = _cubic(lines, v, u)
                elif method == BILINEAR:
                    out[row, column] = _bilinear(lines, v, u)
                elif method == NEAREST:
                    out[row, column] = _nearest(lines, v, u)
                else:
                    scale_v = _scale(positions, i, j, 0, inverse)
                    scale_u = _scale(positions, i, j, 1, inverse)
                    out[row, column] = _antialiased(lines, v, u, scale_v, scale_u, weights_y, weights_x)


@njit(cache=True, nogil=True)
def _edge(nodes, i, j, b, axis, inverse):
    """Return the value on the left edge of a cell, at the part b of its height, and its change per pixel."""
    left = (1.0 - b) * nodes[i, j, axis] + b * nodes[i + 1, j, axis]
    right = (1.0 - b) * nodes[i, j + 1, axis] + b * nodes[i + 1, j + 1, axis]
    return left, (right - left) * inverse


@njit(cache=True, nogil=True)
def _scale(positions, i, j, axis, inverse):
    """Return the number of image pixels in a map pixel along one axis of the image, at least 1."""
    along = positions[i, j + 1, axis] - positions[i, j, axis]
    down = positions[i + 1, j, axis] - positions[i, j, axis]
    return min(max(math.hypot(along, down) * inverse, 1.0), WIDEST_SCALE)
