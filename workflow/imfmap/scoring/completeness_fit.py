"""Fit the chance to find a fracture on simulated places, and judge it on places that were left out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..core.errors import InputError
from ..fractures.completeness import FEATURES, KINDS, Completeness, features_of, sun_features
from ..fractures.corrected import ALL, classes_found, correct, enough_found, log_deviation
from ..labels.width_classes import WIDTH_BOUNDS_M, WIDTH_CLASSES, width_class
from .calibration_places import FOUND_SHARE, PlaceMap

# Fits to places drawn with replacement.
REPLICATES = 40
# Fewer places do not show how places differ.
LEAST_PLACES = 4
# Shrinkage: fractures that pull each coefficient but the constant to 0; and metres, or polygons, that pull the ratio of
# a width class to that of all classes.
_PRIOR_FRACTURES = 3.0
_PRIOR_SUMS = {"length": 500.0, "number": 5.0}
_STEPS = 25
# A width class with fewer maps than this has the scatter of all classes together.
_LEAST_MAPS = 8


def fit_completeness(
    maps: Sequence[PlaceMap], made_with: Mapping[str, float], seed: int = 0
) -> tuple[Completeness, pd.DataFrame]:
    """Fit completeness to maps of simulated places.

    Parameters
    ----------
    maps : list of PlaceMap
        Several maps of each place.
    made_with : mapping
        See `Completeness.made_with`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    completeness : Completeness
    judged : pandas.DataFrame
        For each map, kind ("length", "number") and width class (and "all"), from a fit to the other places: `place`,
        `images`, `kind`, `width_class`, `true`, `mapped`, `corrected`, `low`, `high`.

    Raises
    ------
    InputError
        If there are fewer than `LEAST_PLACES` places with fractures.
    """
    filled = {one.place for one in maps if len(one.fractures)}
    if len(filled) < LEAST_PLACES:
        found = f"{len(filled)} simulated places have fractures"
        raise InputError("targets", found, f"give {LEAST_PLACES} or more, or none")
    places = sorted({one.place for one in maps})
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(places), size=(REPLICATES, len(places)))
    draws = np.stack([np.ones(len(places)), *(np.bincount(row, minlength=len(places)) for row in drawn)])
    left_out = {
        place: _fit([one for one in maps if one.place != place], np.delete(draws, number, axis=1), made_with)
        for number, place in enumerate(places)
    }
    rows = pd.DataFrame([row for one in maps for row in _rows(left_out[one.place], one)])
    judged = []
    for place in places:
        # The scatter, too, is that of the other places.
        scattered = replace(left_out[place], scatter=_scatter(rows[rows["place"] != place]))
        judged += [row for one in maps if one.place == place for row in _rows(scattered, one)]
    judged = pd.DataFrame(judged).drop(columns="log_sd")
    return replace(_fit(maps, draws, made_with), scatter=_scatter(rows)), judged


def judgement(judged: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how near corrected sums come to the truth.

    Parameters
    ----------
    judged : pandas.DataFrame
        Of `fit_completeness`.

    Returns
    -------
    list of dict
        For each kind and width class: `maps` that were corrected (and have such fractures), median ratio of `mapped`
        and of `corrected` to true, half the range from the 16th to the 84th percentile of the latter (`spread`), and
        the share of maps whose true value lies in the limits (`coverage`).
    """
    rows = []
    for (kind, name), part in judged.groupby(["kind", "width_class"], sort=False):
        some = part[part["true"] > 0]
        ratio = (some["corrected"] / some["true"]).to_numpy()
        inside = (part["low"] - 1e-6 <= part["true"]) & (part["true"] <= part["high"] + 1e-6)
        low, middle, high = np.percentile(ratio, (16, 50, 84)) if len(ratio) else (np.nan,) * 3
        rows.append(
            {
                "kind": kind,
                "width_class": name,
                "maps": len(some),
                "mapped": float((some["mapped"] / some["true"]).median()),
                "corrected": float(middle),
                "spread": float(high - low) / 2,
                "coverage": float(inside.mean()),
            }
        )
    return rows


def chance_table(completeness: Completeness) -> pd.DataFrame:
    """Return the chances of fractures of some widths, under some Suns, as a table with limits of 90 %.

    Returns
    -------
    pandas.DataFrame
        `width_m`, `incidence_deg` and `sun_to_strike_deg` (of every image), `images`; of each kind of `KINDS` the
        chance, and its `low` and `high` limit.
    """
    rows = []
    for width_m in (2, 3, 5, 7, 10, 14, 20, 28):
        for incidence_deg in (20, 30, 40, 50, 60, 70, 80):
            for angle_deg in (0, 15, 30, 45, 60, 75, 90):
                for images in (1, 2, 3, 4):
                    row = {"width_m": width_m, "incidence_deg": incidence_deg, "sun_to_strike_deg": angle_deg}
                    rows.append(row | {"images": images})
    table = pd.DataFrame(rows)
    across = np.sin(np.radians(table["sun_to_strike_deg"].to_numpy()))
    suns = sun_features(table["incidence_deg"].to_numpy(), across)
    features = features_of(table["width_m"].to_numpy(), *suns, table["images"].to_numpy())
    for kind in KINDS:
        chances = completeness.chance(kind, features)
        table[kind] = chances[0].round(3)
        table[f"{kind}_low"], table[f"{kind}_high"] = np.percentile(chances[1:], (5, 95), axis=0).round(3)
    return table


