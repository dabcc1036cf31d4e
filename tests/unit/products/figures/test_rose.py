"""The rose diagram that all figures share."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot

from imfmap.products.figures.rose import draw_rose

ROSE = {"bin_deg": 10, "length_km": [0.0] * 17 + [4.0], "mean_axis_deg": 175.0}


@pytest.fixture
def axes():
    figure, axes = pyplot.subplots(subplot_kw={"projection": "polar"})
    yield axes
    pyplot.close(figure)


@pytest.mark.parametrize("with_scale", [False, True])
def test_a_petal_points_both_ways_along_its_direction(axes, with_scale):
    lengths = ROSE["length_km"].copy()
    lengths[3] = 1.0
    draw_rose(axes, {**ROSE, "length_km": lengths}, with_scale)
    petals = {round(np.degrees(bar.get_x())): bar.get_height() for bar in axes.patches if bar.get_height() > 0}
    # From north over east; the area stands for the length.
    assert petals == pytest.approx({30: 1.0, 170: 2.0, 210: 1.0, 350: 2.0})
    assert axes.get_theta_direction() == -1 and np.degrees(axes.get_theta_offset()) == pytest.approx(90)


def test_without_fractures_there_is_no_axis(axes):
    draw_rose(axes, {**ROSE, "length_km": [0.0] * 18, "mean_axis_deg": None}, with_scale=False)
    assert not axes.lines


def test_rings_have_round_lengths(axes):
    draw_rose(axes, ROSE, with_scale=True)
    assert [text.get_text() for text in axes.texts] == ["1 km", "2 km", "4 km"]
