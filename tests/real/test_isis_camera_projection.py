"""Camera, projection and mosaic against what ISIS 8.3 and ALE compute on real images (see ../shared/real)."""

import json
import re

import numpy as np
import pytest
import rasterio
import spiceypy
from affine import Affine

from imfmap.camera.projection import image_facts, project
from imfmap.core.errors import InputError
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import read_raster, write_raster
from imfmap.mosaic.build import mosaic
from imfmap.nac.camera import camera_from_cube, camera_from_isd, camera_from_kernels
from imfmap.nac.isd import write_isd
from imfmap.nac.optics import NAC

RADIUS_M = 1737400.0
CRS = body("moon").projected("equirectangular", 35.98, 102.60)


@pytest.fixture(scope="module")
def cube(real_data):
    return real_data / "isis" / "M143947267L.cal.echo.crop.cub"


@pytest.fixture(scope="module")
def camera(cube):
    return camera_from_cube(cube)


@pytest.fixture(scope="module")
def campt(real_data):
    """Columns of campt's answer at 25 points."""
    points = json.loads((real_data / "isis_results" / "campt_M143947267L.json").read_text())["campt_full"]
    names = [name for name, value in points[0].items() if isinstance(value, int | float)]
    return {name: np.array([point[name] for point in points], float) for name in names}


def isis_grid(mapping, shape):
    """Grid of a Mapping group of an equirectangular ISIS cube."""
    x, y, resolution = (
        float(re.search(rf"{name}\s*=\s*([-+.\deE]+)", mapping)[1])
        for name in ("UpperLeftCornerX", "UpperLeftCornerY", "PixelResolution")
    )
    return MapGrid(CRS, Affine(resolution, 0, x, 0, -resolution, y), shape)


def test_positions_are_campts_to_a_millimetre(camera, campt):
    lon, lat = camera.image_to_ground(campt["Line"], campt["Sample"])
    metres = np.radians(1.0) * RADIUS_M
    assert np.abs(lat - campt["PlanetocentricLatitude"]).max() * metres < 1e-3
    assert np.abs(lon - campt["PositiveEast360Longitude"]).max() * metres < 1e-3
    # On whole lines nothing is rounded but the printed digits; between them ISIS's clock ticks in 6e-8 s.
    whole = campt["Line"] % 1 == 0
    assert np.abs(lat - campt["PlanetocentricLatitude"])[whole].max() * metres < 2e-4
    line, sample = camera.ground_to_image(campt["PositiveEast360Longitude"], campt["PlanetocentricLatitude"])
    np.testing.assert_allclose(line, campt["Line"], atol=1e-3)
    np.testing.assert_allclose(sample, campt["Sample"], atol=1e-3)


def test_angles_resolutions_and_times_are_campts(camera, campt):
    where = campt["Line"], campt["Sample"]
    for name, found in zip(("Incidence", "Emission", "Phase"), camera.angles(*where), strict=True):
        np.testing.assert_allclose(found, campt[name], atol=1e-6)
    np.testing.assert_allclose(camera.sun_ground_azimuth_deg(*where), campt["SubSolarGroundAzimuth"], atol=1e-6)
    np.testing.assert_allclose(camera.ground_resolution_m(*where), campt["SampleResolution"], rtol=1e-9)
    oblique = camera.ground_resolution_m(*where, oblique=True)
    np.testing.assert_allclose(oblique, campt["ObliqueSampleResolution"], rtol=1e-9)
    np.testing.assert_allclose(camera.time_at(campt["Line"]), campt["EphemerisTime"], atol=6e-6)


def test_image_azimuths_are_campts_but_for_its_rounding(camera, campt):
    """ISIS steps half a pixel and finds the place again by the rounded ITRANSS (6e-7 of the distance to the boresight,
    here up to 850 pixels) and a line good to 0.01 pixel; put its sample rounding back in and most of it is gone."""
    where = campt["Line"], campt["Sample"]
    for name, found in (
        ("SubSolarAzimuth", camera.sun_azimuth_deg(*where)),
        ("NorthAzimuth", camera.north_azimuth_deg(*where)),
    ):
        np.testing.assert_allclose(found, campt[name], atol=0.12)
    angle = np.radians(camera.north_azimuth_deg(*where))
    # Half a pixel on the ground is this much in the image; 2999 + sample - 2548 is the distance to the boresight.
    step = 0.5 * campt["SampleResolution"] / camera.ground_resolution_m(*where)
    shift = (1.0 - 142.857 * 0.007) * (2999.0 + campt["Sample"] - 2548.0)
    as_isis = np.degrees(np.arctan2(step * np.sin(angle), step * np.cos(angle) - shift)) % 360.0
    rest = np.abs(as_isis - campt["NorthAzimuth"])
    assert rest.max() < 0.5 * np.abs(camera.north_azimuth_deg(*where) - campt["NorthAzimuth"]).max()


