"""What this workflow gives to ISIS and takes from it."""

import numpy as np
import pvl
import pytest
import rasterio

from imfmap import isis
from imfmap.bodies import body
from imfmap.errors import InputError
from imfmap.grids import MapGrid
from imfmap.rasters import read_raster
from imfmap.targets import target_grid

PLACE = {"body": "moon", "lat": -10.4, "lon": -165.1, "diameter_km": 1.0}
PLACE |= {"projection": "equirectangular", "resolution_m": 1.5}


def cube(path, grid, values):
    """Write a map-projected ISIS cube through GDAL."""
    with rasterio.open(
        path, "w", driver="ISIS3", height=grid.shape[0], width=grid.shape[1], count=1, dtype="float32",
        crs=grid.crs.to_wkt(), transform=grid.transform,
    ) as out:  # fmt: skip
        out.write(np.where(np.isnan(values), out.nodata, values).astype(np.float32), 1)
    return path


def test_the_map_template_spans_the_target():
    grid = target_grid(PLACE)
    mapping = pvl.loads(isis.map_template(grid, PLACE))["Mapping"]
    lon, lat = grid.lonlat([0, grid.shape[0] - 1], [0, grid.shape[1] - 1])
    assert mapping["ProjectionName"] == "Equirectangular" and mapping["PixelResolution"] == 1.5
    assert mapping["CenterLatitude"] == -10.4 and mapping["LongitudeDomain"] == 180
    assert mapping["MinimumLongitude"] == pytest.approx(lon[0]) and mapping["MaximumLongitude"] == pytest.approx(lon[1])
    assert mapping["MaximumLatitude"] == pytest.approx(lat[0]) and mapping["MinimumLatitude"] == pytest.approx(lat[1])


def test_the_map_template_of_a_pole_takes_the_cap():
    place = {**PLACE, "lat": -89.9, "projection": "polar_stereographic"}
    mapping = pvl.loads(isis.map_template(target_grid(place), place))["Mapping"]
    assert (mapping["MinimumLatitude"], mapping["CenterLatitude"]) == (-90, -90)
    assert (mapping["MinimumLongitude"], mapping["MaximumLongitude"]) == (0, 360)


def test_a_projected_cube_lands_on_the_targets_pixels(tmp_path):
    grid = target_grid(PLACE)
    part = grid.window(100, 150, 200, 250)
    values = np.random.default_rng(1).uniform(0.01, 0.1, part.shape).astype(np.float32)
    values[:5] = np.nan
    isis.cube_to_geotiff(cube(tmp_path / "a.cub", part, values), grid, tmp_path / "a.tif", {"IMF_PRODUCT": "M1L"})
    out, out_grid, tags = read_raster(tmp_path / "a.tif")
    assert out_grid.shape == grid.shape and tags["IMF_PRODUCT"] == "M1L"
    np.testing.assert_array_equal(out[100:300, 150:400], values)
    assert np.isnan(out[:100]).all()


def test_a_cube_off_the_grid_is_refused(tmp_path):
    grid = target_grid(PLACE)
    left, bottom, right, top = grid.window(0, 0, 50, 50).bounds
    shifted = MapGrid.covering(grid.crs, (left, bottom, right, top), 1.5)
    shifted = MapGrid(grid.crs, shifted.transform @ shifted.transform.translation(0.4, 0), shifted.shape)
    path = cube(tmp_path / "a.cub", shifted, np.ones(shifted.shape))
    with pytest.raises(InputError, match="off the target's grid"):
        isis.cube_to_geotiff(path, grid, tmp_path / "a.tif", {})
    assert not (tmp_path / "a.tif").exists()


def test_an_all_null_cube_stops_the_chain(tmp_path):
    grid = MapGrid.covering(body("moon").projected("equirectangular", 0, 0), (0, 0, 60, 60), 1.5)
    path = cube(tmp_path / "a.cub", grid, np.full(grid.shape, np.nan))
    with pytest.raises(InputError, match="a.cub: lronaccal left 0 valid pixels of 1600"):
        isis.check_cube(path, "lronaccal")


def test_a_missing_program_is_said_to_be_missing():
    with pytest.raises(InputError, match="lronaccal: is not on the PATH"):
        isis.run("lronaccal", from_="a.cub", to="b.cub")
