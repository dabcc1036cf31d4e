"""The camera: against its own definition taken step by step, against itself there and back, and against bad input."""

import json

import numpy as np
import pytest
import rasterio
import spiceypy
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from imfmap.camera.ephemeris import Orientation, States
from imfmap.camera.shape_model import ShapeModel
from imfmap.core.errors import InputError
from imfmap.maps.bodies import body
from imfmap.maps.geometry import separation_deg
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.maps.times import ephemeris_time, utc_of
from imfmap.nac.camera import camera_from_cube, camera_from_isd, camera_from_kernels
from imfmap.nac.isd import write_isd
from imfmap.nac.optics import NAC
from tests.helpers.camera_factory import RADIUS_KM, START_ET_S, make_camera

CASES = {
    "left": {"jitter_urad": 2.0},
    "right": {"side": "right", "roll_deg": -8.0, "lat_deg": -71.0, "lon_deg": 181.0, "product_id": "M1RE"},
    "summed": {"summing": 2, "samples": 2532, "exposure_ms": 0.8, "roll_deg": 20.0, "altitude_km": 90.0},
    "piece": {"samples": 300, "first_sample": 3000, "lat_deg": -2.0, "lon_deg": 0.001, "pitch_deg": 12.0},
}


@pytest.fixture(scope="module", params=CASES)
def camera(request):
    return make_camera(**CASES[request.param])


def look_by_hand(camera, line, sample):
    """Spacecraft (km) and unit line of sight in the body's frame, one pixel at a time and without tables."""
    time_s = START_ET_S + (line - 0.5) * camera.line_duration_s
    body_axes, camera_axes = camera.body_rotation.at(time_s), camera.pointing.at(time_s)
    optics = camera.instrument
    detector = (sample - 1.0) * camera.summing + camera.summing / 2.0 + 0.5 + camera.first_sample
    y = optics.to_focal_y[1] * (detector - optics.boresight_sample)
    look = np.array([0.0, y / (1.0 + optics.distortion * y * y), optics.focal_length_mm])
    return body_axes @ camera.position.at(time_s), body_axes @ camera_axes.T @ look / np.linalg.norm(look)


def test_pixels_look_where_the_definition_says(camera):
    """Fractional lines too: the table of lines must not show, even between kinks of the pointing."""
    for line, sample in ((1, 1), (0.5, camera.samples + 0.5), (200.37, 77.2), (camera.lines, camera.samples)):
        spacecraft, look = look_by_hand(camera, line, sample)
        point = spiceypy.surfpt(spacecraft, look, RADIUS_KM, RADIUS_KM, RADIUS_KM)
        lon, lat = camera.image_to_ground(line, sample)
        _, lon_by_hand, lat_by_hand = spiceypy.reclat(point)
        metres = 1e3 * RADIUS_KM
        assert abs(np.radians(lat) - lat_by_hand) * metres < 2e-4
        assert abs(np.sin(np.radians(lon) - lon_by_hand)) * metres < 2e-4
        assert 0.0 <= lon < 360.0


@pytest.mark.parametrize("height_m", [-9000.0, 0.0, 11000.0])
def test_there_and_back(camera, height_m):
    line, sample = np.meshgrid(np.linspace(0.5, camera.lines + 0.5, 41), np.linspace(0.5, camera.samples + 0.5, 41))
    back_line, back_sample = camera.ground_to_image(*camera.image_to_ground(line, sample, height_m), height_m)
    np.testing.assert_allclose(back_line, line, atol=1e-6, rtol=0)
    np.testing.assert_allclose(back_sample, sample, atol=1e-6, rtol=0)


CAMERA = make_camera(lines=4000, jitter_urad=5.0, roll_deg=15.0, pitch_deg=-6.0, inclination_deg=83.0)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.5, 4000.5), st.floats(0.5, 5064.5), st.floats(-9000, 11000))
def test_there_and_back_from_anywhere(line, sample, height_m):
    back = CAMERA.ground_to_image(*CAMERA.image_to_ground(line, sample, height_m), height_m)
    assert np.abs(np.array(back) - (line, sample)).max() < 1e-6