@pytest.mark.parametrize("height_m", [-9000.0, 0.0, 11000.0])
def test_there_and_back(camera, height_m):
    line, sample = np.mgrid[0.5:400.6:8, 0.5:400.6:8]
    back = camera.ground_to_image(*camera.image_to_ground(line, sample, height_m), height_m)
    np.testing.assert_allclose(back, (line, sample), atol=1e-6)


def test_what_the_crop_is(camera):
    assert (camera.product_id, camera.lines, camera.samples) == ("M143947267LE", 400, 400)
    # The label's own I/F was made with the Sun's distance at the start of the whole image, 5.8 s before the crop.
    assert camera.sun_distance_au == pytest.approx(0.98865575639954, rel=1e-7)


def test_isd_of_a_cube_is_the_same_camera(tmp_path, camera, campt):
    write_isd(camera, tmp_path / "isd.json")
    again = camera_from_isd(tmp_path / "isd.json")
    where = campt["Line"], campt["Sample"]
    np.testing.assert_array_equal(again.image_to_ground(*where), camera.image_to_ground(*where))


def patched(cube, path, *changes):
    """Copy of a cube with words of its label replaced by others as long."""
    data = cube.read_bytes()
    for old, new in changes:
        assert len(old) == len(new) and data.count(old) >= 1
        data = data.replace(old, new, 1)
    path.write_bytes(data)
    return camera_from_cube(path)


def test_a_reduced_cube_has_larger_pixels(tmp_path, cube, camera):
    """AlphaCube after `reduce`: each pixel covers two by two of the image's, counted from its upper left corner."""
    reduced = patched(
        cube,
        tmp_path / "reduced.cub",
        (b"AlphaEndingSample   = 3399.5", b"AlphaEndingSample   = 3799.5"),
        (b"AlphaEndingLine     = 16399.5", b"AlphaEndingLine     = 16799.5"),
    )
    line, sample = np.array([1.0, 40.5, 199.0]), np.array([1.0, 200.25, 400.0])
    expected = camera.image_to_ground(2.0 * (line - 0.5) + 0.5, 2.0 * (sample - 0.5) + 0.5)
    np.testing.assert_allclose(reduced.image_to_ground(line, sample), expected, rtol=0, atol=1e-8)
    assert reduced.ground_resolution_m(100, 100) == pytest.approx(
        2 * camera.ground_resolution_m(199.5, 199.5), rel=1e-9
    )


def test_a_summed_cube_counts_detector_pairs(tmp_path, cube, camera):
    """Sample p of a summed image is centred on detector sample 2 p - 1/2 (`CameraDetectorMap`)."""
    summed = patched(
        cube,
        tmp_path / "summed.cub",
        (b"SpatialSumming              = 1", b"SpatialSumming              = 2"),
        (b"AlphaStartingSample = 2999.5", b"AlphaStartingSample = 1000.5"),
        (b"AlphaEndingSample   = 3399.5", b"AlphaEndingSample   = 1400.5"),
    )
    line, sample = np.array([3.0, 3.0, 222.0]), np.array([1.0, 200.25, 400.0])
    in_crop = 2.0 * (1000.0 + sample) - 0.5 - 2999.0
    expected = camera.image_to_ground(line, in_crop)
    np.testing.assert_allclose(summed.image_to_ground(line, sample), expected, rtol=0, atol=1e-10)


@pytest.fixture(scope="module")
def image(cube):
    with rasterio.open(cube) as dataset:
        return np.where(dataset.read(1) == dataset.nodata, np.nan, dataset.read(1)).astype(np.float32)


def test_projection_is_cam2maps(real_data, camera, image):
    with np.load(real_data / "isis_results" / "cam2map_eqc_1.5m_cubic.npz") as truth:
        expected, mapping = truth["data"], str(truth["mapping"])
    grid = isis_grid(mapping, expected.shape)
    found = project(image, camera, grid)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    difference = np.abs(found - expected)
    assert np.nanmax(difference) < 1e-4
    # By how many pixels the two would have to be apart for that, given how fast the image changes there.
    slope = np.hypot(*np.gradient(image))
    typical = np.nanmedian(slope[np.isfinite(slope)])
    assert np.nanmedian(difference) / typical < 0.02
    facts = image_facts(camera, grid)
    # North is up on an equirectangular map, so the Sun is where it is on the ground.
    line, sample = camera.lines / 2, camera.samples / 2
    assert facts.sun_azimuth_deg == pytest.approx(float(camera.sun_ground_azimuth_deg(line, sample)), abs=0.05)
    assert facts.product == "M143947267LE"


