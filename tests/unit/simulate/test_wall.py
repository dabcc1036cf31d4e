"""The crater's wall."""

import numpy as np
import pytest

from imfmap.simulate.settings import SceneSettings
from imfmap.simulate.wall import Wall
from tests.helpers.scene_grids import grid_of


@pytest.mark.parametrize(("width_m", "height_m"), [(1500.0, 1500.0), (1200.0, 9000.0), (9000.0, 1200.0)])
@pytest.mark.parametrize("share", [0.1, 0.45])
def test_the_wall_takes_its_share_of_any_scene(width_m, height_m, share):
    grid = grid_of(width_m, height_m)
    for azimuth_deg in (0.0, 70.0, 215.0):
        settings = SceneSettings(wall_share=share, wall_azimuth_deg=azimuth_deg)
        wall = Wall(settings, grid, np.random.default_rng(6))
        left, bottom, right, top = grid.bounds
        x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
        q, s = wall.coordinates(x, y)
        assert np.mean(q > 0) == pytest.approx(share, abs=0.01)
        np.testing.assert_allclose(wall.xy(q[::50, ::50], s[::50, ::50]), np.stack([x, y], -1)[::50, ::50], atol=1e-3)
        # The wall stands on the side that was asked for.
        way = np.array([x[q > 0].mean(), y[q > 0].mean()]) - wall.middle
        assert way @ wall.outward > 0


def test_the_wall_rises_in_terraces():
    wall = Wall(SceneSettings(wall_slope_deg=25.0), grid_of(3000.0), np.random.default_rng(7))
    q = np.arange(0.0, 1000.0, 2.0)
    slope_deg = np.degrees(np.arctan(np.gradient(wall.height_m(q), 2.0)))
    assert np.mean(slope_deg > 18) > 0.3 and np.mean(slope_deg < 10) > 0.2
    assert wall.height_m(1000.0) > 150.0
    assert wall.height_m(-50.0) == pytest.approx(0.0, abs=0.5)
