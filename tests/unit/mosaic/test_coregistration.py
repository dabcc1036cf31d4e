"""Shifts between images under different Suns, by sub-pixels; and images that are left where they are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from imfmap.maps.coregistration_tag import Coregistration, coregistration_of
from imfmap.maps.image_facts import ImageFacts, facts_of
from imfmap.maps.rasters import read_raster, write_raster
from imfmap.mosaic.coregistration import coregister, measure_shift
from tests.helpers.target_factory import target_grid

GRID = target_grid(size=(320, 340))
SHAPE = GRID.shape
FACTS = ImageFacts("M1500000000LE", "2010-06-01T10:00:00", 90.0, 50.0, 1.0, 50.0, 1.0, "none")


def heights(shape, seed=3):
    """Ground with holes of all sizes, as a function that gives it moved by a part of a pixel."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    ground = ndimage.gaussian_filter(rng.normal(size=shape), 6) * 20
    for _ in range(260):
        row, column = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        radius = 3 * (1 - rng.uniform()) ** -0.5
        distance = np.hypot(rows - row, columns - column) / min(radius, 30)
        ground += (
            0.25 * min(radius, 30) * np.where(distance < 1.3, np.minimum(distance**2 - 1, 0.2 * (1.3 - distance)), 0)
        )
    spectrum = np.fft.fft2(ground)

    def moved(down, right):
        frequencies = np.fft.fftfreq(shape[0])[:, None] * down + np.fft.fftfreq(shape[1]) * right
        return np.fft.ifft2(spectrum * np.exp(-2j * np.pi * frequencies)).real

    return moved


GROUND = heights(SHAPE)


def lit(ground, azimuth_deg, incidence_deg):
    """Lambert's law, with black shadows."""
    down, right = np.gradient(ground)
    azimuth = np.radians(azimuth_deg)
    towards = -np.cos(azimuth) * -down + np.sin(azimuth) * -right
    incidence = np.radians(incidence_deg)
    light = np.cos(incidence) + np.sin(incidence) * towards
    return (0.1 * np.clip(light, 0, None) / np.sqrt(1 + down**2 + right**2)).astype(np.float32)


def reader(pixels):
    def read(row, column, rows, columns):
        inside = np.full((rows, columns), np.nan, np.float32)
        top, left = max(row, 0), max(column, 0)
        bottom, right = min(row + rows, pixels.shape[0]), min(column + columns, pixels.shape[1])
        if top < bottom and left < right:
            inside[top - row : bottom - row, left - column : right - column] = pixels[top:bottom, left:right]
        return inside

    return read


@given(
    down=st.floats(-20, 20),
    right=st.floats(-20, 20),
    azimuths_deg=st.tuples(st.floats(0, 360), st.floats(0, 360)),
    incidences_deg=st.tuples(st.floats(30, 75), st.floats(30, 75)),
    scale=st.floats(0.1, 5000),
)
@settings(max_examples=25, deadline=None)
def test_a_shift_is_found_under_any_two_suns(down, right, azimuths_deg, incidences_deg, scale):
    """Also where one image is reflectance and the other one counts."""
    first = lit(GROUND(0, 0), azimuths_deg[0], incidences_deg[0])
    other = scale * lit(GROUND(-down, -right), azimuths_deg[1], incidences_deg[1])
    found = measure_shift(reader(first), reader(other), SHAPE, 30)
    assert found.is_sure
    assert np.hypot(found.rows - down, found.columns - right) < 0.4


@given(seeds=st.tuples(st.integers(0, 999), st.integers(1000, 1999)), kind=st.sampled_from(["noise", "ground"]))
@settings(max_examples=25, deadline=None)
def test_images_of_different_ground_are_never_laid_on_each_other(seeds, kind):
    def image(seed):
        noise = np.random.default_rng(seed).normal(0.05, 0.01, SHAPE).astype(np.float32)
        return noise if kind == "noise" else np.roll(lit(GROUND(0, 0), seed, 60)[:: 1 - 2 * (seed > 999)], seed, axis=1)

    assert not measure_shift(reader(image(seeds[0])), reader(image(seeds[1])), SHAPE, 30).is_sure


