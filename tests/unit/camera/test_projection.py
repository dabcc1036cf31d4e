"""Projection: positions to a thousandth of a pixel on every kind of map, ISIS's rules beside bad pixels, memory."""

from types import SimpleNamespace

import numpy as np
import pytest
import rasterio

from imfmap.camera.footprint import footprint
from imfmap.camera.projection import image_facts, project
from imfmap.camera.shape_model import ShapeModel
from imfmap.core.errors import InputError
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from tests.helpers.projected_scenes import MOON, PLACES, assert_seen, exact_positions, scene, within


def ramps(camera):
    """Two images whose values are their pixels' own line and sample."""
    return np.broadcast_arrays(
        np.arange(1.0, camera.lines + 1)[:, None].astype(np.float32),
        np.arange(1.0, camera.samples + 1)[None, :].astype(np.float32),
    )


@pytest.mark.parametrize("projection", PLACES)
def test_pixels_come_from_where_the_camera_says(projection):
    camera, grid = scene(projection)
    exact = exact_positions(camera, grid)
    inner = within(camera, exact, 1.0)
    assert inner.sum() > 5000
    for image, position in zip(ramps(camera), exact, strict=True):
        found = project(image, camera, grid, "bilinear")
        assert found.dtype == np.float32
        assert_seen(found, camera, exact)
        np.testing.assert_allclose(found[inner], position[inner], atol=2e-3, rtol=0)


def test_constant_height_moves_the_image():
    camera, grid = scene("equirectangular", roll_deg=20.0, height_m=5000.0)
    exact = exact_positions(camera, grid, 5000.0)
    found = project(ramps(camera)[1], camera, grid, "bilinear", heights=5000.0)
    inner = within(camera, exact, 1.0)
    assert inner.sum() > 5000
    assert_seen(found, camera, exact)
    np.testing.assert_allclose(found[inner], exact[1][inner], atol=2e-3, rtol=0)
    with pytest.raises(InputError, match="off"):
        project(ramps(camera)[1], camera, grid, "bilinear")


def test_relief_moves_each_pixel_by_its_own_height(tmp_path):
    camera, grid = scene("orthographic", roll_deg=-15.0, margin_m=500.0, resolution_m=2.5)
    x, y = np.meshgrid(grid.xy(0, np.arange(grid.shape[1]))[0], grid.xy(np.arange(grid.shape[0]), 0)[1])
    heights_m = 800.0 + 600.0 * np.sin(x / 150.0) * np.cos(y / 170.0)
    heights_m[:, :7] = -9999.0
    write_raster(tmp_path / "shape.tif", heights_m.astype(np.float32), grid, nodata=-9999.0)
    shape = ShapeModel(tmp_path / "shape.tif")
    exact = exact_positions(camera, grid, shape)
    inner = within(camera, exact, 1.0)
    assert inner.sum() > 5000
    for image, position in zip(ramps(camera), exact, strict=True):
        found = project(image, camera, grid, "bilinear", heights=shape)
        np.testing.assert_allclose(found[inner], position[inner], atol=2e-3, rtol=0)
        assert_seen(found, camera, exact)


@pytest.mark.parametrize("resolution_m", [0.4, 30.0])
def test_other_resolutions(resolution_m):
    camera, grid = scene("sinusoidal", resolution_m, lines=300 if resolution_m < 1 else 2000, samples=300, margin_m=5.0)
    exact = exact_positions(camera, grid)
    inner = within(camera, exact, 1.0)
    assert inner.sum() > 50
    found = project(ramps(camera)[0], camera, grid, "bilinear")
    np.testing.assert_allclose(found[inner], exact[0][inner], atol=2e-3, rtol=0)


def pixel(image, line, sample):
    """Value of a pixel, 1-based; NaN outside the image."""
    inside = 1 <= line <= image.shape[0] and 1 <= sample <= image.shape[1]
    return float(image[line - 1, sample - 1]) if inside else np.nan


def convolved_as_isis(image, line, sample):
    """Cubic convolution with ISIS's way out beside special pixels, as `Interpolator` defines it, in plain loops."""
    top, left = int(np.floor(line)), int(np.floor(sample))
    b, a = line - top, sample - left
    sixteen = np.array([[pixel(image, top + i, left + j) for j in range(-1, 3)] for i in range(-1, 3)])
    if np.isfinite(sixteen).all():

        def kernel(t):
            t = abs(t)
            return 1 - 2 * t * t + t**3 if t < 1 else 4 - 8 * t + 5 * t * t - t**3

        weights_b, weights_a = ([kernel(part - offset) for offset in range(-1, 3)] for part in (b, a))
        return weights_b @ sixteen @ weights_a
    four = sixteen[1:3, 1:3]
    if np.isfinite(four).all():
        return np.array([1 - b, b]) @ four @ np.array([1 - a, a])
    return four[int(b + 0.5), int(a + 0.5)]


def test_cubic_and_its_ways_out_are_those_of_isis():
    camera, grid = scene("equirectangular", 0.9, lines=90, samples=110)
    rng = np.random.default_rng(3)
    image = rng.random((camera.lines, camera.samples)).astype(np.float32)
    image[rng.random(image.shape) < 0.02] = np.nan
    found = project(image, camera, grid)
    exact = exact_positions(camera, grid)
    seen = within(camera, exact, 2e-3)
    expected = [convolved_as_isis(image, *at) for at in zip(exact[0][seen], exact[1][seen], strict=True)]
    # A position a hair from where the nearest pixel changes may fall to either side.
    close = np.isclose(found[seen], expected, atol=2e-3, equal_nan=True)
    assert close.mean() > 0.999
    assert_seen(np.where(within(camera, exact), 1.0, found), camera, exact)
    assert 0 < np.isnan(found[seen]).sum() < 0.1 * seen.sum()


