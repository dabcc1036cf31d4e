"""Pieces of polygons cover the same ground, and places along lines are those that Shapely finds."""

import numpy as np
import pytest
import shapely
from bounds_cases import checkerboard, comb, net, rings, spiral
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import rasterize, shapes

from imfmap.maps.large_shapes import even_places, pieces_of, places_along


def polygons_of(mask):
    found = shapes(mask.astype(np.uint8), mask=mask)
    return [shapely.geometry.shape(geometry) for geometry, _ in found]


@pytest.mark.parametrize("pattern", [checkerboard, comb, net, rings, spiral])
def test_pieces_draw_the_same_pixels(pattern):
    mask = pattern(120)
    pieces, owner = pieces_of([shapely.MultiPolygon(polygons_of(mask))], 64)
    assert len(pieces) > 1 and not owner.any()
    assert shapely.get_num_coordinates(pieces).max() <= 64 and shapely.is_valid(pieces).all()
    assert shapely.area(pieces).sum() == mask.sum()
    np.testing.assert_array_equal(rasterize(pieces, mask.shape), mask)


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=2, max_size=9), st.integers(5, 40))
def test_pieces_of_any_pixels_cover_them(rows, most_points):
    mask = np.array(rows)
    polygons = polygons_of(mask)
    pieces, owner = pieces_of(polygons, most_points)
    areas = np.bincount(owner, shapely.area(pieces), len(polygons))
    np.testing.assert_allclose(areas, [polygon.area for polygon in polygons])
    assert (np.diff(owner) >= 0).all() and shapely.is_valid(pieces).all()
    if mask.any():
        np.testing.assert_array_equal(rasterize(pieces, mask.shape), mask)


def test_small_empty_and_missing_polygons():
    box = shapely.box(0, 0, 1, 1)
    pieces, owner = pieces_of([shapely.Polygon(), box, None])
    assert pieces.tolist() == [box] and owner.tolist() == [1]
    assert pieces_of([])[0].size == 0


def test_many_edges_that_meet_in_one_place_end_the_cuts():
    angles = np.linspace(0, 2 * np.pi, 600, endpoint=False)
    lengths = np.where(np.arange(600) % 2, 100.0, 1e-9)
    star = shapely.Polygon(np.stack([lengths * np.cos(angles), lengths * np.sin(angles)], axis=-1))
    pieces, _ = pieces_of([star], 64)
    assert shapely.area(pieces).sum() == pytest.approx(star.area)


@given(
    st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=2, max_size=20, unique=True),
    st.lists(st.floats(0, 1), min_size=1, max_size=9),
)
def test_places_are_those_of_shapely(points, shares):
    line = shapely.LineString(points)
    wanted = shapely.get_coordinates(shapely.line_interpolate_point(line, shares, normalized=True))
    np.testing.assert_allclose(places_along(line, np.array(shares)), wanted, atol=1e-9)


def test_even_places_are_middles_or_ends_of_steps():
    lines = np.array([shapely.LineString([(0, 0), (4, 0)]), shapely.LineString([(0, 1), (0, 3)])])
    places, owner = even_places(lines, np.array([2, 1]))
    assert places.tolist() == [[1, 0], [3, 0], [0, 2]] and owner.tolist() == [0, 0, 1]
    places, owner = even_places(lines, np.array([2, 1]), ends=True)
    assert places.tolist() == [[0, 0], [2, 0], [4, 0], [0, 1], [0, 3]] and owner.tolist() == [0, 0, 0, 1, 1]
    assert even_places(lines[:0], np.zeros(0, int))[0].shape == (0, 2)
