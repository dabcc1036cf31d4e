"""Completeness: known chances are found again, and limits hold the truth on places that were left out."""

import numpy as np
import pandas as pd
import pytest

from imfmap.core.errors import InputError
from imfmap.fractures.completeness import Views
from imfmap.fractures.corrected import ALL, Mapped
from imfmap.labels.width_classes import WIDTH_CLASSES, width_class
from imfmap.scoring.calibration_places import PlaceMap
from imfmap.scoring.completeness_fit import LEAST_PLACES, chance_table, fit_completeness, judgement
from tests.helpers.calibrated_places import completeness

MADE_WITH = {"threshold": 0.4, "min_area_m2": 150.0, "resolution_m": 1.5}
TRUE = completeness()


def place_map(name, rng, fractures=80, sigma=0.0):
    """Return a map of a place whose fractures are found, wholly or not at all, with the chances of `TRUE`."""
    width = np.exp(rng.normal(np.log(9), 0.6, fractures))
    length = rng.exponential(60, fractures) + 20
    strike = rng.uniform(0, 180, fractures)
    images = rng.integers(1, 4)
    sun = rng.uniform(0, 360, images), rng.uniform(25, 75, images)
    views = Views(np.ones((fractures, images)), np.ones(fractures), *sun)
    features = views.features(width, strike)
    shift = rng.normal(0, sigma)
    chance = TRUE.chance("length", features)[0]
    chance = 1 / (1 + (1 - chance) / chance * np.exp(-shift))
    found = rng.random(fractures) < chance
    classes = np.array([WIDTH_CLASSES.index(width_class(one)) for one in width[found]], int)
    mapped = Mapped(*(np.bincount(classes, sums, len(WIDTH_CLASSES)) for sums in (length[found], np.ones(found.sum()))))
    table = pd.DataFrame({"width_m": width, "length_m": length, "covered": found.astype(float)})
    ground = Views(np.ones((1, images)), np.ones(1), *sun)
    return PlaceMap(name, images, table, features, pd.DataFrame(), mapped, ground)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(5)
    maps = [place_map(f"p{number}", rng) for number in range(10) for _ in range(2)]
    return fit_completeness(maps, MADE_WITH)


def test_known_chances_are_found_again(fitted):
    table, other = chance_table(fitted[0]), chance_table(TRUE)
    error = (table["length"] - other["length"]).abs()
    assert error.mean() < 0.06
    inside = (table["length_low"] <= other["length"]) & (other["length"] <= table["length_high"])
    assert inside.mean() > 0.7
    assert (table["length_low"] <= table["length_high"]).all() and table["length"].between(0, 1).all()


def test_corrected_sums_come_to_the_truth_and_limits_hold_it(fitted):
    rows = {(row["kind"], row["width_class"]): row for row in judgement(fitted[1])}
    whole = rows["length", ALL]
    assert whole["mapped"] < 0.85 and whole["corrected"] == pytest.approx(1, abs=0.1)
    for kind in ("length", "number"):
        for name in (ALL, "small", "medium"):
            assert rows[kind, name]["coverage"] >= 0.75, (kind, name)
    # Limits that hold everything would say nothing.
    part = fitted[1][(fitted[1]["width_class"] == ALL) & (fitted[1]["kind"] == "length")]
    assert (part["high"] / part["low"]).median() < 2.5


def test_places_that_differ_have_a_scatter():
    rng = np.random.default_rng(6)
    calm, wild = (
        fit_completeness([place_map(f"p{number}", rng, sigma=sigma) for number in range(8)], MADE_WITH)[0]
        for sigma in (0.0, 1.5)
    )
    assert wild.scatter["length"][ALL] > calm.scatter["length"][ALL]


def test_too_few_places_are_refused():
    rng = np.random.default_rng(7)
    maps = [place_map(f"p{number}", rng) for number in range(LEAST_PLACES - 1)]
    with pytest.raises(InputError, match=f"give {LEAST_PLACES} or more"):
        fit_completeness(maps, MADE_WITH)


def test_the_same_maps_give_the_same_numbers(fitted):
    rng = np.random.default_rng(5)
    maps = [place_map(f"p{number}", rng) for number in range(10) for _ in range(2)]
    assert fit_completeness(maps, MADE_WITH)[0].as_dict() == fitted[0].as_dict()
