"""Lengths and numbers of fractures, corrected for those that a map cannot show, with their uncertainty."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from ..labels.width_classes import WIDTH_CLASSES, width_class
from ..learning.probability_calibration import COMPLETENESS_TAG
from ..maps.grids import MapGrid
from ..maps.rasters import open_raster
from .completeness import KINDS, Completeness, Views, views_of_ground

if TYPE_CHECKING:
    import geopandas

    from ..maps.ground_plane import MappedGround

# Widths of fractures, metres, of which the summary tells on how much of the ground they would have been seen.
SHOWN_WIDTHS_M = (5, 10, 20)
# Where less of a width class is found, it is not corrected: dividing by so little would make a figure of noise.
LEAST_COMPLETENESS = 0.2
# Share of maps whose true value lies in the interval.
CONFIDENCE = 0.9
ALL = "all"
# Chance above which a fracture is more likely to be found than missed.
_SEEN = 0.5
# Lengths of fractures are spread about as an exponential distribution: their squared mean is half their mean square.
_SPREAD = {"length": 2.0, "number": 1.0}
# If none is found, this many are not excluded: the upper limit of a Poisson count of 0 at `CONFIDENCE` (one-sided).
_NONE = float(-np.log(1 - CONFIDENCE))
_UNKNOWN = "it was not measured for its model and recipe (docs/completeness.md)"
# Standard deviations of a normal distribution on either side that hold this share.
_REACH = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Mapped:
    """What a map has of each width class (by mapped mean width), each fracture counted with its confidence.

    Attributes
    ----------
    length, number : ndarray
        (width classes,) metres, and polygons.
    """

    length: np.ndarray
    number: np.ndarray

    @classmethod
    def of(cls, fractures: "geopandas.GeoDataFrame") -> "Mapped":
        """Return the sums of a map's fractures."""
        classes = np.array([WIDTH_CLASSES.index(width_class(width)) for width in fractures["mean_width_m"]], int)
        confidence = np.nan_to_num(fractures["confidence"].to_numpy(float))
        lengths = confidence * fractures["total_length_m"].to_numpy(float)
        return cls(*(np.bincount(classes, weights, len(WIDTH_CLASSES)) for weights in (lengths, confidence)))


def classes_found(completeness: Completeness, kind: str, views: Views) -> np.ndarray:
    """Return how much of each width class a map finds: (fits, width classes), 0..1, mean over ground and strikes."""
    share = views.area_km2 / max(views.area_km2.sum(), 1e-12)
    return completeness.chance_on_ground(kind, completeness.class_width_m, views) @ share


