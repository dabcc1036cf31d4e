"""The grid of a target's map."""

import pytest

from imfmap.maps.target_grid import target_grid


def test_target_grid_covers_the_crater():
    place = {"lat": -10.4, "lon": -165.1, "diameter_km": 4, "body": "moon"}
    grid = target_grid({**place, "projection": "equirectangular", "resolution_m": 1.5})
    assert grid.resolution_m == 1.5
    assert abs(grid.shape[0] - 4400 / 1.5) <= 2 and abs(grid.shape[1] - 4400 / 1.5) <= 2
    lon, lat = grid.lonlat(grid.shape[0] / 2 - 0.5, grid.shape[1] / 2 - 0.5)
    assert float(lon) == pytest.approx(-165.1, abs=1e-4) and float(lat) == pytest.approx(-10.4, abs=1e-4)
