"""The mosaic: which image is on top, where it changes, how it is stretched, and what it takes to make it."""

import tracemalloc
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from affine import Affine
from shapely import LineString

from imfmap.core.choices import PRIORITIES
from imfmap.core.errors import InputError
from imfmap.maps.bodies import PROJECTIONS, body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.image_layers import Layer
from imfmap.maps.rasters import create_raster, read_raster, write_raster
from imfmap.maps.stretching import stretch_to_8bit
from imfmap.mosaic import build as mosaic_module
from imfmap.mosaic import seams as seams_module
from imfmap.mosaic.build import mosaic, seam_lines
from imfmap.mosaic.equalize import match_brightness

CRS = body("moon").projected("equirectangular", 10.0, 20.0)


def make_grid(rows, columns, resolution_m=2.0, left=100.0, bottom=200.0):
    bounds = (left, bottom, left + columns * resolution_m, bottom + rows * resolution_m)
    return MapGrid.covering(CRS, bounds, resolution_m)


def facts(product):
    return ImageFacts(product, "2010-11-09T13:06:46.192", 120.0, 50.0, 5.0, 55.0, 0.5, "native").tags()


def write_layer(folder, product, values, grid):
    path = folder / f"{product}.tif"
    write_raster(path, values.astype(np.float32), grid, nodata=np.nan, tags=facts(product))
    return path


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


def test_stretch_by_two_numbers():
    values = np.array([[np.nan, -1.0, 0.1, 0.15, 0.2, 3.0]], np.float32)
    np.testing.assert_array_equal(stretch_to_8bit(values, (0.1, 0.2)), [[0, 1, 1, 128, 255, 255]])
    # Ground of one brightness has no contrast to show.
    np.testing.assert_array_equal(stretch_to_8bit(values[:, :3], (0.1, 0.1)), [[0, 1, 1]])


def test_stretch_as_gdal_translate(tmp_path, scene):
    """`-scale` maps minimum and maximum to the ends of the range; ours begins at 1, since 0 is no data."""
    paths, grid, stack = scene
    mosaic(paths[:1], grid, tmp_path / "m.tif", tmp_path / "s.tif", stretch="minmax")
    picture, _, _ = read_raster(tmp_path / "m.tif")
    valid = np.isfinite(stack[0])
    share = (stack[0][valid] - stack[0][valid].min()) / np.ptp(stack[0][valid])
    assert np.abs(picture[valid] - (1.0 + 254.0 * share)).max() <= 0.5 + 1e-3


def test_same_input_gives_the_same_bytes(tmp_path, scene):
    paths, grid, _ = scene
    for name in "ab":
        mosaic(paths, grid, tmp_path / f"m{name}.tif", tmp_path / f"s{name}.tif", brightness="both")
    assert (tmp_path / "ma.tif").read_bytes() == (tmp_path / "mb.tif").read_bytes()
    assert (tmp_path / "sa.tif").read_bytes() == (tmp_path / "sb.tif").read_bytes()


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
            "A.tif: does not lie on the target's pixels",
        ),
        ({"grid": make_grid(90, 120, resolution_m=4.0)}, "does not lie on the target's pixels"),
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


def test_empty_blocks_of_sparse_images_are_not_read(tmp_path):
    grid = make_grid(1600, 1100)
    path = tmp_path / "sparse.tif"
    with create_raster(path, grid, "float32", nodata=np.nan, tags=facts("S")) as dataset:
        dataset.write(np.ones((512, 512), np.float32), 1, window=rasterio.windows.Window(512, 512, 512, 512))
    with Layer.open(path, grid) as layer:
        assert layer.read(0, 0, 512, 512) is None
        assert layer.read(1024, 0, 576, 1100) is None
        pixels = layer.read(400, 500, 300, 100)
    assert np.isfinite(pixels).sum() == 188 * 88


# Brightness


def overlapping(folder, changes, seed=0):
    """Views of one scene side by side, each overlapping the next, changed by a factor and an offset each."""
    rng = np.random.default_rng(seed)
    grid = make_grid(100, 60 + 60 * len(changes))
    truth = rng.gamma(4.0, 0.02, grid.shape)
    paths = []
    for index, (factor, offset) in enumerate(changes):
        view = truth[:, 60 * index : 60 * index + 120] * factor + offset
        paths.append(write_layer(folder, f"V{index}", view, grid.window(0, 60 * index, 100, 120)))
    return paths, grid


