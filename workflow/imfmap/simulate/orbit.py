"""A circular orbit over a scene, and the camera of an image taken from it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from ..camera.ephemeris import Orientation, States
from ..camera.line_scan import ASTRONOMICAL_UNIT_KM, LineScanCamera
from ..camera.sun_distance import sun_moon_distance_au
from ..camera.times import ephemeris_time, parse_utc
from ..core.errors import InputError
from ..maps.bodies import body
from ..nac.label import preroll_time, product_number
from ..nac.optics import ADDITIONAL_PREROLL_LINES, NAC, line_duration_s, samples_of
from .settings import ImageSettings

GM_MOON_KM3_S2 = 4902.8
# Orientation of the Moon at J2000 and its spin (pck00010.tpc, without the nutation terms): right ascension and
# declination of the pole, prime meridian, degrees and degrees a day.
_POLE_RA_DEG, _POLE_DEC_DEG, _MERIDIAN_DEG, _SPIN_DEG_DAY = 269.9949, 66.5392, 38.3213, 13.17635815
# Line exposure in ms for code 0, and step from code to code. Real labels have 0.3376 for 0, 0.3632 for 3.
_EXPOSURE_MS, _EXPOSURE_STEP_MS = 0.3376, 0.128 / 15.0
_TABLE_STEP_S = 0.1
# Frequencies (Hz) at which the attitude sways: those that pointing tables record, and those too fast for them.
_RECORDED_HZ, _UNRECORDED_HZ = (0.05, 1.5), (5.0, 40.0)
_FINE_STEP_S = 0.004
_CLOCK_ZERO = datetime(2001, 1, 1)


def product_id_of(image: ImageSettings) -> str:
    """Return the full product identifier, as in an EDR. It ends in LE (left camera) or RE (right camera).

    Raises
    ------
    InputError
        If the identifier names the other camera, or is not that of a NAC image.
    """
    side = "L" if image.camera == "left" else "R"
    stem = image.product.removesuffix("E")
    if stem[-1:] in "LR" and stem[-1:] != side:
        raise InputError(image.product, f"is not an image of the {image.camera} camera", f"let it end in {side}E")
    stem = stem.rstrip("LR") + side
    if not (stem[0] == "M" and stem[1:-1].isdigit()):
        raise InputError(image.product, "is not a product id of a NAC image", "write it like M1400000000LE")
    return stem + "E"


def ground_speed_m_s(altitude_km: float) -> float:
    """Return the ground speed of the point below the spacecraft, for a circular orbit."""
    radius_km = body("moon").radius_m / 1000.0
    return 1000.0 * np.sqrt(GM_MOON_KM3_S2 / (radius_km + altitude_km) ** 3) * radius_km


def exposure(image: ImageSettings) -> tuple[float, int]:
    """Return line exposure in ms and its code. With it, lines are as long on the ground as samples are wide.

    No code is below 0. So unsummed images from less than some 56 km have lines longer than their samples, as real ones.
    """
    optics = NAC[image.camera]
    sample_m = 1000.0 * image.altitude_km * optics.pixel_pitch_mm / optics.focal_length_mm * image.summing
    wanted_ms = 1000.0 * sample_m / ground_speed_m_s(image.altitude_km) / line_duration_s(1000.0)
    code = max(0, round((wanted_ms - _EXPOSURE_MS) / _EXPOSURE_STEP_MS))
    return round(_EXPOSURE_MS + code * _EXPOSURE_STEP_MS, 6), code


def build_camera(
    image: ImageSettings, lon_deg: float, lat_deg: float, length_m: float, seed: int = 0
) -> LineScanCamera:
    """Return the camera, as the ISD records it, of an image whose middle line passes over a place.

    Parameters
    ----------
    image : ImageSettings
    lon_deg, lat_deg : float
        Centre of the scene.
    length_m : float
        Length of the image on the ground, along the track.
    seed : int
        Seed of the attitude's swaying, which differs from image to image.

    Returns
    -------
    LineScanCamera

    Raises
    ------
    InputError
        If an orbit of the image's inclination does not reach the place.
    """
    moon = body("moon")
    radius_km = moon.radius_m / 1000.0
    orbit_km = radius_km + image.altitude_km
    rate = np.sqrt(GM_MOON_KM3_S2 / orbit_km**3)
    exposure_ms, _ = exposure(image)
    duration_s = line_duration_s(exposure_ms)
    lines = int(np.ceil(length_m / (1000.0 * rate * radius_km * duration_s)))
    product_id = product_id_of(image)
    start_s = ephemeris_time(preroll_time(product_id)) + ADDITIONAL_PREROLL_LINES * duration_s
    middle_s = start_s + 0.5 * lines * duration_s

    east, north, up = _local_axes(lon_deg, lat_deg)
    flight, side = _flight(image, lat_deg, east, north)
    aside = image.offset_m / 1000.0 / radius_km - _swing(image, orbit_km / radius_km)
    above = up * np.cos(aside) + side * np.sin(aside)
    to_j2000 = body_matrix(middle_s).T
    above, flight, side = to_j2000 @ above, to_j2000 @ flight, to_j2000 @ (side * np.cos(aside) - up * np.sin(aside))

    times = np.arange(start_s - 2 * _TABLE_STEP_S, start_s + lines * duration_s + 3 * _TABLE_STEP_S, _TABLE_STEP_S)
    angle = rate * (times - middle_s)[:, None]
    outward = above * np.cos(angle) + flight * np.sin(angle)
    forward = flight * np.cos(angle) - above * np.sin(angle)
    # The left camera looks down with x forward, as for M143947267L; the right one is turned half round its boresight.
    x = forward if image.camera == "left" else -forward
    roll = np.radians(image.roll_deg)
    z = side * np.sin(roll) - outward * np.cos(roll)
    matrices = np.stack([x, np.cross(z, x), z], axis=1)
    rng = np.random.default_rng([seed, product_number(product_id)])
    sway, sway_rate = _sway(times - middle_s, image.jitter_urad, _RECORDED_HZ, rng)
    matrices = Rotation.from_rotvec(-sway).as_matrix() @ matrices
    turning = rate * np.cross(above, flight) + np.einsum("nij,ni->nj", matrices, sway_rate)
    spin = np.radians(_SPIN_DEG_DAY) / 86400.0
    body_times = times[[0, -1]]
    azimuth, incidence = np.radians(image.sun_azimuth_deg), np.radians(image.incidence_deg)
    sun = (east * np.sin(azimuth) + north * np.cos(azimuth)) * np.sin(incidence) + up * np.cos(incidence)
    distance_km = sun_moon_distance_au(preroll_time(product_id)) * ASTRONOMICAL_UNIT_KM
    return LineScanCamera(
        product_id=product_id,
        lines=lines,
        samples=samples_of(image.summing),
        start_et_s=start_s,
        line_duration_s=duration_s,
        position=States(times, orbit_km * outward, orbit_km * rate * forward),
        pointing=Orientation(times, quaternions_of(matrices), turning),
        body_rotation=Orientation(
            body_times,
            quaternions_of(np.array([body_matrix(t) for t in body_times])),
            np.tile(spin * body_matrix(middle_s)[2], (2, 1)),
        ),
        sun=States(body_times, np.tile(distance_km * (to_j2000 @ sun), (2, 1)), np.zeros((2, 3))),
        instrument=NAC[image.camera],
        summing=image.summing,
    )


def true_camera(camera: LineScanCamera, image: ImageSettings, seed: int = 0) -> LineScanCamera:
    """Return the camera of `build_camera` with its true pointing, which sways more than the pointing table records."""
    if not image.unrecorded_jitter_urad:
        return camera
    times = camera.pointing.times_s
    fine = np.arange(times[0], times[-1], _FINE_STEP_S)
    rng = np.random.default_rng([seed, product_number(camera.product_id), 1])
    sway, _ = _sway(fine - times[0], image.unrecorded_jitter_urad, _UNRECORDED_HZ, rng)
    matrices = Rotation.from_rotvec(-sway).as_matrix() @ camera.pointing.at(fine)
    return replace(camera, pointing=Orientation(fine, quaternions_of(matrices)))


def label_fields(image: ImageSettings, camera: LineScanCamera) -> dict[str, Any]:
    """Return the fields of the EDR's label that differ from the defaults of `edr_writing.write_edr`."""
    exposure_ms, code = exposure(image)
    preroll = preroll_time(camera.product_id)
    start = parse_utc(camera.start_time)
    stop = start + timedelta(seconds=camera.lines * camera.line_duration_s)
    return {
        "PRODUCT_ID": camera.product_id,
        "FRAME_ID": image.camera.upper(),
        "LRO:PREROLL_TIME": preroll.isoformat(timespec="milliseconds"),
        "START_TIME": start.isoformat(timespec="milliseconds"),
        "STOP_TIME": stop.isoformat(timespec="milliseconds"),
        "LRO:SPACECRAFT_CLOCK_PREROLL_COUNT": _clock(preroll),
        "SPACECRAFT_CLOCK_START_COUNT": _clock(start),
        "SPACECRAFT_CLOCK_STOP_COUNT": _clock(stop),
        "LINE_EXPOSURE_DURATION": exposure_ms,
        "LRO:LINE_EXPOSURE_CODE": code,
        "CROSSTRACK_SUMMING": image.summing,
    }


