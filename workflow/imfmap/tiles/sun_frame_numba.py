"""Sampling and averaging of pixels, compiled by Numba. Results are those of SciPy's functions, to the last bit.

SciPy's own functions take each position, and each number on its way, through memory in double precision.
"""

import math

import numpy as np
from numba import njit

# A pixel has data if the pixels around it with data have at least this share of the weight.
LEAST_WEIGHT = np.float32(0.999)


@njit(cache=True, nogil=True)
def interpolate(
    pixels: np.ndarray, row: np.ndarray, column: np.ndarray, down: np.ndarray, right: np.ndarray, origins: np.ndarray
) -> np.ndarray:
    """Interpolate linearly, as `scipy.ndimage.map_coordinates` of order 1 does; 0 beyond the edges.

    Parameters
    ----------
    pixels : ndarray
        (rows, columns) of any real type.
    row, column, down, right, origins : ndarray
        Positions: see `sun_frame.Positions`.

    Returns
    -------
    ndarray
        float32, one value for each position.
    """
    last_row, last_column = pixels.shape[0] - 1, pixels.shape[1] - 1
    out = np.zeros((row.size, down.size), np.float32)
    for i in range(row.size):
        for j in range(down.size):
            y = row[i] + down[j] - origins[0, 0] - origins[0, 1]
            x = column[i] + right[j] - origins[1, 0] - origins[1, 1]
            if y < 0.0 or x < 0.0 or y > last_row or x > last_column:
                continue
            top, left = int(math.floor(y)), int(math.floor(x))
            below, beside = min(top + 1, last_row), min(left + 1, last_column)
            # SciPy takes the second weight as the rest of the first.
            b, a = 1.0 - (1.0 - (y - top)), 1.0 - (1.0 - (x - left))
            value = float(pixels[top, left]) * (1.0 - b) * (1.0 - a)
            value += float(pixels[top, beside]) * (1.0 - b) * a
            value += float(pixels[below, left]) * b * (1.0 - a)
            value += float(pixels[below, beside]) * b * a
            out[i, j] = value
    return out


@njit(cache=True, nogil=True)
def interpolate_brightness(
    pixels: np.ndarray, row: np.ndarray, column: np.ndarray, down: np.ndarray, right: np.ndarray, origins: np.ndarray
) -> np.ndarray:
    """Interpolate brightness, uint8 with 0 for no data; see `sun_frame.sample_brightness` and `interpolate`."""
    last_row, last_column = pixels.shape[0] - 1, pixels.shape[1] - 1
    out = np.zeros((row.size, down.size), np.uint8)
    for i in range(row.size):
        for j in range(down.size):
            y = row[i] + down[j] - origins[0, 0] - origins[0, 1]
            x = column[i] + right[j] - origins[1, 0] - origins[1, 1]
            if y < 0.0 or x < 0.0 or y > last_row or x > last_column:
                continue
            top, left = int(math.floor(y)), int(math.floor(x))
            below, beside = min(top + 1, last_row), min(left + 1, last_column)
            # SciPy takes the second weight as the rest of the first.
            b, a = 1.0 - (1.0 - (y - top)), 1.0 - (1.0 - (x - left))
            first, second = pixels[top, left], pixels[top, beside]
            third, fourth = pixels[below, left], pixels[below, beside]
            if first == 0 or second == 0 or third == 0 or fourth == 0:
                weight = 0.0
                if first != 0:
                    weight += (1.0 - b) * (1.0 - a)
                if second != 0:
                    weight += (1.0 - b) * a
                if third != 0:
                    weight += b * (1.0 - a)
                if fourth != 0:
                    weight += b * a
                if not np.float32(weight) > LEAST_WEIGHT:
                    continue
            value = float(first) * (1.0 - b) * (1.0 - a)
            value += float(second) * (1.0 - b) * a
            value += float(third) * b * (1.0 - a)
            value += float(fourth) * b * a
            out[i, j] = max(int(np.rint(np.float32(value))), 1)
    return out


@njit(cache=True, nogil=True)
def averaged(values: np.ndarray, side_px: int) -> np.ndarray:
    """Return the mean over a square around each pixel, as `scipy.ndimage.uniform_filter` with zeros beyond the edges.

    Parameters
    ----------
    values : ndarray
        float32 (rows, columns).
    side_px : int
        Side of the square.

    Returns
    -------
    ndarray
        float32, same shape.
    """
    if side_px == 1:
        # As SciPy does: no sum, and so no rounding.
        return values.copy()
    rows, columns = values.shape
    before = side_px // 2
    after = side_px - before - 1
    along = np.empty((rows, columns), np.float32)
    out = np.empty((rows, columns), np.float32)
    # SciPy divides a running sum in float64 at each pixel. In Numba, float() of a float32 would stay a float32.
    total = np.zeros(columns)
    for row in range(min(after + 1, rows)):
        for column in range(columns):
            total[column] += values[row, column]
    for column in range(columns):
        along[0, column] = total[column] / side_px
    none = np.zeros(columns, np.float32)
    for row in range(1, rows):
        entering = values[row + after] if row + after < rows else none
        leaving = values[row - 1 - before] if row - 1 - before >= 0 else none
        for column in range(columns):
            total[column] += np.float64(entering[column]) - np.float64(leaving[column])
            along[row, column] = total[column] / side_px
    for row in range(rows):
        sum_of_row = 0.0
        for column in range(min(after + 1, columns)):
            sum_of_row += along[row, column]
        out[row, 0] = sum_of_row / side_px
        for column in range(1, columns):
            entering_value = np.float64(along[row, column + after]) if column + after < columns else 0.0
            leaving_value = np.float64(along[row, column - 1 - before]) if column - 1 - before >= 0 else 0.0
            sum_of_row += entering_value - leaving_value
            out[row, column] = sum_of_row / side_px
    return out
