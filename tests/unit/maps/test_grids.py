"""Grids of maps: places come back, and scales are true where they should be."""

from types import SimpleNamespace

import numpy as np
import pytest
from pyproj import Geod

from imfmap.core.errors import InputError
from imfmap.maps.bodies import PROJECTIONS, body
from imfmap.maps.grids import MapGrid

MOON = body("moon")
PIXEL_M = 1.5


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize(("lat", "lon"), [(-10.4, -165.1), (-78.61, 23.52), (0.0, 180.0), (72.2, 350.0)])
def test_places_come_back_through_every_projection(projection, lat, lon):
    grid = MapGrid.centred(MOON.projected(projection, lat, lon), lon, lat, 3000, 2400, 1.5)
    rows, columns = np.array([0, 7.25, 1599]), np.array([0, 1000.5, 1999])
    back = grid.rowcol_of_lonlat(*grid.lonlat(rows, columns))
    np.testing.assert_allclose(back, (rows, columns), atol=1e-6)


def test_equirectangular_is_true_to_scale_at_its_parallel():
    grid = MapGrid.centred(MOON.projected("equirectangular", 60.0, 10.0), 10.0, 60.0, 3000, 3000, 1.5)
    along = grid.ground_jacobians(grid.shape[0] / 2, grid.shape[1] / 2)[0]
    np.testing.assert_allclose(along, np.eye(2), atol=1e-4)


def test_true_metres_shrink_with_the_cosine_of_latitude_away_from_the_parallel():
    grid = MapGrid.centred(MOON.projected("equirectangular", 0.0, 10.0), 10.0, 60.0, 3000, 3000, 1.5)
    along = grid.ground_jacobians(grid.shape[0] / 2, grid.shape[1] / 2)[0]
    np.testing.assert_allclose(along, np.diag([0.5, 1.0]), atol=1e-3)


@pytest.mark.parametrize(
    ("projection", "lat", "parallel"), [("equirectangular", 60.0, -25.0), ("polar_stereographic", -86.0, -81.0)]
)
def test_a_chosen_standard_parallel_is_true_to_scale(projection, lat, parallel):
    crs = MOON.projected(projection, lat, 10.0, parallel)
    grid = MapGrid.centred(crs, 10.0, parallel, 300, 300, 1.5)
    along = grid.ground_jacobians([100.0], [100.0])[0]
    assert np.linalg.svd(along, compute_uv=False) == pytest.approx([1.0, 1.0], abs=1e-4)
    away = MapGrid.centred(crs, 10.0, lat, 300, 300, 1.5).ground_jacobians([100.0], [100.0])[0]
    assert abs(np.linalg.svd(away, compute_uv=False) - 1.0).max() > 1e-3


def test_a_grid_is_anything_with_crs_transform_and_shape():
    wkt = MOON.projected("equirectangular", 0.0, 10.0).to_wkt()
    grid = MapGrid.like(SimpleNamespace(crs=wkt, transform=(2.0, 0, 100, 0, -2.0, 50), shape=(3, 4)))
    assert grid.bounds == (100, 44, 108, 50) and grid.body is MOON and MapGrid.like(grid) is grid
    for transform, crs in [((2, 0.1, 0, 0, -2, 0), wkt), ((2, 0, 0, 0, -3, 0), wkt), ((2, 0, 0, 0, -2, 0), "no CRS")]:
        with pytest.raises(InputError, match="grid: its"):
            MapGrid.like(SimpleNamespace(crs=crs, transform=transform, shape=(3, 4)))


def test_grids_of_one_target_share_their_pixels():
    crs = MOON.projected("equirectangular", 10.0, 20.0)
    one = MapGrid.covering(crs, (100.2, 50.1, 400.0, 300.0), 1.5)
    two = MapGrid.covering(crs, (101.7, 51.6, 500.0, 299.0), 1.5)
    row, column = two.rowcol(*one.xy(0, 0))
    assert row == pytest.approx(round(float(row)), abs=1e-9) and column == pytest.approx(round(float(column)), abs=1e-9)
    left, bottom, right, top = one.bounds
    assert left <= 100.2 and bottom <= 50.1 and right >= 400.0 and top >= 300.0


def test_window_and_blocks_tile_the_grid():
    grid = MapGrid.covering(MOON.projected("equirectangular", 0, 0), (0, 0, 150, 105), 1.5)
    counted = np.zeros(grid.shape, int)
    for row, column, block in grid.blocks(32):
        counted[row : row + block.shape[0], column : column + block.shape[1]] += 1
        np.testing.assert_allclose(block.xy(0, 0), grid.xy(row, column))
    assert (counted == 1).all()


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_ground_matrices_agree_with_geodesics(projection):
    grid = MapGrid.centred(body("moon").projected(projection, -70, 22.0), 24.0, -71.0, 6000, 6000, PIXEL_M)
    row, column = np.array([10.0, 3900.0]), np.array([3000.0, 50.0])
    matrices = grid.ground_jacobians(row, column)
    geod = Geod(a=grid.body.radius_m, b=grid.body.radius_m)
    for axis, (down, right) in enumerate([(0.0, 0.5), (0.5, 0.0)]):
        ends = (*grid.lonlat(row - down, column - right), *grid.lonlat(row + down, column + right))
        along_m = np.asarray(geod.inv(*ends)[2]) / PIXEL_M
        np.testing.assert_allclose(np.hypot(*matrices[:, :, axis].T), along_m, rtol=1e-6)
    lon, lat = grid.lonlat(row[0] + [0, -1], column[0] + [0, 1])
    east = np.radians(lon[1] - lon[0]) * np.cos(np.radians(lat[0])) * 1737400
    north = np.radians(lat[1] - lat[0]) * 1737400
    np.testing.assert_allclose(matrices[0] @ [PIXEL_M, PIXEL_M], [east, north], rtol=1e-3)
