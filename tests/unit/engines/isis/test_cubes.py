"""Cubes: what is checked of them, and how one becomes a GeoTIFF."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.engines.isis import cubes
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import read_raster
from tests.helpers.isis_cubes import GRID, projected
from tests.helpers.other_maps import on_another_crs
from tests.isis_standins import cubefile


def test_a_projected_cube_lands_on_the_targets_pixels(tmp_path):
    part = GRID.window(100, 150, 200, 250)
    values = np.random.default_rng(1).uniform(0.01, 0.1, part.shape).astype(np.float32)
    values[:5] = np.nan
    cubes.cube_to_geotiff(projected(tmp_path / "a.cub", part, values), GRID, tmp_path / "a.tif", {"IMF_PRODUCT": "M1L"})
    out, out_grid, tags = read_raster(tmp_path / "a.tif")
    assert out_grid.shape == GRID.shape and tags["IMF_PRODUCT"] == "M1L"
    np.testing.assert_array_equal(out[100:300, 150:400], values)
    assert np.isnan(out[:100]).all()


@pytest.mark.parametrize(
    ("value", "fraction", "said"),
    [(0.05, 0.5, "has 2500 valid pixels on the map"), (0.0005, 0.0, "lies in shadow")],
)
def test_an_image_that_shows_too_little_is_refused(tmp_path, value, fraction, said):
    path = projected(tmp_path / "a.cub", GRID.window(0, 0, 50, 50), np.full((50, 50), value, np.float32))
    with pytest.raises(InputError, match=said):
        cubes.cube_to_geotiff(path, GRID, tmp_path / "a.tif", {}, fraction)
    assert not (tmp_path / "a.tif").exists()


def test_a_cube_off_the_grid_is_refused(tmp_path):
    part = GRID.window(0, 0, 50, 50)
    shifted = MapGrid(GRID.crs, part.transform @ part.transform.translation(0.4, 0), part.shape)
    for grid, differs in ((shifted, "transform"), (on_another_crs(GRID), "CRS")):
        path = projected(tmp_path / "a.cub", grid, np.ones(grid.shape, np.float32))
        with pytest.raises(InputError, match=f"a.cub: its {differs} .* the target's map"):
            cubes.cube_to_geotiff(path, GRID, tmp_path / "a.tif", {})
        assert not (tmp_path / "a.tif").exists()


def test_a_product_that_is_none_stops_the_chain_naming_the_step(tmp_path):
    grid = MapGrid.covering(body("moon").projected("equirectangular", 0, 0), (0, 0, 60, 60), 1.5)
    path = projected(tmp_path / "a.cub", grid, np.full(grid.shape, np.nan, np.float32))
    with pytest.raises(InputError, match="a.cub: lronaccal left 0 valid pixels of 1600"):
        cubes.check_cube(path, "lronaccal")
    path = projected(tmp_path / "b.cub", grid, np.ones(grid.shape, np.float32))
    with pytest.raises(InputError, match="b.cub: lronacecho left 40 lines x 40 samples, 40 x 50 were expected"):
        cubes.check_cube(path, "lronacecho", (40, 50))
    with pytest.raises(InputError, match="c.cub: lronacecho ended without an error and left no cube"):
        cubes.check_cube(tmp_path / "c.cub", "lronacecho")


@pytest.mark.parametrize("step", ["lronac2isis", "lronaccal", "lronacecho", "cam2map", "automos"])
@pytest.mark.parametrize("least_valid", [cubes.LEAST_VALID, 0.0])
def test_a_cube_of_zeros_stops_at_the_program_that_wrote_it(tmp_path, step, least_valid):
    image = np.zeros((1, 60, 100), np.float32)
    image[0, :5] = np.nan
    cubefile.write_cube(tmp_path / "a.cub", image)
    with pytest.raises(InputError, match=f"a.cub: {step} left 5500 valid pixels of 6000, 5500 of them zeros"):
        cubes.check_cube(tmp_path / "a.cub", step, least_valid=least_valid)
    image[0, 30] = 0.05
    cubefile.write_cube(tmp_path / "a.cub", image)
    cubes.check_cube(tmp_path / "a.cub", step, least_valid=least_valid)


def test_a_few_pixels_among_zeros_are_no_image(tmp_path):
    image = np.zeros((1, 60, 100), np.float32)
    image[0, 30, :10] = 0.05
    cubefile.write_cube(tmp_path / "a.cub", image)
    with pytest.raises(InputError, match="lronaccal left 6000 valid pixels of 6000, 5990 of them zeros"):
        cubes.check_cube(tmp_path / "a.cub", "lronaccal")
