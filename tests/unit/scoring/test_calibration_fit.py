"""Calibration: probabilities mean what they say on places that were left out, and the threshold is a good one there."""

import numpy as np
import pytest

from imfmap.learning.probability_calibration import KNOTS, ProbabilityCalibration
from imfmap.maps.probability_raster import NODATA, encode
from imfmap.scoring.calibration_fit import (
    Place,
    calibrated_codes,
    fit_calibration,
    largest_error,
    leave_one_out,
    map_histograms,
    reliability,
    threshold_of_best_f1,
)


def place(name, seed, boldness, pixels=60_000, images=3, share=0.06):
    """Return pixels whose images tell independently of a fracture; the logit is `boldness` times the right one."""
    rng = np.random.default_rng(seed)
    fracture = rng.random(pixels) < share
    codes = []
    for _ in range(images):
        seen = np.where(fracture, 1.0, -1.0) + rng.normal(0, 0.9, pixels)
        right = np.log(share / (1 - share)) + 2 * seen / 0.9**2
        codes.append(encode(1 / (1 + np.exp(-boldness * right))))
    weights = np.broadcast_to(rng.uniform(0.5, 1, (images, 1)), (images, pixels)).astype(np.float32)
    return Place(name, np.array(codes), weights, fracture)


@pytest.mark.parametrize("boldness", [0.5, 2.0])
def test_a_network_too_shy_or_too_bold_means_what_it_says_on_places_left_out(boldness):
    judged = leave_one_out([place(f"p{seed}", seed, boldness) for seed in range(4)])
    for kind in ("one image", "fused"):
        assert judged[kind]["largest_error_before"] > 0.1
        assert judged[kind]["largest_error_after"] < 0.05
        assert judged[kind]["f1"] > judged[kind]["best_f1"] - 0.01
    assert np.ptp(judged["thresholds"]) < 0.1


def test_the_mean_of_images_that_agree_is_made_bolder():
    fitted = fit_calibration([place(f"p{seed}", seed, 1.0) for seed in range(3)])
    likely, unlikely = fitted.of_mean(np.array([0.7, 0.2]), np.array([3.0, 3.0]))
    assert likely > 0.8 and unlikely < 0.2
    assert fitted.of_image(np.array([0.7])) == pytest.approx(0.7, abs=0.05)
    assert all(1.2 < number <= 3.01 for number in fitted.images)


def test_images_that_are_all_alike_teach_nothing_by_their_number():
    alike = [place(f"p{seed}", seed, 1.0, images=1) for seed in range(3)]
    weights = np.ones((3, len(alike[0].fracture)), np.float32)
    alike = [Place(one.name, np.repeat(one.codes, 3, 0), weights, one.fracture) for one in alike]
    fitted = fit_calibration(alike)
    levels = np.linspace(0.1, 0.9, 9)
    np.testing.assert_allclose(fitted.of_mean(levels, np.full(9, 3.0)), levels, atol=0.05)


def test_places_of_one_image_have_no_curve_of_means():
    fitted = fit_calibration([place(f"p{seed}", seed, 2.0, images=1) for seed in range(3)])
    assert fitted.images == fitted.fused == ()
    maps = map_histograms(place("p", 9, 2.0, images=1), fitted)
    np.testing.assert_array_equal(maps["one image"], maps["fused"])


def test_pixels_without_data_do_not_count():
    whole = place("p", 1, 1.0)
    codes = whole.codes.copy()
    codes[0, :1000], codes[:, 1000:1500] = NODATA, NODATA
    weights = np.where(codes == NODATA, 0, whole.weights).astype(np.float32)
    maps = map_histograms(Place("p", codes, weights, whole.fracture), ProbabilityCalibration(KNOTS))
    assert maps["one image"].sum() == (codes != NODATA).sum() and maps["fused"].sum() == codes.shape[1] - 500
    assert calibrated_codes(ProbabilityCalibration(KNOTS))[NODATA] == NODATA


def test_reliability_is_counted_by_hand():
    """100 pixels at 0.3 of which 40 are fractures, 1000 at 0.8 of which 780 are, 5 at 0.5: too few to count."""
    histogram = np.zeros((251, 2))
    histogram[75], histogram[200], histogram[125], histogram[0] = (60, 40), (220, 780), (5, 0), (10_000, 3)
    bins = {row["from"]: row for row in reliability(histogram)}
    assert bins[0.3]["probability"] == pytest.approx(0.3) and bins[0.3]["fractures"] == pytest.approx(0.4)
    assert bins[0.8]["share"] == pytest.approx(1000 / 1105) and not bins[0.5]["counted"] and 0.0 not in bins
    assert largest_error(bins.values()) == pytest.approx(0.1)
    assert largest_error([]) is None


def test_the_threshold_is_the_level_of_the_best_f1():
    histogram = np.zeros((251, 2))
    histogram[100], histogram[150], histogram[50] = (5, 40), (0, 60), (200, 3)
    assert threshold_of_best_f1([histogram]) == pytest.approx(100 / 250)
    assert threshold_of_best_f1([histogram, histogram]) == pytest.approx(100 / 250)