def test_ground_beside_the_image_is_not_seen(camera):
    lon, lat = camera.image_to_ground(camera.lines / 2, camera.samples + 3.0)
    assert np.isnan(camera.ground_to_image(lon, lat)).all()
    np.testing.assert_allclose(camera.locate(lon, lat), (camera.lines / 2, camera.samples + 3.0), atol=1e-6)
    lon, lat = camera.image_to_ground(-30.0, camera.samples / 2)
    assert np.isnan(camera.ground_to_image(lon, lat)).all()
    np.testing.assert_allclose(camera.locate(lon, lat), (-30.0, camera.samples / 2), atol=1e-6)


def test_the_far_side_is_not_seen(camera):
    lon, lat = camera.image_to_ground(200, camera.samples / 2)
    assert np.isnan(camera.locate(lon + 180.0, -lat)).all()


def test_looking_past_the_limb_gives_nan():
    slewed = make_camera(samples=40, roll_deg=75.0, first_sample=4000)
    past = make_camera(samples=40, roll_deg=10.0)
    assert np.isfinite(past.image_to_ground(10, 10)).all()
    assert np.isnan(past.image_to_ground(10, 10, height_m=1e6)).all()
    with pytest.raises(ValueError, match="miss the body"):
        make_camera(samples=40, roll_deg=100.0)
    # Slant views of 75 degrees from 50 km miss the Moon, whose horizon lies at 76.4 degrees from nadir, only just not.
    lon, lat = slewed.image_to_ground(10, 10)
    np.testing.assert_allclose(slewed.locate(lon, lat), (10, 10), atol=1e-4)


def test_arrays_broadcast(camera):
    lon, lat = camera.image_to_ground(np.arange(1, 5)[:, None], np.arange(1, 8)[None, :])
    assert lon.shape == lat.shape == (4, 7)
    one = camera.image_to_ground(3, 5)
    np.testing.assert_allclose((lon[2, 4], lat[2, 4]), one, rtol=0, atol=1e-12)


def test_angles_are_those_of_the_triangle_of_sun_ground_and_spacecraft(camera):
    line, sample = 120.25, camera.samples * 0.8
    spacecraft, look = look_by_hand(camera, line, sample)
    point = spiceypy.surfpt(spacecraft, look, RADIUS_KM, RADIUS_KM, RADIUS_KM)
    time_s = camera.time_at(line)
    sun = camera.body_rotation.at(time_s) @ camera.sun.at(time_s)
    expected = (spiceypy.vsep(point, sun - point), spiceypy.vsep(point, spacecraft - point))
    incidence, emission, phase = camera.angles(line, sample)
    np.testing.assert_allclose((incidence, emission), np.degrees(expected), atol=1e-7)
    assert phase == pytest.approx(np.degrees(spiceypy.vsep(sun - point, spacecraft - point)), abs=1e-7)


def test_sun_azimuth_on_the_ground_is_the_one_the_scene_was_lit_with():
    camera = make_camera(sun_azimuth_deg=231.0, incidence_deg=63.0, turned=False)
    line, sample = camera.ground_to_image(102.6, 36.0)
    assert camera.sun_ground_azimuth_deg(line, sample) == pytest.approx(231.0, abs=1e-2)
    assert camera.angles(line, sample)[0] == pytest.approx(63.0, abs=1e-2)


def test_azimuths_in_the_image_are_those_of_a_walk_on_the_ground(camera):
    """A place 30 m towards the Sun, or north, lies in the image where the azimuth says."""
    line, sample = camera.lines / 2, camera.samples / 2
    lon, lat = camera.image_to_ground(line, sample)
    for azimuth_deg, in_image in (
        (camera.sun_ground_azimuth_deg(line, sample), camera.sun_azimuth_deg(line, sample)),
        (0.0, camera.north_azimuth_deg(line, sample)),
    ):
        step, azimuth = 30.0 / (1e3 * RADIUS_KM), np.radians(azimuth_deg)
        d_lat, d_lon = step * np.cos(azimuth), step * np.sin(azimuth) / np.cos(np.radians(lat))
        there = camera.locate(lon + np.degrees(d_lon), lat + np.degrees(d_lat))
        walked = np.degrees(np.arctan2(there[0] - line, there[1] - sample))
        assert abs((walked - in_image + 180.0) % 360.0 - 180.0) < 0.05


