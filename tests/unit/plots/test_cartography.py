"""Cartography: round numbers, and a base_picture that is clear where nothing is known."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from imfmap.maps.rasters import open_raster
from imfmap.plots.cartography import NO_DATA, base_picture, letter_box, nice_below
from tests.helpers.small_maps import grid_of, mosaic


def test_base_is_clear_where_nothing_is_known(tmp_path):
    grid = grid_of(100, 100)
    mosaic(tmp_path / "mosaic.tif", grid)
    with open_raster(tmp_path / "mosaic.tif") as dataset:
        picture = base_picture(dataset)
    assert (picture[:10, :, 3] == 0).all() and (picture[10:, :, 3] == 1).all()
    assert np.ptp(picture[10:, :, 0]) > 0.5 and NO_DATA.startswith("#")


def test_round_numbers():
    assert [nice_below(value) for value in (1.0, 1.99, 4.9, 7, 950, 0.03)] == pytest.approx([1, 1, 2, 5, 500, 0.02])


@pytest.mark.parametrize("bottom", [20.0, 60.0, 65.0])
def test_the_letter_of_an_inset_stays_on_the_map(bottom):
    figure = Figure()
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(0, 100), ylim=(0, 100))
    letter_box(axes, 10.0, bottom, 35.0, "b")
    figure.canvas.draw()
    (letter,) = axes.texts
    drawn, window = letter.get_window_extent(), axes.get_window_extent()
    assert window.y0 < drawn.y0 and drawn.y1 < window.y1
