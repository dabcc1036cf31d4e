"""Rasters whose writes fail end in the system's error, and not in a file that was cut short."""

import errno
import resource
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from imfmap.maps.reported_writes import open_for_writing

OVERVIEWS = """
import sys
import numpy as np
import rasterio
from imfmap.maps.rasters import build_overviews
pixels = np.random.default_rng(1).integers(0, 255, (1, 2048, 2048), np.uint8)
profile = {"driver": "GTiff", "width": 2048, "height": 2048, "count": 1, "dtype": "uint8", "tiled": True}
with rasterio.open(sys.argv[1], "w", compress="zstd", **profile) as dataset:
    dataset.write(pixels)
with rasterio.Env(GDAL_NUM_THREADS=4):
    build_overviews(sys.argv[1], "average")
"""
PIXELS = np.random.default_rng(1).integers(0, 255, (1, 256, 256), np.uint8)
PROFILE = {
    "driver": "GTiff",
    "width": 256,
    "height": 256,
    "count": 1,
    "dtype": "uint8",
    "crs": "+proj=longlat +R=1737400",
}
PROFILE |= {"crs": "+proj=longlat +R=1737400", "transform": rasterio.transform.from_origin(0, 0, 1e-3, 1e-3)}


@pytest.fixture
def file_limit():
    """Files of this process may have 20 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_raster_that_has_room_is_whole(tmp_path):
    path = tmp_path / "a.tif"
    with open_for_writing(path, **PROFILE) as dataset:
        dataset.write(PIXELS)
    with open_for_writing(path, "r+") as dataset:
        dataset.update_tags(KEY="value")
    with rasterio.open(path) as dataset:
        assert (dataset.read() == PIXELS).all() and dataset.tags()["KEY"] == "value"


def test_a_write_that_fails_is_told_with_its_number_and_file(tmp_path, file_limit):
    path = tmp_path / "a.tif"
    with pytest.raises(OSError) as caught, open_for_writing(path, **PROFILE) as dataset:
        dataset.write(PIXELS)
    assert caught.value.errno == errno.EFBIG and str(path) in str(caught.value)


def test_overviews_that_do_not_fit_are_told(tmp_path, request):
    path = tmp_path / "a.tif"
    with open_for_writing(path, **PROFILE) as dataset:
        dataset.write(PIXELS)
    request.getfixturevalue("file_limit")
    with pytest.raises(OSError) as caught, open_for_writing(path, "r+") as dataset:
        dataset.build_overviews([2, 4])
    assert caught.value.errno == errno.EFBIG


def test_threads_of_gdal_do_not_wait_for_python(root, tmp_path):
    """rasterio holds Python's lock while overviews are built. Threads that read through Python would wait for ever."""
    path = tmp_path / "a.tif"
    subprocess.run([sys.executable, "-c", OVERVIEWS, str(path)], cwd=root / "workflow", check=True, timeout=60)
    with rasterio.open(path) as dataset:
        assert dataset.overviews(1) == [2, 4]
