"""Rasters written and read again."""

import numpy as np
import pytest

from imfmap.core.files import replacing
from imfmap.maps.bodies import body, body_of
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import create_raster, read_raster, write_raster

MOON = body("moon")


def test_raster_comes_back_with_its_lunar_crs(tmp_path):
    grid = MapGrid.centred(MOON.projected("polar_stereographic", -80, 20), 20, -80, 900, 600, 1.5)
    values = np.random.default_rng(1).normal(size=grid.shape).astype(np.float32)
    write_raster(tmp_path / "a.tif", values, grid, nodata=float("nan"), tags={"IMF_X": 3})
    back, grid_back, tags = read_raster(tmp_path / "a.tif")
    np.testing.assert_array_equal(back, values)
    assert tags["IMF_X"] == "3" and body_of(grid_back.crs).name == "moon"
    np.testing.assert_allclose(grid_back.lonlat(5, 7), grid.lonlat(5, 7))


def test_a_file_that_fails_leaves_nothing(tmp_path):
    grid = MapGrid.covering(MOON.projected("equirectangular", 0, 0), (0, 0, 15, 15), 1.5)
    with pytest.raises(RuntimeError), create_raster(tmp_path / "b.tif", grid, "uint8"):
        raise RuntimeError
    (tmp_path / "c.txt").write_text("old")
    with pytest.raises(RuntimeError), replacing(tmp_path / "c.txt") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "c.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.txt"]
