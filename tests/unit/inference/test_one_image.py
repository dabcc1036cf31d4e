"""One image's probability at each place of a map."""

import numpy as np
import pytest
import rasterio

from imfmap.core.errors import InputError
from imfmap.inference import one_image
from imfmap.inference.one_image import take_shown
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.probability_raster import create_probability
from imfmap.maps.rasters import write_raster
from tests.helpers.other_maps import on_another_crs

GRID = MapGrid.covering(body("moon").projected("equirectangular", 10, 20), (0, 300000, 50, 300040), 1.0)


def probability(path, codes, grid=GRID):
    with create_probability(path, grid) as dataset:
        dataset.write(codes, 1)
    return path


@pytest.fixture
def images(tmp_path):
    """Paths of two images' probabilities and of the sources of their mosaic, and the arrays."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 251, (2, *GRID.shape), dtype=np.uint8)
    sources = rng.integers(0, 3, GRID.shape, dtype=np.uint8)
    write_raster(tmp_path / "sources.tif", sources, GRID, nodata=0, tags={"IMF_PRODUCTS": "M2L,M1L"})
    paths = [probability(tmp_path / f"{name}.tif", part) for name, part in zip(("M1L", "M2L"), codes, strict=True)]
    return paths, tmp_path / "sources.tif", codes, sources


def test_each_pixel_is_that_of_the_image_shown(images, tmp_path, monkeypatch):
    paths, sources_path, codes, sources = images
    monkeypatch.setattr(one_image, "_BLOCK_PX", 16)
    take_shown(paths, sources_path, tmp_path / "one.tif")
    with rasterio.open(tmp_path / "one.tif") as dataset:
        taken = dataset.read(1)
    # The mosaic names its products in another order.
    np.testing.assert_array_equal(taken, np.choose(sources, [np.full(GRID.shape, 255, np.uint8), codes[1], codes[0]]))


def test_what_cannot_be_taken_is_said_and_nothing_written(images, tmp_path):
    paths, sources_path, codes, _ = images
    with pytest.raises(InputError, match=r"sources.tif: shows image 'M2L', which is not given"):
        take_shown(paths[:1], sources_path, tmp_path / "one.tif")
    probability(paths[1], codes[1][:20], GRID.window(0, 0, 20, 50))
    with pytest.raises(InputError, match=r"M2L.tif: its shape, 20 x 50 pixels, is not that of .*sources.tif, 40 x 50"):
        take_shown(paths, sources_path, tmp_path / "one.tif")
    probability(paths[1], codes[1], on_another_crs(GRID))
    with pytest.raises(InputError, match=r"M2L.tif: its CRS .* is not that of .*sources.tif"):
        take_shown(paths, sources_path, tmp_path / "one.tif")
    assert not (tmp_path / "one.tif").exists()
