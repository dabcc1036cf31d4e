"""Ground floor: bodies, grids, rasters, the Sun-aligned frame."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.core.files import replacing
from imfmap.maps.bodies import PROJECTIONS, body, body_of
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import create_raster, read_raster, write_raster
from imfmap.maps.target_grid import target_grid
from imfmap.tiles.sun_frame import SunFrame, relative_brightness, sample_brightness

MOON = body("moon")


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


@pytest.mark.parametrize(
    ("projection", "lat", "parallel"),
    [("sinusoidal", 10.0, 5.0), ("equirectangular", 10.0, 90.0), ("polar_stereographic", -86.0, 81.0)],
)
def test_a_standard_parallel_that_cannot_be(projection, lat, parallel):
    with pytest.raises(InputError, match="standard_parallel_deg"):
        MOON.projected(projection, lat, 10.0, parallel)


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


def test_target_grid_covers_the_crater():
    place = {"lat": -10.4, "lon": -165.1, "diameter_km": 4, "body": "moon"}
    grid = target_grid({**place, "projection": "equirectangular", "resolution_m": 1.5})
    assert grid.resolution_m == 1.5
    assert abs(grid.shape[0] - 4400 / 1.5) <= 2 and abs(grid.shape[1] - 4400 / 1.5) <= 2
    lon, lat = grid.lonlat(grid.shape[0] / 2 - 0.5, grid.shape[1] / 2 - 0.5)
    assert float(lon) == pytest.approx(-165.1, abs=1e-4) and float(lat) == pytest.approx(-10.4, abs=1e-4)


def test_unknown_body_projection_and_crs_are_refused():
    with pytest.raises(InputError, match="unknown body 'pluto'"):
        body("pluto")
    with pytest.raises(InputError, match="unknown projection 'mercator'"):
        MOON.projected("mercator", 0, 0)
    with pytest.raises(InputError, match="no known body"):
        body_of("EPSG:4326")


def test_raster_comes_back_with_its_lunar_crs(tmp_path):
    grid = MapGrid.centred(MOON.projected("polar_stereographic", -80, 20), 20, -80, 900, 600, 1.5)
    values = np.random.default_rng(1).normal(size=grid.shape).astype(np.float32)
    write_raster(tmp_path / "a.tif", values, grid, nodata=float("nan"), tags={"IMF_X": 3})
    back, grid_back, tags = read_raster(tmp_path / "a.tif")
    np.testing.assert_array_equal(back, values)
    assert tags["IMF_X"] == "3" and body_of(grid_back.crs).name == "moon"
    np.testing.assert_allclose(grid_back.lonlat(5, 7), grid.lonlat(5, 7))


def test_a_file_that_fails_leaves_nothing(tmp_path):
    grid = MapGrid.covering(MOON.projected("equirectangular", 0, 0), (0, 0, 15, 15), 1.5)
    with pytest.raises(RuntimeError), create_raster(tmp_path / "b.tif", grid, "uint8"):
        raise RuntimeError
    (tmp_path / "c.txt").write_text("old")
    with pytest.raises(RuntimeError), replacing(tmp_path / "c.txt") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "c.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.txt"]


def test_facts_come_back_from_tags():
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 271.5, 40.0, 1.0, 41.0, 0.9, "native")
    assert ImageFacts.from_tags(facts.tags(), "x.tif") == facts
    with pytest.raises(InputError, match="x.tif: has no tag IMF_PRODUCT"):
        ImageFacts.from_tags({}, "x.tif")


@given(st.floats(0, 360), st.floats(-500, 500), st.floats(-500, 500))
def test_sun_frame_turns_there_and_back(azimuth, v, u):
    frame = SunFrame(azimuth, 100.0, 200.0)
    np.testing.assert_allclose(frame.from_map(*frame.to_map(v, u)), (v, u), atol=1e-9)


@pytest.mark.parametrize("azimuth", [0.0, 33.0, 90.0, 181.0, 300.0])
def test_in_the_sun_frame_the_sun_is_left(azimuth):
    angle = np.radians(azimuth)
    v, u = SunFrame(azimuth).from_map(-10 * np.cos(angle), 10 * np.sin(angle))
    assert v == pytest.approx(0, abs=1e-9) and u == pytest.approx(-10)


@pytest.mark.parametrize("gap", [False, True])
def test_blocks_without_gaps_are_taken_as_all_others(gap):
    image = np.random.default_rng(4).uniform(0.02, 0.2, (300, 280)).astype(np.float32)
    if gap:
        image[100:140, 90:130] = np.nan
    whole = relative_brightness(image)
    for _ in range(2):
        np.testing.assert_array_equal(relative_brightness(image, median=float(np.nanmedian(image))), whole)
    for reach in (0.0, 3.0):
        row, column = np.random.default_rng(5).uniform(-reach, 279 + reach, (2, 50, 60))
        # With a rim of no data, positions outside are looked at as those inside.
        expected = sample_brightness(np.pad(whole, 5), row + 5, column + 5)
        np.testing.assert_array_equal(sample_brightness(whole, row, column), expected)
        assert (expected == 0).any() == (gap or reach > 0)


def test_relative_brightness_forgets_albedo_and_marks_nodata():
    rng = np.random.default_rng(2)
    image = (0.05 * (1 + 0.1 * rng.normal(size=(300, 300)))).astype(np.float32)
    image[:20] = np.nan
    dark, bright = relative_brightness(image), relative_brightness(3 * image)
    np.testing.assert_allclose(dark.astype(int), bright.astype(int), atol=1)
    assert (dark[:20] == 0).all() and (dark[20:] > 0).all()
    assert dark[20:].mean() == pytest.approx(100, abs=2)
