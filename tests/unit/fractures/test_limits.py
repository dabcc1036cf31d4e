"""Limits of what counts as a fracture or a pond: written once."""

import inspect

from imfmap.fractures import limits
from imfmap.fractures.accept import filter_fractures
from imfmap.fractures.pond_candidates import PondRule
from imfmap.scoring.probability_scores import score_labels, score_probability
from tests.helpers.library import LIBRARY, REPOSITORY, numbers


def test_all_steps_have_the_same_least_area():
    for function in (filter_fractures, score_probability, score_labels):
        assert inspect.signature(function).parameters["min_area_m2"].default == limits.MIN_AREA_M2 == 150.0


def test_ponds_have_the_limits():
    rule = PondRule()
    assert rule.gap_m == limits.POND_GAP_M
    assert (rule.min_fractures, rule.min_length_m) == (limits.POND_MIN_FRACTURES, limits.POND_MIN_LENGTH_M)


def test_no_other_module_has_a_number_of_its_own():
    files = [*LIBRARY.rglob("*.py"), *(REPOSITORY / "benchmarks").glob("*.py")]
    found = {
        str(path.relative_to(REPOSITORY)): name
        for path in files
        for name, value in numbers(path)
        if (value == limits.MIN_AREA_M2 and name.lower().endswith("area_m2"))
        or (value == limits.POND_GAP_M and name.lower().endswith("gap_m"))
    }
    assert set(found) == {"workflow/imfmap/fractures/limits.py"}
