"""Connected components over windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@given(
    st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=1, max_size=12),
    st.integers(1, 12),
    st.booleans(),
)
def test_windows_of_any_size_find_the_components_of_the_whole(rows, window, corners):
    mask = np.array(rows)
    components, pieces = Components(mask.shape[1], corners), np.full(mask.shape, -1)
    for row in range(0, mask.shape[0], window):
        for column in range(0, mask.shape[1], window):
            part = mask[row : row + window, column : column + window]
            labels, first, _ = components.add(row, column, part)
            pieces[row : row + window, column : column + window][part] = labels[part] + first - 1
    wanted, count = label(mask, np.ones((3, 3)) if corners else None)
    roots = components.roots()
    pairs = {(root, whole) for root, whole in zip(roots[pieces[mask]].tolist(), wanted[mask].tolist(), strict=True)}
    assert len(pairs) == count == len({root for root, _ in pairs})
