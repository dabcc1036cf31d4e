"""A real image on the map, through Snakemake, with the start weights that the project ships."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import yaml

from imfmap.maps.rasters import read_raster
from imfmap.nac.edr import read_edr

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mapped(tmp_path_factory, root, real_data):
    """Path: results of target giordano_bruno, made as `make real` does but with the weights as they are."""
    folder = tmp_path_factory.mktemp("real")
    config = yaml.safe_load((root / "config" / "demo.yaml").read_text())
    config["models"] = {"start": {"checkpoint": str(root / "resources" / "detector.pt")}}
    config["inference"]["model"] = "start"
    config["evaluation"] = {"models": []}
    (folder / "real.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile"), "--directory", str(folder)]
    command += ["--configfile", str(folder / "real.yaml"), "--cores", "2", "giordano_bruno"]
    environment = {**os.environ, "IMF_REAL_DATA": str(real_data)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    said = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    assert said.returncode == 0, said.stderr[-4000:]
    return folder / "results" / "demo" / "giordano_bruno"


def test_the_map_is_whole(mapped):
    vectors = ["fractures.gpkg", "fractures.shp", "fractures.geojson"]
    for name in ["mosaic.tif", "probability.tif", "map.png", "map.pdf", *vectors]:
        assert (mapped / name).stat().st_size > 0, name


def test_pixels_lie_where_isis_puts_them(mapped, real_data):
    """ISIS's own map has its centre at 35.98 N, 102.60 E, and so has ours: one is a window of the other."""
    ours, grid, _ = read_raster(mapped / "projected" / "M143947267L.tif")
    with np.load(real_data / "isis_results" / "cam2map_eqc_1.5m_cubic.npz") as archive:
        isis, text = archive["data"], str(archive["mapping"])
    x, y = (float(re.search(rf"UpperLeftCorner{axis}\s*=\s*(\S+)", text).group(1)) for axis in "XY")
    row, column = (float(value) for value in grid.rowcol(x + 0.75, y - 0.75))
    top, left = round(row), round(column)
    assert abs(row - top) < 0.01 and abs(column - left) < 0.01
    rows, columns = isis.shape
    piece = ours[top : top + rows, left : left + columns]
    both = np.isfinite(piece) & np.isfinite(isis)
    assert both.sum() > 0.99 * np.isfinite(isis).sum()
    assert np.abs(piece - isis)[both].max() < 1e-4


def test_the_place_is_giordano_bruno(mapped):
    with rasterio.open(mapped / "mosaic.tif") as dataset:
        rows, columns = np.nonzero(dataset.read(1))
    _, grid, _ = read_raster(mapped / "mosaic.tif")
    lon, lat = grid.lonlat(rows.mean(), columns.mean())
    assert float(lat) == pytest.approx(35.98, abs=0.02) and float(lon) == pytest.approx(102.60, abs=0.02)


@pytest.mark.parametrize(("name", "camera"), [("nacl.img", "left"), ("nacr.img", "right")])
def test_the_real_edr_crops_are_taken_in(real_data, name, camera):
    edr = read_edr(real_data / "isis" / name)
    assert edr.label.camera == camera and edr.image.shape == (10, edr.label.samples)
    assert edr.image.min() >= 0 and edr.image.max() <= 4095
