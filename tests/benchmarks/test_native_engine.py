"""The native engine's benchmark runs, and what it sets beside the engine makes the same map."""

import subprocess
import sys

import numpy as np
import pytest

from imfmap.maps.rasters import read_raster

pytestmark = pytest.mark.slow
SIZE = ["--lines", "300", "--mosaic-px", "1024", "--images", "3", "--threads", "1"]


@pytest.fixture(scope="module")
def made(tmp_path_factory, root):
    """Folder and printed report of a tiny run."""
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, str(root / "benchmarks" / "native_engine.py"), *SIZE, "--folder", str(folder)]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr[-4000:]
    return folder, said.stdout


def rows_of(text):
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in cells}


def test_the_table_has_its_rows(made):
    rows = rows_of(made[1])
    native = rows["native engine: EDR 5064 x 304 to map"]
    copy, warp = rows["plain copy of the EDR"], rows["GDAL's warper: calibrated image to map"]
    mosaic = rows["mosaic of 3 strips, 1024 x 1024"]
    assert copy[4] == warp[5] == "1.00" and mosaic[4:] == ["", ""]
    # Rounded to hundredths in the table.
    assert float(native[5]) == pytest.approx(float(native[1]) / float(warp[1]), rel=0.05)
    for taken in (native, warp, mosaic):
        assert 0.0 < float(taken[1]) < float(taken[0]) and 50.0 < float(taken[3]) < 2000.0
    # A copy holds no image in memory: its peak is its own, not that of the process that started it.
    assert float(copy[3]) < 50.0
    stages = {"open (grid, camera, MD5)", "plan", "prepare", "read", "calibrate", "echo", "resample", "write", "finish"}
    assert stages <= set(rows)
    assert sum(float(rows[stage][1].removesuffix(" %")) for stage in stages) == pytest.approx(100, abs=5)


def test_the_warper_makes_the_same_map(made):
    """Its convolution's a is -0.5, the engine's -1: alike, not equal. A pixel's shift would leave 0.7 at most."""
    folder = made[0] / "image_304"
    ours, grid, _ = read_raster(folder / "native.tif")
    theirs, their_grid, _ = read_raster(folder / "gdalwarp.tif")
    assert grid.transform == their_grid.transform
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.sum() > 0.99 * np.isfinite(ours).sum()
    assert np.corrcoef(ours[both], theirs[both])[0, 1] > 0.98


def test_the_strips_fill_the_mosaic(made):
    sources, _, tags = read_raster(made[0] / "strips_3_1024" / "mosaic_sources.tif")
    assert set(np.unique(sources)) == {0, 1, 2, 3} and len(tags["IMF_PRODUCTS"].split(",")) == 3
