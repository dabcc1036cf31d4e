"""A circular orbit over a scene, and the camera of the image taken from it."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from scipy.spatial.transform import Rotation

from ..camera.ephemeris import Orientation, States
from ..camera.line_scan import ASTRONOMICAL_UNIT_KM, LineScanCamera
from ..core.errors import InputError
from ..maps.bodies import body
from ..maps.sun_distance import sun_moon_distance_au
from ..maps.times import ephemeris_time, parse_utc
from ..nac.label import preroll_time, product_number
from ..nac.optics import ADDITIONAL_PREROLL_LINES, NAC, line_duration_s, samples_of

GM_MOON_KM3_S2 = 4902.8
# Orientation of the Moon at J2000 and its spin (pck00010.tpc, without the nutation terms): right ascension and
# declination of the pole, prime meridian, degrees and degrees a day.
_POLE_RA_DEG, _POLE_DEC_DEG, _MERIDIAN_DEG, _SPIN_DEG_DAY = 269.9949, 66.5392, 38.3213, 13.17635815
# Exposure in ms of code 0 and of a code more; real labels say 0.3376 at 0, 0.3632 at 3.
_EXPOSURE_MS, _EXPOSURE_STEP_MS = 0.3376, 0.128 / 15.0
_TABLE_STEP_S = 0.1
# The attitude sways at these frequencies (Hz): slowly enough for the pointing tables to follow, or too fast for them.
_RECORDED_HZ, _UNRECORDED_HZ = (0.05, 1.5), (5.0, 40.0)
_FINE_STEP_S = 0.004
_CLOCK_ZERO = datetime(2001, 1, 1)


def product_id_of(image):
    """Full product identifier, as an EDR carries it: ends in LE or RE after the camera.

    Raises
    ------
    InputError
        Where the identifier names the other camera, or is none of a NAC.
    """
    side = "L" if image.camera == "left" else "R"
    stem = image.product.removesuffix("E")
    if stem[-1:] in "LR" and stem[-1:] != side:
        raise InputError(image.product, f"is no image of the {image.camera} camera", f"let it end in {side}E")
    stem = stem.rstrip("LR") + side
    if not (stem[0] == "M" and stem[1:-1].isdigit()):
        raise InputError(image.product, "is no product id of a NAC", "write it as M1400000000LE")
    return stem + "E"


def ground_speed_m_s(altitude_km):
    """Speed over the ground of the point below a circular orbit."""
    radius_km = body("moon").radius_m / 1000.0
    return 1000.0 * np.sqrt(GM_MOON_KM3_S2 / (radius_km + altitude_km) ** 3) * radius_km


def exposure(image):
    """Line exposure in ms and its code: the one that makes lines as long on the ground as samples are wide.

    No code is below 0, so unsummed images from less than some 56 km have lines longer than their samples, as real ones.
    """
    optics = NAC[image.camera]
    sample_m = 1000.0 * image.altitude_km * optics.pixel_pitch_mm / optics.focal_length_mm * image.summing
    wanted_ms = 1000.0 * sample_m / ground_speed_m_s(image.altitude_km) / line_duration_s(1000.0)
    code = max(0, round((wanted_ms - _EXPOSURE_MS) / _EXPOSURE_STEP_MS))
    return round(_EXPOSURE_MS + code * _EXPOSURE_STEP_MS, 6), code


def build_camera(image, lon_deg, lat_deg, length_m, seed=0):
    """Camera of an image whose middle line passes over a place, as its ISD records it.

    Parameters
    ----------
    image : ImageSettings
    lon_deg, lat_deg : float
        Scene centre.
    length_m : float
        Ground to be covered along the track.
    seed : int
        Of the attitude's swaying, which differs from image to image.

    Returns
    -------
    LineScanCamera

    Raises
    ------
    InputError
        Where an orbit of the inclination does not reach the place.
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


def true_camera(camera, image, seed=0):
    """The camera as it really pointed: `build_camera`'s with the swaying that its pointing table does not record."""
    if not image.unrecorded_jitter_urad:
        return camera
    times = camera.pointing.times_s
    fine = np.arange(times[0], times[-1], _FINE_STEP_S)
    rng = np.random.default_rng([seed, product_number(camera.product_id), 1])
    sway, _ = _sway(fine - times[0], image.unrecorded_jitter_urad, _UNRECORDED_HZ, rng)
    matrices = Rotation.from_rotvec(-sway).as_matrix() @ camera.pointing.at(fine)
    return replace(camera, pointing=Orientation(fine, quaternions_of(matrices)))


def label_fields(image, camera):
    """What the label of the image's EDR says beyond its defaults, see `edr_writing.write_edr`."""
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


def body_matrix(et_s):
    """Rotation (3, 3) from J2000 to the Moon's body-fixed frame at an ephemeris time."""
    node = np.radians(90.0 + _POLE_RA_DEG)
    tilt = np.radians(90.0 - _POLE_DEC_DEG)
    meridian = np.radians((_MERIDIAN_DEG + _SPIN_DEG_DAY * et_s / 86400.0) % 360.0)
    return _about_z(meridian) @ _about_x(tilt) @ _about_z(node)


def quaternions_of(matrices):
    """Scalar-first quaternions (n, 4) of rotation matrices (n, 3, 3), in NAIF's sense (m2q)."""
    m = np.asarray(matrices)
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    # The largest of the four squares is never small: no division by little.
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
    # One sign along the track.
    flips = np.cumprod(np.where(np.sum(out[1:] * out[:-1], axis=1) < 0, -1.0, 1.0))
    out[1:] *= flips[:, None]
    return out


def _flight(image, lat_deg, east, north):
    """Directions of flight and, across it, to the east, on the ground; an orbit of less than 90 degrees moves east."""
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
    """Angle at the Moon's centre from below the spacecraft to where its rolled camera looks, radians."""
    roll = np.radians(image.roll_deg)
    return np.arcsin(orbit_radii * np.sin(roll)) - roll


def _sway(times_s, rms_urad, band_hz, rng):
    """Small turns about the camera's axes (n, 3) in radians and their rates, of a root mean square about each axis."""
    waves = 5
    frequency = np.exp(rng.uniform(*np.log(band_hz), (waves, 3)))
    phase = rng.uniform(0.0, 2.0 * np.pi, (waves, 3))
    # Slow sways are the large ones.
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
    """Spacecraft clock: seconds from 2001 on and 65536ths, leap seconds left out."""
    ticks = round((moment - _CLOCK_ZERO) / timedelta(seconds=1) * 65536)
    return f"1/{ticks // 65536}:{ticks % 65536:05d}"
