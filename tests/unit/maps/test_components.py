"""Connected components over windows."""

import numpy as np
import pytest
from scipy.ndimage import label

from imfmap.maps.components import Components


@pytest.mark.parametrize("size", [7, 16, 40])
def test_components_over_windows_are_those_of_the_whole(size):
    mask = np.random.default_rng(size).random((50, 61)) < 0.4
    components, names = Components(61), np.full(mask.shape, -1)
    for row in range(0, 50, size):
        for column in range(0, 61, size):
            window = slice(row, row + size), slice(column, column + size)
            labels, first, _ = components.add(row, column, mask[window])
            names[window] = np.where(labels > 0, labels + first - 1, -1)
    roots = np.where(mask, components.roots()[names], -1)
    whole, count = label(mask, np.ones((3, 3)))
    pairs = np.unique(np.stack([roots[mask], whole[mask]]), axis=1)
    assert pairs.shape[1] == count == len(np.unique(roots[mask]))


def test_nothing_is_connected_through_a_window_that_is_left_out():
    components = Components(9)
    for row, column in ((0, 0), (0, 6), (6, 0)):
        components.add(row, column, np.ones((3, 3), bool))
    assert len(set(components.roots())) == 3
