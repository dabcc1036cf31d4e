"""Images as layers of a map."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from imfmap.maps.grids import MapGrid
from imfmap.maps.image_layers import ImageLayer, by_window
from imfmap.maps.rasters import create_raster
from tests.helpers.mosaic_layers import facts, make_grid


def test_empty_blocks_of_sparse_images_are_not_read(tmp_path):
    grid = make_grid(1600, 1100)
    path = tmp_path / "sparse.tif"
    with create_raster(path, grid, "float32", nodata=np.nan, tags=facts("S")) as dataset:
        dataset.write(np.ones((512, 512), np.float32), 1, window=rasterio.windows.Window(512, 512, 512, 512))
    with ImageLayer.open(path, grid) as layer:
        assert layer.read(0, 0, 512, 512) is None
        assert layer.read(1024, 0, 576, 1100) is None
        pixels = layer.read(400, 500, 300, 100)
    assert np.isfinite(pixels).sum() == 188 * 88


@pytest.mark.parametrize("first", [(0, 0), (300, 700), (-200, -100)])
def test_windows_of_an_image_are_those_that_hold_its_blocks(tmp_path, first):
    grid, path = make_grid(1600, 1100), tmp_path / "image.tif"
    own = MapGrid(grid.crs, grid.transform * Affine.translation(first[1], first[0]), (700, 900))
    with create_raster(path, own, "float32", nodata=np.nan, tags=facts("S")) as dataset:
        dataset.write(np.ones((100, 512), np.float32), 1, window=rasterio.windows.Window(0, 512, 512, 100))
    with ImageLayer.open(path, grid) as layer:
        found = by_window([layer, layer], 256)
        for row, column, window in grid.blocks(256):
            there = layer.read(row, column, *window.shape) is not None
            assert found.get((row, column)) == ([0, 1] if there else None)
