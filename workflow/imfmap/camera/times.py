"""UTC and ephemeris time without SPICE kernels, from 1999 on."""

import math
from datetime import UTC, datetime, timedelta

from ..core.errors import InputError

J2000 = datetime(2000, 1, 1, 12)
_TT_MINUS_TAI_S = 32.184
# TAI - UTC from these dates on (IERS Bulletin C). None was announced after the last one.
_LEAP_SECONDS = (
    (datetime(1999, 1, 1), 32),
    (datetime(2006, 1, 1), 33),
    (datetime(2009, 1, 1), 34),
    (datetime(2012, 7, 1), 35),
    (datetime(2015, 7, 1), 36),
    (datetime(2017, 1, 1), 37),
)


def parse_utc(utc: str | datetime) -> datetime:
    """Return a UTC time as a naive datetime. It is given in ISO 8601, with or without a trailing Z, or as a datetime.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    moment = utc if isinstance(utc, datetime) else datetime.fromisoformat(str(utc).strip())
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def ephemeris_time(utc: str | datetime) -> float:
    """Return the seconds of barycentric dynamical time past J2000 (SPICE's ET) of a UTC time.

    It agrees with NAIF's naif0012.tls to a microsecond, and uses the same periodic term.

    Parameters
    ----------
    utc : str or datetime
        From 1999 on.

    Raises
    ------
    InputError
        If the text is not a time, or the time is before 1999.
    """
    try:
        moment = parse_utc(utc)
    except ValueError:
        raise InputError(
            "time", f"'{utc}' is not a UTC time in ISO 8601", "write it as 2009-11-29T14:51:21.968"
        ) from None
    leap_s = [seconds for start, seconds in _LEAP_SECONDS if start <= moment]
    if not leap_s:
        raise InputError("time", f"{utc} lies before 1999", "check it: LRO was launched in 2009")
    terrestrial_s = (moment - J2000).total_seconds() + leap_s[-1] + _TT_MINUS_TAI_S
    mean_anomaly = 6.239996 + 1.99096871e-7 * terrestrial_s
    return terrestrial_s + 1.657e-3 * math.sin(mean_anomaly + 1.671e-2 * math.sin(mean_anomaly))


def utc_of(et_s: float) -> str:
    """Return the UTC time of an ephemeris time in seconds, in ISO 8601 to the millisecond.

    Raises
    ------
    InputError
        If the time is before 1999.
    """
    moment = J2000 + timedelta(seconds=et_s)
    for _ in range(3):
        moment -= timedelta(seconds=ephemeris_time(moment) - et_s)
    return moment.isoformat(timespec="milliseconds")