def _fit(maps, draws, made_with):
    """Return the fits to the places of some maps, (fits, places) of which are drawn so often; without scatter."""
    places = sorted({one.place for one in maps})
    number = np.concatenate([np.full(len(one.fractures), places.index(one.place)) for one in maps])
    table = pd.concat([one.fractures for one in maps], ignore_index=True)
    features = np.concatenate([one.features for one in maps])
    known = np.isfinite(features).all(axis=1)
    features, number, table = features[known], number[known], table[known]
    length_m, covered = (table[name].to_numpy(float) for name in ("length_m", "covered"))
    answers = {"length": covered, "number": (covered >= FOUND_SHARE).astype(float)}
    weights = {"length": length_m / length_m.mean(), "number": np.ones(len(table))}
    coefficients = {}
    for kind in KINDS:
        first = _logistic(features, answers[kind], weights[kind] * draws[0][number], np.zeros(len(FEATURES)))
        rest = [_logistic(features, answers[kind], weights[kind] * draw[number], first) for draw in draws[1:]]
        coefficients[kind] = np.array([first, *rest])
    widths, lengths = _class_sizes(table)
    ratios = np.ones((len(draws), len(WIDTH_CLASSES)))
    # At most so many images as in the fit.
    most = float(np.exp(features[:, -1].max()))
    made = Completeness(
        length=coefficients["length"],
        number=coefficients["number"],
        length_ratio=ratios,
        number_ratio=ratios,
        scatter={kind: dict.fromkeys((*WIDTH_CLASSES, ALL), 0.0) for kind in KINDS},
        class_width_m=widths,
        class_length_m=lengths,
        most_images=most,
        made_with=dict(made_with),
        places=len(places),
    )
    return replace(made, **{f"{kind}_ratio": _ratios(made, kind, maps, places, draws) for kind in KINDS})


def _logistic(features, answers, weights, coefficients):
    """Return the coefficients that fit shares (0..1) best, by Newton's method with shrinkage from a first guess."""
    prior = np.full(len(FEATURES), _PRIOR_FRACTURES / 4)
    prior[0] = 1e-6
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-features @ coefficients))
        slope = features.T @ (weights * (answers - chance)) - prior * coefficients
        curve = (features * (weights * chance * (1 - chance))[:, np.newaxis]).T @ features + np.diag(prior)
        step = np.linalg.solve(curve, slope)
        coefficients = coefficients + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-6:
            break
    return coefficients


def _class_sizes(fractures):
    """Return typical width (weighted by length) and mean length of true fractures in each width class."""
    names = fractures["width_m"].map(width_class)
    widths, lengths = [], []
    for name, (low, high) in WIDTH_BOUNDS_M.items():
        part = fractures[names == name]
        if len(part):
            widths.append(float(np.exp(np.average(np.log(part["width_m"]), weights=part["length_m"]))))
            lengths.append(float(part["length_m"].mean()))
        else:
            widths.append(min((low + high) / 2, 1.2 * low))
            lengths.append(float(fractures["length_m"].mean()))
    return np.array(widths), np.array(lengths)


def _ratios(made, kind, maps, places, draws):
    """Return true sums that are found over mapped sums, (fits, width classes), pulled to the ratio of all classes."""
    true, mapped = np.zeros((len(draws), len(WIDTH_CLASSES))), np.zeros((len(draws), len(WIDTH_CLASSES)))
    for one in maps:
        weight = draws[:, places.index(one.place), np.newaxis]
        true += weight * classes_found(made, kind, one.views) * one.true_sums(kind)
        mapped += weight * getattr(one.mapped, kind)
    whole = true.sum(axis=1, keepdims=True) / np.maximum(mapped.sum(axis=1, keepdims=True), 1e-9)
    prior = _PRIOR_SUMS[kind]
    return (true + prior * whole) / (mapped + prior)


def _rows(completeness, one):
    """Return a row for each kind and corrected width class of a map."""
    rows = []
    found = {kind: classes_found(completeness, kind, one.views) for kind in KINDS}
    possible = enough_found(found)
    for kind in KINDS:
        values = correct(completeness, kind, one.mapped, found[kind], possible)
        sums = {"true": one.true_sums(kind), "mapped": getattr(one.mapped, kind)}
        for name, (value, low, high) in values.items():
            chosen = possible if name == ALL else WIDTH_CLASSES.index(name)
            row = {"place": one.place, "images": one.images, "kind": kind, "width_class": name}
            row |= {column: float(np.sum(each[chosen])) for column, each in sums.items()}
            rows.append(row | {"corrected": value, "low": low, "high": high, "log_sd": log_deviation(value, high)})
    return rows


def _scatter(rows):
    """Return by kind and width class how far, beyond what the limits hold, corrected sums scatter about true ones."""
    scatter = {}
    for kind in KINDS:
        part = rows[(rows["kind"] == kind) & (rows["true"] > 0) & (rows["corrected"] > 0)]
        excess = np.log(part["corrected"] / part["true"]) ** 2 - part["log_sd"] ** 2
        names = part["width_class"]

        def of(chosen, excess=excess):
            return float(np.sqrt(max(0.0, excess[chosen].mean()))) if chosen.any() else 1.0

        pooled = of(names != ALL)
        scatter[kind] = {ALL: of(names == ALL)}
        scatter[kind] |= {
            name: of(names == name) if (names == name).sum() >= _LEAST_MAPS else pooled for name in WIDTH_CLASSES
        }
    return scatter
