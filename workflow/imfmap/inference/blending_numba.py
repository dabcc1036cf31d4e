"""Inner loops of inference, compiled by Numba. Results are those of NumPy's functions, to the last bit.

NumPy takes the numbers through memory at each step; here each pixel goes through all steps at once.
"""

import numpy as np
from numba import njit

# Probabilities are kept as 16-bit numbers until they are on the map, so that they are rounded to 8 bit only once.
SCRATCH_ONE = 65535
_ONE = np.float32(SCRATCH_ONE)
# Used in place of the sum of weights where there is no window.
_LEAST_SHARE = np.float32(1e-9)
# Between this number and its double, a float32 has no fraction: a sum rounds to the nearest whole number, half to even.
_WHOLE = np.float32(2**23)


@njit(inline="always")
def _rounded(value):
    """Return a number from 0 to 2**22 (float32), rounded as NumPy rounds. Its rint would be a call: slower."""
    return np.uint16(np.int32((value + _WHOLE) - _WHOLE))


@njit(cache=True, nogil=True)
def add_window(total: np.ndarray, share: np.ndarray, weights: np.ndarray, values: np.ndarray) -> None:
    """Add a window to sums.

    Parameters
    ----------
    total, share : ndarray
        float32 (rows, columns): sums of weighted values, and of weights. They are changed.
    weights, values : ndarray
        float32, same shape.
    """
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            total[i, j] += weights[i, j] * values[i, j]
            share[i, j] += weights[i, j]


@njit(cache=True, nogil=True)
def add_kept_window(total: np.ndarray, share: np.ndarray, weights: np.ndarray, kept: np.ndarray) -> None:
    """Add a window of `as_kept` to sums; see `add_window`."""
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            total[i, j] += weights[i, j] * (np.float32(kept[i, j]) / _ONE)
            share[i, j] += weights[i, j]


@njit(cache=True, nogil=True)
def as_kept(values: np.ndarray) -> np.ndarray:
    """Return probabilities (float32, 0..1) as they are kept: uint16, 0..`SCRATCH_ONE`."""
    out = np.empty(values.shape, np.uint16)
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[i, j] = _rounded(values[i, j] * _ONE)
    return out


@njit(cache=True, nogil=True)
def blended(total: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return the weighted means of sums (see `add_window`) as they are kept: uint16; 0 where there is no window."""
    out = np.empty(total.shape, np.uint16)
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            out[i, j] = _rounded(total[i, j] / max(share[i, j], _LEAST_SHARE) * _ONE)
    return out


@njit(cache=True, nogil=True)
def looked_up(values: np.ndarray, valid: np.ndarray, table: np.ndarray, nodata: int) -> np.ndarray:
    """Return the entries of a table (uint8) at numbers (uint16) of the same shape as `valid` (bool); else `nodata`."""
    out = np.empty(values.shape, np.uint8)
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[i, j] = table[values[i, j]] if valid[i, j] else nodata
    return out


@njit(cache=True, nogil=True)
def valid_and_extremes(pixels: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return which pixels (float32) are finite (bool), the smallest and the largest of these (or infinity and -inf)."""
    valid = np.empty(pixels.shape, np.bool_)
    least, largest = np.float32(np.inf), np.float32(-np.inf)
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            value = pixels[i, j]
            # Not so for NaN, nor for infinity.
            there = abs(value) < np.float32(np.inf)
            valid[i, j] = there
            least = min(least, value if there else np.float32(np.inf))
            largest = max(largest, value if there else np.float32(-np.inf))
    return valid, least, largest
