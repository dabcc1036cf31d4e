"""Scores of predicted pixels: the paper's, and those against exact truth."""

import math

import numpy as np


class BatchAveragedMetrics:
    """Precision, recall, F1 and IoU as Le Corre et al. (2025) average them.

    For each batch P = TP / (TP + FP), R = TP / (TP + FN) and IoU = TP / (TP + FP + FN) are taken over the valid
    pixels of its tiles. Tiles without fractures do not count in R, nor tiles without detections in P: a batch of
    nothing but such tiles gives no value. Values are averaged over batches; F1 is the harmonic mean of the averages.
    (The paper's printed F1 and IoU obey IoU = F1 / (2 - F1) within rounding, as counts pooled in large batches do and
    scores averaged tile by tile do not.)

    Attributes
    ----------
    values : dict of list of float
        `precision`, `recall` and `iou` of the batches that have one.
    """

    def __init__(self):
        self.values = {"precision": [], "recall": [], "iou": []}

    def update(self, predicted, labelled, valid):
        """Count one batch.

        Parameters
        ----------
        predicted, labelled, valid : torch.Tensor
            bool (B, ..., S, S).
        """
        self.add(*map(int, batch_counts(predicted, labelled, valid)))

    def add(self, hits, found, wanted):
        """Add a batch by its `batch_counts`."""
        for name, whole in (("precision", found), ("recall", wanted), ("iou", found + wanted - hits)):
            if whole:
                self.values[name].append(hits / whole)

    def merge(self, values):
        """Add the batches of another count."""
        for name, more in values.items():
            self.values[name] += more

    def compute(self):
        """dict: precision, recall, f1, iou in 0..1; NaN where no batch gives a value."""
        means = {name: float(np.mean(values)) if values else math.nan for name, values in self.values.items()}
        f1 = harmonic_mean(means["precision"], means["recall"])
        return {"precision": means["precision"], "recall": means["recall"], "f1": f1, "iou": means["iou"]}


def batch_counts(predicted, labelled, valid):
    """Numbers of pixels that the paper's metrics are made of.

    Parameters
    ----------
    predicted, labelled, valid : torch.Tensor
        bool (B, ..., S, S).

    Returns
    -------
    tuple of torch.Tensor
        Valid pixels that are detected and labelled, detected, labelled: scalars on the device.
    """
    predicted, labelled = predicted & valid, labelled & valid
    return (predicted & labelled).sum(), predicted.sum(), labelled.sum()


class TruthMetrics:
    """Scores against exact classes, pooled over all valid pixels, and the share of every other class that was hit.

    Parameters
    ----------
    classes : mapping
        Name to value in the truth raster; `fracture` is what is looked for, `background` is not scored by itself.

    Attributes
    ----------
    counts : dict of list of int
        For each class, its pixels that were detected, and all its pixels.
    """

    def __init__(self, classes):
        self._classes = dict(classes)
        self.counts = {name: [0, 0] for name in self._classes}

    def update(self, predicted, truth, valid):
        """Count one batch: bool, class and bool tensors (B, ..., S, S)."""
        truth, predicted = truth[valid], predicted[valid]
        for name, value in self._classes.items():
            inside = truth == value
            self.merge({name: [int((inside & predicted).sum()), int(inside.sum())]})

    def merge(self, counts):
        """Add the pixels of another count."""
        for name, (found, total) in counts.items():
            self.counts[name][0] += found
            self.counts[name][1] += total

    def compute(self):
        """dict: precision, recall, f1, iou, and `<class>_hit` of every class but fracture and background, in 0..1."""
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


def detected(logits, threshold):
    """Pixels whose probability reaches a threshold.

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


def pooled_f1(hits, found, wanted):
    """F1 of `batch_counts` that have been added up: 0 where nothing is found of what there is, NaN of nothing."""
    return share(2 * hits, found + wanted)


def harmonic_mean(precision, recall):
    """F1 of a precision and a recall: 0 where both are 0, NaN where either is."""
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def share(part, whole):
    """Share of a part in the whole; NaN of nothing."""
    return part / whole if whole else math.nan
