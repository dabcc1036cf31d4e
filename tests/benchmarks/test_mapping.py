"""The mapping benchmark runs, case by case, and its cases do the work that they name."""

import subprocess
import sys

import numpy as np
import pytest

from imfmap.maps.rasters import read_raster

pytestmark = pytest.mark.slow
SIZE = ["--size", "2048", "--wide", "2304", "--images", "3", "--fractures", "30", "--threads", "1"]


def run(root, folder, *cases):
    command = [sys.executable, str(root / "benchmarks" / "mapping.py"), *SIZE, "--folder", str(folder), *cases]
    return subprocess.run(command, capture_output=True, text=True)


def test_cases_leave_what_they_name(root, tmp_path):
    wanted = ["infer_image", "fuse", "infer_wide", "vectorise"]
    said = run(root, tmp_path, *wanted)
    assert said.returncode == 0, said.stderr[-4000:]
    rows = [line for line in said.stdout.splitlines() if line.startswith(("| imfmap", "| paper", "| vectorise"))]
    assert len(rows) == len(wanted)
    assert all(0.1 < float(row.split("|")[-2]) < 4.0 for row in rows)
    (folder,) = tmp_path.iterdir()
    # The strips' probabilities are uniform: so is their average, where there are strips.
    fused = read_raster(folder / "fused.tif")[0]
    strips = [np.isfinite(read_raster(path)[0]) for path in sorted((folder / "strips").glob("strip_*.tif"))]
    assert len(strips) == 3 and ((fused != 255) == np.any(strips, axis=0)).all()
    # The wide mosaic is searched in its bands alone.
    wide = read_raster(folder / "wide_found.tif")[0]
    assert ((wide != 255).any(axis=1) == (read_raster(folder / "wide.tif")[0] != 0).any(axis=1)).all()


def test_an_unknown_case_is_named(root, tmp_path):
    said = run(root, tmp_path, "infer_everything")
    assert said.returncode == 2 and "unknown case infer_everything" in said.stderr and not any(tmp_path.iterdir())
