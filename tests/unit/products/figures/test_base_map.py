"""Base maps around a mosaic."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from imfmap.core.errors import InputError
from imfmap.fractures.orientations import rose
from imfmap.products.figures.base_map import check_base_map, read_base_map
from imfmap.products.figures.sheets import overview_sheet
from tests.helpers.target_factory import target_grid


def base_map(path, grid, brightness):
    transform = grid.transform @ Affine.translation(-300, -300) @ Affine.scale(20)
    values = np.full((80, 90), 60, np.uint8)
    values[:, 45:] = brightness
    profile = {"driver": "GTiff", "height": 80, "width": 90, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", crs=grid.crs.to_wkt(), transform=transform, **profile) as dataset:
        dataset.write(values, 1)
    return path


def test_a_base_map_lies_around_the_mosaic(drawn, tmp_path):
    target, fractures, _, paths, text = drawn
    around = read_base_map(base_map(tmp_path / "wac.tif", target.grid, 200), target.grid)
    own, wide = target.grid.bounds, around.grid.bounds
    assert wide[0] < own[0] and wide[1] < own[1] and wide[2] > own[2] and wide[3] > own[3]
    # Its right half is the bright one; the place where it changes lies where it should.
    grey = around.picture[50, :, 0]
    x, _ = around.grid.xy(50, int(np.argmax(grey > 0.4)))
    assert grey[0] < 0.1 < 0.7 < grey[-1]
    assert abs(float(x) - (own[0] + (45 * 20 - 300) * 1.5)) < 30
    even = rose(np.array([90.0]), np.array([300.0]))
    overview_sheet([tmp_path / "plain.png"], *paths, fractures, text, even)
    overview_sheet([tmp_path / "based.png"], *paths, fractures, text, even, base_map=around)
    assert (tmp_path / "plain.png").read_bytes() != (tmp_path / "based.png").read_bytes()


def test_a_base_map_elsewhere_is_refused(drawn, tmp_path):
    far = target_grid(lat_deg=40.0)
    with pytest.raises(InputError, match="wac.tif: does not reach the target"):
        read_base_map(base_map(tmp_path / "wac.tif", far, 200), drawn[0].grid)


def test_a_file_that_is_no_map_is_refused(tmp_path):
    path = base_map(tmp_path / "wac.tif", target_grid(), 200)
    check_base_map(path)
    with rasterio.open(tmp_path / "photo.tif", "w", driver="GTiff", height=8, width=9, count=1, dtype="uint8"):
        pass
    (tmp_path / "page.tif").write_bytes(b"nothing that a raster begins with")
    with pytest.raises(InputError, match=r"photo\.tif: has no CRS"):
        check_base_map(tmp_path / "photo.tif")
    with pytest.raises(InputError, match=r"page\.tif"):
        check_base_map(tmp_path / "page.tif")
