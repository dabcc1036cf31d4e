"""Light on relief: shadows, photometry, and what tells a crack from a ridge."""

import math

import numpy as np
import pytest

from imfmap.simulate.light import COEFFICIENTS, SCATTERED, reflectance, sunlit
from imfmap.simulate.relief_carving import carve_lines

RESOLUTION_M = 0.5


@pytest.mark.parametrize("azimuth_deg", [0.0, 90.0, 180.0, 270.0, 33.0, 117.0, 205.0, 318.0])
@pytest.mark.parametrize("incidence_deg", [30.0, 60.0, 80.0])
def test_shadow_of_a_pillar_is_height_times_tangent_long(azimuth_deg, incidence_deg):
    tall_m = 20.0 / math.tan(math.radians(incidence_deg))
    height = np.zeros((161, 161), np.float32)
    rows, columns = np.mgrid[-80:81, -80:81]
    height[np.hypot(rows, columns) <= 6] = tall_m
    lit = sunlit(height, RESOLUTION_M, azimuth_deg, incidence_deg)
    # From the pillar's middle away from the Sun: its own radius is lit, then comes the shadow.
    distance_m = np.arange(0.0, 35.0, 0.05)
    azimuth = math.radians(azimuth_deg)
    row = np.rint(80 + distance_m / RESOLUTION_M * math.cos(azimuth)).astype(int)
    column = np.rint(80 - distance_m / RESOLUTION_M * math.sin(azimuth)).astype(int)
    shadow_m = 0.05 * np.sum(1.0 - lit[row, column])
    # The pillar is as thick as pixels make it.
    assert shadow_m == pytest.approx(20.0, abs=1.5 * RESOLUTION_M)
    towards = lit[np.rint(160 - row).astype(int), np.rint(160 - column).astype(int)]
    assert towards.min() > 0.99


def test_a_long_step_casts_a_straight_shadow_of_exact_length():
    height = np.zeros((40, 400), np.float32)
    height[:, :100] = 10.0
    lit = sunlit(height, 1.0, 270.0, 85.0)
    length_m = np.sum(1.0 - lit[20, 100:])
    assert length_m == pytest.approx(10.0 * math.tan(math.radians(85.0)), abs=1.0)
    assert lit[20, :99].min() > 0.99


def test_level_ground_reflects_what_the_function_says():
    flat, albedo = np.zeros((8, 8), np.float32), np.full((8, 8), 1.2, np.float32)
    b = COEFFICIENTS
    for incidence_deg in (11.0, 30.0, 60.0, 85.0):
        cos_i = math.cos(math.radians(incidence_deg))
        g = incidence_deg
        expected = (
            cos_i
            / (1 + cos_i)
            * math.exp(b[0] + b[1] * g * g + b[2] * g + b[3] * math.sqrt(g) + b[4] + b[5] * cos_i + b[6] * cos_i**2)
        )
        got = reflectance(flat, albedo, 1.0, 40.0, incidence_deg)
        np.testing.assert_allclose(got, 1.2 * expected * (1 + SCATTERED), rtol=1e-5)


def test_reflectance_uses_the_coefficients_of_the_mission(real_data):
    text = (real_data / "isis" / "NAC_PHO_LROC_Empirical.0003.pvl").read_text()
    stated = [
        float(line.split("=")[1]) for line in text.splitlines() if line.strip()[:2] in {f"B{k}" for k in range(7)}
    ]
    assert stated == list(COEFFICIENTS)


@pytest.mark.parametrize("sun_from_left", [True, False])
def test_crack_and_ridge_are_lit_on_opposite_sides(sun_from_left):
    field = np.zeros((80, 80), np.float32)
    line = np.array([40.0, 40.0])
    carve_lines(
        field,
        line,
        np.array([5.0, 75.0]),
        *[np.full(2, 8.0)] * 2,
        np.full(2, 2.0),
        np.ones(1),
        np.zeros(1),
        np.array([0, 2]),
    )
    albedo = np.ones_like(field)
    azimuth_deg = 270.0 if sun_from_left else 90.0
    level = reflectance(np.zeros_like(field), albedo, 1.0, azimuth_deg, 50.0)[0, 0]
    for relief, sun_side_is_bright in ((-field, False), (field, True)):
        profile = reflectance(relief, albedo, 1.0, azimuth_deg, 50.0)[40]
        left, right = profile[33:38].mean(), profile[43:48].mean()
        sun_side, far_side = (left, right) if sun_from_left else (right, left)
        assert (sun_side > 1.05 * level) == sun_side_is_bright
        assert (far_side > 1.05 * level) != sun_side_is_bright
        assert min(sun_side, far_side) < 0.95 * level
