"""The door to the NAC: what the engines ask of any instrument."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.core.product_ids import OtherProductError
from imfmap.nac import instrument
from imfmap.nac.cube import NacCube
from imfmap.nac.edr import read_edr, write_edr
from tests.helpers.camera_factory import make_camera
from tests.helpers.nac_samples import fields, write_image_cube


def test_each_function_of_the_door_is_documented_and_typed():
    for name in instrument.__all__:
        function = getattr(instrument, name)
        assert inspect.getdoc(function), name


def test_a_job_that_only_downloads_loads_neither_numba_nor_rasterio(root):
    program = "import sys; from imfmap.nac import instrument; print({'numba', 'rasterio'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root / "workflow", capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"


@pytest.fixture
def edr(tmp_path):
    write_edr(tmp_path / "x.IMG", np.zeros((160, 5064), np.uint8), fields())
    return tmp_path / "x.IMG"


def test_a_camera_of_another_product_is_refused_even_if_all_else_fits(edr):
    for product in ("M900000001LE", "M900000001L", "x"):
        instrument.open_edr(edr, make_camera(160, 5064, product_id=product))
    with pytest.raises(InputError, match="is of M900000002LE, .* the EDR is M900000001LE") as caught:
        instrument.open_edr(edr, make_camera(160, 5064, product_id="M900000002LE"))
    assert "\n" not in str(caught.value)


def test_a_cube_is_the_product_that_its_name_says_or_none(tmp_path, edr):
    label = read_edr(edr).label
    for name in ("M900000001L.cal.cub", "crater.cub"):
        write_image_cube(tmp_path / name, np.zeros((160, 5064), np.float32), label)
        assert NacCube(tmp_path / name).label.product_id == "M900000001LE"
    (tmp_path / "crater.cub").rename(tmp_path / "M900000003L.cal.cub")
    for read in (NacCube, instrument.cube_radiometry, instrument.open_cube):
        with pytest.raises(OtherProductError, match="is product M900000001LE, but its name says M900000003LE"):
            read(tmp_path / "M900000003L.cal.cub")
