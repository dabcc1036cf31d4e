"""Melt ponds outside the floor."""

import numpy as np
import pytest
import shapely

from imfmap.simulate.ponds import pond_craters
from imfmap.simulate.settings import SceneSettings
from imfmap.simulate.terrain import make_terrain
from tests.helpers.scene_grids import BOUNDS, grid_of


@pytest.fixture(scope="module")
def ponded():
    """A scene of wall and small craters with many ponds, nothing else on it."""
    settings = {
        "seed": 12, "terrain_resolution_m": 1.5, "wall_share": 0.5, "wall_azimuth_deg": 0.0, "wall_ponds_per_km": 3.0,
        "pond_craters_per_km2": 2.5, "pond_crater_max_m": 250.0, "fracture_km_per_km2": 8.0, "ridge_share": 0.0,
        "crater_density_per_km2": 0.0, "secondary_chains_per_km2": 0.0, "boulder_density_per_km2": 0.0,
    }  # fmt: skip
    return make_terrain(settings, grid_of(1500.0))


def test_ponds_are_level_and_carry_fractures(ponded):
    wall = ponded.ponds.difference(ponded.floor)
    big = [part for part in shapely.get_parts(wall) if part.area > 3000.0]
    assert len(big) > 5
    rough = []
    for part in big:
        inner = part.buffer(-8.0)
        left, bottom, right, top = part.bounds
        x, y = np.meshgrid(np.arange(left, right, 3.0), np.arange(bottom, top, 3.0))
        row, column = (np.rint(index).astype(int) for index in ponded.grid.rowcol(x, y))
        inside = shapely.contains_xy(inner, x, y) & (row >= 0) & (column >= 0)
        inside &= (row < ponded.grid.shape[0]) & (column < ponded.grid.shape[1])
        if inside.sum() > 20:
            height = ponded.height_m[row[inside], column[inside]]
            rough.append(np.subtract(*np.percentile(height, (75, 25))))
    assert np.median(rough) < 0.6, "a terrace falls and rises by metres over such a distance"
    fractured = [part for part in big if ponded.fractures.intersects(part).any()]
    assert len(fractured) >= 0.4 * len(big)


def test_small_craters_have_melt_on_their_floors_and_around_them():
    settings = SceneSettings(pond_craters_per_km2=3.0, pond_crater_min_m=150.0, pond_crater_max_m=400.0)
    craters, ponds = pond_craters(BOUNDS, settings, np.random.default_rng(8))
    assert len(craters.x) == pytest.approx(27, abs=4 * np.sqrt(27))
    assert craters.diameter_m.min() >= 150.0 and craters.diameter_m.max() <= 400.0
    floors = [pond for pond in ponds if pond.kind == "crater floor"]
    assert len(floors) == len(craters.x)
    around = shapely.centroid([pond.outline for pond in ponds if pond.kind == "crater rim"])
    distance = np.hypot(craters.x[:, None] - shapely.get_x(around), craters.y[:, None] - shapely.get_y(around))
    nearest = (distance / (0.5 * craters.diameter_m[:, None])).min(axis=0)
    assert len(around) >= 2 * len(floors) and nearest.max() < 2.0
    assert np.median(nearest) > 1.1


def test_ground_without_a_melt_floor_fractures_in_ponds_alone():
    settings = {
        "preset": "cratered_ground", "seed": 2, "terrain_resolution_m": 1.5, "pond_craters_per_km2": 6.0,
        "fracture_km_per_km2": 20.0, "crater_density_per_km2": 100.0,
    }  # fmt: skip
    terrain = make_terrain(settings, grid_of(1200.0))
    assert terrain.floor.is_empty and len(terrain.fractures) > 3
    assert terrain.ponds.buffer(1.0).covers(shapely.union_all(list(terrain.fractures.centreline)))
