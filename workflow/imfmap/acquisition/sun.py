"""Directions to the Sun, computed from the times of images: the archive does not give them."""

from collections.abc import Sequence

import erfa
import numpy as np
import spiceypy

from ..camera.moon_orientation import moon_orientation_kernels
from ..camera.times import ephemeris_time
from ..maps.geometry import azimuth_deg, lonlat_of, point_of, separation_deg

_J2000_JD = 2451545.0
_DAY_S = 86400.0


def sun_directions(times: Sequence[str]) -> np.ndarray:
    """Return the directions from the Moon's centre to the Sun, in the Moon's own frame (mean Earth).

    The positions of Earth and Moon are those of ERFA's `epv00` and `moon98`, the Moon's rotation is that of DE421
    (package lunarsky). Light time is neglected, which changes the direction by 0.005 degrees.

    Parameters
    ----------
    times : sequence of str
        UTC, ISO 8601; empty text where a time is not known.

    Returns
    -------
    ndarray
        (N, 3), of unit length; NaN where the time is not known.
    """
    directions = np.full((len(times), 3), np.nan)
    kernels = [str(path) for path in moon_orientation_kernels()]
    for path in kernels:
        spiceypy.furnsh(path)
    try:
        for index, time in enumerate(times):
            if not time:
                continue
            time_s = ephemeris_time(time)
            earth_from_sun = erfa.epv00(_J2000_JD, time_s / _DAY_S)[0]["p"]
            moon_from_earth = erfa.moon98(_J2000_JD, time_s / _DAY_S)["p"]
            sun = -spiceypy.pxform("J2000", "MOON_ME", time_s) @ (earth_from_sun + moon_from_earth)
            directions[index] = sun / np.linalg.norm(sun)
    finally:
        for path in reversed(kernels):
            spiceypy.unload(path)
    return directions


def sun_angles(time: str, lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Return where the Sun stands over a place on the Moon.

    Angles are those on the sphere. Against ISIS's incidence of 20 NAC images, the largest difference is 0.003 degrees
    (`tests/real/test_multisun.py`).

    Parameters
    ----------
    time : str
        UTC, ISO 8601, from 1999 on.
    lon_deg, lat_deg : float
        Planetocentric, east-positive.

    Returns
    -------
    tuple of float
        Direction towards the Sun on the ground, clockwise from north, 0..360; incidence angle, 0..180. Degrees.

    Raises
    ------
    InputError
        As `times.ephemeris_time`.
    """
    (sun,) = sun_directions([time])
    incidence_deg = separation_deg(point_of(lon_deg, lat_deg, 1.0), sun)
    return float(azimuth_deg(lon_deg, lat_deg, *lonlat_of(sun))), float(incidence_deg)