def test_resolution_is_the_distance_between_neighbours(camera):
    line, sample = camera.lines / 2, camera.samples / 2
    lon, lat = np.radians(camera.image_to_ground(line, sample + np.array([-0.5, 0.5])))
    apart_m = 1e3 * RADIUS_KM * np.hypot(np.diff(lat), np.diff(lon) * np.cos(lat.mean()))[0]
    # The line of detectors is inclined to the ground by at most the emission angle, so the distance lies between.
    across_m = camera.ground_resolution_m(line, sample)
    oblique_m = camera.ground_resolution_m(line, sample, oblique=True)
    assert 0.99 * across_m <= apart_m <= 1.01 * oblique_m


def test_start_time_and_sun_distance():
    camera = make_camera()
    assert ephemeris_time(camera.start_time) == pytest.approx(START_ET_S, abs=1e-3)
    assert camera.sun_distance_au == pytest.approx(1.496e8 / 149597870.691)
    assert utc_of(ephemeris_time("2016-12-31T23:59:59.500")) == "2016-12-31T23:59:59.500"
    assert utc_of(ephemeris_time("2017-01-01T00:00:00.250")) == "2017-01-01T00:00:00.250"


# Interpolation


def test_hermite_states_follow_a_cubic_and_leave_along_the_tangent():
    times_s = np.array([0.0, 1.0, 4.0])
    track = np.polynomial.Polynomial([1.0, -2.0, 0.5, 0.25])
    states = States(times_s, np.outer(track(times_s), [1, 2, 3]), np.outer(track.deriv()(times_s), [1, 2, 3]))
    inside = np.array([0.0, 0.3, 1.0, 2.2, 4.0])
    np.testing.assert_allclose(states.at(inside), np.outer(track(inside), [1, 2, 3]), atol=1e-12)
    np.testing.assert_allclose(states.at(5.0), (track(4.0) + track.deriv()(4.0)) * np.array([1, 2, 3]))
    np.testing.assert_allclose(states.at(-1.0), (track(0.0) - track.deriv()(0.0)) * np.array([1, 2, 3]))


def test_states_without_velocity_are_linear_and_one_state_stands():
    states = States([0.0, 2.0], [[0, 0, 0], [2, 4, 6]])
    np.testing.assert_allclose(states.at([[0.5, 3.0]]), [[[0.5, 1, 1.5], [3, 6, 9]]])
    np.testing.assert_allclose(States([1.0], [[1, 2, 3]]).at([0.0, 9.0]), [[1, 2, 3]] * 2)
    np.testing.assert_allclose(States([1.0], [[1, 2, 3]], [[1, 0, 0]]).at(3.0), [3, 2, 3])


@pytest.mark.parametrize("angle", [1e-9, 1e-4, 0.5])
def test_orientation_turns_evenly_about_one_axis(angle):
    axis = np.array([0.6, 0.0, 0.8])
    turn = [spiceypy.axisar(axis, part * angle) for part in (0.0, 1.0)]
    quaternions = [spiceypy.m2q(turn[0]), -spiceypy.m2q(turn[1])]  # the sign must not matter
    constant = spiceypy.rotate(0.3, 1)
    orientation = Orientation([10.0, 12.0], quaternions, constant_rotation=constant)
    for time_s in (10.0, 10.5, 12.0, 13.0):
        expected = constant @ spiceypy.axisar(axis, (time_s - 10.0) / 2.0 * angle)
        np.testing.assert_allclose(orientation.at(time_s), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("times_s", "positions", "found"),
    [
        ([0.0, 1.0], [[1, 2, 3]], "2 times"),
        ([1.0, 1.0], [[1, 2, 3]] * 2, "do not increase"),
        ([0.0, 1.0], [[1, 2, 3], [1, 2, np.nan]], "not finite"),
    ],
)
def test_unfit_tables_are_refused(times_s, positions, found):
    with pytest.raises(ValueError, match=found):
        States(times_s, positions)


def test_small_angles_are_exact():
    assert separation_deg(np.array([1.0, 0, 0]), np.array([1.0, 1e-12, 0])) == pytest.approx(np.degrees(1e-12))


# Shape models


@pytest.fixture(scope="module")
def relief():
    """A ramp and a hill about the place the camera flies over: height in metres of map x, y in metres."""
    crs = body("moon").projected("equirectangular", 36.0, 102.6)
    grid = MapGrid.centred(crs, 102.6, 36.0, 9000, 9000, 20.0)
    x, y = np.meshgrid(grid.xy(0, np.arange(grid.shape[1]))[0], grid.xy(np.arange(grid.shape[0]), 0)[1])
    y = y - y.mean()
    return grid, (200.0 + 0.1 * x - 0.05 * y + 300.0 * np.exp(-(x**2 + y**2) / 700.0**2)).astype(np.float32)


