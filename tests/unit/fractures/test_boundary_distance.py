"""Distances of fractures to the wall of a crater, against fractures at known distances."""

import json

import numpy as np
import pytest
import shapely

from imfmap.fractures import boundary_distance
from imfmap.fractures.boundary_distance import boundary_distances
from imfmap.maps.ground_plane import GroundPlane, mapped_ground
from tests.helpers.placed_fractures import GRID, areas, lines_at, probability, scattered


@pytest.fixture
def coarse(monkeypatch):
    """The mesh of distances coarse enough for a test: 10 m."""
    monkeypatch.setattr(boundary_distance, "_NODES", 300)


@pytest.mark.usefixtures("coarse")
def test_fractures_near_the_wall_are_told_from_random_ones(tmp_path):
    rng = np.random.default_rng(3)
    # The floor reaches past the map on three sides, where it was cut straight; its upper edge is the wall.
    wall = [(x, 2200 + 40 * np.sin(x / 200)) for x in np.arange(-200, 3201, 50)]
    floor = areas((0, 0, 1, 1))
    left, bottom, _, _ = GRID.bounds
    ring = np.array([*wall, (3200, -200), (-200, -200)]) + (left, bottom)
    floor.loc[0, "geometry"] = shapely.Polygon(ring)
    mapped, plane = mapped_ground(probability(tmp_path / "p.tif")), GroundPlane(GRID)
    near = boundary_distances(scattered(rng, 60, 250, 500), floor, mapped, plane, 99, 1)
    assert near.observed_mean_m == pytest.approx(175, abs=40) and near.p_value == 0.01
    assert near.expected_mean_m == pytest.approx(1100, rel=0.08), "half of what the floor is wide"
    assert near.observed_mean_m < near.mean_range_m[0] and (near.observed >= near.high - 1e-9)[5:40].all()
    assert near.observed[0] == 0 and near.observed[-1] == near.expected[-1] == 1
    assert np.all(np.diff(near.observed) >= 0) and (near.low <= near.expected + 1e-9).all()
    assert near.floor_km2 == pytest.approx(3.0 * 2.2, rel=0.01)
    anywhere = boundary_distances(scattered(rng, 60, 240, 2400), floor, mapped, plane, 99, 1)
    assert anywhere.p_value > 0.05
    inside = (anywhere.observed >= anywhere.low) & (anywhere.observed <= anywhere.high)
    assert inside.mean() > 0.85
    again = boundary_distances(scattered(np.random.default_rng(3), 60, 250, 500), floor, mapped, plane, 99, 1)
    assert again.summary() == near.summary()
    json.dumps(near.summary(), allow_nan=False)


@pytest.mark.usefixtures("coarse")
def test_random_sets_stay_on_the_ground_that_is_seen(tmp_path):
    # Images cover the half near the wall only: there lies the random expectation too.
    path = probability(tmp_path / "p.tif", empty=(slice(300, None), slice(None)))
    found = boundary_distances(
        scattered(np.random.default_rng(5), 40, 50, 1150),
        areas((0, 0, 3000, 2390)),
        mapped_ground(path),
        GroundPlane(GRID),
        99,
        1,
    )
    assert found is None, "an outline straight along its own box is no wall"
    floor = areas((0, 0, 3000, 2350))
    floor["geometry"] = floor.geometry.union(areas((1400, 2350, 1600, 2399)).geometry)
    found = boundary_distances(
        scattered(np.random.default_rng(5), 40, 50, 1150), floor, mapped_ground(path), GroundPlane(GRID), 99, 1
    )
    assert found.floor_km2 == pytest.approx(3 * 1.15 + 0.2 * 0.05, rel=0.02)
    assert found.distance_m[-1] == pytest.approx(1150, abs=15) and found.p_value > 0.02
    assert found.expected_mean_m == pytest.approx(575, rel=0.06)


@pytest.mark.usefixtures("coarse")
def test_without_wall_or_fracture_there_is_no_distance(tmp_path):
    mapped, plane = mapped_ground(probability(tmp_path / "p.tif")), GroundPlane(GRID)
    assert boundary_distances(lines_at(), areas((100, 100, 900, 900)), mapped, plane, 19, 1) is None
    lines = lines_at([(1000, 1000), (1100, 1000)])
    assert boundary_distances(lines, areas(), mapped, plane, 19, 1) is None
    triangle = areas((0, 0, 1, 1))
    left, bottom, _, _ = GRID.bounds
    triangle.loc[0, "geometry"] = shapely.Polygon(np.array([(100, 100), (900, 200), (400, 900)]) + (left, bottom))
    assert boundary_distances(lines, triangle, mapped, plane, 19, 1) is None, "none on the floor"
