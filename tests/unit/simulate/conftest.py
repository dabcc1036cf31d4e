"""What the tests of this package share."""

import numpy as np
import pytest

from imfmap.maps.grids import MapGrid
from imfmap.simulate.calibration_set import write_calibration_set
from imfmap.simulate.terrain import make_terrain
from tests.helpers.scene_grids import SETTINGS, grid_of
from tests.helpers.simulated_images import IMAGED_CRS, spotted, write_ground


@pytest.fixture(scope="module")
def terrain():
    return make_terrain(SETTINGS, grid_of(900.0))


@pytest.fixture(scope="module")
def calibration_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("calibration")
    write_calibration_set(directory, 1, 2022)
    return directory


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Level ground with bright spots, half of them on a plateau."""
    grid = MapGrid.centred(IMAGED_CRS, 102.0, 35.0, 330.0, 330.0, 0.75)
    spots = [(120.0, 100.0), (120.0, 340.0), (320.0, 120.0), (330.0, 350.0)]
    rows, columns = np.mgrid[: grid.shape[0], : grid.shape[1]]
    height = np.where(rows > grid.shape[0] / 2, 400.0, 0.0)
    albedo = spotted(grid, spots)
    path = tmp_path_factory.mktemp("ground") / "terrain.tif"
    inner = tuple(edge + shift for edge, shift in zip(grid.bounds, (30, 30, -30, -30), strict=True))
    write_ground(path, height, albedo, grid, inner)
    return path, grid, [(row, column, height[int(row), int(column)]) for row, column in spots]
