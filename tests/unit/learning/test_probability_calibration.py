"""Calibrated probabilities: they rise, one image keeps its own, and nonsense in a file is refused."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.learning.probability_calibration import KNOTS, ProbabilityCalibration, effective_images
from tests.helpers.calibrated_places import powers

CURVE = st.lists(st.floats(0, 1), min_size=len(KNOTS), max_size=len(KNOTS)).map(sorted).filter(lambda c: c[0] < c[-1])


@st.composite
def calibrations(draw):
    """Any calibration."""
    numbers = sorted(draw(st.lists(st.floats(1.01, 60), max_size=4, unique=True)))
    curves = tuple(tuple(draw(CURVE)) for _ in numbers)
    return ProbabilityCalibration(tuple(draw(CURVE)), tuple(numbers), curves)


@settings(max_examples=50, deadline=None)
@given(calibrations(), st.floats(1, 100))
def test_probabilities_rise_and_stay_in_range(calibration, images):
    levels = np.linspace(0, 1, 101)
    for values in (calibration.of_image(levels), calibration.of_mean(levels, np.full(101, images))):
        assert (np.diff(values) >= -1e-9).all() and values.min() >= 0 and values.max() <= 1 + 1e-9


@settings(max_examples=50, deadline=None)
@given(calibrations())
def test_one_image_keeps_its_probability_and_beyond_the_most_images_nothing_changes(calibration):
    levels = np.linspace(0, 1, 101)
    np.testing.assert_allclose(calibration.of_mean(levels, np.ones(101)), levels, atol=1e-9)
    for number, curve in zip(calibration.images, calibration.fused, strict=True):
        expected = np.interp(levels, KNOTS, curve)
        np.testing.assert_allclose(calibration.of_mean(levels, np.full(101, number)), expected, atol=1e-6)
        if number == calibration.images[-1]:
            np.testing.assert_allclose(calibration.of_mean(levels, np.full(101, 10 * number)), expected, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(calibrations())
def test_what_is_written_is_read(calibration):
    assert ProbabilityCalibration.from_tag(calibration.tag(), "a.tif") == calibration
    assert ProbabilityCalibration.from_mapping(calibration.as_dict(), "a.pt") == calibration


@settings(max_examples=50, deadline=None)
@given(calibrations(), st.floats(0.01, 0.99))
def test_the_threshold_before_calibration_finds_the_same_pixels(calibration, threshold):
    levels = np.linspace(0.001, 0.999, 400)
    before = calibration.before(threshold)
    by_network, calibrated = levels >= before, calibration.of_image(levels) >= threshold
    # But for those next to the threshold itself.
    assert (by_network == calibrated)[np.abs(levels - before) > 0.001].all()


def test_no_data_stays():
    calibration = powers(2, 0.5, images=[2])
    assert np.isnan(calibration.of_image(np.array([np.nan]))).all()
    assert np.isnan(calibration.of_mean(np.array([np.nan]), np.array([2.0]))).all()
    assert ProbabilityCalibration.from_tag(None, "a.tif") is None


def test_images_that_weigh_little_count_little():
    weights = np.array([[1.0, 1.0, 0.0], [1.0, 0.001, 0.0]])
    np.testing.assert_allclose(effective_images(weights.sum(0), (weights**2).sum(0)), [2.0, 1.002, 1.0], atol=1e-4)


GOOD = powers(2, 0.5, images=[2]).as_dict()


@pytest.mark.parametrize(
    "change",
    [
        {"image": None},
        {"image": GOOD["image"][:-1]},
        {"image": GOOD["image"][::-1]},
        {"image": [0.5] * len(KNOTS)},
        {"image": [*GOOD["image"][:-1], 1.2]},
        {"image": [float("nan"), *GOOD["image"][1:]]},
        {"image": "high"},
        {"fused": []},
        {"fused": [[0, 1]]},
        {"images": [0.5]},
        {"images": [float("inf")]},
        {"images": "two"},
        {"images": [3, 2], "fused": GOOD["fused"] * 2},
    ],
)
def test_a_calibration_that_is_none_is_refused_in_one_line(change):
    for read in (
        lambda: ProbabilityCalibration.from_mapping(GOOD | change, "a.pt"),
        lambda: ProbabilityCalibration.from_tag(json.dumps(GOOD | change), "a.pt"),
    ):
        with pytest.raises(InputError, match="a.pt: holds a calibration .*calibrate the model again"):
            read()


@pytest.mark.parametrize("text", ["", "{}", "[1]", "none", "{"])
def test_a_tag_of_other_text_is_refused(text):
    with pytest.raises(InputError, match="a.tif: holds a calibration"):
        ProbabilityCalibration.from_tag(text, "a.tif")