def enough_found(found: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which width classes can be corrected, bool: enough is found of their length and of their number.

    Parameters
    ----------
    found : mapping of str to ndarray
        Result of `classes_found` for each of `KINDS`.
    """
    return np.all([found[kind][0] >= LEAST_COMPLETENESS for kind in KINDS], axis=0)


def correct(
    completeness: Completeness, kind: str, mapped: Mapped, found: np.ndarray, possible: np.ndarray
) -> dict[str, tuple[float, float, float]]:
    """Correct the sums of a map.

    Parameters
    ----------
    completeness : Completeness
    kind : str
        "length" or "number".
    mapped : Mapped
    found : ndarray
        Result of `classes_found`.
    possible : ndarray
        Result of `enough_found`.

    Returns
    -------
    dict
        Of each possible class, and of them together (`ALL`): the corrected sum, and its lower and upper limit.
    """
    sums = getattr(mapped, kind)
    # Replicates of a class whose completeness comes near 0 must not make the limits infinite.
    each = sums * getattr(completeness, f"{kind}_ratio") / np.maximum(found, LEAST_COMPLETENESS / 4)
    missed = _SPREAD[kind] * (1 - found[0]) / np.maximum(mapped.number, 1.0)
    values = {}
    for index in np.flatnonzero(possible):
        name = WIDTH_CLASSES[index]
        if mapped.number[index] > 0:
            values[name] = _interval(each[:, index], missed[index], completeness.scatter[kind][name])
        else:
            unit = completeness.class_length_m[index] if kind == "length" else 1.0
            values[name] = (0.0, 0.0, _NONE * unit / found[0, index])
    together = each[:, possible].sum(axis=1)
    if possible.any() and together[0] > 0:
        weight = each[0, possible] / together[0]
        values[ALL] = _interval(together, float((weight**2) @ missed[possible]), completeness.scatter[kind][ALL])
    elif possible.any():
        values[ALL] = (0.0, 0.0, max(values[WIDTH_CLASSES[index]][2] for index in np.flatnonzero(possible)))
    return values


def log_deviation(value: float, high: float) -> float:
    """Return the standard deviation of the logarithm of a corrected value, from its upper limit; NaN for 0."""
    return float(np.log(high / value)) / _REACH if value > 0 else float("nan")


def summarise_completeness(
    completeness: Completeness, fractures: "geopandas.GeoDataFrame", views: Views
) -> dict[str, Any]:
    """Return what a map misses: figures for its summary, and the same in words.

    Parameters
    ----------
    completeness : Completeness
    fractures : geopandas.GeoDataFrame
        Fractures that were kept.
    views : Views
        Images on the ground that counts.

    Returns
    -------
    dict
        ``seen``: for each of `SHOWN_WIDTHS_M` the ``share_of_ground`` where a fracture of this width and of any strike
        is found more likely than not, and the mean ``chance`` over the ground. ``width_classes`` and ``all``:
        ``found`` (share of the length that such a map finds), ``length_m`` and ``number``, corrected, with the lower
        and upper limit of `CONFIDENCE`; None where too little is found. ``in_words``: sentences.
    """
    mapped = Mapped.of(fractures)
    found = {kind: classes_found(completeness, kind, views) for kind in KINDS}
    possible = enough_found(found)
    corrected = {kind: correct(completeness, kind, mapped, found[kind], possible) for kind in KINDS}
    rows = {}
    for index, name in enumerate((*WIDTH_CLASSES, ALL)):
        row = {} if name == ALL else {"found": round(float(found["length"][0, index]), 3)}
        for kind, unit in (("length", "length_m"), ("number", "number")):
            value = corrected[kind].get(name)
            row[unit] = None if value is None else round(value[0], 1)
            row[f"{unit}_limits"] = None if value is None else [round(limit, 1) for limit in value[1:]]
        rows[name] = row
    seen = {str(width_m): _seen(completeness, width_m, views) for width_m in SHOWN_WIDTHS_M}
    result = {"seen": seen, "width_classes": {name: rows[name] for name in WIDTH_CLASSES}, ALL: rows[ALL]}
    result |= {"confidence": CONFIDENCE, "places_of_the_fit": completeness.places}
    return {**result, "in_words": in_words(result)}


def completeness_of_map(
    fractures: "geopandas.GeoDataFrame",
    probability_path: str | Path,
    image_paths: Sequence[str | Path],
    counted: "MappedGround",
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what a map misses, if that was measured for its model and settings.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        Fractures that were kept.
    probability_path : path
        Probability raster of the map.
    image_paths : list of path
        Projected images that were searched.
    counted : ground_plane.MappedGround
        Ground on which fractures count.
    settings : mapping
        The config's ``mapping``, with the threshold that was used.

    Returns
    -------
    dict
        See `summarise_completeness`; else only ``in_words``, which say why there is no more.
    """
    with open_raster(probability_path) as dataset:
        completeness = Completeness.from_tag(dataset.tags().get(COMPLETENESS_TAG), probability_path)
        resolution_m = MapGrid.of(dataset).resolution_m
    if completeness is None:
        return {"in_words": [f"What this map misses is not known: {_UNKNOWN}."]}
    used = {**settings, "resolution_m": resolution_m}
    other = [
        f"{name} {used[name]:g} (not {value:g})"
        for name, value in completeness.made_with.items()
        if not math.isclose(used[name], value, rel_tol=0.02)
    ]
    other += [f"hysteresis {settings['hysteresis']:g}"] if settings.get("hysteresis") else []
    if other:
        return {
            "in_words": [
                f"What this map misses is not known: it was measured for other maps than with {_listed(other)}."
            ]
        }
    views = views_of_ground(image_paths, counted, resolution_m)
    return summarise_completeness(completeness, fractures, views)


def in_words(summary: Mapping[str, Any]) -> list[str]:
    """Return the result of `summarise_completeness` as sentences."""
    seen = [f"one of {width_m} m on {_percent(value['share_of_ground'])}" for width_m, value in summary["seen"].items()]
    words = [f"A fracture is more likely to be found than missed: {', '.join(seen)} of the ground (any strike)."]
    classes, whole = summary["width_classes"], summary[ALL]
    corrected = [name for name, row in classes.items() if row["length_m"] is not None]
    if whole["length_m"] is not None:
        low, high = whole["length_m_limits"]
        fewest, most = whole["number_limits"]
        words.append(
            f"Corrected for what is missed, there are {whole['length_m'] / 1e3:.1f} km ({low / 1e3:.1f} to "
            f"{high / 1e3:.1f} km) of {_listed(corrected)} fractures, about {whole['number']:.0f} ({fewest:.0f} to "
            f"{most:.0f}) in number; limits of {_percent(summary['confidence'])}."
        )
    missed = [name for name in classes if name not in corrected]
    if missed:
        least = [f"{name} ({_percent(classes[name]['found'])} of the length)" for name in missed]
        words.append(f"Not corrected, since too little is found: {_listed(least)}.")
    return words


def _seen(completeness, width_m, views):
    chances = completeness.chance_on_ground("number", [width_m], views)[:, 0]
    share = views.area_km2 / max(views.area_km2.sum(), 1e-12)
    tail = 50 * (1 - CONFIDENCE)
    limits = np.percentile((chances > _SEEN) @ share, (tail, 100 - tail)) if len(share) else (0.0, 0.0)
    return {
        "share_of_ground": round(float((chances[0] > _SEEN) @ share), 3),
        "share_limits": [round(float(limit), 3) for limit in limits],
        "chance": round(float(chances[0] @ share), 3),
    }


def _interval(values, missed, scatter):
    """Return the first value, and limits from the spread of the others, of what is missed by chance, and of places."""
    spread = np.log(np.maximum(values[1:], 1e-9)).std() if len(values) > 1 else 0.0
    reach = _REACH * np.sqrt(spread**2 + missed + scatter**2)
    return float(values[0]), float(values[0] * np.exp(-reach)), float(values[0] * np.exp(reach))


def _percent(share):
    return f"{100 * share:.0f} %"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
