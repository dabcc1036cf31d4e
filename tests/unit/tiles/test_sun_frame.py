"""The Sun's frame, and brightness sampled in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates, uniform_filter

from imfmap.tiles.sampling_numba import averaged
from imfmap.tiles.sun_frame import Positions, SunFrame, relative_brightness, sample, sample_brightness


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
        positions = drawn_positions(np.random.default_rng(5), 50, 60, -reach, 279 + reach)
        # With a rim of no data, positions outside are looked at as those inside.
        expected = sample_brightness(np.pad(whole, 5), positions.within(-5, -5))
        np.testing.assert_array_equal(sample_brightness(whole, positions), expected)
        assert (expected == 0).any() == (gap or reach > 0)


def drawn_positions(rng, lines, places, low, high):
    """Positions between two numbers, each the sum of a term of the line and one of the place."""
    return Positions(*(rng.uniform(low / 2, high / 2, count) for count in (lines, lines, places, places)))


def as_scipy_samples(brightness, row, column):
    """The brightness at positions, by SciPy's functions."""
    valid = map_coordinates((brightness > 0).astype(np.float32), [row, column], order=1, prefilter=False) > 0.999
    values = np.rint(map_coordinates(brightness.astype(np.float32), [row, column], order=1, prefilter=False))
    return np.where(valid, np.maximum(values, 1), 0).astype(np.uint8)


seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 40)


@given(seeds, sides, sides, st.floats(0, 360), st.sampled_from([0.0, 0.05, 0.6, 1.0]))
def test_samples_are_scipys_to_the_last_bit(seed, rows, columns, azimuth_deg, gaps):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(1, 256, (rows, columns), dtype=np.uint8)
    pixels[rng.random(pixels.shape) < gaps] = 0
    frame = SunFrame(azimuth_deg, rows // 2, columns // 2)
    steps = np.arange(-12, 30)
    for positions in (frame.on_map(steps - 5, steps), frame.in_frame(steps, steps).within(3, -8).within(-2, 1)):
        row, column = positions.arrays()
        np.testing.assert_array_equal(sample_brightness(pixels, positions), as_scipy_samples(pixels, row, column))
        numbers = pixels.astype(np.uint16) * 257
        expected = map_coordinates(numbers.astype(np.float32), [row, column], order=1, prefilter=False)
        np.testing.assert_array_equal(sample(numbers, positions), expected)
        assert positions.bounds() == (row.min(), column.min(), row.max(), column.max())


@given(st.floats(0, 360), st.integers(-40000, 40000), st.integers(-40000, 40000))
def test_positions_of_a_rectangle_are_those_of_its_pixels(azimuth_deg, v, u):
    frame = SunFrame(azimuth_deg, 321, 1234)
    steps = np.arange(7)
    grid = v + steps[:, None], u + steps[None, :]
    for found, expected in (
        (frame.on_map(v + steps, u + steps), frame.to_map(*grid)),
        (frame.in_frame(v + steps, u + steps), frame.from_map(*grid)),
    ):
        for one, other in zip(found.arrays(), expected, strict=True):
            np.testing.assert_array_equal(one, other)


@given(seeds, st.integers(1, 60), st.integers(1, 60), st.sampled_from([1, 2, 5, 20, 129]))
def test_means_over_squares_are_scipys_to_the_last_bit(seed, rows, columns, side_px):
    values = np.random.default_rng(seed).normal(0.05, 0.02, (rows, columns)).astype(np.float32)
    expected = uniform_filter(values, side_px, mode="constant")
    np.testing.assert_array_equal(averaged(values, side_px), expected)


def test_relative_brightness_forgets_albedo_and_marks_nodata():
    rng = np.random.default_rng(2)
    image = (0.05 * (1 + 0.1 * rng.normal(size=(300, 300)))).astype(np.float32)
    image[:20] = np.nan
    dark, bright = relative_brightness(image), relative_brightness(3 * image)
    np.testing.assert_allclose(dark.astype(int), bright.astype(int), atol=1)
    assert (dark[:20] == 0).all() and (dark[20:] > 0).all()
    assert dark[20:].mean() == pytest.approx(100, abs=2)
