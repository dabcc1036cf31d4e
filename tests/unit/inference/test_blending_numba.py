"""Compiled loops of inference: the same numbers as NumPy's, to the last bit."""

import numpy as np
import pytest

from imfmap.inference.blending_numba import (
    SCRATCH_ONE,
    add_kept_window,
    add_window,
    as_kept,
    blended,
    looked_up,
    valid_and_extremes,
)

SHAPE = (37, 53)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_probabilities_are_rounded_as_numpy_does(rng):
    values = rng.random(SHAPE, np.float32)
    # Halves go to the even number, and both ends are kept.
    values[0, :4] = np.array([0, 1, 0.5 / SCRATCH_ONE, 1.5 / SCRATCH_ONE], np.float32)
    values[1] = ((np.arange(SHAPE[1]) + 0.5) / SCRATCH_ONE).astype(np.float32)
    kept = as_kept(values)
    assert kept.dtype == np.uint16 and kept[0, 0] == 0 and kept[0, 1] == SCRATCH_ONE
    np.testing.assert_array_equal(kept, np.rint(values * SCRATCH_ONE).astype(np.uint16))


@pytest.mark.parametrize("kept", [False, True])
def test_windows_are_blended_as_numpy_does(rng, kept):
    total, share, expected, weight = (np.zeros(SHAPE, np.float32) for _ in range(4))
    for top, left in ((0, 0), (5, 11), (7, 3)):
        under = slice(top, top + 20), slice(left, left + 30)
        weights, values = rng.random((20, 30), np.float32), rng.random((20, 30), np.float32)
        if kept:
            add_kept_window(total[under], share[under], weights, as_kept(values))
            values = as_kept(values).astype(np.float32) / SCRATCH_ONE
        else:
            # The results of a network may be read-only.
            values.flags.writeable = False
            add_window(total[under], share[under], weights, values)
        expected[under] += weights * values
        weight[under] += weights
    np.testing.assert_array_equal(total, expected)
    np.testing.assert_array_equal(share, weight)
    mean = np.rint(expected / np.maximum(weight, 1e-9) * SCRATCH_ONE).astype(np.uint16)
    np.testing.assert_array_equal(blended(total, share), mean)
    assert (mean[share == 0] == 0).all() and mean.any()


def test_codes_are_looked_up_where_there_is_data(rng):
    values, valid = rng.integers(0, SCRATCH_ONE + 1, SHAPE).astype(np.uint16), rng.random(SHAPE) > 0.4
    table = rng.integers(0, 251, SCRATCH_ONE + 1).astype(np.uint8)
    np.testing.assert_array_equal(looked_up(values, valid, table, 255), np.where(valid, table[values], 255))


@pytest.mark.parametrize("gap", [None, np.nan, np.inf, -np.inf])
def test_gaps_count_neither_as_pixels_nor_as_extremes(rng, gap):
    pixels = rng.normal(0, 1, SHAPE).astype(np.float32)
    if gap is not None:
        pixels[rng.random(SHAPE) < 0.3] = gap
    valid, least, largest = valid_and_extremes(pixels)
    np.testing.assert_array_equal(valid, np.isfinite(pixels))
    assert (least, largest) == (pixels[valid].min(), pixels[valid].max())


def test_a_block_without_data_has_no_valid_pixel():
    assert not valid_and_extremes(np.full(SHAPE, np.nan, np.float32))[0].any()
