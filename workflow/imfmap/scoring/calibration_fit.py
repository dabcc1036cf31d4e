"""Fit the calibration of a model's probabilities, and its threshold, on places that training has not seen.

A place is a target with truth or labels. Every figure of how good the fit is comes from places that were left out of
it: tiles of one place are too alike to judge each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from ..learning.metrics import pooled_f1
from ..learning.probability_calibration import KNOTS, ProbabilityCalibration, effective_images
from ..maps.probability_raster import CODES, NODATA, decode, encode

LEVELS = CODES + 1
# Pixels of this probability or more are detections. Reliability is judged in bins of the probability above it.
DETECTED = 0.1
BINS = 10
# A bin counts if it holds at least this share of the detections.
COUNTED = 0.01
# Numbers of images that are fused, besides all of a place.
_FUSED = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
_MOST_SETS = 3
# Classes of the effective number of images, for each of which the mean is calibrated. (A number next to 1 is 1.)
_IMAGE_EDGES = (1.2, 1.7, 2.4, 3.4, 4.8, 6.8, 9.6, 13.6, 19.2, 27.2, 38.4, 1e3)
# A class with fewer fracture pixels has no calibration of its own.
_LEAST_PIXELS = 1000


@dataclass(frozen=True)
class Place:
    """Pixels of a target.

    Attributes
    ----------
    name : str
    codes : ndarray
        uint8 (images, pixels): probabilities of the network before any calibration, see `probability_raster.encode`.
    weights : ndarray
        float32 (images, pixels): weights in the fusion, 0 where an image shows nothing.
    fracture : ndarray
        bool (pixels,): true or labelled fracture.
    """

    name: str
    codes: np.ndarray
    weights: np.ndarray
    fracture: np.ndarray

    def image_sets(self) -> list[tuple[int, ...]]:
        """Return sets of two and more images that are fused for the fit: a few of each size, and all images."""
        count = len(self.codes)
        rng = np.random.default_rng(count)
        sets = [tuple(range(count))] if count > 1 else []
        for size in (size for size in _FUSED if size < count):
            drawn = [tuple(sorted(rng.choice(count, size, replace=False).tolist())) for _ in range(4 * _MOST_SETS)]
            every = list(combinations(range(count), size)) if count <= 6 else drawn
            sets += list(dict.fromkeys(drawn if len(every) > _MOST_SETS else every))[:_MOST_SETS]
        return sets


def fit_calibration(places: Sequence[Place]) -> ProbabilityCalibration:
    """Fit a calibration by isotonic regression: first that of single images, then that of their mean.

    Parameters
    ----------
    places : list of Place

    Returns
    -------
    ProbabilityCalibration
    """
    alone = ProbabilityCalibration(_curve(sum(_histogram(place.codes, place.fracture) for place in places)))
    counts, log_images = (
        sum(part) for part in zip(*(_counts_by_images(place, alone) for place in places), strict=True)
    )
    kinds = [kind for kind, each in enumerate(counts) if each[:, 1].sum() >= _LEAST_PIXELS]
    images = tuple(float(np.exp(log_images[kind] / counts[kind].sum())) for kind in kinds)
    return ProbabilityCalibration(alone.image, images, tuple(_curve(counts[kind]) for kind in kinds))


def calibrated_codes(calibration: ProbabilityCalibration) -> np.ndarray:
    """Return the calibrated 8-bit code of each code of a single image: uint8 (256,), no data stays."""
    return np.append(encode(calibration.of_image(np.arange(NODATA) / CODES)), np.uint8(NODATA))


def threshold_of_best_f1(maps: Sequence[np.ndarray]) -> float:
    """Return the probability at which the summed F1 of maps is best; of equal ones the highest.

    Parameters
    ----------
    maps : list of ndarray
        (251, 2) numbers of other and of fracture pixels at each level, see `map_histograms`.
    """
    above = np.cumsum(np.sum(maps, axis=0)[::-1], axis=0)[::-1]
    f1 = [pooled_f1(hits, hits + false, above[0, 1]) for false, hits in above]
    return max(1, CODES - int(np.nanargmax(f1[::-1]))) / CODES


def map_histograms(place: Place, calibration: ProbabilityCalibration) -> dict[str, np.ndarray]:
    """Count the pixels of the maps of a place, as the calibration makes them.

    Returns
    -------
    dict of ndarray
        (251, 2) numbers of other and of fracture pixels at each level of probability: ``one image`` (every image alone,
        summed) and ``fused`` (all images; the same if there is only one).
    """
    codes = calibrated_codes(calibration)[place.codes]
    alone = _histogram(codes, place.fracture)
    if len(codes) == 1:
        return {"one image": alone, "fused": alone}
    mean, images = _fused(codes, place.weights)
    return {"one image": alone, "fused": _histogram(encode(calibration.of_mean(mean, images))[None], place.fracture)}


def reliability(histogram: np.ndarray) -> list[dict[str, Any]]:
    """Return how often pixels of a probability are fractures, in bins of equal width above `DETECTED`.

    Parameters
    ----------
    histogram : ndarray
        (251, 2), see `map_histograms`.

    Returns
    -------
    list of dict
        For each bin with pixels: ``from``, ``to``, ``share`` of the detections, mean ``probability``, share of
        ``fractures``, and whether it is ``counted`` (`COUNTED`).
    """
    index = np.minimum(np.arange(LEVELS) * BINS // CODES, BINS - 1)
    pixels = histogram.sum(axis=1)
    total, hits = (np.bincount(index, values, BINS) for values in (pixels, histogram[:, 1]))
    mean = np.bincount(index, pixels * np.arange(LEVELS) / CODES, BINS)
    first = round(DETECTED * BINS)
    detections = total[first:].sum()
    return [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "share": float(total[number] / detections),
            "probability": float(mean[number] / total[number]),
            "fractures": float(hits[number] / total[number]),
            "counted": bool(total[number] >= COUNTED * detections),
        }
        for number in range(first, BINS)
        if total[number]
    ]


def largest_error(bins: Sequence[dict[str, Any]]) -> float | None:
    """Return the largest difference of probability and share of fractures in bins that count; None without any."""
    return max((abs(row["probability"] - row["fractures"]) for row in bins if row["counted"]), default=None)


def leave_one_out(places: Sequence[Place]) -> dict[str, Any]:
    """Judge the calibration on each place by a fit to the others.

    Returns
    -------
    dict
        By kind of map (``one image``, ``fused``): ``before`` and ``after`` calibration, the `reliability` over all
        places, each left out once, and its `largest_error`; ``f1`` of the threshold that the other places choose, and
        ``best_f1`` of the one that these maps themselves would choose; ``thresholds`` that were chosen.
    """
    raw = ProbabilityCalibration(KNOTS)
    before = [map_histograms(place, raw) for place in places]
    after, thresholds = [], []
    for left_out in places:
        others = [place for place in places if place is not left_out]
        calibration = fit_calibration(others)
        after.append(map_histograms(left_out, calibration))
        chosen = [counts for place in others for counts in map_histograms(place, calibration).values()]
        thresholds.append(threshold_of_best_f1(chosen))
    result = {"thresholds": thresholds}
    for kind in ("one image", "fused"):
        sums = {name: sum(maps[kind] for maps in each) for name, each in (("before", before), ("after", after))}
        result[kind] = {name: reliability(histogram) for name, histogram in sums.items()}
        result[kind] |= {f"largest_error_{name}": largest_error(result[kind][name]) for name in sums}
        at = [_above(maps[kind], threshold) for maps, threshold in zip(after, thresholds, strict=True)]
        result[kind]["f1"] = _f1(np.sum(at, axis=0), sums["after"])
        best = threshold_of_best_f1([sums["after"]])
        result[kind]["best_f1"] = _f1(_above(sums["after"], best), sums["after"])
    return result


def _curve(histogram):
    """Return the rising curve, at the knots of a calibration, of the share of fractures at levels (251, 2)."""
    levels, pixels = np.arange(LEVELS) / CODES, histogram.sum(axis=1)
    # Levels around one knot are taken together: else a curve through few pixels would follow chance.
    near = np.digitize(levels, (np.array(KNOTS[1:]) + KNOTS[:-1]) / 2)
    total, hits, mean = (np.bincount(near, values, len(KNOTS)) for values in (pixels, histogram[:, 1], pixels * levels))
    filled = total > 0
    share = isotonic_regression(hits[filled] / total[filled], weights=total[filled]).x
    curve = np.interp(KNOTS, mean[filled] / total[filled], share)
    # A curve must rise, if only a little: a flat one would tell nothing.
    return tuple((curve + 1e-5 * np.array(KNOTS) * (1 - curve)).round(6).tolist())


def _counts_by_images(place, alone):
    """Count the pixels of fused sets of a place by number of images.

    Returns
    -------
    counts : ndarray
        (classes, 251, 2)
    log_images : ndarray
        (classes,) sum of the logarithm of the effective number.
    """
    codes = calibrated_codes(alone)[place.codes]
    counts, log_images = np.zeros((len(_IMAGE_EDGES) - 1, LEVELS, 2)), np.zeros(len(_IMAGE_EDGES) - 1)
    for chosen in place.image_sets():
        mean, images = _fused(codes[list(chosen)], place.weights[list(chosen)])
        levels = encode(mean)
        several = (levels != NODATA) & (images >= _IMAGE_EDGES[0])
        kind = np.digitize(images[several], _IMAGE_EDGES[1:-1])
        keys = (kind * LEVELS + levels[several]) * 2 + place.fracture[several]
        counts += np.bincount(keys, minlength=counts.size).reshape(counts.shape)
        log_images += np.bincount(kind, np.log(images[several]), len(log_images))
    return counts, log_images


def _fused(codes, weights):
    """Return the weighted mean of probabilities (NaN without data) and the effective number of images per pixel."""
    total, both, squares = (np.zeros(codes.shape[1], np.float32) for _ in range(3))
    for each, weight in zip(codes, weights, strict=True):
        total += np.nan_to_num(decode(each)) * weight
        both += weight
        squares += weight**2
    with np.errstate(invalid="ignore"):
        return np.where(both > 0, total / both, np.nan), effective_images(both, squares)


def _histogram(codes, fracture):
    """Count pixels at each level: (251, 2). `codes` is (images, pixels)."""
    counts = np.zeros((LEVELS, 2))
    for each in codes:
        valid = each != NODATA
        keys = each[valid].astype(int) * 2 + fracture[valid]
        counts += np.bincount(keys, minlength=2 * LEVELS).reshape(LEVELS, 2)
    return counts


def _above(histogram, threshold):
    return histogram[int(np.ceil(threshold * CODES - 1e-6)) :].sum(axis=0)


def _f1(above, histogram):
    false, hits = above
    return float(pooled_f1(hits, hits + false, histogram[:, 1].sum()))
