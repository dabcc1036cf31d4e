"""Candidate ponds, against clusters of fractures at known places."""

import pytest
import shapely

from imfmap.fractures.accept import filter_fractures
from imfmap.fractures.pond_candidates import COLUMNS, PondRule, candidate_ponds, outside_fractures
from imfmap.maps.grids import MapGrid
from tests.helpers.placed_fractures import GRID, MAP_CRS, MOON, OFF, ON_FLOOR, PATCH, areas, bars


def test_clusters_outside_floor_and_ponds_are_candidates():
    floor = areas((0, 0, 1000, 1000))
    fractures = bars(*PATCH, *OFF, *ON_FLOOR)
    kept, rejected = filter_fractures(fractures, floor=floor)
    assert len(kept) == 6 and (rejected.reason == "outside").all()
    outside = outside_fractures(kept, rejected, floor)
    assert sorted(outside.fracture) == [1, 2, 3, 4, 5, 6, 7, 8]
    found = candidate_ponds(outside, GRID, PondRule(gap_m=100.0, min_fractures=4, min_length_m=300.0), floor)
    (pond,) = found.itertuples()
    assert set(found.columns) == {*COLUMNS, "geometry"}
    assert (pond.pond, pond.fractures, pond.total_length_m) == (1, 6, 360.0) and pond.confidence == 0.8
    patch = shapely.union_all(fractures.geometry[:6])
    assert pond.geometry.contains(patch.convex_hull) and pond.geometry.geom_type == "Polygon"
    assert patch.distance(pond.geometry.exterior) == pytest.approx(25.0, rel=0.1)
    assert pond.area_m2 == pytest.approx(pond.geometry.area, rel=1e-3)
    assert pond.density_km_km2 == pytest.approx(1e3 * 360 / pond.area_m2, rel=1e-3)
    assert found.crs == MAP_CRS and pond.lat_deg == pytest.approx(-10.0, abs=0.05)


def test_what_makes_a_candidate():
    fractures = bars(*PATCH, *OFF)
    rules = [(100.0, 6, 0.0), (100.0, 7, 0.0), (100.0, 2, 0.0), (100.0, 2, 200.0), (10.0, 2, 0.0), (2000.0, 8, 0.0)]
    assert [len(candidate_ponds(fractures, GRID, PondRule(*rule))) for rule in rules] == [1, 0, 2, 1, 0, 1]
    assert len(candidate_ponds(fractures.iloc[:0], GRID, PondRule())) == 0


def test_gaps_are_metres_on_the_ground():
    # At 60 degrees on a map true at the equator, 140 m on the map are 70 m on the ground from east to west.
    crs = MOON.projected("equirectangular", 0.0, 0.0)
    grid = MapGrid.centred(crs, 0.0, 60.0, 3000, 2400, 4.0)
    fractures = bars(*[(500 + 200 * n, 500) for n in range(5)], crs=crs, origin=grid.bounds[:2])
    assert len(candidate_ponds(fractures, grid, PondRule(75.0, 5, 0.0))) == 1
    assert len(candidate_ponds(fractures, grid, PondRule(65.0, 2, 0.0))) == 0


def test_known_ponds_are_cut_out_and_without_a_boundary_all_count():
    known = areas((1600, 1400, 1700, 1800))
    (pond,) = candidate_ponds(bars(*PATCH), GRID, PondRule(100.0, 5, 0.0), known).itertuples()
    assert pond.geometry.intersection(known.geometry[0]).area < 1.0
    (pond,) = candidate_ponds(bars(*[(x, 20) for x in range(200, 700, 90)]), GRID, PondRule(200.0, 5, 0.0)).itertuples()
    assert pond.geometry.bounds[1] == pytest.approx(GRID.bounds[1], abs=0.5), "it ends where the map does"
    kept, rejected = filter_fractures(bars(*PATCH))
    assert len(outside_fractures(kept, rejected)) == 6
    # With the filter off, those outside are among the kept ones.
    kept, rejected = filter_fractures(bars(*PATCH, *ON_FLOOR))
    assert len(outside_fractures(kept, rejected, areas((0, 0, 1000, 1000)))) == 6