def body_matrix(et_s: float) -> np.ndarray:
    """Return the rotation (3, 3) from J2000 to the Moon's body-fixed frame at an ephemeris time."""
    node = np.radians(90.0 + _POLE_RA_DEG)
    tilt = np.radians(90.0 - _POLE_DEC_DEG)
    meridian = np.radians((_MERIDIAN_DEG + _SPIN_DEG_DAY * et_s / 86400.0) % 360.0)
    return _about_z(meridian) @ _about_x(tilt) @ _about_z(node)


def quaternions_of(matrices: np.ndarray) -> np.ndarray:
    """Return quaternions (n, 4) of rotation matrices (n, 3, 3), scalar first, by NAIF's convention (m2q)."""
    m = np.asarray(matrices)
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    # The largest of the four squares is never small, so that no divisor is.
    squares = np.stack([trace, *(2.0 * m[:, k, k] - trace for k in range(3))], axis=1)
    out = np.empty((len(m), 4))
    for row, matrix, best in zip(out, m, squares.argmax(axis=1), strict=True):
        skew = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
        if best == 0:
            row[0] = 0.5 * np.sqrt(1.0 + np.trace(matrix))
            row[1:] = skew / (4.0 * row[0])
        else:
            i = best - 1
            row[1 + i] = 0.5 * np.sqrt(1.0 + 2.0 * matrix[i, i] - np.trace(matrix))
            row[0] = skew[i] / (4.0 * row[1 + i])
            for j in {0, 1, 2} - {i}:
                row[1 + j] = (matrix[i, j] + matrix[j, i]) / (4.0 * row[1 + i])
    # Neighbours have the same sign.
    flips = np.cumprod(np.where(np.sum(out[1:] * out[:-1], axis=1) < 0, -1.0, 1.0))
    out[1:] *= flips[:, None]
    return out