@pytest.mark.parametrize("priority", ["ontop", "beneath", "average"])
def test_mosaic_is_automoss(real_data, tmp_path, priority):
    with np.load(real_data / "isis_results" / "automos_1.5m.npz") as truth:
        paths = []
        for name in ("cropA", "cropB"):
            facts = ImageFacts(name, "2010-11-09T13:06:46.192", 125.0, 53.2, 9.8, 61.3, 0.55, "isis")
            paths.append(tmp_path / f"{name}.tif")
            values, mapping = truth[name], str(truth[f"{name}_mapping"])
            write_raster(paths[-1], values, isis_grid(mapping, values.shape), nodata=np.nan, tags=facts.tags())
        expected = truth[f"mos_{priority}"]
        grid = isis_grid(str(truth[f"mos_{priority}_mapping"]), expected.shape)
        count = truth["mos_average_count"]
    mosaic(paths, grid, tmp_path / "m.tif", tmp_path / "s.tif", priority, "minmax")
    picture, _, tags = read_raster(tmp_path / "m.tif")
    sources, _, _ = read_raster(tmp_path / "s.tif")
    low, high = float(tags["IMF_STRETCH_LOW"]), float(tags["IMF_STRETCH_HIGH"])
    assert (low, high) == pytest.approx((np.nanmin(expected), np.nanmax(expected)))
    np.testing.assert_array_equal(picture == 0, np.isnan(expected))
    values = np.where(picture > 0, low + (picture - 1.0) / 254.0 * (high - low), np.nan)
    assert np.nanmax(np.abs(values - expected)) <= 0.501 / 254.0 * (high - low)
    assert set(np.unique(sources[count == 2])) == {2 if priority == "ontop" else 1}
    np.testing.assert_array_equal(sources > 0, count > 0)


# Kernels


@pytest.fixture(scope="module")
def ale(real_data):
    return real_data / "ale" / "M103595705LE"


@pytest.fixture(scope="module")
def kernels(ale):
    """All the kernels: the deliveries _0 and _1 hold different bodies, so both are needed."""
    return sorted(path for path in ale.iterdir() if re.search(r"\.(bsp|bc|tsc|tf|ti|tls|tpc)$", path.name))


@pytest.fixture(scope="module")
def few_kernels(kernels):
    """Without the older of the two clock kernels: reading those takes most of the time."""
    return [path for path in kernels if path.name != "lro_clkcor_2019239_v00.tsc"]


@pytest.fixture(scope="module")
def kernel_camera(ale, kernels):
    return camera_from_kernels(ale / "M103595705LE_pds3.lbl", kernels)


def test_isd_from_kernels_is_ales(real_data, tmp_path, kernel_camera):
    camera = kernel_camera
    write_isd(camera, tmp_path / "isd.json")
    ours = json.loads((tmp_path / "isd.json").read_text())
    theirs = json.loads((real_data / "ale" / "lrolroc_isd.json").read_text())

    def assert_close(*names, atol):
        found, expected = ours, theirs
        for name in names:
            found, expected = found[name], expected[name]
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol, err_msg="/".join(names))

    for name in ("starting_ephemeris_time", "center_ephemeris_time", "line_scan_rate"):
        assert_close(name, atol=1e-6)
    for table in ("instrument_position", "sun_position"):
        assert_close(table, "ephemeris_times", atol=1e-6)
        assert_close(table, "positions", atol=1e-6)
        assert_close(table, "velocities", atol=1e-9)
    for table in ("instrument_pointing", "body_rotation"):
        assert_close(table, "ephemeris_times", atol=1e-6)
        assert_close(table, "quaternions", atol=1e-8)
        assert_close(table, "angular_velocities", atol=1e-12)
        assert_close(table, "constant_rotation", atol=1e-12)
    for name in ("image_lines", "image_samples", "detector_center", "focal_length_model", "optical_distortion"):
        assert ours[name] == theirs[name]
    assert ours["image_identifier"] == "M103595705LE"


def test_cameras_from_kernels_and_from_ales_isd_agree(real_data, kernel_camera):
    from_isd = camera_from_isd(real_data / "ale" / "lrolroc_isd.json")
    line, sample = np.mgrid[1:401:57, 1:5065:633]
    one, other = kernel_camera.image_to_ground(line, sample), from_isd.image_to_ground(line, sample)
    assert np.abs(np.subtract(one, other)).max() * np.radians(1.0) * RADIUS_M < 1e-3