@pytest.mark.parametrize("form", ["heights", "radii", "kilometres"])
def test_shape_model_forms(tmp_path, relief, form):
    grid, heights_m = relief
    radius_m = body("moon").radius_m
    values = {"heights": heights_m, "radii": heights_m.astype(float) + radius_m, "kilometres": heights_m / 1000.0}[form]
    path = tmp_path / "shape.tif"
    write_raster(path, values, grid, nodata=-9999.0)
    if form == "kilometres":
        with rasterio.open(path, "r+") as dataset:
            dataset.units = ("km",)
    shape = ShapeModel(path)
    lon, lat = grid.lonlat(np.array([100.0, 50.5]), np.array([100.0, 71.25]))
    expected = heights_m[100, 100], 0.5 * (heights_m[50:52, 71] * 0.75 + heights_m[50:52, 72] * 0.25).sum()
    np.testing.assert_allclose(shape.height_m(lon, lat), expected, rtol=1e-4)
    assert np.isnan(shape.height_m(0.0, 0.0))
    assert shape.lowest_m == pytest.approx(heights_m.min(), rel=0.01, abs=5)


@pytest.mark.parametrize("roll_deg", [0.0, 25.0])
def test_ground_on_a_shape_model_lies_on_it_and_comes_back(tmp_path, relief, roll_deg):
    grid, heights_m = relief
    path = tmp_path / "shape.tif"
    write_raster(path, heights_m, grid, nodata=-9999.0)
    shape = ShapeModel(path)
    aside = np.subtract(make_camera(roll_deg=roll_deg).image_to_ground(200, 2532), (102.6, 36.0))
    camera = make_camera(roll_deg=roll_deg, lon_deg=102.6 - aside[0], lat_deg=36.0 - aside[1])
    lon, lat = camera.image_to_ground(*np.mgrid[20:400:40, 1000:4000:300].reshape(2, -1), 250.0)
    line, sample = camera.ground_to_image(lon, lat, shape)
    seen = np.isfinite(line)
    assert seen.sum() > 50
    back_lon, back_lat = camera.image_to_ground(line[seen], sample[seen], shape)
    np.testing.assert_allclose((back_lon, back_lat), (lon[seen], lat[seen]), atol=1e-7)
    flat = camera.image_to_ground(line[seen], sample[seen], shape.height_m(lon[seen], lat[seen]))
    np.testing.assert_allclose(flat, (back_lon, back_lat), atol=1e-7)


def test_shape_model_with_longitudes_from_0_to_360(tmp_path):
    grid = MapGrid(body("moon").geographic, Affine(1.0, 0, 0.0, 0, -1.0, 90.0), (180, 360))
    heights_m = np.broadcast_to(np.arange(360.0), (180, 360))
    write_raster(tmp_path / "global.tif", heights_m.astype(np.float32), grid, nodata=-9999.0)
    shape = ShapeModel(tmp_path / "global.tif")
    np.testing.assert_allclose(shape.height_m([-90.0, 200.0, 359.9], 0.25), [269.5, 199.5, 359.0], atol=0.11)


@pytest.mark.parametrize("lat_deg", [0.0, 40.0])
def test_shape_model_on_a_map_about_the_far_side(tmp_path, lat_deg):
    """An equirectangular map of the whole Moon centred on 180 E: longitudes on either side of 0 lie at its ends."""
    crs = body("moon").projected("equirectangular", lat_deg, 180.0)
    half = np.pi * body("moon").radius_m * np.cos(np.radians(lat_deg))
    grid = MapGrid(crs, Affine(half / 180.0, 0, -half, 0, -half / 180.0, 0.6 * half), (220, 360))
    heights_m = np.broadcast_to(np.arange(360.0), (220, 360))
    write_raster(tmp_path / "global.tif", heights_m.astype(np.float32), grid, nodata=-9999.0)
    shape = ShapeModel(tmp_path / "global.tif")
    np.testing.assert_allclose(
        shape.height_m([0.75, 180.5, 359.25, -0.75], 1.0), [0.25, 180.0, 358.75, 358.75], atol=1e-4
    )


