"""Mosaics that somebody else made: kept, warped, stretched, or refused with a line that helps."""

import math
import time

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given as generated
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.control import GroundControlPoint
from rasterio.windows import Window

from imfmap.core.errors import InputError
from imfmap.maps.bodies import body, body_of
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import PRODUCTS_TAG
from imfmap.maps.rasters import read_raster
from imfmap.mosaic.foreign_raster import part_on
from imfmap.mosaic.georeference import coordinate_transform
from imfmap.mosaic.imported import import_mosaic
from tests.helpers.foreign_rasters import BOTTOM, DEGREE_M, GRID, LEFT, OTHERS, RIGHT, TOP, given, inner, truth
from tests.helpers.generated import cuts, examples
from tests.helpers.target_factory import target_grid


def taken(path, grid=GRID, **options):
    """Import; mosaic, sources, grid, tags, and whether it is a COG."""
    out, sources = path.with_name("mosaic_out.tif"), path.with_name("sources_out.tif")
    import_mosaic(path, grid, out, sources, **options)
    with rasterio.open(out) as dataset, rasterio.open(sources) as origin:
        assert dataset.dtypes == origin.dtypes == ("uint8",) and dataset.nodata == origin.nodata == 0
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == origin.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.tags()[PRODUCTS_TAG] == path.stem
        mosaic = dataset.read(1)
        np.testing.assert_array_equal(origin.read(1), mosaic > 0)
        return mosaic, MapGrid.of(dataset), dataset.tags()


@pytest.mark.parametrize("words", [GRID.crs.to_wkt(), "+proj=eqc +lat_ts=-10.4 +lon_0=-165 +R=1737400 +units=m"])
def test_a_map_of_the_targets_resolution_keeps_its_pixels(tmp_path, words):
    transform = Affine(1.5, 0, GRID.transform.c + 100.7, 0, -1.5, GRID.transform.f + 50.2)
    path = given(tmp_path / "theirs.tif", words, transform, (300, 500))
    mosaic, grid, _ = taken(path)
    assert grid.transform == transform and grid.shape == (300, 500)
    np.testing.assert_array_equal(mosaic, rasterio.open(path).read(1))
    assert grid.crs.geodetic_crs.name == CRS.from_authority("IAU_2015", 30100).name


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_map_is_warped_onto_the_target(tmp_path, name):
    crs, transform = OTHERS[name]
    size = (1300, 1900) if name == "finer" else (700, 800)
    mosaic, grid, _ = taken(given(tmp_path / "theirs.tif", crs, transform, size))
    assert grid.shape == GRID.shape and grid.transform.almost_equals(GRID.transform)
    assert grid.crs.geodetic_crs.name == CRS.from_authority("IAU_2015", 30100).name
    inside = inner(grid)
    assert (mosaic[inside] > 0).mean() > 0.95
    seen = mosaic[inside] > 0
    difference = np.abs(mosaic[inside].astype(float) - truth(grid)[inside])[seen]
    # The pattern changes by at most 2.5 a pixel: half a pixel off would show.
    assert np.percentile(difference, 99) < 1.5, name


@pytest.mark.parametrize("projected", [False, True], ids=["degrees", "metres"])
def test_a_target_across_the_edge_of_a_global_mosaic_is_whole(tmp_path, projected):
    grid = target_grid(lat_deg=0.0, lon_deg=0.0, size=(200, 300))
    factor = DEGREE_M if projected else 1.0
    crs = "+proj=eqc +lat_ts=0 +lon_0=0 +R=1737400 +units=m" if projected else "IAU_2015:30100"
    # From 0 to 360 degrees: the target's middle is this mosaic's edge.
    step = 360 / 4000 * factor
    values = np.full((40, 4000), 50)
    values[:, 2000:] = 200
    mosaic, _, _ = taken(
        given(tmp_path / "globe.tif", crs, Affine(step, 0, 0, 0, -step, 20 * step), values.shape, values), grid
    )
    assert mosaic.all()
    assert (mosaic[:, :100] == 200).all() and (mosaic[:, -100:] == 50).all()


@pytest.mark.parametrize("name", OTHERS)
def test_a_corner_of_a_huge_mosaic_costs_what_the_corner_does(tmp_path, name):
    """On every kind of map; the mosaic has pixels where the target is, and elsewhere none at all."""
    crs, transform = OTHERS[name]
    size = (1300, 1900) if name == "finer" else (700, 800)
    small, grid, _ = taken(given(tmp_path / "theirs.tif", crs, transform, size))
    with rasterio.open(tmp_path / "theirs.tif") as source:
        values, before = source.read(1), 20_000
        huge = tmp_path / "huge.tif"
        profile = source.profile | {
            "height": 60_000,
            "width": 60_000,
            "transform": transform @ Affine.translation(-before, -before),
            "tiled": True,
            "blockxsize": 256,
            "blockysize": 256,
            "sparse_ok": True,
            "bigtiff": "yes",
        }
    with rasterio.open(huge, "w", **profile) as mosaic:
        mosaic.write(values, 1, window=Window(before, before, size[1], size[0]))
    with rasterio.open(huge) as source:
        part = part_on(source, GRID)
        x, y = coordinate_transform(GRID.crs, source.crs)(*GRID.xy(*np.indices(GRID.shape)))
        column, row = ~source.transform * (np.array(x) % 360 if "360" in name else np.array(x), np.array(y))
    assert part.col_off < column.min() and column.max() < part.col_off + part.width
    assert part.width * part.height < 4 * size[0] * size[1]
    began_s = time.process_time()
    import_mosaic(huge, GRID, tmp_path / "huge_mosaic.tif", tmp_path / "huge_sources.tif")
    assert time.process_time() - began_s < 5
    np.testing.assert_allclose(read_raster(tmp_path / "huge_mosaic.tif")[0].astype(int), small.astype(int), atol=1)


