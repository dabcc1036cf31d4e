"""Which rasters share their pixels, and that every reader of several rasters asks."""

import re
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from imfmap.core.errors import InputError
from imfmap.maps.alignment import check_same_pixels, offset_on, same_crs
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from tests.helpers.library import LIBRARY

MOON = body("moon")
GRID = MapGrid.centred(MOON.projected("equirectangular", 40, 30), 30, 40, 150, 90, 1.5)
SHIFT = Affine.translation(0.3, 0)
OTHERS = {
    "another projection": (replace(GRID, crs=MOON.projected("polar_stereographic", 80, 30)), "CRS"),
    "another central meridian": (replace(GRID, crs=MOON.projected("equirectangular", 40, 31)), "CRS"),
    "another body": (replace(GRID, crs=body("mercury").projected("equirectangular", 40, 30)), "CRS"),
    "the Earth": (replace(GRID, crs=CRS.from_epsg(32633)), "CRS"),
    "between the pixels": (replace(GRID, transform=GRID.transform @ SHIFT), "transform"),
    "a pixel aside": (replace(GRID, transform=GRID.transform @ Affine.translation(1, 0)), "transform"),
    "other pixel size": (MapGrid.covering(GRID.crs, GRID.bounds, 3.0), "transform"),
    "fewer rows": (GRID.window(0, 0, GRID.shape[0] - 1, GRID.shape[1]), "shape"),
    "more columns": (replace(GRID, shape=(GRID.shape[0], GRID.shape[1] + 1)), "shape"),
}


@pytest.fixture
def raster(tmp_path):
    def written(grid):
        write_raster(tmp_path / "r.tif", np.ones(grid.shape, np.uint8), grid)
        return rasterio.open(tmp_path / "r.tif")

    return written


def test_the_same_pixels_pass(raster):
    with raster(GRID) as dataset:
        check_same_pixels(dataset, GRID, "m.tif")
        assert offset_on(dataset, GRID, "m.tif") == (0, 0)


@pytest.mark.parametrize("name", OTHERS)
def test_the_line_says_which_of_the_three_differs(raster, name):
    other, differs = OTHERS[name]
    with (
        raster(other) as dataset,
        pytest.raises(InputError, match=rf"r\.tif: its {differs}.* of m\.tif.*; make it anew$") as caught,
    ):
        check_same_pixels(dataset, GRID, "m.tif", "make it anew")
    named = {word for word in ("CRS", "transform", "shape") if re.search(rf"\bits {word}\b", str(caught.value))}
    assert named == {differs}


def test_a_shift_that_is_small_beside_the_coordinates_is_seen(raster):
    """A tolerance relative to the coordinates passes 1.2e6 m and half a pixel more."""
    far = GRID.transform @ Affine.translation(0, 0.5)
    with raster(replace(GRID, transform=far)) as dataset:
        assert np.allclose(dataset.transform, GRID.transform)
        with pytest.raises(InputError, match="its transform"):
            check_same_pixels(dataset, GRID, "m.tif")


def test_a_raster_without_a_crs_is_refused(tmp_path):
    with rasterio.open(tmp_path / "r.tif", "w", driver="GTiff", width=9, height=9, count=1, dtype="uint8") as dataset:
        dataset.write(np.ones((1, 9, 9), np.uint8))
    with rasterio.open(tmp_path / "r.tif") as dataset, pytest.raises(InputError, match="it has no CRS"):
        check_same_pixels(dataset, GRID, "m.tif")


@pytest.mark.parametrize(("row", "column"), [(0, 0), (7, 30), (-4, 12), (200, -300)])
def test_a_part_tells_its_place(raster, row, column):
    part = MapGrid(GRID.crs, GRID.transform @ Affine.translation(column, row), (20, 30))
    with raster(part) as dataset:
        assert offset_on(dataset, GRID, "m.tif") == (row, column)


@pytest.mark.parametrize("name", [name for name, (_, differs) in OTHERS.items() if differs != "shape"])
def test_a_part_must_fit(raster, name):
    other, differs = OTHERS[name]
    with raster(other) as dataset:
        if name == "a pixel aside":
            assert offset_on(dataset, GRID, "m.tif") == (0, 1)
        else:
            with pytest.raises(InputError, match=f"its {differs}"):
                offset_on(dataset, GRID, "m.tif")


def test_words_do_not_make_another_crs():
    crs = MOON.projected("polar_stereographic", 80, 20)
    one = MapGrid.centred(crs, 20, 85, 150, 90, 1.5)
    other = replace(one, crs=CRS.from_user_input("+proj=stere +lat_0=90 +lon_0=20 +k=1 +R=1737400 +units=m"))
    assert other.crs != one.crs and same_crs(other, one) and same_crs(one, other)


def test_no_other_module_compares_pixels():
    """A second check of transforms or shapes fails here: `alignment` has the one."""
    own = re.compile(
        r"allclose\([^)]*transform|\.transform *[!=]= *\w|\.shape *!= *\w*\.?grid\b|\bgrid\.shape *!=|\.crs *!= "
    )
    found = {str(path.relative_to(LIBRARY)) for path in LIBRARY.rglob("*.py") if own.search(path.read_text())}
    assert not found
    assert own.search("if dataset.shape != self.grid.shape or not np.allclose(dataset.transform, self.grid.transform)")
