"""Cells of a place that images show."""

import numpy as np
import pytest
from shapely import Polygon, box

from imfmap.acquisition.shown_cells import CELLS, shown_cells


def test_cells_are_of_equal_area_and_of_the_place_alone():
    place = box(10.0, 0.0, 10.4, 0.2)
    west, beyond, elsewhere = box(10.0, 0.0, 10.1, 0.2), box(9.0, -1.0, 11.0, 1.0), box(-90.0, 0.0, -89.0, 1.0)
    shown = shown_cells([west, beyond, elsewhere, None, Polygon()], place)
    assert shown.total == pytest.approx(CELLS, rel=0.01)
    assert shown.counts[0] == pytest.approx(shown.total / 4, rel=0.02)
    assert shown.counts[1] == shown.total and not shown.counts[2:].any()


def test_images_are_counted_by_cell_and_cells_by_image():
    shown = shown_cells([box(10.0, 0.0, 10.3, 0.2), box(10.1, 0.0, 10.4, 0.2)], box(10.0, 0.0, 10.4, 0.2))
    times = shown.times([0, 1])
    assert times.sum() == shown.counts.sum() and set(times) == {1, 2}
    both = np.flatnonzero(times == 2)
    assert list(shown.images(both)) == [len(both)] * 2
    assert set(shown.cells(0)) & set(shown.cells(1)) == set(both)
