"""Connected components of a raster that is read window by window."""

import numpy as np
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_EIGHT, _FOUR = np.ones((3, 3), int), np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])


class Components:
    """Connected components of windows that are added row by row, and from left to right in each row.

    Pixels that touch by an edge belong together, and so do those that touch by a corner, unless `corners` is False.
    With corners, a diagonal fracture one pixel wide is one component. Each window has its own pieces. Their numbers go
    on from window to window. `roots` tells which pieces belong together. A window that is not added connects nothing.

    Parameters
    ----------
    columns : int
        Width of the raster.
    corners : bool
        Whether pixels that touch only by a corner belong together.
    """

    def __init__(self, columns: int, corners: bool = True):
        self._neighbours, self._shifts = (_EIGHT, (0, 1, 2)) if corners else (_FOUR, (1,))
        self._pieces, self._pairs = 0, [np.empty((0, 2), int)]
        # Pieces along the last row of the windows above, and of the windows of this row; one more column on each side.
        self._above = self._below = np.full(columns + 2, -1)
        self._left, self._right_edge = None, 0
        self._row, self._bottom_edge = -1, 0

    def add(self, row: int, column: int, mask: np.ndarray) -> tuple[np.ndarray, int, int]:
        """Find the pieces of a window.

        Parameters
        ----------
        row, column : int
            Upper left pixel of the window.
        mask : ndarray
            bool (rows, columns): the pixels that count.

        Returns
        -------
        labels : ndarray
            int32 (rows, columns), 1..count, 0 outside the mask. Label k is piece ``first + k - 1``.
        first, count : int
            Number of the first piece of the window, and number of pieces in it.
        """
        if row != self._row:
            self._above = self._below if row == self._bottom_edge else np.full_like(self._below, -1)
            self._below = np.full_like(self._above, -1)
            self._row, self._bottom_edge, self._left = row, row + len(mask), None
        labels, count = label(mask, self._neighbours)
        first = self._pieces
        self._pieces += count
        height, width = mask.shape
        top, bottom, left, right = (
            _names(edge, first) for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1])
        )
        for shift in self._shifts:
            self._link(top, self._above[column + shift : column + shift + width])
        if self._left is not None and self._right_edge == column:
            padded = np.pad(self._left, 1, constant_values=-1)
            for shift in self._shifts:
                self._link(left, padded[shift : shift + height])
        self._below[column + 1 : column + 1 + width] = bottom
        self._left, self._right_edge = right, column + width
        return labels, first, count

    def roots(self) -> np.ndarray:
        """Return for each of N pieces the first piece of its component, int (N,)."""
        one, other = np.concatenate(self._pairs).T
        graph = coo_array((np.ones(len(one), bool), (one, other)), (self._pieces, self._pieces))
        _, names = connected_components(graph, directed=False)
        _, firsts, component = np.unique(names, return_index=True, return_inverse=True)
        return firsts[component]

    def _link(self, names, neighbours):
        """Join the pieces that lie side by side along a line. -1 means no piece."""
        both = (names >= 0) & (neighbours >= 0)
        if both.any():
            self._pairs.append(np.unique(np.stack([names[both], neighbours[both]], axis=1), axis=0))


def _names(labels, first):
    """Return the numbers of the pieces along an edge of a window, from their labels; -1 for no piece."""
    return np.where(labels > 0, labels.astype(int) + (first - 1), -1)
