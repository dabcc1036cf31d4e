"""The chance to find a fracture: what it depends on, and which images show which ground."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.fractures.completeness import FEATURES, STRIKES_DEG, Completeness, Views, views_of_ground
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import MappedGround
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import write_raster
from tests.helpers.calibrated_places import completeness

CRS = body("moon").projected("equirectangular", 10, 20)
GRID = MapGrid.covering(CRS, (0, 0, 900, 900), 1.5)
ANGLE, WIDTH = st.floats(0, 360), st.floats(1, 60)
SUNS = st.lists(st.tuples(ANGLE, st.floats(5, 88), st.floats(0.01, 1)), min_size=1, max_size=5)


def views(suns):
    azimuth, incidence, weight = (np.array(values) for values in zip(*suns, strict=True))
    return Views(weight[np.newaxis], np.ones(1), azimuth, incidence)


@settings(max_examples=50, deadline=None)
@given(SUNS, WIDTH, ANGLE)
def test_the_chance_depends_on_the_axis_alone_and_not_on_the_order_of_images(suns, width, strike):
    found = completeness()
    one = found.chance("length", views(suns).features(width, strike))
    for other in (views(suns).features(width, strike + 180), views(suns[::-1]).features(width, strike)):
        np.testing.assert_allclose(found.chance("length", other), one, atol=1e-9)
    assert ((one >= 0) & (one <= 1)).all()


@settings(max_examples=50, deadline=None)
@given(SUNS, WIDTH)
def test_the_same_image_again_brings_only_its_number(suns, width):
    once, twice = views(suns[:1]).features(width, 30.0), views(suns[:1] * 2).features(width, 30.0)
    np.testing.assert_allclose(once[:, :-1], twice[:, :-1], atol=1e-9)
    np.testing.assert_allclose(twice[:, -1] - once[:, -1], np.log(2), atol=1e-9)


def test_a_sun_across_the_strike_shows_most_and_ground_that_no_image_shows_nothing():
    found = completeness()
    across, along = (found.chance("number", views([(90.0, 50.0, 1.0)]).features(7, strike))[0, 0] for strike in (0, 90))
    assert across > 2 * along
    unseen = Views(np.zeros((1, 2)), np.ones(1), np.array([0.0, 90.0]), np.array([40.0, 50.0]))
    assert found.chance_on_ground("length", [10], unseen) == pytest.approx(0)


def test_more_images_than_were_fitted_count_as_the_most():
    found = completeness(most_images=3.0)
    four, many = (found.chance("length", views([(90.0, 50.0, 1.0)] * count).features(7, 45.0)) for count in (4, 40))
    np.testing.assert_allclose(four, many)


def test_a_random_strike_is_the_mean_over_strikes():
    found, seen = completeness(), views([(90.0, 50.0, 1.0), (10.0, 70.0, 0.4)])
    each = [found.chance("number", seen.features(9, strike)) for strike in STRIKES_DEG]
    np.testing.assert_allclose(found.chance_on_ground("number", [9], seen)[:, 0], np.mean(each, axis=0))


@pytest.mark.parametrize("change", [{"length": None}, {"length": [[1, 2]]}, {"places": ...}, {"more": 1}])
def test_a_tag_of_another_version_is_refused(change):
    values = {name: value for name, value in (completeness().as_dict() | change).items() if value is not ...}
    with pytest.raises(InputError, match="a.tif: holds a completeness that cannot be read"):
        Completeness.from_tag(json.dumps(values), "a.tif")
    assert Completeness.from_tag(None, "a.tif") is None


def test_what_is_written_is_read():
    again = Completeness.from_tag(json.dumps(completeness().as_dict()), "a.tif")
    np.testing.assert_allclose(again.length, completeness().length, rtol=1e-3)
    assert len(FEATURES) == again.length.shape[1] and again.made_with == completeness().made_with


def image(path, azimuth_deg, incidence_deg, pixels, grid=GRID):
    facts = ImageFacts(path.stem, "2010-01-01T00:00:00", azimuth_deg, incidence_deg, 0.0, incidence_deg, 1.0, "native")
    write_raster(path, pixels.astype(np.float32), grid, nodata=np.nan, tags=facts.tags())
    return path


def test_each_part_of_the_ground_has_the_images_that_show_it(tmp_path):
    """The left half has one image, the right half two, one of which lies in shadow in the lowest third."""
    left, half = np.full(GRID.shape, 0.05), GRID.window(0, 300, 600, 300)
    dark = np.full(half.shape, 0.05)
    dark[400:] = 0.0005
    paths = [image(tmp_path / "M1L.tif", 90.0, 60.0, left), image(tmp_path / "M2R.tif", 20.0, 75.0, dark, half)]
    cells = MapGrid.covering(CRS, GRID.bounds, 30.0)
    ground = MappedGround(cells, np.ones(cells.shape, np.float32))
    shown = views_of_ground(paths, ground, 1.5)
    assert shown.area_km2.sum() == pytest.approx(ground.total_km2)
    parts = shown.area_km2 / shown.area_km2.sum()
    share = {tuple(np.round(row, 2)): part for row, part in zip(shown.weights, parts, strict=True)}
    assert share[1.0, 0.0] == pytest.approx(0.5 + 0.5 / 3, abs=0.05)
    assert share[1.0, 1.0] == pytest.approx(0.5 * 2 / 3, abs=0.05)
    assert shown.sun_azimuth_deg.tolist() == [90.0, 20.0] and shown.incidence_deg.tolist() == [60.0, 75.0]


def test_only_ground_that_counts_is_looked_at(tmp_path):
    cells = MapGrid.covering(CRS, GRID.bounds, 30.0)
    share = np.zeros(cells.shape, np.float32)
    share[:10] = 0.5
    path = image(tmp_path / "M1L.tif", 90.0, 60.0, np.full(GRID.shape, 0.05))
    shown = views_of_ground([path], MappedGround(cells, share), 1.5)
    assert shown.area_km2.sum() == pytest.approx(MappedGround(cells, share).total_km2)
