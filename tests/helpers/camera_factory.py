"""A NAC on a circular orbit about the Moon, for tests."""

import numpy as np
import spiceypy

from imfmap.camera.ephemeris import Orientation, States
from imfmap.camera.line_scan import LineScanCamera
from imfmap.nac.optics import NAC, line_duration_s

RADIUS_KM = 1737.4
START_ET_S = 342580072.0


def make_camera(
    lines=400,
    samples=5064,
    side="left",
    summing=1,
    lat_deg=36.0,
    lon_deg=102.6,
    altitude_km=50.0,
    roll_deg=0.0,
    pitch_deg=0.0,
    jitter_urad=0.0,
    inclination_deg=88.0,
    sun_azimuth_deg=120.0,
    incidence_deg=50.0,
    exposure_ms=0.36,
    product_id="M123456789LE",
    turned=True,
    first_sample=0,
):
    """Return a camera that flies northward, with its middle line over a place.

    `jitter_urad` moves the pointing at random every 1/15 s, as in the kernels of LRO. With `turned`, the body rotates
    and is tilted against the J2000 axes, as the Moon is; otherwise body and J2000 axes coincide.
    """
    duration_s = line_duration_s(exposure_ms)
    span_s = lines * duration_s
    times_s = START_ET_S + np.linspace(-0.5, span_s + 0.5, max(4, int(span_s * 15) + 2))
    rate = np.sqrt(4902.8 / (RADIUS_KM + altitude_km) ** 3)
    up = _unit(lon_deg, lat_deg)
    east = np.cross([0.0, 0.0, 1.0], up) / np.linalg.norm(np.cross([0.0, 0.0, 1.0], up))
    along = np.cross(up, east)
    along = np.cos(np.radians(90 - inclination_deg)) * along + np.sin(np.radians(90 - inclination_deg)) * east
    angle = rate * (times_s - START_ET_S - span_s / 2.0)[:, None]
    radial, forward = np.cos(angle) * up + np.sin(angle) * along, np.cos(angle) * along - np.sin(angle) * up
    positions, velocities = (RADIUS_KM + altitude_km) * radial, (RADIUS_KM + altitude_km) * rate * forward
    jitter = np.random.default_rng(1).normal(0.0, jitter_urad * 1e-6, (len(times_s), 2))
    camera_axes = []
    for radial_now, forward_now, (roll, pitch) in zip(radial, forward, jitter, strict=True):
        nadir = np.stack([forward_now, np.cross(-radial_now, forward_now), -radial_now])
        turn = spiceypy.rotate(np.radians(roll_deg) + roll, 1) @ spiceypy.rotate(np.radians(pitch_deg) + pitch, 2)
        camera_axes.append(turn @ nadir)
    sun_up = np.cos(np.radians(incidence_deg)) * up
    north = np.cross(up, east)
    azimuth = np.radians(sun_azimuth_deg)
    towards_sun = sun_up + np.sin(np.radians(incidence_deg)) * (np.cos(azimuth) * north + np.sin(azimuth) * east)
    sun = States(times_s[[0, -1]], 1.496e8 * np.stack([towards_sun, towards_sun]))
    constant = spiceypy.rotate(np.radians(0.02), 2) if turned else np.eye(3)
    body_axes = [constant @ spiceypy.rotate(2.66e-6 * (t - times_s[0]) if turned else 0.0, 3) for t in times_s[[0, -1]]]
    # Vectors above are body-fixed; the tables need J2000.
    back = np.stack([(constant @ spiceypy.rotate(2.66e-6 * (t - times_s[0]) if turned else 0.0, 3)).T for t in times_s])
    spin = np.array([0.0, 0.0, 2.66e-6 if turned else 0.0])
    j2000_positions = np.einsum("nij,nj->ni", back, positions)
    j2000_velocities = np.einsum("nij,nj->ni", back, velocities) + np.cross(spin, j2000_positions)
    pointing = [axes @ turn.T for axes, turn in zip(camera_axes, back, strict=True)]
    return LineScanCamera(
        product_id=product_id,
        lines=lines,
        samples=samples,
        start_et_s=START_ET_S,
        line_duration_s=duration_s,
        position=States(times_s, j2000_positions, j2000_velocities),
        pointing=Orientation(times_s, [spiceypy.m2q(np.ascontiguousarray(axes)) for axes in pointing]),
        body_rotation=Orientation(
            times_s[[0, -1]],
            [spiceypy.m2q(np.ascontiguousarray(constant.T @ axes)) for axes in body_axes],
            constant_rotation=constant,
        ),
        sun=sun,
        instrument=NAC[side],
        summing=summing,
        first_sample=first_sample,
    )


def _unit(lon_deg, lat_deg):
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