def test_mercury_too(tmp_path):
    grid = target_grid(lat_deg=20.0, lon_deg=30.0, body_name="mercury", size=(200, 200))
    wide = MapGrid(grid.crs, grid.transform @ Affine.translation(-20, -20) @ Affine.scale(1.7), (200, 200))
    values = np.full(wide.shape, 77)
    # MDIS mosaics rest on a sphere of 2440 km, as they did before 2015.
    old = "+proj=eqc +lat_ts=20 +lon_0=30 +R=2440000 +units=m"
    stretch = Affine.scale(2440000 / body("mercury").radius_m)
    mosaic, taken_grid, _ = taken(given(tmp_path / "mdis.tif", old, stretch @ wide.transform, wide.shape, values), grid)
    assert body_of(taken_grid.crs) is body("mercury") and taken_grid.shape == grid.shape
    assert (mosaic[inner(grid)] == 77).all()
    with pytest.raises(InputError, match="mdis.tif: lies on mercury, the target on moon; set the target's body"):
        taken(tmp_path / "mdis.tif", GRID)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
@pytest.mark.parametrize("stretch", ["percentile", "minmax"])
def test_other_numbers_are_stretched_as_the_config_says(tmp_path, dtype, stretch):
    rng = np.random.default_rng(3)
    values = rng.normal(1000, 100, GRID.shape)
    values[0, 0], values[5, 5] = 30000, 1
    empty = {"uint16": 0, "int16": -32768, "float32": np.nan}[dtype]
    values[:50] = empty
    path = given(tmp_path / "theirs.tif", GRID.crs.to_wkt(), GRID.transform, GRID.shape, values, dtype=dtype)
    mosaic, _, tags = taken(path, stretch=stretch)
    assert not mosaic[:50].any() and mosaic[50:].all()
    held = np.rint(values[50:]) if dtype != "float32" else values[50:]
    limits = np.percentile(held, (0.5, 99.5)) if stretch == "percentile" else (held.min(), held.max())
    low, high = float(tags["IMF_STRETCH_LOW"]), float(tags["IMF_STRETCH_HIGH"])
    assert (low, high) == pytest.approx(tuple(limits), rel=1e-4)
    np.testing.assert_allclose(mosaic[50:], 1 + 254 * np.clip((held - low) / (high - low), 0, 1), atol=0.6)


def test_isis_marks_of_no_data_are_no_data(tmp_path):
    values = np.full(GRID.shape, 0.05, np.float32)
    values[:, 300:] = 0.08
    values[:20] = -3.4028226550889045e38
    mosaic, _, _ = taken(
        given(tmp_path / "isis.tif", GRID.crs.to_wkt(), GRID.transform, GRID.shape, values, dtype="float32")
    )
    assert not mosaic[:20].any()
    assert (mosaic[20:, :300] == 1).all() and (mosaic[20:, 300:] == 255).all()


def test_black_is_data_where_another_value_is_none(tmp_path):
    values = np.full(GRID.shape, 0)
    values[:30] = 255
    mosaic, _, _ = taken(given(tmp_path / "m.tif", GRID.crs.to_wkt(), GRID.transform, GRID.shape, values, nodata=255))
    assert not mosaic[:30].any() and (mosaic[30:] == 1).all()


