"""Compute all scores of maps from their counts: at a threshold, over all thresholds, at equal recall."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.choices import THRESHOLD
from ..labels.width_classes import WIDTH_CLASSES
from ..learning.metrics import share
from ..maps.probability_raster import CODES, code_at_least
from .counts import KINDS

INCIDENCE_EDGES_DEG = (0, 30, 45, 60, 75, 90)
# Classes that may look like a fracture.
LOOKALIKES = ("ridge", "boulder", "crater", "trail")
# Recall at which images under high and low Suns are compared. Under a high Sun few models reach more.
AT_INCIDENCES = 0.4
_PROBABILITY = np.arange(CODES + 1) / CODES


class Scores:
    """Scores of maps taken together.

    The parameter `against` of methods is "truth" (exact classes) or "label" (weak labels).

    Parameters
    ----------
    files : list of dict
        Results of `probability_scores.score_probability`.

    Attributes
    ----------
    maps : int
        Number of maps.
    grounds : list of tuple
        Target and product of each map, sorted; the product is None for a map of several images.
    places : int
        Number of different targets.
    area_km2 : float
        Sum of the maps' areas: ground that is seen in two images counts twice.
    threshold : float
        Probability at which objects were counted.
    """

    def __init__(self, files: Sequence[Mapping[str, Any]]):
        self.maps, self.area_km2 = len(files), sum(file["area_km2"] for file in files)
        self.grounds = sorted(((file["target"], file["product"]) for file in files), key=str)
        self.places = len({target for target, _ in self.grounds})
        self.threshold = files[0]["threshold"]
        self._files = files
        self._truth = _sum_of(files, "truth")
        self._label = _sum_of(files, "label")
        self._width = _sum_of(files, "width")
        self._places = {name: _sum_of(files, name) for name in ("light", "seam")}
        self._fractures = [file["fractures"] for file in files]
        self._objects = [file["objects"] for file in files]

    def pixel_scores(self, threshold: float = THRESHOLD, against: str = "truth") -> dict[str, float]:
        """Return precision, recall, f1 and iou of the pixels at a threshold.

        Returns
        -------
        dict of float
            0..1; NaN if undefined: precision if no pixel is found, recall and f1 if no pixel is a fracture.
        """
        return _scores(*(_above(counts, threshold) for counts in self._both(against)))

    def precision_recall(self, against: str = "truth") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return precision and recall of the pixels at every level of probability.

        Returns
        -------
        tuple of ndarray
            threshold (0..1, rising), precision (NaN if no pixel is found), recall; each (251,).
        """
        negative, positive = (_tails(counts) for counts in self._both(against))
        with np.errstate(invalid="ignore", divide="ignore"):
            return _PROBABILITY, positive / (positive + negative), positive / positive[0]

    def best_f1(self, against: str = "truth") -> tuple[float, float]:
        """Return the threshold with the best F1, and that F1; both NaN if F1 is undefined."""
        threshold, precision, recall = self.precision_recall(against)
        with np.errstate(invalid="ignore", divide="ignore"):
            f1 = 2 * precision * recall / (precision + recall)
        if not np.isfinite(f1).any():
            return math.nan, math.nan
        best = int(np.nanargmax(f1))
        return float(threshold[best]), float(f1[best])

    def f1_elsewhere(self) -> tuple[float, float]:
        """Return the F1 against the truth when thresholds are chosen without it.

        The threshold of each place is the one with the best F1 against the weak labels of all other places.

        Returns
        -------
        tuple of float
            Mean threshold, and F1 over the pixels of all places. Both are NaN if there is only one place, or if the
            other places of one have no label.
        """
        if self.places < 2:
            return math.nan, math.nan
        thresholds, counts = [], np.zeros((2, 2), int)
        for place in sorted({target for target, _ in self.grounds}):
            own, others = (
                Scores([file for file in self._files if (file["target"] == place) is same]) for same in (True, False)
            )
            threshold, _ = others.best_f1("label")
            if math.isnan(threshold):
                return math.nan, math.nan
            thresholds.append(threshold)
            counts += [_above(pixels, threshold) for pixels in own._both("truth")]
        return float(np.mean(thresholds)), _scores(*counts)["f1"]

    def average_precision(self, against: str = "truth") -> float:
        """Return the average precision: the mean precision of all levels, weighted by the recall gained at each."""
        _, precision, recall = self.precision_recall(against)
        gained = recall - np.append(recall[1:], 0.0)
        return float(np.nansum(precision * gained)) if np.isfinite(recall).all() else math.nan

    def recall_by_width(self, threshold: float = THRESHOLD) -> dict[str, float]:
        """Return the recall of the fracture pixels of each width class."""
        return {name: share(*_above(self._width[name], threshold)) for name in WIDTH_CLASSES}

    def share_by_width(self) -> dict[str, float]:
        """Return the share of each width class in the fracture pixels."""
        pixels = {name: int(self._width[name].sum()) for name in WIDTH_CLASSES}
        return {name: share(count, sum(pixels.values())) for name, count in pixels.items()}

    def by_incidence(self) -> dict[str, "Scores"]:
        """Return the scores of the images in each range of incidence that has images.

        Returns
        -------
        dict of str to Scores
            By range in degrees, such as "30-45"; empty if no map is of a single image.
        """
        known = [file for file in self._files if file["incidence_deg"] is not None]
        bins = np.digitize([file["incidence_deg"] for file in known], INCIDENCE_EDGES_DEG[1:-1])
        return {
            f"{INCIDENCE_EDGES_DEG[number]}-{INCIDENCE_EDGES_DEG[number + 1]}": Scores(
                [file for file, place in zip(known, bins, strict=True) if place == number]
            )
            for number in np.unique(bins)
        }

    def base_rate(self) -> float:
        """Return the share of pixels that are fractures: the calibration error of a map of zeros."""
        negative, positive = self._both("truth")
        return share(int(positive.sum()), int(positive.sum() + negative.sum()))

    def scores_by_place(self, threshold: float = THRESHOLD) -> dict[str, dict[str, float]]:
        """Return the pixel scores of lit places, in `shadow`, `near` seams and `away` from seams.

        Returns
        -------
        dict of dict
            For `lit`, `shadow`, `away` and `near`: the scores of `pixel_scores`, and `share`, the share of the fracture
            pixels that lie there. `lit` and `shadow`, or `away` and `near`, are left out if a map does not tell them.
        """
        places = {}
        for names in (("lit", "shadow"), ("away", "near")):
            rows = self._places["light" if names[0] == "lit" else "seam"]
            for name in names if rows else ():
                both = [_above(rows[f"{name} {what}"], threshold) for what in ("background", "fracture")]
                wanted = sum(int(rows[f"{one} fracture"].sum()) for one in names)
                places[name] = _scores(*both) | {"share": share(both[1][1], wanted)}
        return places

    def hits_at_recall(self, recall: float) -> dict[str, float]:
        """Return the share of other pixels that are hit at a given recall of fracture pixels.

        Between two levels of probability the shares are interpolated, as if pixels of one level came in random order.

        Parameters
        ----------
        recall : float
            Share of the fracture pixels, 0..1.

        Returns
        -------
        dict of float
            `threshold`, `precision`, and for each of `LOOKALIKES` and `background` the share of its pixels that is
            hit; all NaN if no threshold above 0 reaches the recall.
        """
        tails = {name: np.append(_tails(counts), 0) for name, counts in self._truth.items()}
        fracture, whole = tails["fracture"], {name: tail[0] for name, tail in tails.items()}
        others = (*LOOKALIKES, "background")
        if not whole["fracture"] or fracture[1] < recall * whole["fracture"]:
            return dict.fromkeys(("threshold", "precision", *others), math.nan)
        wanted = recall * whole["fracture"]
        upper = int(np.argmax(fracture < wanted)) if (fracture < wanted).any() else len(fracture) - 1
        step = fracture[upper - 1] - fracture[upper]
        part = (wanted - fracture[upper]) / step if step else 1.0
        hit = {name: tail[upper] + part * (tail[upper - 1] - tail[upper]) for name, tail in tails.items()}
        found = sum(hit.values())
        result = {"threshold": float(_PROBABILITY[upper - 1]), "precision": share(float(hit["fracture"]), float(found))}
        return result | {name: share(float(hit[name]), float(whole[name])) for name in others}

    def object_scores(self, threshold: float | None = None) -> dict[str, Any]:
        """Return the scores of objects: how many fractures are found, and how many objects are false.

        Parameters
        ----------
        threshold : float, optional
            One of the thresholds at which objects were counted; by default the attribute `threshold`.

        Returns
        -------
        dict
            `recall` of fractures, `recall_by_width` (dict), `precision` of objects; the numbers `objects`, `fractures`
            and `fractures_by_width` (dict); `false_per_km2`, and `false_by_kind_per_km2` (dict; without shadow or seam
            if a map does not tell them).
        """
        key = f"{self.threshold if threshold is None else threshold:g}"
        covered = np.concatenate([np.array(part["covered"][key], float) for part in self._fractures])
        classes = np.array([name for part in self._fractures for name in part["width_class"]], object)
        found, number = covered >= 0.5, {name: int((classes == name).sum()) for name in WIDTH_CLASSES}
        counts = {kind: sum(part[key][kind] for part in self._objects) for kind in KINDS}
        false = {kind: count / self.area_km2 for kind, count in counts.items() if kind != "fracture"}
        unknown = [kind for kind, name in (("shadow", "light"), ("seam", "seam")) if self._places[name] is None]
        return {
            "fractures": len(found),
            "recall": share(int(found.sum()), len(found)),
            "fractures_by_width": number,
            "recall_by_width": {name: share(int(found[classes == name].sum()), number[name]) for name in WIDTH_CLASSES},
            "objects": sum(counts.values()),
            "precision": share(counts["fracture"], sum(counts.values())),
            "false_per_km2": sum(false.values()),
            "false_by_kind_per_km2": {kind: rate for kind, rate in false.items() if rate or kind not in unknown},
        }

    def reliability(self, bins: int = 10, against: str = "truth") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return how often pixels of a given probability are fractures.

        Parameters
        ----------
        bins : int
            Number of bins of equal width, over 0..1.

        Returns
        -------
        tuple of ndarray
            (bins,): mean probability, share of fracture pixels (both NaN in empty bins), number of pixels.
        """
        negative, positive = self._both(against)
        index = np.minimum(np.arange(CODES + 1) * bins // CODES, bins - 1)
        pixels = np.bincount(index, negative + positive, bins)
        with np.errstate(invalid="ignore"):
            mean = np.bincount(index, (negative + positive) * _PROBABILITY, bins) / pixels
            return mean, np.bincount(index, positive, bins) / pixels, pixels

    def calibration_error(self, bins: int = 10, against: str = "truth") -> float:
        """Return the expected calibration error.

        It is the mean difference of probability and share of fractures in the bins, weighted by their pixels.
        """
        mean, frequency, pixels = self.reliability(bins, against)
        return share(float(np.nansum(pixels * np.abs(mean - frequency))), float(pixels.sum()))

    def _both(self, against):
        """Return the histograms of the other pixels and of the fracture pixels."""
        rows = self._truth if against == "truth" else self._label
        return sum(counts for name, counts in rows.items() if name != "fracture"), rows["fracture"]


def _sum_of(files, name):
    """Return the rows of one grouping, summed over files; None if a file lacks it."""
    parts = [file["histograms"].get(name) for file in files]
    if any(part is None for part in parts):
        return None
    return {row: np.sum([part[row] for part in parts], axis=0) for row in parts[0]}


def _tails(counts):
    """Return the number of pixels at each level or above."""
    return np.cumsum(counts[::-1])[::-1]


def _above(counts, threshold):
    """Return the number of pixels at a threshold or above, and of all pixels."""
    return int(counts[code_at_least(threshold) :].sum()), int(counts.sum())


def _scores(negative, positive):
    (false, _), (hits, wanted) = negative, positive
    precision, recall = share(hits, hits + false), share(hits, wanted)
    return {
        "precision": precision,
        "recall": recall,
        # 0 if there are fracture pixels and none is found.
        "f1": 2 * hits / (hits + false + wanted) if wanted else math.nan,
        "iou": share(hits, wanted + false),
    }
