"""Scores from counts, against plain loops."""

import math

import numpy as np
import pytest

from imfmap.labels.truth_classes import CLASSES
from imfmap.scoring.scores import Scores
from tests.helpers.scored_scenes import scored


def random_scores(rng, pixels=4000):
    """Scores of random pixels, with the pixels: level and class of each."""
    classes = rng.choice(list(CLASSES.values()), pixels, p=[0.6, 0.2, 0.08, 0.04, 0.06, 0.02])
    level = np.clip(np.rint(rng.normal(np.where(classes == 1, 150, 60), 60)), 0, 250).astype(int)
    truth = {name: np.bincount(level[classes == value], minlength=251) for name, value in CLASSES.items()}
    width = dict.fromkeys(("tiny", "small", "medium", "large", "huge"), np.zeros(251, int))
    histograms = {"truth": truth, "label": {"background": truth["background"], "fracture": truth["fracture"]}}
    file = {
        "target": "floor",
        "product": "M1L",
        "area_km2": 1.0,
        "threshold": 0.5,
        "incidence_deg": 40.0,
        "histograms": histograms | {"width": width},
        "fractures": {},
        "objects": {},
    }
    return Scores([file]), level, classes


def test_low_and_high_suns_by_themselves(scene):
    """Two images of one place under a low Sun, of another under a high one, at an edge of the ranges, and a map."""
    files = [scored(scene) for _ in range(4)]
    suns = [(52.0, "floor"), (45.0, "floor"), (10.0, "wall"), (None, "wall")]
    for file, (incidence, target) in zip(files, suns, strict=True):
        file |= {"incidence_deg": incidence, "target": target}
    # Under the high Sun nothing is seen of the fractures, and the same of all else.
    truth = files[2]["histograms"]["truth"]
    truth["fracture"] = [sum(truth["fracture"])] + [0] * 250
    by_incidence = Scores(files).by_incidence()
    assert list(by_incidence) == ["0-30", "45-60"]
    low, high = by_incidence["45-60"], by_incidence["0-30"]
    assert (low.maps, high.maps) == (2, 1)
    assert low.grounds == [("floor", "M1L")] * 2
    whole = Scores(files[:1])
    assert low.hits_at_recall(0.4) == whole.hits_at_recall(0.4)
    assert low.average_precision() == whole.average_precision() > 0
    assert low.pixel_scores()["recall"] == 75 / 270
    assert high.pixel_scores()["f1"] == 0.0
    assert math.isnan(high.hits_at_recall(0.4)["ridge"])


@pytest.mark.parametrize("seed", [0, 1])
def test_curves_by_plain_loops(seed):
    scores, level, classes = random_scores(np.random.default_rng(seed))
    positive = classes == CLASSES["fracture"]
    threshold, precision, recall = scores.precision_recall()
    best = -1.0
    area, last = 0.0, 0.0
    for number in range(250, -1, -1):
        found = level >= number
        hits = (found & positive).sum()
        assert recall[number] == pytest.approx(hits / positive.sum())
        if found.any():
            assert precision[number] == pytest.approx(hits / found.sum())
            area += (recall[number] - last) * hits / found.sum()
            best = max(best, 2 * hits / (found.sum() + positive.sum()))
        last = recall[number]
    assert scores.average_precision() == pytest.approx(area)
    at, f1 = scores.best_f1()
    assert f1 == pytest.approx(best)
    assert scores.pixel_scores(at)["f1"] == pytest.approx(best)


def test_hits_at_equal_recall():
    scores, level, classes = random_scores(np.random.default_rng(3))
    positive = classes == CLASSES["fracture"]
    for recall in (0.4, 0.6, 0.8):
        found = scores.hits_at_recall(recall)
        lower = int(round(found["threshold"] * 250))
        shares = [
            [(level[classes == CLASSES[name]] >= cut).mean() for name in ("fracture", "ridge", "boulder")]
            for cut in (lower, lower + 1)
        ]
        assert shares[1][0] < recall <= shares[0][0]
        part = (recall - shares[1][0]) / (shares[0][0] - shares[1][0])
        for number, name in ((1, "ridge"), (2, "boulder")):
            assert found[name] == pytest.approx(shares[1][number] + part * (shares[0][number] - shares[1][number]))
        assert positive.mean() < found["precision"] < 1


def test_a_recall_that_only_all_pixels_reach_is_no_score():
    scores, _, _ = random_scores(np.random.default_rng(3))
    recall = scores.precision_recall()[2]
    assert math.isnan(scores.hits_at_recall((1 + recall[1]) / 2)["ridge"])
    found = scores.hits_at_recall(recall[1])
    assert recall[round(found["threshold"] * 250)] == recall[1]
    assert 0 < found["ridge"] < 1


def test_calibration_by_plain_loops():
    scores, level, classes = random_scores(np.random.default_rng(4))
    probability, positive = level / 250, classes == CLASSES["fracture"]
    mean, frequency, pixels = scores.reliability()
    expected = 0.0
    for number in range(10):
        inside = (probability >= number / 10 - 1e-9) & ((probability < (number + 1) / 10 - 1e-9) | (number == 9))
        assert pixels[number] == inside.sum()
        assert mean[number] == pytest.approx(probability[inside].mean())
        assert frequency[number] == pytest.approx(positive[inside].mean())
        expected += inside.mean() * abs(probability[inside].mean() - positive[inside].mean())
    assert scores.calibration_error() == pytest.approx(expected)


def test_a_map_that_knows_is_calibrated():
    level = np.arange(251)
    fracture = 4 * level
    truth = {name: np.zeros(251, int) for name in CLASSES} | {"fracture": fracture, "background": 1000 - fracture}
    file = {"target": "floor", "product": None, "area_km2": 1.0, "threshold": 0.5, "fractures": {}, "objects": {}}
    scores = Scores([file | {"histograms": {"truth": truth, "label": truth, "width": {}}}])
    assert scores.calibration_error() < 1e-12
