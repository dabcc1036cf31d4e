"""The mosaic: which image is on top, where it changes, how it is stretched, and what it takes to make it."""

import tracemalloc
from dataclasses import replace
from threading import Barrier

import numpy as np
import pytest
import rasterio
from affine import Affine

from imfmap.core.choices import PRIORITIES
from imfmap.core.errors import InputError
from imfmap.maps.bodies import PROJECTIONS, body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import create_raster, read_raster, write_raster
from imfmap.mosaic import build as mosaic_module
from imfmap.mosaic.build import mosaic
from tests.helpers.mosaic_layers import facts, make_grid, write_layer
from tests.helpers.other_maps import on_another_crs


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Three overlapping images on windows of a grid, one with a hole, and the grid."""
    folder, rng = tmp_path_factory.mktemp("layers"), np.random.default_rng(4)
    grid = make_grid(90, 120)
    placed = {"A": (0, 0, 60, 70), "B": (20, 40, 70, 60), "C": (50, 10, 40, 110)}
    stack = np.full((3, *grid.shape), np.nan, np.float32)
    for index, (row, column, rows, columns) in enumerate(placed.values()):
        stack[index, row : row + rows, column : column + columns] = rng.uniform(0.02, 0.2, (rows, columns))
    stack[0, 25:30, 50:60] = np.nan
    paths = [
        write_layer(folder, name, stack[index][row : row + rows, column : column + columns], grid.window(*place))
        for index, (name, place) in enumerate(placed.items())
        for row, column, rows, columns in [place]
    ]
    return paths, grid, stack


def expected_mosaic(stack, priority):
    valid = np.isfinite(stack)
    order = valid if priority != "ontop" else valid[::-1]
    first = order.argmax(axis=0)
    source = first + 1 if priority != "ontop" else len(stack) - first
    source = np.where(valid.any(axis=0), source, 0)
    if priority == "average":
        counts = valid.sum(axis=0)
        values = np.where(counts, np.where(valid, stack, 0).sum(axis=0) / np.maximum(counts, 1), np.nan)
    else:
        values = np.where(source, np.take_along_axis(stack, np.maximum(source - 1, 0)[None], 0)[0], np.nan)
    return values, source


@pytest.mark.parametrize("priority", PRIORITIES)
@pytest.mark.parametrize("window_px", [32, 1024])
def test_priorities_and_sources(tmp_path, monkeypatch, scene, priority, window_px):
    monkeypatch.setattr(mosaic_module, "_WINDOW_PX", window_px)
    paths, grid, stack = scene
    mosaic(paths, grid, tmp_path / "m.tif", tmp_path / "s.tif", priority, "minmax")
    values, source = expected_mosaic(stack, priority)
    picture, made_grid, tags = read_raster(tmp_path / "m.tif")
    low, high = float(tags["IMF_STRETCH_LOW"]), float(tags["IMF_STRETCH_HIGH"])
    assert (low, high) == pytest.approx((np.nanmin(values), np.nanmax(values)))
    np.testing.assert_array_equal(picture == 0, np.isnan(values))
    back = low + (picture - 1.0) / 254.0 * (high - low)
    assert np.nanmax(np.abs(np.where(picture > 0, back, np.nan) - values)) <= 0.51 / 254.0 * (high - low)
    found, _, tags = read_raster(tmp_path / "s.tif")
    np.testing.assert_array_equal(found, source)
    assert tags["IMF_PRODUCTS"] == "A,B,C"
    assert (picture.dtype, found.dtype) == (np.uint8, np.uint8)
    assert made_grid.transform == grid.transform and made_grid.shape == grid.shape


def test_percentile_stretch_forgets_a_few_outliers(tmp_path, scene):
    _, grid, stack = scene
    values = np.where(np.isfinite(stack[0]), stack[0], 0.1)
    values[3, 4], values[5, 6] = 90.0, -7.0
    path = write_layer(tmp_path, "A", values, grid)
    mosaic([path], grid, tmp_path / "m.tif", tmp_path / "s.tif", stretch="percentile")
    picture, _, tags = read_raster(tmp_path / "m.tif")
    limits = float(tags["IMF_STRETCH_LOW"]), float(tags["IMF_STRETCH_HIGH"])
    low, high = np.percentile(values, (0.5, 99.5))
    # Outwards, to two digits: a hundredth of such a brightness, a thousandth of such a shadow.
    assert low - 0.001 < limits[0] <= low and high <= limits[1] < high + 0.01
    assert limits == tuple(float(f"{limit:.2g}") for limit in limits)
    assert (picture[3, 4], picture[5, 6]) == (255, 1)
    assert picture.std() > 30


def test_stretch_as_gdal_translate(tmp_path, scene):
    """`-scale` maps minimum and maximum to the ends of the range; ours begins at 1, since 0 is no data."""
    paths, grid, stack = scene
    mosaic(paths[:1], grid, tmp_path / "m.tif", tmp_path / "s.tif", stretch="minmax")
    picture, _, _ = read_raster(tmp_path / "m.tif")
    valid = np.isfinite(stack[0])
    share = (stack[0][valid] - stack[0][valid].min()) / np.ptp(stack[0][valid])
    assert np.abs(picture[valid] - (1.0 + 254.0 * share)).max() <= 0.5 + 1e-3


def test_same_input_gives_the_same_bytes(tmp_path, scene, monkeypatch):
    monkeypatch.setattr(mosaic_module, "_WINDOW_PX", 16)
    paths, grid, _ = scene
    for name, threads in {"a": 1, "b": 4}.items():
        products = tmp_path / f"m{name}.tif", tmp_path / f"s{name}.tif"
        mosaic(paths, grid, *products, brightness="both", threads=threads)
    assert (tmp_path / "ma.tif").read_bytes() == (tmp_path / "mb.tif").read_bytes()
    assert (tmp_path / "sa.tif").read_bytes() == (tmp_path / "sb.tif").read_bytes()


def test_windows_are_composed_by_all_threads(tmp_path, scene, monkeypatch):
    """The first window waits for the second one: one thread alone would wait in vain."""
    monkeypatch.setattr(mosaic_module, "_WINDOW_PX", 16)
    together, drawn = Barrier(2, timeout=20), mosaic_module.MosaicPart.drawn

    def wait_and_draw(part, low, high):
        if (part.row, part.column) in ((0, 0), (0, 16)):
            together.wait()
        return drawn(part, low, high)

    monkeypatch.setattr(mosaic_module.MosaicPart, "drawn", wait_and_draw)
    paths, grid, _ = scene
    mosaic(paths, grid, tmp_path / "m.tif", tmp_path / "s.tif", threads=2)


def test_many_images_need_a_wider_raster(tmp_path, monkeypatch, scene):
    paths, grid, stack = scene
    monkeypatch.setattr(mosaic_module, "_MOST_IN_UINT8", 2)
    mosaic(paths, grid, tmp_path / "m.tif", tmp_path / "s.tif")
    sources, _, _ = read_raster(tmp_path / "s.tif")
    assert sources.dtype == np.uint16
    np.testing.assert_array_equal(sources, expected_mosaic(stack, "beneath")[1])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"paths": []}, "no image"),
        ({"priority": "above"}, "above"),
        ({"stretch": "log"}, "log"),
        ({"brightness": "hue"}, "hue"),
        (
            {"grid": replace(make_grid(90, 120), transform=Affine(2.0, 0, 101.0, 0, -2.0, 380.0))},
            "A.tif: its transform .* does not fit the pixels of the target's map",
        ),
        ({"grid": on_another_crs(make_grid(90, 120))}, "A.tif: its CRS .* is not that of the target's map"),
        (
            {"grid": make_grid(90, 120, resolution_m=4.0)},
            "its transform .* does not fit the pixels of the target's map",
        ),
    ],
)
def test_unfit_input_leaves_nothing_behind(tmp_path, scene, change, found):
    paths, grid, _ = scene
    arguments = {"paths": paths, "grid": grid, **change}
    with pytest.raises(InputError, match=found):
        mosaic(out_path=tmp_path / "m.tif", sources_path=tmp_path / "s.tif", **arguments)
    assert not list(tmp_path.iterdir())


def test_images_without_a_valid_pixel_or_without_facts(tmp_path, scene):
    _, grid, _ = scene
    empty = write_layer(tmp_path, "E", np.full(grid.shape, np.nan), grid)
    with pytest.raises(InputError, match="valid pixel"):
        mosaic([empty], grid, tmp_path / "m.tif", tmp_path / "s.tif")
    write_raster(tmp_path / "plain.tif", np.ones(grid.shape, np.float32), grid, nodata=np.nan)
    with pytest.raises(InputError, match="plain.tif: has no tag"):
        mosaic([tmp_path / "plain.tif"], grid, tmp_path / "m.tif", tmp_path / "s.tif")
    with pytest.raises(InputError, match="none.tif"):
        mosaic([tmp_path / "none.tif"], grid, tmp_path / "m.tif", tmp_path / "s.tif")
    assert not (tmp_path / "m.tif").exists()


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_any_projection_comes_back_from_its_file_as_itself(tmp_path, projection):
    """GeoTIFF tells a polar stereographic map in other words than it was given; it is the same map."""
    crs = body("moon").projected(projection, -81.3, 23.5)
    grid = MapGrid.centred(crs, 23.5, -81.3, 900, 600, 1.5)
    paths = [
        write_layer(tmp_path, name, np.full((300, 300), value), grid.window(50, column, 300, 300))
        for name, value, column in (("A", 0.1, 10), ("B", 0.2, 200))
    ]
    mosaic(paths, grid, tmp_path / "m.tif", tmp_path / "s.tif")
    sources, _, _ = read_raster(tmp_path / "s.tif")
    assert (sources == 1).sum() == 300 * 300 and (sources == 2).sum() == 300 * 190


@pytest.mark.slow
def test_memory_does_not_grow_with_the_mosaic(tmp_path):
    """Twelve strips on 6000 x 6000 pixels: NumPy may hold windows, not the map (144 MB a float layer)."""
    grid = make_grid(6000, 6000)
    paths = []
    for index in range(12):
        path = tmp_path / f"S{index}.tif"
        with create_raster(path, grid, "float32", nodata=np.nan, tags=facts(f"S{index}"), overviews=False) as dataset:
            for row in range(0, 5632, 512):
                window = rasterio.windows.Window(512 * (index % 11), row, 512, 512)
                dataset.write(np.full((512, 512), 0.1 + 0.01 * index, np.float32), 1, window=window)
        paths.append(path)
    tracemalloc.start()
    mosaic(paths, grid, tmp_path / "m.tif", tmp_path / "s.tif", brightness="gain")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6
    assert np.unique(read_raster(tmp_path / "s.tif")[0]).tolist() == list(range(12))


@pytest.mark.parametrize("other", ["M1500000000LE", "M1500000000L"])
def test_two_images_of_one_product_are_refused_whatever_their_files_are_called(tmp_path, other):
    grid = make_grid(20, 20)
    paths = []
    for name, product in (("a", "M1500000000LE"), ("b", other)):
        paths.append(tmp_path / f"{name}.tif")
        write_raster(paths[-1], np.full((20, 20), 0.1, np.float32), grid, nodata=np.nan, tags=facts(product))
    with pytest.raises(
        InputError, match=r"b\.tif: is product M1500000000LE?, and so is .*a\.tif; list each product once"
    ):
        mosaic(paths, grid, tmp_path / "m.tif", tmp_path / "s.tif")
