"""Groups of projected cubes that hang together."""

import numpy as np
import pytest

from imfmap.engines.isis.overlaps import connected_groups
from tests.helpers.isis_cubes import GRID, projected

SIDE = 100


def cubes(folder, *corners):
    """Cubes of 100 x 100 pixels with these upper left corners (row, column)."""
    made = []
    for number, corner in enumerate(corners):
        part = GRID.window(*corner, SIDE, SIDE)
        made.append(projected(folder / f"M{number}L.map.cub", part, np.full(part.shape, 0.05, np.float32)))
    return made


@pytest.mark.parametrize(
    ("corners", "groups"),
    [
        ([(0, 0)], [[0]]),
        ([(0, 0), (0, 80)], [[0, 1]]),
        # A row of strips, given in any order.
        ([(0, 0), (0, 160), (0, 80)], [[0, 1, 2]]),
        ([(0, 0), (300, 300), (0, 80), (300, 380)], [[0, 2], [1, 3]]),
        # An overlap of 10 columns is enough, one of 9 is not.
        ([(0, 0), (0, 90)], [[0, 1]]),
        ([(0, 0), (0, 91)], [[0], [1]]),
        ([(0, 0), (0, 100), (100, 0)], [[0], [1], [2]]),
    ],
)
def test_groups_hang_together_by_overlaps_of_enough_pixels(tmp_path, corners, groups):
    assert connected_groups(cubes(tmp_path, *corners)) == groups


def test_pixels_without_data_are_no_overlap(tmp_path):
    part = GRID.window(0, 50, SIDE, SIDE)
    values = np.full(part.shape, 0.05, np.float32)
    values[:, :45] = np.nan
    empty = projected(tmp_path / "empty.cub", part, values)
    assert connected_groups([*cubes(tmp_path, (0, 0)), empty]) == [[0], [1]]
