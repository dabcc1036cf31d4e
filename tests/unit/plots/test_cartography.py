"""Cartography: round numbers, and a base_picture that is clear where nothing is known."""

import numpy as np
import pytest

from imfmap.maps.rasters import open_raster
from imfmap.plots.cartography import NO_DATA, base_picture, nice_below
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