def written(folder, name, pixels, product):
    path = folder / name
    write_raster(path, pixels, GRID, nodata=np.nan, tags=replace(FACTS, product=product).tags())
    return path


@pytest.fixture
def pair(tmp_path):
    """Two images: the other one shows all ground 7.4 pixels too far to the left and 3.6 too far up."""
    other = lit(GROUND(-3.6, -7.4), 250, 55)
    other[:, :30] = np.nan
    return (
        written(tmp_path, "first.tif", lit(GROUND(0, 0), 90, 50), "FIRST"),
        written(tmp_path, "other.tif", other, "OTHER"),
    )


def test_an_image_is_moved_onto_the_reference(tmp_path, pair):
    result = coregister(pair[1], pair[0], tmp_path / "out.tif", GRID, 60)
    assert result.moved and result.reference == "FIRST" and result.confidence > 0.5
    assert (result.right_m, result.up_m) == (pytest.approx(7.4 * 1.5, abs=0.3), pytest.approx(-3.6 * 1.5, abs=0.3))
    values, grid, _ = read_raster(tmp_path / "out.tif")
    assert grid.transform == GRID.transform and facts_of(tmp_path / "out.tif").product == "OTHER"
    assert coregistration_of(tmp_path / "out.tif") == result
    there = lit(GROUND(0, 0), 250, 55)[20:-20, 60:-20]
    error = np.abs(values[20:-20, 60:-20] - there)
    assert np.median(error) < 0.002 < np.median(np.abs(read_raster(pair[1])[0][20:-20, 60:-20] - there))
    # The ground that the image does not show stays empty, and so does what comes in over its edges.
    assert (
        np.isnan(values[:, :36]).all() and np.isnan(values[:, :3]).all() and np.isfinite(values[10:-10, 45:-10]).all()
    )


def unchanged(image, out):
    np.testing.assert_array_equal(read_raster(image)[0], read_raster(out)[0])
    return coregistration_of(out)


def test_an_image_beyond_the_limit_stays(tmp_path, pair):
    result = coregister(pair[1], pair[0], tmp_path / "out.tif", GRID, 12)
    assert not result.moved and "is more than limit_m, 12 m" in result.note and result.right_m > 10
    assert unchanged(pair[1], tmp_path / "out.tif") == result


def test_an_image_in_its_place_stays(tmp_path, pair):
    again = written(tmp_path, "again.tif", lit(GROUND(0, 0), 300, 60), "AGAIN")
    result = coregister(again, pair[0], tmp_path / "out.tif", GRID, 12)
    assert not result.moved and result.note == "lies in its place"
    assert unchanged(again, tmp_path / "out.tif") == result


def test_an_image_of_which_nobody_can_tell_stays_and_says_so(tmp_path, pair, caplog):
    caplog.set_level("INFO")
    noise = np.random.default_rng(5).normal(0.05, 0.01, SHAPE).astype(np.float32)
    blank = written(tmp_path, "blank.tif", noise, "BLANK")
    result = coregister(blank, pair[0], tmp_path / "out.tif", GRID, 60)
    assert (
        not result.moved
        and result.right_m is None
        and "windows agree: too little in common, or the Suns" in result.note
    )
    assert "BLANK: left as it is (only" in caplog.text
    assert unchanged(blank, tmp_path / "out.tif") == result


def test_images_side_by_side_stay(tmp_path, pair):
    aside = np.full(SHAPE, np.nan, np.float32)
    aside[:, -40:] = 0.05
    result = coregister(written(tmp_path, "a.tif", aside, "ASIDE"), pair[0], tmp_path / "out.tif", GRID, 60)
    assert result.note == "shares too little ground with the reference" and not result.moved


def test_the_reference_stays(tmp_path, pair):
    result = coregister(pair[0], None, tmp_path / "out.tif", GRID, 60)
    assert result == Coregistration("FIRST", note="it is the reference, or there is none")
    assert unchanged(pair[0], tmp_path / "out.tif") == result


def test_an_image_that_was_not_co_registered_says_nothing(pair):
    assert coregistration_of(pair[0]) is None