def test_unfit_shape_models(tmp_path, relief):
    grid, heights_m = relief
    with pytest.raises(InputError, match="cannot be opened"):
        ShapeModel(tmp_path / "none.tif")
    write_raster(tmp_path / "void.tif", np.full_like(heights_m, -9999.0), grid, nodata=-9999.0)
    with pytest.raises(InputError, match="no valid height"):
        ShapeModel(tmp_path / "void.tif")


# ISDs


def test_isd_keeps_the_camera(tmp_path, camera):
    write_isd(camera, tmp_path / "one.json")
    again = camera_from_isd(tmp_path / "one.json")
    line, sample = np.mgrid[1 : camera.lines : 50, 1 : camera.samples : 99]
    np.testing.assert_array_equal(camera.image_to_ground(line, sample), again.image_to_ground(line, sample))
    np.testing.assert_array_equal(camera.angles(line, sample), again.angles(line, sample))
    assert (again.product_id, again.lines, again.samples) == (camera.product_id, camera.lines, camera.samples)
    write_isd(again, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_text() == (tmp_path / "two.json").read_text()


def test_isd_without_kernel_keywords_or_product(tmp_path, camera):
    write_isd(camera, tmp_path / "one.json")
    isd = json.loads((tmp_path / "one.json").read_text())
    del isd["naif_keywords"], isd["image_identifier"]
    (tmp_path / "M1LE.isd.json").write_text(json.dumps(isd))
    again = camera_from_isd(tmp_path / "M1LE.isd.json")
    assert again.product_id == "M1LE"
    assert again.instrument.naif_id == camera.instrument.naif_id
    expected = camera.image_to_ground(50, [1, camera.samples])
    np.testing.assert_allclose(again.image_to_ground(50, [1, camera.samples]), expected, atol=1e-10)


def without(*path):
    def change(isd):
        *parents, key = path
        for parent in parents:
            isd = isd[parent]
        del isd[key]

    return change


def with_value(value, *path):
    def change(isd):
        *parents, key = path
        for parent in parents:
            isd = isd[parent]
        isd[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (with_value("USGS_ASTRO_FRAME_SENSOR_MODEL", "name_model"), "no ISD of a NAC"),
        (with_value({"radial": {"coefficients": [0]}}, "optical_distortion"), "no ISD of a NAC"),
        (with_value(None, "optical_distortion"), "no ISD of a NAC"),
        (without("sun_position"), "lacks sun_position"),
        (without("instrument_position", "positions"), "lacks positions"),
        (without("line_scan_rate"), "lacks line_scan_rate"),
        (with_value([], "line_scan_rate"), "0 line rates"),
        (with_value("much", "starting_ephemeris_time"), "wrong kind"),
        (with_value([[1, 2, 3]], "instrument_position", "positions"), "wrong kind"),
        (with_value([1, 2], "instrument_pointing"), "wrong kind"),
        (with_value({"semimajor": 6371.0, "semiminor": 6371.0, "unit": "km"}, "radii"), "radii 6371"),
        (with_value(40000, "image_lines"), "cover"),
        (with_value(0, "image_samples"), "above zero"),
    ],
)
def test_unfit_isds(tmp_path, change, found):
    write_isd(make_camera(samples=100), tmp_path / "isd.json")
    isd = json.loads((tmp_path / "isd.json").read_text())
    change(isd)
    (tmp_path / "isd.json").write_text(json.dumps(isd))
    with pytest.raises(InputError, match=found) as caught:
        camera_from_isd(tmp_path / "isd.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[1, 2", "[]", "{}", "null"])
def test_what_is_no_isd(tmp_path, text):
    (tmp_path / "isd.json").write_text(text)
    with pytest.raises(InputError, match="isd.json"):
        camera_from_isd(tmp_path / "isd.json")


def test_missing_files(tmp_path):
    for reader in (camera_from_isd, camera_from_cube):
        with pytest.raises(InputError, match="none"):
            reader(tmp_path / "none")
    with pytest.raises(InputError, match="none"):
        camera_from_kernels(tmp_path / "none", [])


def test_the_two_cameras_look_to_either_side():
    """From LRO's frame kernels on: the left and the right one are mirrored about their boresights."""
    left, right = (NAC[side].look(1.0)[1] for side in ("left", "right"))
    assert left < 0.0 < right
