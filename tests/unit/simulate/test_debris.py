"""Boulders that rolled down the wall."""

import numpy as np
import pytest

from imfmap.simulate.debris import boulders, rockfalls, rubble
from imfmap.simulate.linework import open_crack_along, resample
from imfmap.simulate.objects import Craters
from imfmap.simulate.open_cracks import OpenCracks
from imfmap.simulate.settings import SceneSettings
from imfmap.simulate.wall import Wall
from tests.helpers.scene_grids import grid_of


def test_trails_end_at_their_boulders_and_run_down_the_wall():
    settings = SceneSettings(wall_share=0.3, cracked_boulder_share=0.3, boulder_density_per_km2=2000.0)
    wall = Wall(settings, grid_of(3000.0), np.random.default_rng(9))
    trails, ends = rockfalls(wall, 12.0, np.random.default_rng(10))
    length_km = (wall.span_m[1] - wall.span_m[0]) / 1000
    assert len(trails) == pytest.approx(12.0 * length_km, abs=4 * np.sqrt(12.0 * length_km))
    craters = Craters.of(*np.zeros((4, 0)), np.random.default_rng(0))
    blocks = boulders((-1500.0, -1500.0, 1500.0, 1500.0), settings, wall, craters, ends, np.random.default_rng(11))
    for trail, x, y, diameter in zip(trails, *ends, strict=True):
        assert np.hypot(*(trail.points[-1] - [x, y])) < 1.0
        assert np.any((blocks.x == x) & (blocks.y == y) & (blocks.diameter_m == diameter))
        assert trail.width_m < diameter
        q, _ = wall.coordinates(*trail.points[[0, -1]].T)
        assert wall.height_m(q[0]) > wall.height_m(q[1]) + 5.0
    large = blocks.diameter_m > 6.0
    assert large.sum() > 100
    cracked = ~np.isnan(blocks.crack)
    assert not cracked[~large].any()
    assert cracked[large].mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / large.sum()))


def test_rubble_lies_in_cracks_and_on_their_rims():
    rng, cracks = np.random.default_rng(4), OpenCracks(rubble_per_km=2000.0)
    lines = [open_crack_along(resample([[0.0, y], [400.0, y]]), 8.0, cracks, rng) for y in range(0, 8000, 200)]
    x, y, diameter = rubble(lines, cracks, rng)
    assert len(x) > 10_000 and np.all((diameter >= 1.0) & (diameter < 5.601))
    distance = np.abs(y - 200.0 * np.round(y / 200.0))
    assert 0.4 < np.mean(distance < 4.0) < 0.9 and distance.max() < 60.0
    assert all(len(part) == 0 for part in rubble([], cracks, rng))
