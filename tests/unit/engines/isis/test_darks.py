"""Darks that lronaccal will take."""

import numpy as np
import pytest

from imfmap.core.errors import SetupError
from imfmap.engines.isis.darks import check_darks
from imfmap.maps.isis_label import read_cube_label
from imfmap.nac.calibration_files import CalibrationFiles
from imfmap.nac.label import NacLabel
from tests.helpers.isis_cubes import nac_cube
from tests.isis_standins import cubefile

SAMPLES = 64


@pytest.fixture
def cube(tmp_path):
    return nac_cube(tmp_path / "M1500000000LE.cub", np.ones((4, SAMPLES), np.float32))


def dark(path, samples=SAMPLES):
    path.parent.mkdir(parents=True, exist_ok=True)
    cubefile.write_cube(path, np.ones((1, 1, samples), np.float32))
    return str(path)


@pytest.mark.parametrize("darks", ["nearest", "pair"])
def test_without_darks_the_fault_is_told_before_lronaccal_crashes(tmp_path, cube, darks):
    steps = {"dark": True, "darks": darks, "dark_file": None}
    with pytest.raises(SetupError, match=r"lronaccal of .*M1500000000LE.cub: would find no dark: .*NACL_AverageDarks_"):
        check_darks(cube, steps, tmp_path)
    check_darks(cube, {**steps, "dark": False}, tmp_path)
    label = NacLabel.from_cube(read_cube_label(cube), cube)
    folder = tmp_path / "lro" / "calibration"
    # Those of the other camera, or of the other exposure code, are no darks for this image.
    other = CalibrationFiles(folder, "NACR", False).dark_stem(1, label.exposure_code == 0)
    dark(folder / "nac_darks" / f"{other}.0001.cub")
    with pytest.raises(SetupError, match="would find no dark"):
        check_darks(cube, steps, tmp_path)
    stem = CalibrationFiles.of(folder, label).dark_stem(1, label.exposure_code == 0)
    dark(folder / "nac_darks" / f"{stem}.0001.cub")
    check_darks(cube, steps, tmp_path)


@pytest.mark.parametrize("samples", [SAMPLES // 2, SAMPLES + 1, 1])
def test_a_custom_dark_of_another_width_is_refused(tmp_path, cube, samples):
    steps = {"dark": True, "darks": "custom", "dark_file": dark(tmp_path / "d.cub")}
    check_darks(cube, steps, tmp_path)
    steps["dark_file"] = dark(tmp_path / "e.cub", samples)
    with pytest.raises(SetupError, match=f"dark_file: .*e.cub is {samples} samples wide, .* is {SAMPLES}; give"):
        check_darks(cube, steps, tmp_path)
