"""Shadow of a rim beyond the scene."""

import math

import numpy as np
import pytest

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.simulate.light import shade
from imfmap.simulate.settings import SceneSettings
from imfmap.simulate.skyline import Skyline
from imfmap.simulate.terrain import make_terrain

CRS = body("moon").projected("equirectangular", -78.6, 23.5)
# The floor of Schomberger A: 29 km from rim to rim.
RIM = {"rim_height_m": 2500.0, "rim_distance_km": 12.0, "rim_diameter_km": 29.0}


def rim(**settings):
    settings = SceneSettings.from_mapping({**RIM, **settings})
    radius_m = body("moon").radius_m
    return Skyline.draw(settings, np.zeros(2), np.array([0.0, 1.0]), radius_m, np.random.default_rng(1))


@pytest.mark.parametrize("incidence_deg", [76.0, 78.0, 80.0])
def test_the_shadow_of_the_rim_ends_where_geometry_says(incidence_deg):
    # A strip of floor from 1 to 16 km before the rim, which stands north.
    grid = MapGrid.covering(CRS, (-60.0, -4000.0, 60.0, 11000.0), 20.0)
    lit = rim(rim_raggedness=0.0).lit(grid, np.zeros(grid.shape, np.float32), 0.0, incidence_deg)
    far = 12000.0 - grid.xy(np.arange(grid.shape[0]), 0)[1]
    # The crest stands above the Sun's middle up to here; the Moon's curvature lowers it a little.
    low = math.radians(90.0 - incidence_deg)
    distance = np.arange(1000.0, 20000.0)
    angle = np.arctan(2500.0 / distance - distance / (2 * body("moon").radius_m))
    end_m = distance[angle > low].max()
    assert end_m == pytest.approx(2500.0 * math.tan(math.radians(incidence_deg)), rel=0.03)
    column = lit[:, 3]
    assert column[far < 0.95 * end_m].max() == 0.0
    assert column[far > 1.05 * end_m].min() == 1.0
    assert np.interp(end_m, far, column) == pytest.approx(0.5, abs=0.02)
    # The Sun's disc makes the edge hundreds of metres soft.
    soft_m = 20.0 * np.sum((column > 0) & (column < 1))
    assert soft_m == pytest.approx(2 * 0.00465 * end_m / math.sin(2 * low) * 2, rel=0.15)


def test_high_ground_stands_out_of_the_shadow_of_the_rim():
    grid = MapGrid.covering(CRS, (-100.0, 0.0, 100.0, 200.0), 20.0)
    skyline = rim(rim_raggedness=0.0)
    floor, peak = (skyline.lit(grid, np.full(grid.shape, up, np.float32), 0.0, 79.5) for up in (0.0, 900.0))
    assert floor.max() == 0.0 and peak.min() == 1.0
    # From the other side the rim is 17 km away.
    assert skyline.lit(grid, np.zeros(grid.shape, np.float32), 180.0, 79.5).min() == 1.0


def test_a_ragged_rim_throws_a_ragged_shadow_around_the_same_place():
    grid = MapGrid.covering(CRS, (-4000.0, -2000.0, 4000.0, 4000.0), 50.0)
    level = np.zeros(grid.shape, np.float32)
    smooth, ragged = (rim(rim_raggedness=share).lit(grid, level, 0.0, 78.0) for share in (0.0, 0.1))
    edge_m = 50.0 * (ragged < 0.5).sum(axis=0)
    assert np.std(edge_m) > 300.0
    assert np.mean(edge_m) == pytest.approx(50.0 * (smooth < 0.5).sum(axis=0).mean(), abs=1500.0)


def test_a_scene_carries_its_rim_into_its_light():
    grid = MapGrid.centred(CRS, 23.5, -78.6, 600.0, 600.0, 3.0)
    settings = {
        "seed": 1, "terrain_resolution_m": 3.0, "margin_m": 6.0, "wall_share": 0.0, "crater_density_per_km2": 50.0,
        "rim_distance_km": 9.0, "rim_diameter_km": 29.0, "wall_azimuth_deg": 40.0,
    }  # fmt: skip
    terrain = make_terrain(settings | {"rim_height_m": 2500.0}, grid)
    assert terrain.skyline == Skyline.from_tag(terrain.skyline.to_tag())
    assert Skyline.from_tag(None) is None and make_terrain(settings, grid).skyline is None
    dark, bright = shade(terrain, 40.0, 79.0), shade(terrain, 220.0, 79.0)
    assert dark.max() < 0.2 * np.median(bright)
