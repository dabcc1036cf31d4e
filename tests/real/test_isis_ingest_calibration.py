"""Ingest, calibration, echo and photometry held to what ISIS 8.3 computes on real files (shared/real/isis_results)."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from imfmap.core.errors import InputError
from imfmap.engines.native.pipeline import cube_to_map
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import read_raster
from imfmap.nac.calibration import Calibration, calibrate, remove_echo
from imfmap.nac.camera import camera_from_cube
from imfmap.nac.edr import read_edr, verify_md5
from imfmap.nac.photometry import PhotometricModel, Photometry, normalise

SUN_DISTANCE_AU = 0.98839424271666  # of the left crop, isis_results/README.md
RTOL = 1e-5


@pytest.fixture(scope="module")
def edr(real_data):
    return read_edr(real_data / "isis" / "nacl.img")


@pytest.fixture(scope="module")
def truth(real_data):
    return lambda name: np.load(real_data / "isis_results" / f"{name}.npz")


@pytest.fixture(scope="module")
def calibration_dir(real_data):
    return real_data / "isis_results" / "calibration"


def test_left_crop_is_lronac2isis_bit_for_bit(edr, truth):
    np.testing.assert_array_equal(edr.image, truth("lronac2isis_nacl")["nacl"])


def test_right_crop_has_lronac2isis_statistics(real_data):
    """Sum, size and deviation that ISIS's own test asserts (FunctionalTestsLronac2isis.cpp); the crop is v1.3."""
    image = read_edr(real_data / "isis" / "nacr.img").image
    assert image.size == 50640
    assert image.sum(dtype=float) == 7494914
    assert image.std(dtype=float, ddof=1) == pytest.approx(24.745522995633699, abs=1e-9)


@pytest.mark.parametrize("name", ["nacl", "nacr"])
def test_crops_do_not_have_their_parents_md5(real_data, name):
    with pytest.raises(InputError, match="MD5"):
        verify_md5(real_data / "isis" / f"{name}.img")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pair_iof", {"sun_distance_au": SUN_DISTANCE_AU}),
        ("nearest_iof", {"darks": "nearest", "sun_distance_au": SUN_DISTANCE_AU}),
        ("pair_radiance", {"radiometry": "radiance"}),
        ("nomask_noradiometric", {"masked": False, "radiometry": None}),
    ],
)
def test_calibration_is_lronaccals_at_every_pixel(edr, truth, calibration_dir, name, options):
    result = calibrate(edr, calibration_dir, **options)
    np.testing.assert_allclose(result, truth("lronaccal_nacl")[name], rtol=RTOL)


def test_calibration_without_a_given_sun_distance(edr, truth, calibration_dir):
    np.testing.assert_allclose(calibrate(edr, calibration_dir), truth("lronaccal_nacl")["pair_iof"], rtol=RTOL)


def test_calibration_by_blocks(edr, truth, calibration_dir):
    calibration = Calibration.for_edr(edr, calibration_dir, sun_distance_au=SUN_DISTANCE_AU)
    blocks = [calibration.apply(edr.read_lines(first, 3)) for first in range(0, 10, 3)]
    np.testing.assert_allclose(np.vstack(blocks), truth("lronaccal_nacl")["pair_iof"], rtol=RTOL)


def test_echo_is_lronacechos_at_every_pixel(edr, truth):
    echo = truth("lronacecho_nacl")
    np.testing.assert_allclose(remove_echo(echo["nacl_before"], edr.label), echo["nacl_after"], rtol=RTOL)


@pytest.fixture(scope="module")
def crop(real_data):
    path = real_data / "isis" / "M143947267L.cal.echo.crop.cub"
    with rasterio.open(path) as dataset:
        return dataset.read(1), camera_from_cube(path)


def test_photometry_is_lronacphos_at_every_pixel(real_data, truth, crop):
    result = normalise(*crop, real_data / "isis" / "NAC_PHO_LROC_Empirical.0003.pvl")
    np.testing.assert_allclose(result, truth("lronacpho_0003")["pho0003"], rtol=RTOL)


def test_photometry_by_blocks(real_data, truth, crop):
    image, camera = crop
    photometry = Photometry(camera, PhotometricModel.read(real_data / "isis" / "NAC_PHO_LROC_Empirical.0003.pvl"))
    blocks = [photometry.apply(image[first : first + 90], first) for first in range(0, 400, 90)]
    np.testing.assert_allclose(np.vstack(blocks), truth("lronacpho_0003")["pho0003"], rtol=RTOL)


@pytest.mark.parametrize(("version", "expected"), [("0001", 0.28940132), ("0002", 0.28940132), ("0003", 0.26584613)])
def test_both_forms_give_the_value_of_isis_own_test(real_data, crop, version, expected):
    """FunctionalTestsLronacpho.cpp: sample 301 of line 300, to the tolerance used there."""
    result = normalise(*crop, real_data / "isis" / f"NAC_PHO_LROC_Empirical.{version}.pvl")
    assert result[299, 300] == pytest.approx(expected, abs=0.002)


def test_cube_to_map_is_cam2map_at_every_pixel(real_data, truth, tmp_path):
    projected = truth("cam2map_eqc_1.5m_cubic")
    corner = (-76.5, 1091154.0)  # UpperLeftCornerX and Y of its mapping group
    crs = body("moon").projected("equirectangular", 35.98, 102.60)
    grid = MapGrid(crs, Affine(1.5, 0, corner[0], 0, -1.5, corner[1]), projected["data"].shape)
    cube_to_map(real_data / "isis" / "M143947267L.cal.echo.crop.cub", grid, tmp_path / "map.tif")
    pixels, written, tags = read_raster(tmp_path / "map.tif")
    assert written.transform == grid.transform
    np.testing.assert_allclose(pixels, projected["data"], rtol=0, atol=1e-4)
    assert ImageFacts.from_tags(tags, "map").product == "M143947267LE"
