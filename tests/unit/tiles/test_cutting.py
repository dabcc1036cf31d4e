"""Tiles of an image, counted and cut."""

import numpy as np
import pytest

from imfmap.inference.lattice import Lattice
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.tiles.cutting import stride_of
from imfmap.tiles.tiles import count_tiles, cut_tiles
from tests.helpers.library import modules_with
from tests.helpers.simulated_terrain import CRS
from tests.helpers.tile_factory import facts


def projected(path, shape, sun_azimuth_deg):
    grid = MapGrid.centred(CRS, -165.1, -10.4, 1.5 * shape[1], 1.5 * shape[0], 1.5)
    image = np.full(grid.shape, np.nan, np.float32)
    seen = image[10:-40, 60:-30]
    seen[:] = 0.05 + 0.01 * np.random.default_rng(1).random(seen.shape)
    write_raster(path, image, grid, nodata=np.nan, tags=facts("M1500000000LE", sun_azimuth_deg).tags())
    mask = np.zeros(grid.shape, np.uint8)
    mask[100:140, 120:125] = mask[300:302, 200:330] = 1
    write_raster(path.with_name("mask.tif"), mask, grid, overviews="nearest")
    return grid, image, mask


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
@pytest.mark.parametrize(("overlap", "rotate"), [(0.1, True), (0.0, False)])
def test_counted_are_the_tiles_that_would_be_cut(tmp_path, recipe, overlap, rotate):
    projected(tmp_path / "image.tif", (500, 450), 233.0)
    arguments = tmp_path / "image.tif", tmp_path / "mask.tif"
    counts = count_tiles(*arguments, recipe, 64, overlap, rotate, min_valid_fraction=0.5)
    tiles = cut_tiles(*arguments, tmp_path / "t.npz", recipe, 64, overlap, rotate, target="one", min_valid_fraction=0.5)
    labelled = tiles.mask.any(axis=(1, 2))
    assert counts == (labelled.sum(), (~labelled).sum()) and min(counts) > 0


@pytest.mark.parametrize(
    ("size_px", "overlap", "step_px"), [(512, 0.1, 461), (256, 0.25, 192), (64, 0, 64), (2, 0.9, 1)]
)
def test_training_and_inference_step_alike(size_px, overlap, step_px):
    assert stride_of(size_px, overlap) == Lattice.covering(0, 0, 999, 999, size_px, overlap).step_px == step_px


def test_the_step_is_worked_out_in_one_place():
    for words in ("1 - overlap", "1.0 - overlap", '1 - settings["overlap"]'):
        assert modules_with(words) <= {"imfmap/tiles/cutting.py"}
