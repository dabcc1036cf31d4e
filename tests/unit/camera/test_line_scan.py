"""The camera: against its own definition taken step by step, against itself there and back, and against bad input."""

import numpy as np
import pytest
import spiceypy
from hypothesis import given, settings
from hypothesis import strategies as st

from imfmap.camera.times import ephemeris_time, utc_of
from tests.helpers.camera_factory import RADIUS_KM, START_ET_S, make_camera


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