MOON = GRID.crs.to_wkt()
FAR = Affine(1.5, 0, LEFT + 90_000, 0, -1.5, TOP)
REFUSED = {
    "no CRS": (None, GRID.transform, {}, "has coordinates, but no CRS; set its CRS"),
    "no transform": (MOON, Affine.identity(), {}, "has no georeference; set its corners .*set its CRS"),
    "a CRS on nothing": ('LOCAL_CS["site",UNIT["metre",1]]', GRID.transform, {}, "has no ellipsoid.*set its CRS"),
    "the Earth in metres": ("EPSG:32633", GRID.transform, {}, "ellipsoid of 6378137 m is that of no known body"),
    "metres said to be kilometres": (
        "+proj=eqc +lat_ts=-10.4 +lon_0=-165 +R=1737400 +units=km",
        GRID.transform,
        {},
        "does not reach the target: its edges lie at .* kilometre",
    ),
    "Earth": ("EPSG:4326", GRID.transform, {}, "ellipsoid of 6378137 m is that of no known body.*gdal_edit"),
    "metres said to be degrees": ("IAU_2015:30100", GRID.transform, {}, "its CRS is in degrees, but its edges lie at"),
    "degrees said to be metres": (
        MOON,
        OTHERS["degrees"][1],
        {},
        "does not reach the target: its edges lie at .* metre",
    ),
    "elsewhere": (MOON, FAR, {}, "does not reach the target.*check lat and lon"),
    "complex": (MOON, GRID.transform, {"dtype": "complex64"}, "holds complex numbers"),
    "empty": (MOON, GRID.transform, {"values": 0}, "has no valid pixel"),
    "empty floats": (MOON, GRID.transform, {"values": np.nan, "dtype": "float32"}, "has no valid pixel"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, name):
    crs, transform, options, said = REFUSED[name]
    options = dict(options)
    values = np.full(GRID.shape, options.pop("values", 90))
    refused(given(tmp_path / "theirs.tif", crs, transform, GRID.shape, values, **options), said)


def refused(path, said):
    """One line, and nothing written."""
    with pytest.raises(InputError, match=f"{path.name}: .*{said}") as caught:
        taken(path)
    assert "\n" not in str(caught.value)
    assert [left.name for left in path.parent.iterdir()] == [path.name]


def test_control_points_alone_are_no_place(tmp_path):
    path = tmp_path / "theirs.tif"
    corners = {(0, 0): (LEFT, TOP), (0, 600): (RIGHT, TOP), (400, 0): (LEFT, BOTTOM)}
    points = [GroundControlPoint(*pixel, *place) for pixel, place in corners.items()]
    size = {"height": 400, "width": 600, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="GTiff", gcps=points, crs=MOON, **size) as dataset:
        dataset.write(np.full((400, 600), 90, np.uint8), 1)
    refused(path, "is georeferenced by ground control points alone; warp it to a map first")


@pytest.mark.parametrize("grey", [True, False])
def test_numbers_of_colours_are_no_brightness(tmp_path, grey):
    path = given(tmp_path / "theirs.tif", MOON, GRID.transform, GRID.shape)
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {index: (index if grey else 255 - index,) * 3 + (255,) for index in range(256)})
    if grey:
        np.testing.assert_array_equal(taken(path)[0], rasterio.open(path).read(1))
    else:
        refused(path, "holds numbers of a colour table, not brightness; make it grey: gdal_translate -expand gray")


EARTH = "+proj=eqc +R=6378137 +units=m"


@pytest.mark.parametrize(
    ("crs", "transform", "found"),
    [
        (GRID.crs.to_wkt(), Affine(math.nan, 0, 0, 0, -1.5, 0), "transform|georeference"),
        (GRID.crs.to_wkt(), Affine(1.5, 0, 0, 0, math.inf, 0), "transform|georeference"),
        (GRID.crs.to_wkt(), Affine(0, 0, 0, 0, 0, 0), "georeference"),
        (GRID.crs.to_wkt(), Affine(1.5, 1.5, 0, -1.5, -1.5, 0), "georeference"),
        (GRID.crs.to_wkt(), Affine(1e6, 0, -1e8, 0, -1e6, 1e8), "large, and the way around moon"),
        (GRID.crs.to_wkt(), Affine(1e300, 0, -1e301, 0, -1e300, 1e301), "large, and the way around moon"),
        (EARTH, Affine(1.5, 0, GRID.transform.c, 0, -1.5, GRID.transform.f), "no known body"),
        ("IAU_2015:19900", Affine(0.01, 0, 0, 0, -0.01, 0), "lies on mercury, the target on moon"),
        (None, Affine(1.5, 0, GRID.transform.c, 0, -1.5, GRID.transform.f), "no CRS"),
        ('LOCAL_CS["x",UNIT["metre",1]]', Affine(1.5, 0, 0, 0, -1.5, 0), "CRS"),
    ],
)
def test_a_place_that_cannot_be_is_one_line(tmp_path, crs, transform, found):
    path = given(tmp_path / "odd.tif", crs, transform, (200, 300), np.full((200, 300), 9))
    with pytest.raises(InputError, match=rf"odd\.tif: .*({found})"):
        taken(path)
    assert [file.name for file in tmp_path.iterdir()] == ["odd.tif"]


@generated(st.data())
@examples(8)
def test_a_mosaic_that_was_cut_is_told_by_its_name(tmp_path_factory, data):
    """GDAL's warper reads it, too: on its own pixels, and on those of another map."""
    folder = tmp_path_factory.mktemp("cut")
    step = data.draw(st.sampled_from((1.5, 4.0)))
    transform = Affine(step, 0, GRID.transform.c, 0, -step, GRID.transform.f)
    path = given(folder / "cut.tif", GRID.crs.to_wkt(), transform, (100, 150), tiled=True, blockxsize=64, blockysize=64)
    content = path.read_bytes()
    whole, _, _ = taken(path)
    path.write_bytes(data.draw(cuts(content)))
    try:
        assert np.array_equal(taken(path)[0], whole)
    except InputError as error:
        assert "cut.tif" in str(error)