def test_nearest_takes_pixels_as_they_are():
    camera, grid = scene("polar_stereographic", lines=120, samples=120)
    image = np.arange(camera.lines * camera.samples, dtype=np.float32).reshape(camera.lines, -1)
    found = project(image, camera, grid, "nearest")
    seen = np.isfinite(found)
    line, sample = np.divmod(found[seen].astype(int), camera.samples)
    exact = exact_positions(camera, grid)
    assert np.abs(line + 1 - exact[0][seen]).max() < 0.501
    assert np.abs(sample + 1 - exact[1][seen]).max() < 0.501


def test_antialiased_averages_what_a_coarse_map_cannot_show():
    """Stripes one pixel wide: cubic gives moire on a map six times coarser, a wide kernel grey."""
    camera, grid = scene("equirectangular", 3.5, lines=600)
    image = np.where((np.arange(camera.lines) % 2 == 0)[:, None], 1.0, 0.0) * np.ones((1, camera.samples))
    inner = within(camera, exact_positions(camera, grid), 20.0)
    grey = project(image, camera, grid, "antialiased")[inner]
    moire = project(image, camera, grid, "cubic")[inner]
    assert moire.std() > 0.3
    assert grey.std() < 0.05
    assert grey.mean() == pytest.approx(0.5, abs=0.01)


def test_antialiased_keeps_ramps_and_leaves_gaps_where_most_is_missing():
    camera, grid = scene("equirectangular", 3.0, lines=600)
    image = ramps(camera)[0].copy()
    image[200:260] = np.nan
    image[400, 300] = np.nan
    exact = exact_positions(camera, grid)
    found = project(image, camera, grid, "antialiased")
    away = within(camera, exact, 30.0) & (exact[0] < 170)
    np.testing.assert_allclose(found[away], exact[0][away], atol=0.05)
    assert np.isnan(found[(exact[0] > 205) & (exact[0] < 255)]).all()
    around = (np.abs(exact[0] - 401) < 10) & (np.abs(exact[1] - 301) < 10)
    assert np.isfinite(found[around]).all()


def test_facts_are_of_the_middle_of_the_overlap():
    camera, grid = scene("equirectangular", lines=4000, samples=300)
    part = grid.window(0, 0, 300, grid.shape[1])
    facts = image_facts(camera, part)
    exact = exact_positions(camera, part)
    seen = within(camera, exact)
    middle = exact[0][seen].mean(), exact[1][seen].mean()
    assert (facts.incidence_deg, facts.emission_deg, facts.phase_deg) == pytest.approx(camera.angles(*middle), abs=1e-3)
    assert facts.ground_resolution_m == pytest.approx(camera.ground_resolution_m(*middle), rel=1e-5)
    assert (facts.product, facts.start_time, facts.engine) == (camera.product_id, camera.start_time, "native")
    away = camera.angles(camera.lines / 2, 150)[0]
    assert abs(facts.incidence_deg - away) > 5e-3


@pytest.mark.parametrize(("projection", "lat_deg"), [("polar_stereographic", -86.0), ("polar_stereographic", 84.0)])
@pytest.mark.parametrize("lon_deg", [10.0, 130.0, 250.0])
def test_sun_azimuth_on_a_polar_map_turns_with_the_longitude(projection, lat_deg, lon_deg):
    """From the projection's formulas: north is turned by the longitude from the central meridian."""
    camera, grid = scene(projection, lat_deg=lat_deg, lon_deg=lon_deg)
    crs = MOON.projected(projection, lat_deg, 40.0)
    grid = MapGrid.covering(crs, footprint(camera, crs).bounds, 2.0)
    line, sample = (camera.lines + 1) / 2, (camera.samples + 1) / 2
    lon, _ = camera.image_to_ground(line, sample)
    turned = lon - 40.0 if lat_deg < 0 else 40.0 - lon
    expected = camera.sun_ground_azimuth_deg(line, sample) + turned
    difference = (image_facts(camera, grid).sun_azimuth_deg - expected + 180.0) % 360.0 - 180.0
    assert abs(difference) < 0.05


def test_unfit_input():
    camera, grid = scene("equirectangular", lines=60, samples=60)
    image = np.ones((60, 60))
    elsewhere = MapGrid.centred(grid.crs, 103.6, 36.0, 1000, 1000, 1.5)
    for call in (lambda: project(image, camera, elsewhere), lambda: image_facts(camera, elsewhere)):
        with pytest.raises(InputError, match="M123456789LE: lies wholly off"):
            call()
    with pytest.raises(InputError, match="61 x 60"):
        project(np.ones((61, 60)), camera, grid)
    with pytest.raises(InputError, match="sinc"):
        project(image, camera, grid, "sinc")
    mercury = body("mercury").projected("equirectangular", 36.0, 102.6)
    with pytest.raises(InputError, match="mercury"):
        project(image, camera, MapGrid.centred(mercury, 102.6, 36.0, 1000, 1000, 1.5))


def test_any_grid_will_do():
    camera, grid = scene("equirectangular")
    image = ramps(camera)[0]
    foreign = SimpleNamespace(
        crs=rasterio.crs.CRS.from_wkt(grid.crs.to_wkt()), transform=grid.transform, shape=grid.shape
    )
    np.testing.assert_array_equal(project(image, camera, foreign), project(image, camera, grid))
    assert image_facts(camera, foreign) == image_facts(camera, grid)
