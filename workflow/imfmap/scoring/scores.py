"""Every score of a map that follows from counts: at a threshold, over all thresholds, at equal recall."""

import math

import numpy as np

from ..core.choices import THRESHOLD
from ..labels.width_classes import WIDTH_CLASSES
from ..learning.metrics import share
from ..maps.probability_raster import CODES, code_at_least
from .counts import KINDS

INCIDENCE_EDGES_DEG = (0, 30, 45, 60, 75, 90)
# What is no fracture but may look like one.
LOOKALIKES = ("ridge", "boulder", "crater", "trail")
# Recall at which images under high and low Suns are compared: of one that shows little, few models reach more.
AT_INCIDENCES = 0.4
_PROBABILITY = np.arange(CODES + 1) / CODES


class Scores:
    """Scores of maps taken together.

    Where a method takes `against`, it is "truth" (exact classes) or "label" (the weak labels).

    Parameters
    ----------
    files : list of dict
        What `probability_scores.score_probability` returns.

    Attributes
    ----------
    maps : int
        How many.
    grounds : list of tuple
        Target and product (None of a map of several images) of each, in order.
    places : int
        Targets among them.
    area_km2 : float
        Their areas added: ground that is seen in two images counts twice.
    threshold : float
        At which objects were counted.
    """

    def __init__(self, files):
        self.maps, self.area_km2 = len(files), sum(file["area_km2"] for file in files)
        self.grounds = sorted(((file["target"], file["product"]) for file in files), key=str)
        self.places = len({target for target, _ in self.grounds})
        self.threshold = files[0]["threshold"]
        self._files = files
        self._truth = _added(files, "truth")
        self._label = _added(files, "label")
        self._width = _added(files, "width")
        self._places = {name: _added(files, name) for name in ("light", "seam")}
        self._fractures = [file["fractures"] for file in files]
        self._objects = [file["objects"] for file in files]

    def pixel_scores(self, threshold=THRESHOLD, against="truth"):
        """Precision, recall, f1 and iou of the pixels at a threshold.

        Returns
        -------
        dict of float
            0..1; NaN where undefined: the precision of nothing found, recall and f1 where there is nothing to find.
        """
        return _scores(*(_above(counts, threshold) for counts in self._both(against)))

    def precision_recall(self, against="truth"):
        """Precision and recall of the pixels at every level of probability.

        Returns
        -------
        tuple of ndarray
            threshold (0..1, rising), precision (NaN where nothing is found), recall; (251,).
        """
        negative, positive = (_tails(counts) for counts in self._both(against))
        with np.errstate(invalid="ignore", divide="ignore"):
            return _PROBABILITY, positive / (positive + negative), positive / positive[0]

    def best_f1(self, against="truth"):
        """Threshold with the best F1, and that F1."""
        threshold, precision, recall = self.precision_recall(against)
        with np.errstate(invalid="ignore", divide="ignore"):
            f1 = 2 * precision * recall / (precision + recall)
        if not np.isfinite(f1).any():
            return math.nan, math.nan
        best = int(np.nanargmax(f1))
        return float(threshold[best]), float(f1[best])

    def f1_elsewhere(self):
        """F1 against the truth where each place's threshold is the best one against the weak labels of the others.

        Returns
        -------
        tuple of float
            The mean threshold and the F1, over the pixels of all places; NaN where there is one place, or others
            without a label.
        """
        if self.places < 2:
            return math.nan, math.nan
        thresholds, counts = [], np.zeros((2, 2), int)
        for place in sorted({target for target, _ in self.grounds}):
            there, elsewhere = (
                Scores([file for file in self._files if (file["target"] == place) is own]) for own in (True, False)
            )
            threshold, _ = elsewhere.best_f1("label")
            if math.isnan(threshold):
                return math.nan, math.nan
            thresholds.append(threshold)
            counts += [_above(pixels, threshold) for pixels in there._both("truth")]
        return float(np.mean(thresholds)), _scores(*counts)["f1"]

    def average_precision(self, against="truth"):
        """Mean precision over the recall gained at each level: the area under the stairs of the curve."""
        _, precision, recall = self.precision_recall(against)
        gained = recall - np.append(recall[1:], 0.0)
        return float(np.nansum(precision * gained)) if np.isfinite(recall).all() else math.nan

    def recall_by_width(self, threshold=THRESHOLD):
        """dict: recall of the fracture pixels of each width class."""
        return {name: share(*_above(self._width[name], threshold)) for name in WIDTH_CLASSES}

    def share_by_width(self):
        """dict: share of the fracture pixels that each width class has."""
        pixels = {name: int(self._width[name].sum()) for name in WIDTH_CLASSES}
        return {name: share(count, sum(pixels.values())) for name, count in pixels.items()}

    def by_incidence(self):
        """Scores of the images of each range of incidence that there are any of.

        Returns
        -------
        dict of str to Scores
            By range in degrees, such as "30-45"; empty where no map is of a single image.
        """
        known = [file for file in self._files if file["incidence_deg"] is not None]
        bins = np.digitize([file["incidence_deg"] for file in known], INCIDENCE_EDGES_DEG[1:-1])
        return {
            f"{INCIDENCE_EDGES_DEG[number]}-{INCIDENCE_EDGES_DEG[number + 1]}": Scores(
                [file for file, place in zip(known, bins, strict=True) if place == number]
            )
            for number in np.unique(bins)
        }

    def base_rate(self):
        """float: share of the pixels that are fractures; a map of zeros has this calibration error."""
        negative, positive = self._both("truth")
        return share(int(positive.sum()), int(positive.sum() + negative.sum()))

    def scores_by_place(self, threshold=THRESHOLD):
        """Pixel scores in the `lit` and in `shadow`, `near` seams and `away` from them.

        Returns
        -------
        dict of dict
            As `pixel_scores`, and `share`, that of the fracture pixels which lie there; places that no map tells apart
            are left out.
        """
        places = {}
        for names in (("lit", "shadow"), ("away", "near")):
            rows = self._places["light" if names[0] == "lit" else "seam"]
            for name in names if rows else ():
                both = [_above(rows[f"{name} {what}"], threshold) for what in ("background", "fracture")]
                wanted = sum(int(rows[f"{one} fracture"].sum()) for one in names)
                places[name] = _scores(*both) | {"share": share(both[1][1], wanted)}
        return places

    def hits_at_recall(self, recall):
        """What else is hit where a given share of the fracture pixels is.

        Between two levels of probability all shares are interpolated, as if pixels of one level came in random order.

        Parameters
        ----------
        recall : float
            Share of the fracture pixels, 0..1.

        Returns
        -------
        dict of float
            `threshold`, `precision`, and for each of `LOOKALIKES` and `background` the share of its pixels that is
            hit; all NaN where that recall is reached by no threshold above 0.
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

    def object_scores(self, threshold=None):
        """Fractures found, and what else was taken for one.

        Parameters
        ----------
        threshold : float, optional
            One of those that objects were counted at; by default `threshold`.

        Returns
        -------
        dict
            `recall` of fractures, `recall_by_width` (dict), `precision` of objects, `objects`, `fractures` and
            `fractures_by_width` (their numbers), `false_per_km2`, and `false_by_kind_per_km2` (dict; without shadow and
            seam where no map tells them).
        """
        key = f"{self.threshold if threshold is None else threshold:g}"
        covered = np.concatenate([np.array(part["covered"][key], float) for part in self._fractures])
        classes = np.array([name for part in self._fractures for name in part["width_class"]], object)
        found, number = covered >= 0.5, {name: int((classes == name).sum()) for name in WIDTH_CLASSES}
        counts = {kind: sum(part[key][kind] for part in self._objects) for kind in KINDS}
        false = {kind: count / self.area_km2 for kind, count in counts.items() if kind != "fracture"}
        untold = [kind for kind, name in (("shadow", "light"), ("seam", "seam")) if self._places[name] is None]
        return {
            "fractures": len(found),
            "recall": share(int(found.sum()), len(found)),
            "fractures_by_width": number,
            "recall_by_width": {name: share(int(found[classes == name].sum()), number[name]) for name in WIDTH_CLASSES},
            "objects": sum(counts.values()),
            "precision": share(counts["fracture"], sum(counts.values())),
            "false_per_km2": sum(false.values()),
            "false_by_kind_per_km2": {kind: rate for kind, rate in false.items() if rate or kind not in untold},
        }

    def reliability(self, bins=10, against="truth"):
        """How often what is given a probability is a fracture.

        Parameters
        ----------
        bins : int
            Of equal width, over 0..1.

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

    def calibration_error(self, bins=10, against="truth"):
        """Expected calibration error: mean distance of probability and frequency in the bins, weighted by pixels."""
        mean, frequency, pixels = self.reliability(bins, against)
        return share(float(np.nansum(pixels * np.abs(mean - frequency))), float(pixels.sum()))

    def _both(self, against):
        """Histograms of what is no fracture and of what is one."""
        rows = self._truth if against == "truth" else self._label
        return sum(counts for name, counts in rows.items() if name != "fracture"), rows["fracture"]


def _added(files, name):
    """Rows of one grouping summed over files; None where a file lacks it."""
    parts = [file["histograms"].get(name) for file in files]
    if any(part is None for part in parts):
        return None
    return {row: np.sum([part[row] for part in parts], axis=0) for row in parts[0]}


def _tails(counts):
    """Number of pixels at each level or above."""
    return np.cumsum(counts[::-1])[::-1]


def _above(counts, threshold):
    """Pixels at a threshold or above, and all."""
    return int(counts[code_at_least(threshold) :].sum()), int(counts.sum())


def _scores(negative, positive):
    (false, _), (hits, wanted) = negative, positive
    precision, recall = share(hits, hits + false), share(hits, wanted)
    return {
        "precision": precision,
        "recall": recall,
        # Of a map that finds nothing of what there is, 0.
        "f1": 2 * hits / (hits + false + wanted) if wanted else math.nan,
        "iou": share(hits, wanted + false),
    }
