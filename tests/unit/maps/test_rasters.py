"""Rasters written and read again."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.core.files import replacing
from imfmap.maps.bodies import body, body_of
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import create_raster, open_raster, read_raster, read_window, write_raster
from imfmap.maps.window_reading import SharedReader
from tests.helpers.generated import changes, cuts, examples

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


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A raster of several blocks, and its content: (path of copies, bytes, values)."""
    folder = tmp_path_factory.mktemp("whole")
    grid = MapGrid.covering(MOON.projected("equirectangular", 0, 0), (0, 0, 1800, 900), 1.5)
    values = np.random.default_rng(2).integers(0, 50, grid.shape).astype(np.uint8)
    write_raster(folder / "whole.tif", values, grid, overviews=False)
    return folder / "copy.tif", (folder / "whole.tif").read_bytes(), values


def seen(path):
    """All that is read of a raster in windows, or None and the one line that names the file."""
    try:
        with open_raster(path) as dataset:
            MapGrid.of(dataset)
            shape = min(dataset.height, 600), min(dataset.width, 1200)
            return np.vstack([read_window(dataset, row, 0, 100, shape[1]) for row in range(0, shape[0], 100)]), ""
    except InputError as error:
        assert path.name in str(error) and "\n" not in str(error)
        return None, str(error)


@examples(40)
@given(st.data())
def test_a_raster_that_was_cut_anywhere_gives_its_pixels_or_one_line(whole, data):
    path, content, values = whole
    path.write_bytes(data.draw(cuts(content)))
    found, said = seen(path)
    assert found is None or np.array_equal(found, values), "pixels that were never in the file"
    assert found is not None or "raster" in said or "cut" in said or "CRS" in said


@examples(40)
@given(st.data())
def test_a_raster_with_other_bytes_ends_in_one_line_or_is_read(whole, data):
    path, content, _ = whole
    path.write_bytes(data.draw(changes(content)))
    seen(path)


def test_a_block_that_is_missing_is_told_where_it_is_read(whole, tmp_path):
    _, content, values = whole
    path = tmp_path / "cut.tif"
    path.write_bytes(content[: len(content) * 2 // 3])
    with open_raster(path) as dataset:
        assert np.array_equal(read_window(dataset, 0, 0, 100, 100), values[:100, :100])
        with pytest.raises(InputError, match=r"cut\.tif: cannot be read, it is cut or damaged"):
            dataset.read(1)
    with SharedReader(path, 0) as read, pytest.raises(InputError, match=r"cut\.tif: cannot be read"):
        read(500, 1000, 100, 200)


def test_threads_share_a_reader(whole, tmp_path):
    _, content, values = whole
    path = tmp_path / "shared.tif"
    path.write_bytes(content)
    windows = [(row, column, 90, 130) for row in range(-40, values.shape[0], 61) for column in range(-70, 1100, 97)]
    rim = np.pad(values, 140, constant_values=7)
    with SharedReader(path, 7) as read, ThreadPoolExecutor(4) as pool:
        for (row, column, rows, columns), found in zip(windows, pool.map(lambda one: read(*one), windows), strict=True):
            expected = rim[row + 140 :, column + 140 :][:rows, :columns]
            np.testing.assert_array_equal(found[: len(expected), : expected.shape[1]], expected)


VRT = '<VRTDataset rasterXSize="{size}" rasterYSize="{size}"><SRS>{crs}</SRS>{place}{band}</VRTDataset>'
BAND = '<VRTRasterBand dataType="{}" band="1"/>'
PLACE = "<GeoTransform>{}</GeoTransform>"
LUNAR, PLACED = "IAU_2015:30100", PLACE.format("0,1,0,0,0,-1")


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"band": BAND.format("CFloat32")}, "complex numbers"),
        ({"band": BAND.format("CInt16")}, "complex numbers"),
        ({"size": 10**9}, "1e+18 pixels, and the limit is 1,000,000,000,000"),
        ({"crs": ""}, "no CRS"),
        ({"place": PLACE.format("0,1,0.5,0,0,-1")}, "its transform is"),
        ({"place": PLACE.format("0,0,0,0,0,0")}, "its transform is"),
        ({"place": PLACE.format("nan,1,0,0,0,-1")}, "its transform is"),
        ({"place": PLACE.format("0,inf,0,0,0,-1")}, "its transform is"),
    ],
)
def test_a_raster_of_no_use_is_told(tmp_path, parts, found):
    path = tmp_path / "odd.vrt"
    path.write_text(VRT.format(**{"size": 10, "crs": LUNAR, "place": PLACED, "band": BAND.format("Byte")} | parts))
    assert found in seen(path)[1]


def test_a_raster_without_a_band_is_told(tmp_path):
    path = tmp_path / "empty.ntf"
    with rasterio.open(path, "w", driver="NITF", width=1, height=1, count=1, dtype="uint8", NUMI=0):
        pass
    assert "has no band" in seen(path)[1]
