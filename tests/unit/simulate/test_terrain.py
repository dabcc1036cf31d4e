"""The simulated ground: sizes after their laws, relief that fits its truth, the same from the same seed."""

import numpy as np
import pytest
import shapely

from imfmap.labels.truth_classes import CLASSES
from imfmap.simulate.terrain import make_terrain
from tests.helpers.scene_grids import SETTINGS, grid_of


def test_fractures_and_ridges_are_as_long_as_asked_for(terrain):
    fractures, ridges = terrain.fractures, terrain.ridges
    assert ridges.length_m.sum() > fractures.length_m.sum() / 3
    melt_km2 = (terrain.floor.area + terrain.ponds.area) * 1e-6
    assert fractures.length_m.sum() / 1000 == pytest.approx(4.0 * melt_km2, rel=0.35)


def test_fractures_are_low_and_ridges_high(terrain):
    def relief(frame):
        """Median height over the shoulders of the features' middles."""
        steps = []
        for line, width in zip(frame.centreline, frame.width_m, strict=True):
            middle, ahead = (line.interpolate(f, normalized=True) for f in (0.5, 0.52))
            way = np.array([ahead.x - middle.x, ahead.y - middle.y])
            normal = np.array([-way[1], way[0]]) / np.hypot(*way)
            at = np.array([middle.x, middle.y]) + normal * width * np.array([[0.0], [-0.9], [0.9]])
            row, column = (np.rint(index).astype(int) for index in terrain.grid.rowcol(*at.T))
            if (row < 0).any() or (column < 0).any() or (row >= terrain.grid.shape[0]).any():
                continue
            if (column >= terrain.grid.shape[1]).any():
                continue
            height = terrain.height_m[row, column]
            steps.append(height[0] - height[1:].mean())
        return np.median(steps)

    assert relief(terrain.fractures) < -0.3
    assert relief(terrain.ridges) > 0.3


def test_mottles_change_albedo_alone_and_below_30_m(terrain):
    mottled = make_terrain({**SETTINGS, "albedo_mottling": 0.1}, grid_of(900.0))
    pattern = np.log(mottled.albedo / terrain.albedo)[100:-100, 100:-100]
    # The two grounds draw different objects later on: most places have none.
    middle = np.percentile(np.abs(pattern), 68)
    assert middle == pytest.approx(0.1, rel=0.2)
    blocks = pattern[:1000, :1000].reshape(10, 100, 10, 100)
    assert np.median(np.abs(blocks.mean((1, 3)))) < 0.02, "nothing of it is wider than 30 m"


def test_truth_is_exact(terrain):
    grid = grid_of(900.0)
    classes = terrain.classes(grid)
    box = shapely.box(*grid.bounds)
    others = shapely.union_all(terrain.boulders.geometry)
    area_m2 = shapely.difference(shapely.union_all(terrain.fractures.geometry), others).intersection(box).area
    assert (classes == CLASSES["fracture"]).sum() * 1.5**2 == pytest.approx(area_m2, rel=0.03)
    assert set(np.unique(classes)) == set(CLASSES.values())
    for width, shape, line in zip(
        terrain.fractures.width_m, terrain.fractures.geometry, terrain.fractures.centreline, strict=True
    ):
        assert shape.area <= 1.35 * width * line.length
    melt = shapely.union_all([terrain.floor, terrain.ponds]).buffer(1.0)
    assert melt.covers(shapely.union_all(list(terrain.fractures.centreline)))


def test_the_seed_decides_all():
    grid = grid_of(240.0)
    first, again = make_terrain(SETTINGS, grid), make_terrain(SETTINGS, grid)
    np.testing.assert_array_equal(first.height_m, again.height_m)
    np.testing.assert_array_equal(first.albedo, again.albedo)
    np.testing.assert_array_equal(first.classes(), again.classes())
    other = make_terrain(SETTINGS, grid, seed=5)
    assert np.abs(other.height_m - first.height_m).max() > 1.0


def test_terrain_covers_the_grid_and_its_margin(terrain):
    left, bottom, right, top = grid_of(900.0).bounds
    outer = terrain.grid.bounds
    assert outer[0] <= left - 45 and outer[1] <= bottom - 45 and outer[2] >= right + 45 and outer[3] >= top + 45
    assert terrain.height_m.shape == terrain.albedo.shape == terrain.grid.shape
    assert np.isfinite(terrain.height_m).all() and terrain.albedo.min() > 0


@pytest.mark.parametrize("resolution_m", [0.5, 1.0, 1.5])
def test_roughness_is_the_same_at_every_grid_spacing(resolution_m):
    settings = {
        "seed": 3, "terrain_resolution_m": resolution_m, "margin_m": 3.0, "wall_share": 0.0, "hummock_height_m": 0.0,
        "undulation_height_m": 0.0, "fracture_km_per_km2": 0.0, "crater_density_per_km2": 0.0, "floor_slope_deg": 4.0,
        "secondary_chains_per_km2": 0.0, "boulder_density_per_km2": 0.0, "pond_craters_per_km2": 0.0,
    }  # fmt: skip
    height = make_terrain(settings, grid_of(600.0)).height_m

    def slope_deg(baseline_m):
        lag = round(baseline_m / resolution_m)
        return np.degrees(np.arctan(np.std(height[lag:] - height[:-lag]) / baseline_m))

    # Patches of smooth and rough ground add to the mean.
    assert slope_deg(3.0) == pytest.approx(4.0 * 0.5**0.25 * 1.12, rel=0.15)
    if resolution_m == 0.5:
        assert slope_deg(0.5) > 1.05 * slope_deg(1.5), "not soft at the grid's own scale"
