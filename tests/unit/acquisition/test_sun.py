"""Directions of the Sun."""

from imfmap.acquisition.sun import sun_directions
from imfmap.maps.geometry import lonlat_of


def test_the_sun_is_where_the_almanac_has_it():
    """Subsolar longitudes from the Moon's phases (USNO): overhead at 0 at full moon, at 180 at new moon."""
    lon, lat = lonlat_of(sun_directions(["2010-01-30T06:18:00", "2010-01-15T07:11:00"]))
    # Libration moves the sub-Earth point by up to 8 degrees.
    assert abs((lon[0] + 180) % 360 - 180) < 9 and abs(lon[1] - 180) < 9
    assert (abs(lat) < 1.6).all()
    assert sun_directions([""]).shape == (1, 3)
