"""UTC and ephemeris time, without kernels, for the years a spacecraft of this project has flown."""

import math
from datetime import UTC, datetime, timedelta

from ..core.errors import InputError

J2000 = datetime(2000, 1, 1, 12)
_TT_MINUS_TAI_S = 32.184
# TAI - UTC from these dates on (IERS Bulletin C); no leap second has been announced since the last.
_LEAP_SECONDS = (
    (datetime(1999, 1, 1), 32),
    (datetime(2006, 1, 1), 33),
    (datetime(2009, 1, 1), 34),
    (datetime(2012, 7, 1), 35),
    (datetime(2015, 7, 1), 36),
    (datetime(2017, 1, 1), 37),
)


def parse_utc(utc):
    """Naive datetime of a UTC in ISO 8601, with or without a trailing Z; or of a datetime.

    Raises
    ------
    ValueError
        For anything else.
    """
    moment = utc if isinstance(utc, datetime) else datetime.fromisoformat(str(utc).strip())
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def ephemeris_time(utc):
    """Seconds of barycentric dynamical time past J2000 (SPICE's ET) of a UTC.

    Agrees with NAIF's naif0012.tls to a microsecond (its periodic term is the one used here).

    Parameters
    ----------
    utc : str or datetime
        From 1999 on.

    Raises
    ------
    InputError
        For a text that is no time, or a time before 1999.
    """
    try:
        moment = parse_utc(utc)
    except ValueError:
        raise InputError("time", f"'{utc}' is no UTC in ISO 8601", "write it as 2009-11-29T14:51:21.968") from None
    leap_s = [seconds for start, seconds in _LEAP_SECONDS if start <= moment]
    if not leap_s:
        raise InputError("time", f"{utc} lies before 1999", "LRO was launched in 2009")
    terrestrial_s = (moment - J2000).total_seconds() + leap_s[-1] + _TT_MINUS_TAI_S
    mean_anomaly = 6.239996 + 1.99096871e-7 * terrestrial_s
    return terrestrial_s + 1.657e-3 * math.sin(mean_anomaly + 1.671e-2 * math.sin(mean_anomaly))


def utc_of(et_s):
    """UTC of an ephemeris time, ISO 8601 to the millisecond.

    Raises
    ------
    InputError
        Before 1999, as `ephemeris_time`.
    """
    moment = J2000 + timedelta(seconds=et_s)
    for _ in range(3):
        moment -= timedelta(seconds=ephemeris_time(moment) - et_s)
    return moment.isoformat(timespec="milliseconds")
