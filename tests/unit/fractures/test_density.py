"""Density of fractures, against lines of known density."""

import numpy as np
import pytest
import rasterio

from imfmap.fractures.density import density_map, write_density
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import GroundPlane, mapped_ground
from tests.helpers.placed_fractures import GRID, MOON, lines_at, probability


def test_the_density_of_even_lines_is_their_length_over_the_ground(tmp_path):
    mapped = mapped_ground(probability(tmp_path / "p.tif"), cell_m=25.0)
    # Every 50 m a line across the whole map: 20 km in every km2, one line for 0.05 km x 3 km.
    lines = lines_at(*[[(0, y), (3000, y)] for y in range(25, 2400, 50)])
    bands = density_map(lines, mapped, GroundPlane(GRID), 250.0)
    assert bands.shape == (2, *mapped.grid.shape) and np.isfinite(bands).all()
    inner = bands[0][5:-5, 5:-5]
    np.testing.assert_allclose(inner, 20.0, rtol=0.05)
    # Up to the edge of the map, since the ground beyond it does not count.
    assert bands[0].min() > 0.85 * 20 and bands[0].max() < 1.15 * 20
    middle = bands[1][:, mapped.grid.shape[1] // 2]
    assert np.median(middle) == pytest.approx(10 / (np.pi * 0.25**2), rel=0.15), "the middles of 10 lines in a circle"


def test_density_far_from_the_standard_parallel_and_beside_nothing(tmp_path):
    crs = MOON.projected("equirectangular", 0.0, 0.0)
    grid = MapGrid.centred(crs, 0.0, 60.0, 6000, 3000, 4.0)
    path = probability(tmp_path / "p.tif", grid, (slice(None), slice(0, 700)))
    mapped, plane = mapped_ground(path, cell_m=25.0), GroundPlane(grid)
    # Lines along parallels, twice as long on the map as on the ground: 3 km each.
    lines = lines_at(*[[(0, y), (6000, y)] for y in range(25, 3000, 50)], grid=grid)
    assert lines.length_m.iloc[0] == pytest.approx(3000, rel=2e-3)
    bands = density_map(lines, mapped, plane, 250.0)
    assert np.isnan(bands[0][mapped.share == 0]).all()
    seen = np.flatnonzero(mapped.share[0] > 0)
    assert np.isfinite(bands[0][:, seen[1] :]).all()
    np.testing.assert_allclose(bands[0][12:-12, seen[0] + 24 : -24], 20.0, rtol=0.05)
    write_density(tmp_path / "d.tif", bands, mapped, 250.0)
    with rasterio.open(tmp_path / "d.tif") as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and dataset.tags()["IMF_DENSITY_RADIUS_M"] == "250"
        assert dataset.descriptions == ("fracture length, km per km2", "fractures, per km2")
        np.testing.assert_array_equal(dataset.read(), bands)
        assert MapGrid.of(dataset).bounds == pytest.approx(mapped.grid.bounds)


def test_no_fractures_have_no_density_but_ground(tmp_path):
    mapped = mapped_ground(probability(tmp_path / "p.tif"), cell_m=25.0)
    bands = density_map(lines_at(), mapped, GroundPlane(GRID), 250.0)
    assert (bands == 0).all()
