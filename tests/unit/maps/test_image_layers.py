"""Images as layers of a map."""

import numpy as np
import rasterio

from imfmap.maps.image_layers import ImageLayer
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
