"""Statistics of patches, against noise of known spectra."""

import numpy as np
import pytest

from imfmap.likeness.craters import find_craters
from imfmap.likeness.statistics import all_statistics, radial_spectrum, spectrum_statistics
from tests.helpers.patch_factory import pitted, power_law


@pytest.mark.parametrize("slope", [-1.0, -2.0, -3.0])
def test_spectrum_has_the_slope_and_the_power_of_known_noise(slope):
    slopes = [spectrum_statistics(power_law(512, slope, seed))["spectrum_slope"] for seed in range(4)]
    assert np.mean(slopes) == pytest.approx(slope, abs=0.1)
    white = np.random.default_rng(1).normal(0.0, 3.0, (256, 256))
    _, power = radial_spectrum(white)
    # Over the unit square of frequencies the power integrates to the variance.
    assert power.mean() == pytest.approx(9.0, rel=0.05)


def test_figures_do_not_change_with_the_stretch_nor_with_a_quarter_turn():
    image, _ = pitted(80.0)
    azimuth_deg = 80.0

    def figures(patch, turned_deg=0.0):
        azimuth = azimuth_deg + turned_deg
        return all_statistics(patch, azimuth, find_craters(patch, azimuth))

    plain = figures(image)
    for name, value in figures(40.0 * image + 1000.0).items():
        assert value == pytest.approx(plain[name], rel=1e-4, abs=1e-4), name
    # Turned to the left, the Sun is, too.
    for name, value in figures(np.rot90(image), -90.0).items():
        assert value == pytest.approx(plain[name], rel=0.05, abs=0.05), name
