"""The inner loops of augmentation, compiled by Numba. Results are those of SciPy and scikit-image, to the last bit."""

import math

import numpy as np
from numba import njit

# As scikit-image has them: grey levels before CLAHE, and bins of its histograms.
GREY_LEVELS = 2**14
BINS = 256
_BIN_WIDTH = 1 + GREY_LEVELS // BINS


# Called, it would take longer to hand the arrays over than to use them.
@njit(inline="always")
def _take(image, mask, valid, y, x, i, j, taken):
    """Set pixel (i, j) of three layers from position (y, x): the image linearly, the others from the nearest pixel."""
    last_row, last_column = image.shape[0] - 1, image.shape[1] - 1
    if y < 0.0 or x < 0.0 or y > last_row or x > last_column:
        taken[0][i, j], taken[1][i, j], taken[2][i, j] = 0.0, 0, 0
        return
    top, left = int(math.floor(y)), int(math.floor(x))
    below, beside = min(top + 1, last_row), min(left + 1, last_column)
    # SciPy takes the second weight as the rest of the first.
    b, a = 1.0 - (1.0 - (y - top)), 1.0 - (1.0 - (x - left))
    value = float(image[top, left]) * (1.0 - b) * (1.0 - a)
    value += float(image[top, beside]) * (1.0 - b) * a
    value += float(image[below, left]) * b * (1.0 - a)
    value += float(image[below, beside]) * b * a
    taken[0][i, j] = value
    row, column = int(math.floor(y + 0.5)), int(math.floor(x + 0.5))
    taken[1][i, j], taken[2][i, j] = mask[row, column], valid[row, column]


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
    taken = np.empty_like(image), np.empty_like(mask), np.empty_like(valid)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            # In SciPy's order, so that rounding leads to the same side of an edge.
            y = offset[0] + matrix[0, 0] * i + matrix[0, 1] * j
            x = offset[1] + matrix[1, 0] * i + matrix[1, 1] * j
            _take(image, mask, valid, y, x, i, j, taken)
    return taken


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
    taken = np.empty_like(image), np.empty_like(mask), np.empty_like(valid)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            depth = places[2, i, j]
            if depth > least_depth:
                _take(image, mask, valid, places[1, i, j] / depth, places[0, i, j] / depth, i, j, taken)
            else:
                taken[0][i, j], taken[1][i, j], taken[2][i, j] = 0.0, 0, 0
    return taken


@njit(cache=True, nogil=True)
def _clip_histogram(histogram, limit):
    """Cut a histogram at a limit, and share out what was cut off; `skimage.exposure._adapthist.clip_histogram`."""
    excess = 0
    for index in range(BINS):
        if histogram[index] > limit:
            excess += histogram[index] - limit
            histogram[index] = limit
    increment = excess // BINS
    upper = limit - increment
    for index in range(BINS):
        if histogram[index] < upper:
            histogram[index] += increment
            excess -= increment
    for index in range(BINS):
        if upper <= histogram[index] < limit:
            excess += histogram[index] - limit
            histogram[index] = limit
    while excess > 0:
        before = excess
        for index in range(BINS):
            under = 0
            for other in range(BINS):
                under += histogram[other] < limit
            step = max(1, under // excess)
            for other in range(index, BINS, step):
                if histogram[other] < limit:
                    histogram[other] += 1
                    excess -= 1
            if excess <= 0:
                break
        if excess == before:
            break


@njit(cache=True, nogil=True)
def equalised(grey: np.ndarray, side_px: int, limit: int) -> np.ndarray:
    """Equalise histograms of square regions, and interpolate between regions; see `skimage.exposure`.

    Parameters
    ----------
    grey : ndarray
        uint16 (rows, columns), 0..`GREY_LEVELS` - 1, from half a region above and left of the image on; a whole number
        of regions.
    side_px : int
        Side of a region.
    limit : int
        Most pixels of a region in one bin.

    Returns
    -------
    ndarray
        uint16, same shape and range; meant for the image without its margins.
    """
    down, right = grey.shape[0] // side_px, grey.shape[1] // side_px
    regions = np.empty((down - 1, right - 1, BINS), np.int64)
    scale = (GREY_LEVELS - 1) / (side_px * side_px)
    half = side_px // 2
    histogram = np.empty(BINS, np.int64)
    for i in range(down - 1):
        for j in range(right - 1):
            histogram[:] = 0
            for row in range(half + i * side_px, half + (i + 1) * side_px):
                for column in range(half + j * side_px, half + (j + 1) * side_px):
                    histogram[grey[row, column] // _BIN_WIDTH] += 1
            _clip_histogram(histogram, limit)
            total = 0
            for index in range(BINS):
                total += histogram[index]
                regions[i, j, index] = int(min(float(total) * scale, float(GREY_LEVELS - 1)))
    out = np.empty(grey.shape, np.uint16)
    for row in range(grey.shape[0]):
        i = row // side_px
        b = (row - i * side_px) / side_px
        above, below = min(max(i - 1, 0), down - 2), min(i, down - 2)
        for column in range(grey.shape[1]):
            j = column // side_px
            a = (column - j * side_px) / side_px
            left, beside = min(max(j - 1, 0), right - 2), min(j, right - 2)
            index = grey[row, column] // _BIN_WIDTH
            value = np.float32(regions[above, left, index] * ((1.0 - a) * (1.0 - b)))
            value += np.float32(regions[above, beside, index] * (a * (1.0 - b)))
            value += np.float32(regions[below, left, index] * ((1.0 - a) * b))
            value += np.float32(regions[below, beside, index] * (a * b))
            out[row, column] = int(value)
    return out