def layers_of(stack, paths, grid):
    return [stack.enter_context(Layer.open(path, grid)) for path in paths]


@pytest.fixture
def stack():

    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("gain", [(1.0, 0.0), (1.3, 0.0), (0.8, 0.0)]),
        ("offset", [(1.0, 0.0), (1.0, 0.03), (1.0, -0.02)]),
        ("both", [(1.0, 0.0), (1.2, 0.01), (0.7, 0.02)]),
    ],
)
def test_neighbours_become_alike(tmp_path, stack, method, changes):
    paths, grid = overlapping(tmp_path, changes)
    layers = layers_of(stack, paths, grid)
    made = match_brightness(layers, grid, method, window_px=64, least_overlap_px=100)
    for left in (0, 1):
        column = 60 * (left + 1)
        one, other = (
            made[index].apply(layers[index].read(0, column, 100, 60)).astype(float) for index in (left, left + 1)
        )
        if method == "both":
            # equalizer brings means and contrasts together about each image's own mean: near, not identical.
            before = [layers[index].read(0, column, 100, 60).astype(float) for index in (left, left + 1)]
            assert one.std() == pytest.approx(other.std(), rel=1e-3)
            assert abs(one.mean() - other.mean()) < 0.3 * abs(before[0].mean() - before[1].mean())
        else:
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert np.prod([change.contrast for change in made]) == pytest.approx(1.0)
    assert sum(change.offset for change in made) == pytest.approx(0.0, abs=1e-9)


def test_an_image_alone_keeps_its_brightness(tmp_path, stack):
    paths, grid = overlapping(tmp_path, [(1.0, 0.0)])
    (layer,) = layers_of(stack, paths, grid)
    pixels = layer.read(0, 0, 100, 120)
    for method in ("gain", "offset", "both"):
        (change,) = match_brightness([layer], grid, method)
        np.testing.assert_allclose(change.apply(pixels), pixels, rtol=1e-6)


# Seams


def write_sources(folder, sources, grid, products="A,B,C"):
    path = folder / "s.tif"
    write_raster(path, sources.astype(np.uint8), grid, nodata=0, tags={"IMF_PRODUCTS": products}, overviews=False)
    return path


@pytest.mark.parametrize("strip_rows", [7, 512])
def test_seams_are_where_the_source_changes(tmp_path, monkeypatch, strip_rows):
    monkeypatch.setattr(seams_module, "_STRIP_ROWS", strip_rows)
    grid = make_grid(40, 50)
    sources = np.ones((40, 50))
    sources[:, 20:] = 2
    sources[30:, :] = 3
    sources[:10, :] = 0
    seams = seam_lines(write_sources(tmp_path, sources, grid))
    by_pair = {(a, b): line for a, b, line in zip(seams.product_a, seams.product_b, seams.geometry, strict=True)}
    left, _, right, top = grid.bounds
    x, y = left + 20 * 2.0, top - 30 * 2.0
    assert by_pair["A", "B"].equals(line_between((x, top - 20.0), (x, y)))
    assert by_pair["A", "C"].equals(line_between((left, y), (x, y)))
    assert by_pair["B", "C"].equals(line_between((x, y), (right, y)))
    assert len(seams) == 3 and seams.crs == grid.crs


def line_between(*corners):
    return LineString(corners)


def test_slanted_seams_are_straightened(tmp_path):
    grid = make_grid(300, 300)
    row, column = np.mgrid[:300, :300]
    seams = seam_lines(write_sources(tmp_path, np.where(column > 0.3 * row + 50, 1, 2), grid))
    assert len(seams) == 1
    expected = np.hypot(300, 90) * grid.resolution_m
    assert seams.length.iloc[0] == pytest.approx(expected, rel=0.05)
    assert len(seams.geometry.iloc[0].coords) < 150


def test_one_image_has_no_seam(tmp_path):
    grid = make_grid(20, 20)
    seams = seam_lines(write_sources(tmp_path, np.eye(20), grid))
    assert len(seams) == 0 and list(seams.columns) == ["product_a", "product_b", "geometry"]


def test_sources_of_another_making(tmp_path):
    grid = make_grid(20, 20)
    write_raster(tmp_path / "s.tif", np.ones((20, 20), np.uint8), grid, nodata=0)
    with pytest.raises(InputError, match="IMF_PRODUCTS"):
        seam_lines(tmp_path / "s.tif")


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