def test_either_label_will_do_and_kernels_are_given_back(ale, few_kernels, kernel_camera):
    before = spiceypy.ktotal("ALL")
    camera = camera_from_kernels(ale / "M103595705LE_isis3.lbl", few_kernels)
    assert spiceypy.ktotal("ALL") == before
    assert (camera.product_id, camera.lines, camera.samples) == ("M103595705LE", 400, 5064)
    np.testing.assert_allclose(camera.image_to_ground(7, 7), kernel_camera.image_to_ground(7, 7), rtol=0, atol=1e-7)
    with pytest.raises(InputError, match="nowhere.bc"):
        camera_from_kernels(ale / "M103595705LE_pds3.lbl", [*few_kernels, ale / "nowhere.bc"])
    assert spiceypy.ktotal("ALL") == before


def test_the_right_camera_looks_beside_the_left_one(tmp_path, ale, few_kernels, kernel_camera):
    """Same label, other frame: the two swaths are joined by a narrow overlap at their edges."""
    label = (ale / "M103595705LE_pds3.lbl").read_text().replace("= LEFT", "= RIGHT")
    (tmp_path / "right.lbl").write_text(label)
    right = camera_from_kernels(tmp_path / "right.lbl", few_kernels)
    assert (kernel_camera.instrument, right.instrument) == (NAC["left"], NAC["right"])
    ends = np.array([1.0, 5064.0])
    left_lon, right_lon = (camera.image_to_ground(200, ends)[0] for camera in (kernel_camera, right))
    width, overlap = np.ptp(left_lon), min(left_lon.max(), right_lon.max()) - max(left_lon.min(), right_lon.min())
    assert np.ptp(right_lon) == pytest.approx(width, rel=0.02)
    assert 0.0 < overlap < 0.1 * width


@pytest.mark.parametrize(
    ("left_out", "found"),
    [
        (r"\.bsp$", "SPK"),
        (r"_1\.bsp$", "MOON|SUN|LUNAR"),
        (r"moc42r", "LRO_LROCNACL"),
        (r"\.ti$", "INS-85600_FOCAL_LENGTH"),
        (r"\.tls$", "leapseconds|DELTET|MISSINGTIMEINFO"),
    ],
)
def test_kernels_that_do_not_suffice(ale, few_kernels, left_out, found):
    some = [path for path in few_kernels if not re.search(left_out, path.name)]
    with pytest.raises(InputError, match=found) as caught:
        camera_from_kernels(ale / "M103595705LE_pds3.lbl", some)
    assert "\n" not in str(caught.value)


def test_kernels_that_do_not_cover_the_time(tmp_path, ale, few_kernels):
    label = (ale / "M103595705LE_pds3.lbl").read_text().replace("1/270649237", "1/270849237")
    (tmp_path / "later.lbl").write_text(label)
    with pytest.raises(InputError, match="M103595705LE: its kernels do not give"):
        camera_from_kernels(tmp_path / "later.lbl", few_kernels)


def test_cubes_without_spice(real_data):
    with pytest.raises(InputError, match="NaifKeywords; run spiceinit"):
        camera_from_cube(real_data / "isis" / "M1333276014R.pair.crop.cub")
    with pytest.raises(InputError, match="nacl.img: is no ISIS cube"):
        camera_from_cube(real_data / "isis" / "nacl.img")


def test_a_cube_cut_short_in_its_tables(tmp_path, cube):
    """The tables lie behind the image: a copy that broke off has the label but not them."""
    (tmp_path / "short.cub").write_bytes(cube.read_bytes()[:705600])
    with pytest.raises(InputError, match="InstrumentPointing is cut short|InstrumentPosition is cut short"):
        camera_from_cube(tmp_path / "short.cub")


def test_a_cube_whose_label_was_stripped_of_tables(tmp_path, cube):
    data = cube.read_bytes().replace(b"= InstrumentPosition", b"= InstrumentPosixion", 1)
    (tmp_path / "bare.cub").write_bytes(data)
    with pytest.raises(InputError, match="no table InstrumentPosition; run spiceinit"):
        camera_from_cube(tmp_path / "bare.cub")


def test_the_minimal_cube_of_ales_tests_loads(ale):
    """One pixel scaled up to a whole image, its Sun a single state, no Archive group."""
    camera = camera_from_cube(ale / "M103595705LE.cub")
    assert (camera.product_id, camera.lines, camera.samples) == ("M103595705LE", 1, 1)
    assert np.isfinite(camera.image_to_ground(1, 1)).all()