def _flight(image, lat_deg, east, north):
    """Return the directions on the ground of flight, and across it to the east.

    Orbits with an inclination below 90 degrees move eastward.
    """
    eastward = np.cos(np.radians(image.inclination_deg)) / max(np.cos(np.radians(lat_deg)), 1e-6)
    if abs(eastward) >= 1.0:
        raise InputError(
            image.product,
            f"an orbit of inclination {image.inclination_deg:g} does not reach latitude {lat_deg:.1f}",
            "bring inclination_deg closer to 90",
        )
    northward = np.sqrt(1.0 - eastward**2)
    flight = (northward if image.ascending else -northward) * north + eastward * east
    side = northward * east + (-eastward if image.ascending else eastward) * north
    return flight, side


def _swing(image, orbit_radii):
    """Return the angle at the Moon's centre, in radians, between the spacecraft and the place that its camera sees."""
    roll = np.radians(image.roll_deg)
    return np.arcsin(orbit_radii * np.sin(roll)) - roll


def _sway(times_s, rms_urad, band_hz, rng):
    """Return small turns (n, 3) about the camera's axes, in radians and with a given RMS, and their rates."""
    waves = 5
    frequency = np.exp(rng.uniform(*np.log(band_hz), (waves, 3)))
    phase = rng.uniform(0.0, 2.0 * np.pi, (waves, 3))
    # Slow sways are larger than fast ones.
    amplitude = frequency**-0.5
    amplitude *= 1e-6 * rms_urad * np.sqrt(2.0 / np.sum(amplitude**2, axis=0))
    argument = 2.0 * np.pi * frequency * np.asarray(times_s)[:, None, None] + phase
    turns = np.sum(amplitude * np.sin(argument), axis=1)
    return turns, np.sum(2.0 * np.pi * frequency * amplitude * np.cos(argument), axis=1)


def _local_axes(lon_deg, lat_deg):
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return east, np.cross(up, east), up


def _about_z(angle):
    return np.array([[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])


def _about_x(angle):
    return np.array([[1.0, 0.0, 0.0], [0.0, np.cos(angle), np.sin(angle)], [0.0, -np.sin(angle), np.cos(angle)]])


def _clock(moment):
    """Return a spacecraft clock count: seconds since 2001 without leap seconds, and 65536ths of a second."""
    ticks = round((moment - _CLOCK_ZERO) / timedelta(seconds=1) * 65536)
    return f"1/{ticks // 65536}:{ticks % 65536:05d}"
