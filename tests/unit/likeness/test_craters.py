"""Craters and the Sun that lit them, found in patches."""

import numpy as np
import pytest

from imfmap.likeness.craters import crater_statistics, find_craters, find_sun_and_craters, match_craters
from imfmap.likeness.statistics import sun_axis
from tests.helpers.patch_factory import pitted


@pytest.mark.parametrize("azimuth_deg", [75.0, 200.0, 340.0])
def test_the_suns_direction_is_told_from_hollows(azimuth_deg):
    image, _ = pitted(azimuth_deg)
    for ground, expected_deg in ((image, azimuth_deg), (-image, azimuth_deg + 180.0)):
        # Knobs look like hollows lit from the other side.
        found_deg, found = find_sun_and_craters(ground, sun_axis(ground))
        assert abs((found_deg - expected_deg + 180.0) % 360.0 - 180.0) < 12.0
        assert len(found.row) > 12


def test_planted_craters_are_found_and_noise_holds_next_to_none():
    image, places = pitted(75.0)
    found = find_craters(image, 75.0)
    right, seen = match_craters(found, *places.T)
    assert seen.mean() > 0.9
    large = found.diameter_px > 9.0
    assert right[large].mean() > 0.8
    noise = np.random.default_rng(2).standard_normal((256, 256))
    large_in_noise = (find_craters(noise, 75.0).diameter_px > 9.0).sum()
    assert large_in_noise < 0.1 * len(places)
    # Lit from the other side, hollows are knobs.
    right, seen = match_craters(find_craters(image, 255.0), *places.T)
    assert seen.mean() < 0.1
    counts = crater_statistics(found, image.size)
    assert counts["craters_6px"] > counts["craters_12px"] > counts["craters_24px"]
