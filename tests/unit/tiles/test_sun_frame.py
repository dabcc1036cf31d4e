"""The Sun's frame, and brightness sampled in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.tiles.sun_frame import SunFrame, relative_brightness, sample_brightness


@given(st.floats(0, 360), st.floats(-500, 500), st.floats(-500, 500))
def test_sun_frame_turns_there_and_back(azimuth, v, u):
    frame = SunFrame(azimuth, 100.0, 200.0)
    np.testing.assert_allclose(frame.from_map(*frame.to_map(v, u)), (v, u), atol=1e-9)


@pytest.mark.parametrize("azimuth", [0.0, 33.0, 90.0, 181.0, 300.0])
def test_in_the_sun_frame_the_sun_is_left(azimuth):
    angle = np.radians(azimuth)
    v, u = SunFrame(azimuth).from_map(-10 * np.cos(angle), 10 * np.sin(angle))
    assert v == pytest.approx(0, abs=1e-9) and u == pytest.approx(-10)


@pytest.mark.parametrize("gap", [False, True])
def test_blocks_without_gaps_are_taken_as_all_others(gap):
    image = np.random.default_rng(4).uniform(0.02, 0.2, (300, 280)).astype(np.float32)
    if gap:
        image[100:140, 90:130] = np.nan
    whole = relative_brightness(image)
    for _ in range(2):
        np.testing.assert_array_equal(relative_brightness(image, median=float(np.nanmedian(image))), whole)
    for reach in (0.0, 3.0):
        row, column = np.random.default_rng(5).uniform(-reach, 279 + reach, (2, 50, 60))
        # With a rim of no data, positions outside are looked at as those inside.
        expected = sample_brightness(np.pad(whole, 5), row + 5, column + 5)
        np.testing.assert_array_equal(sample_brightness(whole, row, column), expected)
        assert (expected == 0).any() == (gap or reach > 0)


def test_relative_brightness_forgets_albedo_and_marks_nodata():
    rng = np.random.default_rng(2)
    image = (0.05 * (1 + 0.1 * rng.normal(size=(300, 300)))).astype(np.float32)
    image[:20] = np.nan
    dark, bright = relative_brightness(image), relative_brightness(3 * image)
    np.testing.assert_allclose(dark.astype(int), bright.astype(int), atol=1)
    assert (dark[:20] == 0).all() and (dark[20:] > 0).all()
    assert dark[20:].mean() == pytest.approx(100, abs=2)
