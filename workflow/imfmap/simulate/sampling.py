"""Sampling of simulated ground: where lines of sight meet relief, and cubic convolution to the map."""

import numpy as np
from numba import njit

# Pixels between the nodes at which lines of sight are given.
NODE_PX = 16


def convolved(array: np.ndarray, position: np.ndarray, axis: int) -> np.ndarray:
    """Return an array resampled at positions along an axis by cubic convolution (a = -1, as in ISIS)."""
    first = np.floor(position).astype(int)
    f = position - first
    weights = (-f * (1 - f) ** 2, 1 - 2 * f**2 + f**3, f * (1 + f - f**2), -(f**2) * (1 - f))
    shape = (-1, 1) if axis == 0 else (1, -1)
    return sum(
        weight.astype(np.float32).reshape(shape) * array.take(first + offset, axis=axis)
        for offset, weight in enumerate(weights, start=-1)
    )


@njit(cache=True)
def _mirror(index, size):
    period = 2 * size - 2
    index = abs(index) % period
    return period - index if index >= size else index


@njit(cache=True)
def _bilinear(array, row, column):
    rows, columns = array.shape
    r, c = int(np.floor(row)), int(np.floor(column))
    fr, fc = row - r, column - c
    r0, r1 = _mirror(r, rows), _mirror(r + 1, rows)
    c0, c1 = _mirror(c, columns), _mirror(c + 1, columns)
    upper = array[r0, c0] * (1.0 - fc) + array[r0, c1] * fc
    return upper * (1.0 - fr) + (array[r1, c0] * (1.0 - fc) + array[r1, c1] * fc) * fr


@njit(cache=True)
def _cubic(array, row, column):
    """Return the array at a position by cubic convolution (a = -0.5). The array is continued by its mirror image."""
    rows, columns = array.shape
    r, c = int(np.floor(row)), int(np.floor(column))
    total = 0.0
    for i in range(-1, 3):
        weight = _cubic_weight(row - r - i)
        line = _mirror(r + i, rows)
        for j in range(-1, 3):
            total += weight * _cubic_weight(column - c - j) * array[line, _mirror(c + j, columns)]
    return max(total, 0.0)


@njit(cache=True)
def _cubic_weight(distance):
    d = abs(distance)
    if d < 1.0:
        return (1.5 * d - 2.5) * d * d + 1.0
    if d < 2.0:
        return ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    return 0.0


@njit(cache=True)
def sample_along_sight_lines(
    base: np.ndarray, lift: np.ndarray, iof: np.ndarray, height: np.ndarray, lines: int, samples: int
) -> np.ndarray:
    """Return the brightness that pixels see where their lines of sight meet the relief.

    Parameters
    ----------
    base, lift : ndarray
        (nodes, nodes, 2): row and column of the ground arrays that a node's pixel sees at height 0, and their change
        per metre of height. Nodes are `NODE_PX` pixels apart, from the first pixel to beyond the last.
    iof, height : ndarray
        float32: brightness of the ground, and its height in metres. Both are continued by their mirror images.
    lines, samples : int
        Size of the result.

    Returns
    -------
    ndarray
        float32 (lines, samples).
    """
    out = np.empty((lines, samples), np.float32)
    for line in range(lines):
        i, fi = line // NODE_PX, (line % NODE_PX) / NODE_PX
        for sample in range(samples):
            j, fj = sample // NODE_PX, (sample % NODE_PX) / NODE_PX
            w00, w01, w10, w11 = (1 - fi) * (1 - fj), (1 - fi) * fj, fi * (1 - fj), fi * fj
            row = w00 * base[i, j, 0] + w01 * base[i, j + 1, 0] + w10 * base[i + 1, j, 0] + w11 * base[i + 1, j + 1, 0]
            column = (
                w00 * base[i, j, 1] + w01 * base[i, j + 1, 1] + w10 * base[i + 1, j, 1] + w11 * base[i + 1, j + 1, 1]
            )
            up = 0.0
            # The steps get shorter: each is the last one times the ratio of the slopes of relief and line of sight.
            for _ in range(20):
                last = up
                up = _bilinear(height, row + up * lift[i, j, 0], column + up * lift[i, j, 1])
                if abs(up - last) * (abs(lift[i, j, 0]) + abs(lift[i, j, 1])) < 0.01:
                    break
            out[line, sample] = _cubic(iof, row + up * lift[i, j, 0], column + up * lift[i, j, 1])
    return out
