import math

import pytest
import torch

from imfmap.labels.truth_classes import CLASSES
from imfmap.learning.metrics import BatchAveragedMetrics, TruthMetrics, detected, harmonic_mean


def tile(*pixels):
    return torch.tensor(pixels, dtype=torch.bool).reshape(1, 1, 2, -1)


ALL = tile(1, 1, 1, 1)
NONE = tile(0, 0, 0, 0)


def scores(*batches):
    metrics = BatchAveragedMetrics()
    for predicted, labelled, valid in batches:
        metrics.update(predicted, labelled, valid)
    return metrics.compute()


def test_one_batch():
    # TP 1, FP 2, FN 1.
    found = scores((tile(1, 1, 1, 0), tile(1, 0, 0, 1), ALL))
    assert found == pytest.approx({"precision": 1 / 3, "recall": 1 / 2, "f1": 0.4, "iou": 1 / 4})


def test_only_valid_pixels_count():
    found = scores((tile(1, 1, 1, 0), tile(1, 0, 0, 1), tile(1, 1, 0, 0)))
    assert found == pytest.approx({"precision": 1 / 2, "recall": 1.0, "f1": 2 / 3, "iou": 1 / 2})


def test_tiles_without_fractures_do_not_count_in_recall_nor_those_without_detections_in_precision():
    found = scores(
        (tile(1, 1, 0, 0), tile(1, 0, 0, 0), ALL),  # P 1/2, R 1
        (tile(1, 0, 0, 0), NONE, ALL),  # P 0, no R
        (NONE, tile(1, 1, 0, 0), ALL),  # no P, R 0
        (NONE, NONE, ALL),  # neither
    )
    assert found["precision"] == pytest.approx((1 / 2 + 0) / 2)
    assert found["recall"] == pytest.approx((1 + 0) / 2)
    # IoU is undefined only for the last tile.
    assert found["iou"] == pytest.approx((1 / 2 + 0 + 0) / 3)


def test_f1_is_of_the_averages_not_the_average_of_f1():
    first = (tile(1, 1, 1, 1), tile(1, 0, 0, 0), ALL)  # P 1/4, R 1, F1 0.4
    second = (tile(1, 0, 0, 0), tile(1, 1, 1, 1), ALL)  # P 1, R 1/4, F1 0.4
    assert scores(first, second)["f1"] == pytest.approx(5 / 8)


def test_pixels_of_a_batch_are_pooled():
    # Two tiles at once: TP 1 + 3, FP 1 + 0, FN 0 + 1; their own precisions are 1/2 and 1.
    predicted, labelled = torch.cat([tile(1, 1, 0, 0), tile(1, 1, 1, 0)]), torch.cat([tile(1, 0, 0, 0), ALL])
    found = scores((predicted, labelled, torch.cat([ALL, ALL])))
    assert found["precision"] == pytest.approx(4 / 5)
    assert found["recall"] == pytest.approx(4 / 5)


def test_scores_without_any_batch_are_undefined():
    assert all(math.isnan(value) for value in scores((NONE, NONE, ALL)).values())


@pytest.mark.parametrize(("f1", "iou"), [(55.9, 38.7), (53.3, 36.2), (50.8, 34.0), (69.3, 52.9)])
def test_the_papers_iou_follows_from_its_f1_as_pooled_counts_do(f1, iou):
    # Le Corre et al. (2025), Va2 of the three models, and Te.
    assert 100 * (f1 / 100) / (2 - f1 / 100) == pytest.approx(iou, abs=0.15)


def test_harmonic_mean():
    assert harmonic_mean(0.677, 0.710) == pytest.approx(0.693, abs=5e-4)  # the paper's Te
    assert harmonic_mean(0.0, 0.0) == 0.0
    assert math.isnan(harmonic_mean(math.nan, 0.5))


def test_scores_against_truth_are_pooled_and_tell_what_was_hit():
    names = ["fracture", "fracture", "fracture", "ridge", "ridge", "boulder", "background", "trail"]
    truth = torch.tensor([CLASSES[name] for name in names]).reshape(2, 1, 2, 2)
    predicted = torch.tensor([1, 1, 0, 1, 0, 0, 1, 1]).bool().reshape(2, 1, 2, 2)
    valid = torch.tensor([1, 1, 1, 1, 1, 1, 1, 0]).bool().reshape(2, 1, 2, 2)
    metrics = TruthMetrics(CLASSES)
    for index in (slice(0, 1), slice(1, 2)):
        metrics.update(predicted[index], truth[index], valid[index])
    found = metrics.compute()
    # TP 2, FP 2 (a ridge and background), FN 1; the hit trail is not valid.
    assert {name: found[name] for name in ("precision", "recall", "f1", "iou")} == pytest.approx(
        {"precision": 1 / 2, "recall": 2 / 3, "f1": 4 / 7, "iou": 2 / 5}
    )
    assert found["ridge_hit"] == 0.5
    assert found["boulder_hit"] == 0.0
    assert math.isnan(found["trail_hit"])
    assert metrics.counts["fracture"] == [2, 3]


def test_detection_is_a_probability_at_or_above_the_threshold():
    logits = torch.logit(torch.tensor([0.29, 0.31, 0.5, 0.9], dtype=torch.float64))
    assert detected(logits, 0.3).tolist() == [False, True, True, True]
    assert detected(logits, 0.5).tolist() == [False, False, True, True]
