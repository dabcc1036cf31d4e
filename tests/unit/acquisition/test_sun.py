"""Directions of the Sun."""

import pytest

from imfmap.acquisition.sun import sun_angles, sun_directions
from imfmap.maps.geometry import lonlat_of


def test_the_sun_is_where_the_almanac_has_it():
    """Subsolar longitudes from the Moon's phases (USNO): overhead at 0 at full moon, at 180 at new moon."""
    lon, lat = lonlat_of(sun_directions(["2010-01-30T06:18:00", "2010-01-15T07:11:00"]))
    # Libration moves the sub-Earth point by up to 8 degrees.
    assert abs((lon[0] + 180) % 360 - 180) < 9 and abs(lon[1] - 180) < 9
    assert (abs(lat) < 1.6).all()
    assert sun_directions([""]).shape == (1, 3)


@pytest.mark.parametrize("time", ["2010-01-15T07:11:00", "2024-07-03T20:00:00"])
def test_the_sun_stands_over_a_place_where_it_is(time):
    lon, lat = (float(angle) for angle in lonlat_of(sun_directions([time])[0]))
    assert sun_angles(time, lon, lat)[1] == pytest.approx(0, abs=1e-4)
    # To the east of the subsolar point it is afternoon: the Sun is in the west.
    azimuth_deg, incidence_deg = sun_angles(time, lon + 30, 0.0)
    assert azimuth_deg == pytest.approx(270, abs=4) and incidence_deg == pytest.approx(30, abs=0.2)
    azimuth_deg, incidence_deg = sun_angles(time, lon, 40.0)
    assert azimuth_deg == pytest.approx(180, abs=1e-3) and incidence_deg == pytest.approx(40 - lat, abs=1e-3)
    assert sun_angles(time, lon + 180, -lat)[1] == pytest.approx(180, abs=1e-4)
