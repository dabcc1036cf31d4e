"""Sampling and averaging of pixels, compiled by Numba. Results are those of SciPy's functions, to the last bit.

SciPy's own functions take each position, and each number on its way, through memory in double precision.
"""

import numpy as np
from numba import njit

# A pixel has data if the pixels around it with data have at least this share of the weight.
LEAST_WEIGHT = np.float32(0.999)


@njit(inline="always")
def _position(row, column, down, right, origins):
    """Return a position in the pixels (see `sun_frame.Positions`). Another order of the sums would round otherwise."""
    return row + down - origins[0, 0] - origins[0, 1], column + right - origins[1, 0] - origins[1, 1]


@njit(inline="always")
def _beyond(y, x, last_row, last_column):
    """Return whether a position lies beyond the middles of the outermost pixels."""
    return y < 0.0 or x < 0.0 or y > last_row or x > last_column


@njit(inline="always")
def _around(y, x, last_row, last_column):
    """Return row and column of the pixels above left and below right of a position, and the shares of the latter.

    The position is not negative.
    """
    # Cutting the fraction off is rounding down here. `math.floor` is a call, which takes longer than all the rest.
    top, left = np.uint32(y), np.uint32(x)
    # SciPy takes the second weight as the rest of the first.
    b, a = 1.0 - (1.0 - (y - top)), 1.0 - (1.0 - (x - left))
    return top, left, min(top + 1, last_row), min(left + 1, last_column), b, a


@njit(inline="always")
def _mixed(corners, b, a):
    """Return the linear mixture of four pixels: above left and right, below left and right."""
    value = float(corners[0]) * (1.0 - b) * (1.0 - a)
    value += float(corners[1]) * (1.0 - b) * a
    value += float(corners[2]) * b * (1.0 - a)
    return value + float(corners[3]) * b * a


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
            y, x = _position(row[i], column[i], down[j], right[j], origins)
            if _beyond(y, x, last_row, last_column):
                continue
            top, left, below, beside, b, a = _around(y, x, last_row, last_column)
            corners = pixels[top, left], pixels[top, beside], pixels[below, left], pixels[below, beside]
            out[i, j] = _mixed(corners, b, a)
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
            y, x = _position(row[i], column[i], down[j], right[j], origins)
            if _beyond(y, x, last_row, last_column):
                continue
            top, left, below, beside, b, a = _around(y, x, last_row, last_column)
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
            out[i, j] = max(int(np.rint(np.float32(_mixed((first, second, third, fourth), b, a)))), 1)
    return out


@njit(cache=True, nogil=True)
def _take_row(image, mask, valid, y, x, out_image, out_mask, out_valid):
    """Set a row of three layers from positions y, x: the image linearly, the others from the nearest pixel."""
    last_row, last_column = image.shape[0] - 1, image.shape[1] - 1
    for j in range(y.size):
        if _beyond(y[j], x[j], last_row, last_column):
            out_image[j], out_mask[j], out_valid[j] = 0.0, 0, 0
            continue
        top, left, below, beside, b, a = _around(y[j], x[j], last_row, last_column)
        corners = image[top, left], image[top, beside], image[below, left], image[below, beside]
        out_image[j] = _mixed(corners, b, a)
        row, column = np.uint32(y[j] + 0.5), np.uint32(x[j] + 0.5)
        out_mask[j], out_valid[j] = mask[row, column], valid[row, column]


@njit(cache=True, nogil=True)
def affine(
    image: np.ndarray, mask: np.ndarray, valid: np.ndarray, matrix: np.ndarray, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the layers of a tile after an affine map; see `scipy.ndimage.affine_transform`. Beyond the edges is 0.

    Parameters
    ----------
    image : ndarray
        float32 (S, S), interpolated linearly.
    mask, valid : ndarray
        uint8 (S, S), of which the nearest pixel is taken.
    matrix, offset : ndarray
        (2, 2) and (2,): row and column in the tile are ``matrix @ (row, column) + offset``.
    """
    out_image, out_mask, out_valid = np.empty_like(image), np.empty_like(mask), np.empty_like(valid)
    y, x = np.empty(image.shape[1]), np.empty(image.shape[1])
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            # In SciPy's order, so that rounding leads to the same side of an edge.
            y[j] = offset[0] + matrix[0, 0] * i + matrix[0, 1] * j
            x[j] = offset[1] + matrix[1, 0] * i + matrix[1, 1] * j
        _take_row(image, mask, valid, y, x, out_image[i], out_mask[i], out_valid[i])
    return out_image, out_mask, out_valid


@njit(cache=True, nogil=True)
def perspective(
    image: np.ndarray, mask: np.ndarray, valid: np.ndarray, places: np.ndarray, least_depth: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the layers of a tile (see `affine`) after a perspective.

    Parameters
    ----------
    places : ndarray
        (3, S, S): column, row and depth of each pixel in the tile; column and row are divided by the depth.
    least_depth : float
        Pixels of this depth or less are 0: they are beyond the horizon.
    """
    out_image, out_mask, out_valid = np.empty_like(image), np.empty_like(mask), np.empty_like(valid)
    y, x = np.empty(image.shape[1]), np.empty(image.shape[1])
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            depth = places[2, i, j]
            # Beyond the horizon there is no position.
            there = depth > least_depth
            y[j] = places[1, i, j] / depth if there else -1.0
            x[j] = places[0, i, j] / depth if there else -1.0
        _take_row(image, mask, valid, y, x, out_image[i], out_mask[i], out_valid[i])
    return out_image, out_mask, out_valid


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
