"""Patches: how they are stretched, and what is drawn for them."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.likeness.patches import cut_shares, draw_settings, stretched, sun_azimuth_at


def test_stretch_cuts_the_shares_it_is_told():
    image = np.random.default_rng(3).gamma(4.0, 1.0, (200, 200))
    counts = stretched(image, 0.01, 0.02)
    assert counts.min() == 1 and counts.max() == 255
    assert cut_shares(counts) == pytest.approx((0.01, 0.02), abs=0.004)
    assert np.corrcoef(counts.ravel(), image.ravel())[0, 1] > 0.98


def test_settings_are_drawn_from_their_ranges():
    settings = {"a": 3, "b": {"between": [1, 2]}, "c": {"log_between": [10, 1000]}, "d": {"one_of": ["x", "y"]}}
    draws = [draw_settings(settings, np.random.default_rng(seed)) for seed in range(200)]
    assert {draw["a"] for draw in draws} == {3} and {draw["d"] for draw in draws} == {"x", "y"}
    assert min(draw["b"] for draw in draws) >= 1 and max(draw["b"] for draw in draws) <= 2
    assert np.median([draw["c"] for draw in draws]) == pytest.approx(100, rel=0.4)
    with pytest.raises(InputError, match="use between"):
        draw_settings({"a": {"about": [1, 2]}}, np.random.default_rng(0))


def test_the_sun_stands_where_it_can():
    # At noon over the equator's north, in the south; at the equinox it rises due east anywhere.
    assert sun_azimuth_at(45.0, 45.0, morning=True) == pytest.approx(180.0, abs=0.1)
    assert sun_azimuth_at(-45.0, 45.0, morning=True) == pytest.approx(0.0, abs=0.1)
    assert sun_azimuth_at(-45.0, 89.99, morning=True) == pytest.approx(90.0, abs=0.1)
    assert sun_azimuth_at(30.0, 60.0, morning=False) == pytest.approx(360.0 - sun_azimuth_at(30.0, 60.0, True))
    with pytest.raises(InputError, match="never seen at latitude 45"):
        sun_azimuth_at(45.0, 40.0, morning=True)
