"""Brightness stretched to 8 bits."""

import numpy as np

from imfmap.maps.stretching import stretch_to_8bit


def test_stretch_by_two_numbers():
    values = np.array([[np.nan, -1.0, 0.1, 0.15, 0.2, 3.0]], np.float32)
    np.testing.assert_array_equal(stretch_to_8bit(values, (0.1, 0.2)), [[0, 1, 1, 128, 255, 255]])
    # Ground of one brightness has no contrast to show.
    np.testing.assert_array_equal(stretch_to_8bit(values[:, :3], (0.1, 0.1)), [[0, 1, 1]])


def test_stretch_keeps_zero_for_no_data():
    image = np.array([[np.nan, 0.01, 0.02, 0.03]], np.float32)
    assert stretch_to_8bit(image).tolist() == [[0, 1, 128, 255]]
