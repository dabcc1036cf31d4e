"""Times, held to SPICE."""

import pytest

from imfmap.camera.times import ephemeris_time
from imfmap.core.errors import InputError


def test_ephemeris_time_is_spices():
    # spiceypy.utc2et with naif0012.tls
    assert ephemeris_time("2009-11-29T14:51:21.968000") == pytest.approx(312778348.152, abs=2e-3)
    assert ephemeris_time("2017-01-01T00:00:00Z") - ephemeris_time("2016-12-31T23:59:59") == pytest.approx(
        2.0, abs=1e-6
    )
    with pytest.raises(InputError, match="1999"):
        ephemeris_time("1998-01-01T00:00:00")
    with pytest.raises(InputError, match="yesterday"):
        ephemeris_time("yesterday")
