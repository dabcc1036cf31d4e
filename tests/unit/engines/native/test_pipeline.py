"""The native engine: what streams through it is what the steps give one after another; what is unfit leaves no file."""

import numpy as np
import pytest
import rasterio

from imfmap.camera.projection import project
from imfmap.core.errors import InputError
from imfmap.engines.native import line_reader, pipeline
from imfmap.engines.native.pipeline import Processing, calibrate_edr, cube_to_map, edr_to_map
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import write_raster
from imfmap.nac.calibration import calibrate, remove_echo
from imfmap.nac.edr import read_edr, write_edr
from imfmap.nac.isd import write_isd
from imfmap.nac.photometry import normalise
from tests.helpers.camera_factory import make_camera
from tests.helpers.nac_samples import CalibrationSet, fields, grid_over, write_image_cube

LINES = 160
PARAMETERS = """Object = NormalizationModel
  Group = Algorithm
    Incref=30.0
  EndGroup
EndObject
Object = PhotometricModel
  Units = Degrees
  Group = Algorithm
    Name = LROC_Empirical
    BandBinCenter = 600.0
    A0 = -2.9811422
    A1 = -0.0112862
    A2 = -0.8084603
    A3 = 1.3248888
  EndGroup
EndObject
"""


def camera_of(lines=LINES, side="left", summing=1):
    product_id = f"M900000001{side[0].upper()}E"
    return make_camera(lines, 5064 // summing, side, summing, product_id=product_id)


class Product:
    """An EDR with its camera and calibration."""

    def __init__(self, directory, side="left", summing=1):
        self.directory = directory
        self.path = directory / "image.IMG"
        self.calibration_dir = directory / "calibration"
        self.camera = camera_of(side=side, summing=summing)
        codes = np.random.default_rng(3).integers(60, 120, (LINES, self.camera.samples), dtype=np.uint8)
        for columns in (slice(0, 40 // summing), slice(5030 // summing, None)):
            codes[:, columns] = 20
        write_edr(self.path, codes, fields(side, summing))
        CalibrationSet(self.calibration_dir, side, summing)
        self.grid = grid_over(self.camera, 2.0, 80, 600)
        self.out = directory / "map" / "image.tif"

    def to_map(self, grid=None, camera=None, **settings):
        camera, grid = camera or self.camera, grid or self.grid
        return edr_to_map(self.path, camera, self.calibration_dir, grid, self.out, Processing.of(settings))

    def step_by_step(self, photometry=None, echo=True, resampling="cubic", **options):
        edr = read_edr(self.path)
        image = calibrate(edr, self.calibration_dir, sun_distance_au=self.camera.sun_distance_au, **options)
        if echo:
            image = remove_echo(image, edr.label)
        if photometry:
            image = normalise(image, self.camera, photometry)
        return project(image, self.camera, self.grid, resampling)


@pytest.fixture
def product(tmp_path):
    return Product(tmp_path)


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read(1), MapGrid.of(dataset), dataset.tags(), dataset.profile


def refused(product, match, call, **arguments):
    """Assert that a call ends in one clear line and leaves nothing behind."""
    with pytest.raises(InputError, match=match) as caught:
        call(**arguments)
    assert "\n" not in str(caught.value)
    assert not list(product.out.parent.glob("*"))


@pytest.mark.parametrize(("side", "summing"), [("left", 1), ("right", 1), ("left", 2), ("right", 2)])
def test_map_is_that_of_the_steps_one_after_another(tmp_path, side, summing):
    product = Product(tmp_path, side, summing)
    summary = product.to_map(threads=3)
    pixels, grid, tags, profile = read(product.out)
    np.testing.assert_array_equal(pixels, product.step_by_step())
    assert pixels.dtype == np.float32 and np.isnan(profile["nodata"]) and profile["tiled"]
    assert grid.transform == product.grid.transform and grid.crs.equals(product.grid.crs)
    assert summary.valid_fraction == np.isfinite(pixels).mean() > 0.3
    assert {"plan", "read", "calibrate", "echo", "resample", "write"} <= set(summary.stage_s)
    facts = ImageFacts.from_tags(tags, product.out)
    assert facts.product == f"M900000001{side[0].upper()}E" and facts.engine == "native"
    assert facts.sun_azimuth_deg == pytest.approx(120, abs=1) and facts.incidence_deg == pytest.approx(50, abs=0.3)


@pytest.mark.parametrize(
    "settings",
    [
        {"echo": False},
        {"darks": "nearest"},
        {"masked": False, "nonlinearity": False, "flat": False, "dark": False},
        {"resampling": "nearest"},
        {"photometry": True},
    ],
)
def test_settings_reach_their_steps(product, settings):
    if "photometry" in settings:
        settings["photometry"] = product.directory / "photometry.pvl"
        settings["photometry"].write_text(PARAMETERS)
    product.to_map(**settings)
    pixels = read(product.out)[0]
    np.testing.assert_array_equal(pixels, product.step_by_step(**settings))
    assert (pixels != product.step_by_step())[np.isfinite(pixels)].any()


def test_a_calibrated_image_is_kept_in_its_own_geometry(product):
    calibrate_edr(product.path, product.camera, product.calibration_dir, product.out, Processing(flat=False, threads=2))
    edr = read_edr(product.path)
    image = calibrate(edr, product.calibration_dir, flat=False, sun_distance_au=product.camera.sun_distance_au)
    with rasterio.open(product.out) as dataset:
        np.testing.assert_array_equal(dataset.read(1), remove_echo(image, edr.label))
        assert dataset.crs is None and dataset.tags()["IMF_PRODUCT"] == product.camera.product_id


def test_kept_image_of_another_camera_is_refused(product):
    def keep():
        calibrate_edr(product.path, camera_of(LINES - 2), product.calibration_dir, product.out)

    refused(product, "give the ISD of this image", keep)


def test_a_shape_model_of_the_config_moves_the_map(product, tmp_path):
    relief = MapGrid.covering(product.grid.crs, np.array(product.grid.bounds) + [-900, -900, 900, 900], 50.0)
    path = tmp_path / "heights.tif"
    write_raster(path, np.full(relief.shape, 3000.0, np.float32), relief, nodata=-9999.0)
    product.to_map(shape_model=str(path))
    edr = read_edr(product.path)
    image = remove_echo(
        calibrate(edr, product.calibration_dir, sun_distance_au=product.camera.sun_distance_au), edr.label
    )
    pixels = read(product.out)[0]
    lifted = project(image, product.camera, product.grid, heights=3000.0)
    np.testing.assert_allclose(pixels, lifted, atol=2e-4)
    assert (np.abs(project(image, product.camera, product.grid) - lifted)[np.isfinite(lifted)] > 1e-3).any()


def test_small_buffers_give_the_same_map(product, monkeypatch):
    monkeypatch.setattr(line_reader, "_CHUNK_LINES", 7)
    monkeypatch.setattr(pipeline, "_LINES_PER_BLOCK", 100)
    product.to_map(threads=1)
    # Other blocks have other nodes: positions move within the projector's tolerance.
    np.testing.assert_allclose(read(product.out)[0], product.step_by_step(), atol=1e-4)


def test_camera_may_be_an_isd(product):
    write_isd(product.camera, product.directory / "image.json")
    product.to_map(camera=product.directory / "image.json")
    np.testing.assert_allclose(read(product.out)[0], product.step_by_step(), atol=1e-4)


def test_a_bright_spot_lies_where_it_was_seen(product):
    codes = read_edr(product.path).read_codes(0, LINES)
    codes[80:85, 2700:2705] = 250
    write_edr(product.path, codes, fields())
    product.to_map()
    pixels = read(product.out)[0]
    row, column = np.unravel_index(np.nanargmax(pixels), pixels.shape)
    lon, lat = product.grid.lonlat(row, column)
    line, sample = product.camera.ground_to_image(lon, lat)
    assert abs(line - 83) < 5 and abs(sample - 2703) < 5


def test_key_of_another_section_is_left_alone():
    assert Processing.of({"echo": False, "engine": "native", "resolution_m": 1.5}) == Processing(echo=False)


def test_wrong_md5(product):
    data = bytearray(product.path.read_bytes())
    data[-1] ^= 1
    product.path.write_bytes(data)
    refused(product, "MD5", product.to_map)
    product.to_map(verify_md5=False)
    assert product.out.is_file()


def test_isd_of_another_image(product):
    for camera in (camera_of(side="right"), camera_of(LINES + 1), camera_of(summing=2)):
        refused(product, "ISD of this image", product.to_map, camera=camera)
    write_edr(product.path, np.zeros((LINES, 5064), np.uint8), fields(START_TIME="2010-11-09T13:08:46"))
    refused(product, "ISD of this image", product.to_map)


def test_image_off_the_map(product):
    away = product.grid.window(0, 0, 10, 10)
    away = MapGrid(away.crs, away.transform.translation(0, 50_000) * away.transform, away.shape)
    refused(product, "M900000001LE.*off", product.to_map, grid=away)


def test_too_few_valid_pixels(product):
    refused(product, "valid pixels", product.to_map, min_valid_fraction=0.99)
    product.to_map(min_valid_fraction=0.3)


def test_fully_shadowed_image(product):
    codes = read_edr(product.path).read_codes(0, LINES)
    write_edr(product.path, np.full_like(codes, 20), fields())
    refused(product, "shadow", product.to_map, dark=False, nonlinearity=False)


def test_missing_calibration(product):
    (product.calibration_dir / "NACL_Flatfield.0001.cub").unlink()
    refused(product, "NACL_Flatfield", product.to_map)


def test_truncated_edr(product):
    product.path.write_bytes(product.path.read_bytes()[:-100])
    refused(product, "truncated", product.to_map)


class TestCubes:
    """Cubes as spiceinit leaves them; their camera is put in, since the tables of one are tested elsewhere."""

    @pytest.fixture(autouse=True)
    def camera_of_cube(self, product, monkeypatch):
        monkeypatch.setattr("imfmap.nac.camera.camera_from_cube", lambda path: product.camera)

    def cube(self, product, groups="", image=None, **options):
        edr = read_edr(product.path)
        path = product.directory / "image.cub"
        write_image_cube(path, edr.image if image is None else image, edr.label, groups, **options)
        return path

    def test_uncalibrated_cube_is_calibrated_like_its_edr(self, product):
        cube_to_map(self.cube(product), product.grid, product.out, product.calibration_dir)
        np.testing.assert_array_equal(read(product.out)[0], product.step_by_step())

    def test_calibrated_cube_is_taken_as_it_is(self, product):
        image = np.random.default_rng(0).uniform(0.01, 0.2, (LINES, 5064)).astype(np.float32)
        special = image.copy()
        special[20:140:9, 2500] = np.uint32(0xFF7FFFFC).view(np.float32)
        image[20:140:9, 2500] = np.nan
        path = self.cube(product, "Group = Radiometry\n RadiometricType = IOF\n End_Group\n", special)
        cube_to_map(path, product.grid, product.out)
        np.testing.assert_array_equal(read(product.out)[0], project(image, product.camera, product.grid))

    @pytest.mark.parametrize(
        ("groups", "match"),
        [
            ("", "not calibrated.*calibration_dir"),
            ("Group = AlphaCube\n AlphaLines = 9\n End_Group\n", "crop that is not calibrated"),
            ("Group = Radiometry\n RadiometricType = AbsoluteRadiance\n End_Group\n", "AbsoluteRadiance"),
            ("Group = Radiometry\n FlatFile = x\n End_Group\n", "calibrated to counts"),
            ("Group = Mapping\n ProjectionName = Sinusoidal\n End_Group\n", "map-projected already"),
        ],
    )
    def test_unfit_cubes(self, product, groups, match):
        path = self.cube(product, groups)
        refused(product, f"image.cub.*{match}", cube_to_map, cube_path=path, grid=product.grid, out_path=product.out)

    def test_cube_of_bytes(self, product):
        path = self.cube(product, image=np.zeros((LINES, 5064), np.uint8), pixel_type="UnsignedByte")
        refused(product, "32-bit", cube_to_map, cube_path=path, grid=product.grid, out_path=product.out)

    def test_all_null_cube(self, product):
        null = np.full((LINES, 5064), np.uint32(0xFF7FFFFB).view(np.float32))
        path = self.cube(product, "Group = Radiometry\n RadiometricType = IOF\n End_Group\n", null)
        refused(product, "valid pixels", cube_to_map, cube_path=path, grid=product.grid, out_path=product.out)

    def test_no_cube(self, product):
        refused(product, "ISIS cube", cube_to_map, cube_path=product.path, grid=product.grid, out_path=product.out)
