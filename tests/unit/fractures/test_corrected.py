"""Corrected lengths and numbers: right where the truth is known, wide where little is, and silent where nothing is."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from imfmap.fractures.completeness import Views
from imfmap.fractures.corrected import (
    ALL,
    LEAST_COMPLETENESS,
    Mapped,
    classes_found,
    completeness_of_map,
    correct,
    enough_found,
    log_deviation,
    summarise_completeness,
)
from imfmap.labels.width_classes import WIDTH_CLASSES
from imfmap.learning.probability_calibration import COMPLETENESS_TAG
from imfmap.maps.ground_plane import mapped_ground
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import write_raster
from tests.helpers.calibrated_places import completeness
from tests.unit.fractures.test_completeness import GRID

VIEWS = Views(np.array([[1.0, 1.0]]), np.ones(1), np.array([90.0, 0.0]), np.array([55.0, 60.0]))


def corrected(found, kind, mapped):
    """Return which classes can be corrected, and the corrected sums."""
    shares = {name: classes_found(found, name, VIEWS) for name in ("length", "number")}
    possible = enough_found(shares)
    return possible, correct(found, kind, mapped, shares[kind], possible)


def table(widths, length_m=100.0, confidence=0.8):
    columns = {"mean_width_m": widths, "total_length_m": length_m, "confidence": confidence}
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(0, 0, 1, 1)] * len(widths), crs=GRID.crs)


def test_fractures_count_with_their_confidence():
    mapped = Mapped.of(table([3.0, 9.0, 9.0]))
    np.testing.assert_allclose(mapped.length, [80, 160, 0, 0, 0])
    np.testing.assert_allclose(mapped.number, [0.8, 1.6, 0, 0, 0])
    assert Mapped.of(table([])).number.sum() == 0


@pytest.mark.parametrize("kind", ["length", "number"])
def test_what_is_mapped_is_divided_by_what_is_found(kind):
    found = completeness()
    mapped, share = Mapped.of(table([9.0] * 20 + [20.0] * 10)), classes_found(found, kind, VIEWS)
    possible, values = corrected(found, kind, mapped)
    assert possible.tolist() == (share[0] >= LEAST_COMPLETENESS).tolist()
    for name in ("small", "medium"):
        number = WIDTH_CLASSES.index(name)
        value, low, high = values[name]
        assert value == pytest.approx(getattr(mapped, kind)[number] / share[0, number], rel=1e-6)
        assert low < value < high
    assert values[ALL][0] == pytest.approx(sum(values[name][0] for name in values if name != ALL))


def test_what_is_hardly_found_is_not_corrected():
    """A network that sees no tiny fracture: nothing is divided by nearly 0, however many were mapped."""
    found = completeness(constant=-6.0)
    possible, values = corrected(found, "length", Mapped.of(table([3.0] * 50)))
    assert not possible[0] and "tiny" not in values
    summary = summarise_completeness(found, table([3.0] * 50), VIEWS)
    assert summary["width_classes"]["tiny"]["length_m"] is None and summary["width_classes"]["tiny"]["found"] < 0.2
    assert "Not corrected, since too little is found: tiny" in summary["in_words"][-1]


def test_nothing_found_leaves_an_upper_limit():
    found = completeness()
    _, values = corrected(found, "number", Mapped.of(table([])))
    value, low, high = values["medium"]
    # So many would have shown up with 90 %.
    assert value == low == 0 and high * classes_found(found, "number", VIEWS)[0, 2] == pytest.approx(np.log(10))
    assert np.isnan(log_deviation(value, high))


def test_few_fractures_and_strange_places_make_limits_wide():
    few, many = (corrected(completeness(), "length", Mapped.of(table([9.0] * n)))[1]["small"] for n in (2, 200))
    strange = corrected(completeness(scatter=0.8), "length", Mapped.of(table([9.0] * 200)))[1]["small"]
    widths = [log_deviation(value, high) for value, _, high in (many, few, strange)]
    assert widths[0] < widths[1] and widths[0] < widths[2] and widths[2] >= 0.8


def test_wider_fractures_are_seen_on_more_ground():
    seen = summarise_completeness(completeness(), table([9.0]), VIEWS)["seen"]
    chances = [seen[width]["chance"] for width in ("5", "10", "20")]
    assert chances == sorted(chances) and chances[0] < chances[-1]
    assert all(0 <= value["share_limits"][0] <= value["share_limits"][1] <= 1 for value in seen.values())


@pytest.fixture
def probability(tmp_path):
    """A map of one image, with the completeness of its model."""
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 90.0, 55.0, 0.0, 55.0, 1.0, "native")
    write_raster(tmp_path / "M1L.tif", np.full(GRID.shape, 0.05, np.float32), GRID, nodata=np.nan, tags=facts.tags())
    tags = {COMPLETENESS_TAG: json.dumps(completeness().as_dict())}
    with create_probability(tmp_path / "p.tif", GRID, tags) as dataset:
        dataset.write(encode(np.full(GRID.shape, 0.1)), 1)
    with create_probability(tmp_path / "plain.tif", GRID) as dataset:
        dataset.write(encode(np.full(GRID.shape, 0.1)), 1)
    return tmp_path


SETTINGS = {"threshold": 0.4, "min_area_m2": 150, "hysteresis": None}


def of_map(folder, name="p.tif", **change):
    ground = mapped_ground(folder / name, 30.0)
    return completeness_of_map(table([9.0] * 5), folder / name, [folder / "M1L.tif"], ground, SETTINGS | change)


def test_a_map_says_in_figures_and_in_words_what_it_misses(probability):
    summary = of_map(probability)
    whole = summary[ALL]
    assert whole["length_m_limits"][0] < whole["length_m"] < whole["length_m_limits"][1]
    assert whole["length_m"] > 5 * 80
    words = " ".join(summary["in_words"])
    assert f"{whole['length_m'] / 1e3:.1f} km" in words and "one of 5 m on" in words and "one of 20 m on" in words


@pytest.mark.parametrize("change", [{"threshold": 0.3}, {"min_area_m2": 20}, {"hysteresis": 0.2}])
def test_a_map_made_in_another_way_is_not_corrected(probability, change):
    summary = of_map(probability, **change)
    assert [*summary] == ["in_words"] and next(iter(change)) in summary["in_words"][0]


def test_a_model_without_completeness_says_so(probability):
    assert "not known" in of_map(probability, "plain.tif")["in_words"][0]
