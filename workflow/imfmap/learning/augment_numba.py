"""The inner loops of CLAHE, compiled by Numba. Results are those of scikit-image, to the last bit."""

import numpy as np
from numba import njit

# As scikit-image has them: grey levels before CLAHE, and bins of its histograms.
GREY_LEVELS = 2**14
BINS = 256
_BIN_WIDTH = 1 + GREY_LEVELS // BINS


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
