"""Shape models: what they may be, and where the ground lies on them."""

import numpy as np
import pytest
import rasterio
from affine import Affine

from imfmap.camera.shape_model import ShapeModel
from imfmap.core.errors import InputError
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from tests.helpers.camera_factory import make_camera


@pytest.fixture(scope="module")
def relief():
    """A ramp and a hill about the place the camera flies over: height in metres of map x, y in metres."""
    crs = body("moon").projected("equirectangular", 36.0, 102.6)
    grid = MapGrid.centred(crs, 102.6, 36.0, 9000, 9000, 20.0)
    x, y = np.meshgrid(grid.xy(0, np.arange(grid.shape[1]))[0], grid.xy(np.arange(grid.shape[0]), 0)[1])
    y = y - y.mean()
    return grid, (200.0 + 0.1 * x - 0.05 * y + 300.0 * np.exp(-(x**2 + y**2) / 700.0**2)).astype(np.float32)


@pytest.mark.parametrize("form", ["heights", "radii", "kilometres"])
def test_shape_model_forms(tmp_path, relief, form):
    grid, heights_m = relief
    radius_m = body("moon").radius_m
    values = {"heights": heights_m, "radii": heights_m.astype(float) + radius_m, "kilometres": heights_m / 1000.0}[form]
    path = tmp_path / "shape.tif"
    write_raster(path, values, grid, nodata=-9999.0)
    if form == "kilometres":
        with rasterio.open(path, "r+") as dataset:
            dataset.units = ("km",)
    shape = ShapeModel(path)
    lon, lat = grid.lonlat(np.array([100.0, 50.5]), np.array([100.0, 71.25]))
    expected = heights_m[100, 100], 0.5 * (heights_m[50:52, 71] * 0.75 + heights_m[50:52, 72] * 0.25).sum()
    np.testing.assert_allclose(shape.height_m(lon, lat), expected, rtol=1e-4)
    assert np.isnan(shape.height_m(0.0, 0.0))
    assert shape.lowest_m == pytest.approx(heights_m.min(), rel=0.01, abs=5)


@pytest.mark.parametrize("roll_deg", [0.0, 25.0])
def test_ground_on_a_shape_model_lies_on_it_and_comes_back(tmp_path, relief, roll_deg):
    grid, heights_m = relief
    path = tmp_path / "shape.tif"
    write_raster(path, heights_m, grid, nodata=-9999.0)
    shape = ShapeModel(path)
    aside = np.subtract(make_camera(roll_deg=roll_deg).image_to_ground(200, 2532), (102.6, 36.0))
    camera = make_camera(roll_deg=roll_deg, lon_deg=102.6 - aside[0], lat_deg=36.0 - aside[1])
    lon, lat = camera.image_to_ground(*np.mgrid[20:400:40, 1000:4000:300].reshape(2, -1), 250.0)
    line, sample = camera.ground_to_image(lon, lat, shape)
    seen = np.isfinite(line)
    assert seen.sum() > 50
    back_lon, back_lat = camera.image_to_ground(line[seen], sample[seen], shape)
    np.testing.assert_allclose((back_lon, back_lat), (lon[seen], lat[seen]), atol=1e-7)
    flat = camera.image_to_ground(line[seen], sample[seen], shape.height_m(lon[seen], lat[seen]))
    np.testing.assert_allclose(flat, (back_lon, back_lat), atol=1e-7)


def test_shape_model_with_longitudes_from_0_to_360(tmp_path):
    grid = MapGrid(body("moon").geographic, Affine(1.0, 0, 0.0, 0, -1.0, 90.0), (180, 360))
    heights_m = np.broadcast_to(np.arange(360.0), (180, 360))
    write_raster(tmp_path / "global.tif", heights_m.astype(np.float32), grid, nodata=-9999.0)
    shape = ShapeModel(tmp_path / "global.tif")
    np.testing.assert_allclose(shape.height_m([-90.0, 200.0, 359.9], 0.25), [269.5, 199.5, 359.0], atol=0.11)


@pytest.mark.parametrize("lat_deg", [0.0, 40.0])
def test_shape_model_on_a_map_about_the_far_side(tmp_path, lat_deg):
    """An equirectangular map of the whole Moon centred on 180 E: longitudes on either side of 0 lie at its ends."""
    crs = body("moon").projected("equirectangular", lat_deg, 180.0)
    half = np.pi * body("moon").radius_m * np.cos(np.radians(lat_deg))
    grid = MapGrid(crs, Affine(half / 180.0, 0, -half, 0, -half / 180.0, 0.6 * half), (220, 360))
    heights_m = np.broadcast_to(np.arange(360.0), (220, 360))
    write_raster(tmp_path / "global.tif", heights_m.astype(np.float32), grid, nodata=-9999.0)
    shape = ShapeModel(tmp_path / "global.tif")
    np.testing.assert_allclose(
        shape.height_m([0.75, 180.5, 359.25, -0.75], 1.0), [0.25, 180.0, 358.75, 358.75], atol=1e-4
    )


def test_unfit_shape_models(tmp_path, relief):
    grid, heights_m = relief
    with pytest.raises(InputError, match="cannot be opened"):
        ShapeModel(tmp_path / "none.tif")
    write_raster(tmp_path / "void.tif", np.full_like(heights_m, -9999.0), grid, nodata=-9999.0)
    with pytest.raises(InputError, match="no valid height"):
        ShapeModel(tmp_path / "void.tif")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"crs": "EPSG:32633"}, "no known body"),
        ({"crs": None}, "no CRS"),
        ({"transform": Affine(20, 5, 0, 5, -20, 0)}, "its transform is"),
        ({"dtype": "complex64"}, "complex numbers"),
    ],
)
def test_a_model_that_cannot_be_used_is_named(tmp_path, relief, change, found):
    profile = {"crs": relief[0].crs.to_wkt(), "transform": relief[0].transform, "dtype": "float32"} | change
    with rasterio.open(tmp_path / "dem.tif", "w", driver="GTiff", width=9, height=9, count=1, **profile) as dataset:
        dataset.write(np.ones((9, 9), profile["dtype"]), 1)
    with pytest.raises(InputError, match=rf"dem\.tif: .*{found}"):
        ShapeModel(tmp_path / "dem.tif")


def test_a_model_that_was_cut_is_named_where_it_is_read(tmp_path, relief):
    grid, heights_m = relief
    write_raster(tmp_path / "dem.tif", heights_m, grid, overviews=False)
    model, content = ShapeModel(tmp_path / "dem.tif"), (tmp_path / "dem.tif").read_bytes()
    (tmp_path / "dem.tif").write_bytes(content[: len(content) // 3])
    lon, lat = grid.lonlat(grid.shape[0] - 5, grid.shape[1] - 5)
    with pytest.raises(InputError, match=r"dem\.tif: cannot be"):
        model.height_m(lon, lat)
