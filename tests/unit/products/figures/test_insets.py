"""Places that a figure shows larger."""

import geopandas as gpd
import numpy as np
import shapely

from imfmap.products.figures.insets import COMPLEX_PX, MOST_SHARED, PIXEL_PX, choose_inset_pairs, overlap
from tests.helpers.target_factory import target_grid

GRID = target_grid(size=(2000, 3000))


def bars(boxes):
    """Fractures of (row, column, rows, columns)."""
    shapes = [shapely.box(*GRID.window(*box).bounds) for box in boxes]
    sides = 1.5 * np.sort(np.array([box[2:] for box in boxes], float), axis=1)
    columns = {"area_m2": sides.prod(axis=1), "total_length_m": sides[:, 1]}
    columns |= {"mean_width_m": sides[:, 0], "max_width_m": sides[:, 0]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=GRID.crs)


COMPLEX = [(300 + 30 * number, 2000, 5, 150 + number) for number in range(6)]
LARGEST = (1500, 200, 60, 500)
THIN = (1200, 1500, 2, 200)
# Thinner still, but too short for its width to mean anything.
SPECK = (1800, 2500, 1, 6)


def holds(square, box):
    """Whether a square holds the middle of a box."""
    row, column = box[0] + box[2] / 2, box[1] + box[3] / 2
    inside = square.row <= row <= square.row + square.side_px
    return inside and square.column <= column <= square.column + square.side_px


def test_places_are_the_densest_the_largest_and_the_thinnest():
    fractures = bars([SPECK, *COMPLEX, LARGEST, THIN])
    densest, largest, thinnest = choose_inset_pairs(fractures, GRID)
    assert [place.letter for place in (densest, largest, thinnest)] == ["a", "b", "c"]
    assert all(holds(densest.complex, box) for box in COMPLEX) and "6 fractures" in densest.note
    assert holds(largest.complex, LARGEST) and largest.complex.side_px >= 600 and "90 m wide on average" in largest.note
    assert holds(thinnest.complex, THIN) and "3.0 m wide on average, 300 m long" in thinnest.note
    for place in (densest, largest, thinnest):
        assert place.pixels.side_px == PIXEL_PX and place.complex.side_px >= COMPLEX_PX[0]
        shown = fractures[fractures.intersects(place.pixels.box(GRID))]
        assert len(shown) > 0
        assert place.complex.box(GRID).contains(place.pixels.box(GRID).centroid)
    # Their order in the file is no matter.
    assert choose_inset_pairs(fractures.iloc[::-1], GRID) == [densest, largest, thinnest]


def test_a_fracture_in_the_densest_complex_gives_way_to_the_next_one():
    # The first of the complex is the largest, and a thin long one crosses it.
    thick, thin = (290, 2000, 40, 200), (310, 1990, 2, 240)
    fractures = bars([thick, *COMPLEX, thin, LARGEST[:2] + (20, 300), THIN[:2] + (3, 200)])
    _, largest, thinnest = choose_inset_pairs(fractures, GRID)
    assert largest.title == "Largest fracture elsewhere" and "30 m wide on average" in largest.note
    assert thinnest.title == "Thinnest long fracture elsewhere" and "4.5 m wide on average, 300 m long" in thinnest.note


def test_places_stay_on_a_small_map():
    grid = target_grid(size=(50, 80))
    fracture = gpd.GeoDataFrame(
        {"area_m2": [90.0], "total_length_m": [30.0], "mean_width_m": [3.0], "max_width_m": [3.0]},
        geometry=[shapely.box(*grid.window(1, 1, 2, 20).bounds)],
        crs=grid.crs,
    )
    assert len(choose_inset_pairs(fracture, grid)) == 1, "the same place is not shown again"
    for place in choose_inset_pairs(fracture, grid):
        for square in (place.complex, place.pixels):
            assert square.row >= 0 and square.row + square.side_px <= grid.shape[0]
            assert square.column >= 0 and square.column + square.side_px <= grid.shape[1]
    assert choose_inset_pairs(fracture.iloc[:0], grid) == []


def test_no_place_is_shown_twice():
    rng = np.random.default_rng(5)
    for _ in range(40):
        boxes = [(*rng.integers(0, 400, 2), *rng.integers(2, 120, 2)) for _ in range(rng.integers(1, 7))]
        places = choose_inset_pairs(bars(boxes), GRID)
        assert [place.letter for place in places] == list("abc")[: len(places)]
        for number, place in enumerate(places):
            for other in places[:number]:
                assert overlap(place.complex, other.complex) <= MOST_SHARED
