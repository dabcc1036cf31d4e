"""Scores of predicted pixels: the paper's metrics, and scores against exact truth."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


class BatchAveragedMetrics:
    """Precision, recall, F1 and IoU as Le Corre et al. (2025) average them.

    For each batch P = TP / (TP + FP), R = TP / (TP + FN) and IoU = TP / (TP + FP + FN) are taken over the valid
    pixels of its tiles. Tiles without fractures do not count in R, and tiles without detections do not count in P. A
    batch that has only such tiles gives no value. Values are averaged over batches; F1 is the harmonic mean of the
    averages.
    (The paper's printed F1 and IoU obey IoU = F1 / (2 - F1) within rounding, as counts pooled in large batches do and
    scores averaged tile by tile do not.)

    Attributes
    ----------
    values : dict of list of float
        `precision`, `recall` and `iou` of the batches that have a value.
    """

    def __init__(self):
        self.values = {"precision": [], "recall": [], "iou": []}

    def update(self, predicted: "torch.Tensor", labelled: "torch.Tensor", valid: "torch.Tensor") -> None:
        """Count one batch.

        Parameters
        ----------
        predicted, labelled, valid : torch.Tensor
            bool (B, ..., S, S).
        """
        self.add(*map(int, batch_counts(predicted, labelled, valid)))

    def add(self, hits: int, found: int, wanted: int) -> None:
        """Add a batch by its `batch_counts`."""
        for name, whole in (("precision", found), ("recall", wanted), ("iou", found + wanted - hits)):
            if whole:
                self.values[name].append(hits / whole)

    def merge(self, values: Mapping[str, Sequence[float]]) -> None:
        """Add the batches of another count."""
        for name, more in values.items():
            self.values[name] += more

    def compute(self) -> dict[str, float]:
        """Return precision, recall, f1 and iou in 0..1; NaN if no batch gives a value."""
        means = {name: float(np.mean(values)) if values else math.nan for name, values in self.values.items()}
        f1 = harmonic_mean(means["precision"], means["recall"])
        return {"precision": means["precision"], "recall": means["recall"], "f1": f1, "iou": means["iou"]}


def batch_counts(
    predicted: "torch.Tensor", labelled: "torch.Tensor", valid: "torch.Tensor"
) -> tuple["torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """Count the pixels from which the paper's metrics are computed.

    Parameters
    ----------
    predicted, labelled, valid : torch.Tensor
        bool (B, ..., S, S).

    Returns
    -------
    tuple of torch.Tensor
        Numbers of valid pixels: detected and labelled, detected, labelled. Scalars on the device.
    """
    predicted, labelled = predicted & valid, labelled & valid
    return (predicted & labelled).sum(), predicted.sum(), labelled.sum()


class TruthMetrics:
    """Scores against exact classes over all valid pixels, and the share of each other class that was detected.

    Parameters
    ----------
    classes : mapping
        Value of each name in the truth raster. `fracture` is the class to find; `background` has no score of its own.

    Attributes
    ----------
    counts : dict of list of int
        For each class, the number of its detected pixels and of all its pixels.
    """

    def __init__(self, classes: Mapping[str, Any]):
        self._classes = dict(classes)
        self.counts = {name: [0, 0] for name in self._classes}

    def update(self, predicted: "torch.Tensor", truth: "torch.Tensor", valid: "torch.Tensor") -> None:
        """Count one batch. `predicted` and `valid` are bool, `truth` holds classes, all (B, ..., S, S)."""
        truth, predicted = truth[valid], predicted[valid]
        for name, value in self._classes.items():
            inside = truth == value
            self.merge({name: [int((inside & predicted).sum()), int(inside.sum())]})

    def merge(self, counts: Mapping[str, Sequence[int]]) -> None:
        """Add the pixels of another count."""
        for name, (found, total) in counts.items():
            self.counts[name][0] += found
            self.counts[name][1] += total

    def compute(self) -> dict[str, float]:
        """Return precision, recall, f1, iou, and `<class>_hit` of each class but fracture and background, in 0..1."""
        hits, wanted = self.counts["fracture"]
        found = sum(count[0] for count in self.counts.values())
        precision, recall = share(hits, found), share(hits, wanted)
        scores = {
            "precision": precision,
            "recall": recall,
            "f1": harmonic_mean(precision, recall),
            "iou": share(hits, found + wanted - hits),
        }
        others = [name for name in self.counts if name not in ("fracture", "background")]
        return scores | {f"{name}_hit": share(*self.counts[name]) for name in others}


def detected(logits: "torch.Tensor", threshold: float) -> "torch.Tensor":
    """Return which pixels' probability reaches a threshold.

    Parameters
    ----------
    logits : torch.Tensor
    threshold : float
        Probability, above 0 and below 1.

    Returns
    -------
    torch.Tensor
        bool.
    """
    return logits.detach() >= math.log(threshold / (1.0 - threshold))


def pooled_f1(hits: float, found: float, wanted: float) -> float:
    """Return the F1 of summed `batch_counts`: 0 if no pixel is a hit, NaN if none is found or wanted."""
    return share(2 * hits, found + wanted)


def harmonic_mean(precision: float, recall: float) -> float:
    """Return the F1 of a precision and a recall: 0 if both are 0, NaN if either is NaN."""
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def share(part: float, whole: float) -> float:
    """Return the share of a part in the whole; NaN if the whole is 0."""
    return part / whole if whole else math.nan
