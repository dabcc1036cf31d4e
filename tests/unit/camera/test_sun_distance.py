"""The Moon's distance from the Sun."""

import pytest

from imfmap.camera.sun_distance import sun_moon_distance_au


def test_sun_distance_by_default_is_the_moons():
    # SolarDistance that lronaccal wrote for M114145549LE and M143947267LE (DE421).
    assert sun_moon_distance_au("2009-11-29T14:51:21.968") == pytest.approx(0.98839424271666, abs=1e-7)
    assert sun_moon_distance_au("2010-11-09T13:06:40.356") == pytest.approx(0.98865575639954, abs=1e-7)
