"""None"""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.ndimage import center_of_mass, label

from imfmap.core.errors import InputError
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.tiles.tiles import cut_tiles, read_tiles, tiling
from tests.helpers.cut_tiles import cut, spots
from tests.helpers.other_maps import on_another_crs
from tests.helpers.tile_factory import facts


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
@pytest.mark.parametrize("sun_azimuth_deg", [270.0, 0.0, 33.0, 141.7])
def test_what_is_drawn_lands_at_the_same_place_in_image_and_mask_and_is_found_again_on_the_map(recipe, sun_azimuth_deg):
    places = np.array([(30, 40), (90, 70), (60, 150), (140, 120)])
    image, mask = spots((170, 190), places)
    tiles = cut(image, mask, recipe, sun_azimuth_deg, overlap=0.3, rotate=True, truth=3 * mask)
    found = set()
    for index in range(len(tiles)):
        np.testing.assert_array_equal(tiles.truth[index], 3 * tiles.mask[index])
        bright = tiles.image[index] > (200 if recipe == "paper" else 140)
        if recipe == "paper":
            np.testing.assert_array_equal(bright, tiles.mask[index] > 0)
        numbered, count = label(tiles.mask[index])
        for number in range(1, count + 1):
            inside = numbered == number
            # Interpolation rounds the rim of a disc.
            assert (inside & bright).sum() >= 0.75 * inside.sum()
            if inside.sum() >= 19:  # cut by no edge
                row, column = tiles.map_rowcol(index, *center_of_mass(inside))
                distance = np.hypot(*(places - (row, column)).T)
                assert distance.min() < 0.4
                found.add(int(distance.argmin()))
    assert found == {0, 1, 2, 3}


def test_quarter_turns_are_clockwise_and_only_of_tiles_with_labels():
    image = np.full((64, 128), 0.05, np.float32)
    mask = np.zeros(image.shape, np.uint8)
    image[10, 5], mask[10, 5] = 0.1, 1
    tiles = cut(image, mask, rotate=True)
    assert Counter(tiles.tile.tolist()) == {0: 4, 1: 1}
    place = {
        turn: np.argwhere(one)[0].tolist() for turn, one in zip(tiles.turn_deg, tiles.mask, strict=True) if one.any()
    }
    # Clockwise, what was near the top goes to the right.
    assert place == {0: [10, 5], 90: [5, 53], 180: [53, 58], 270: [58, 10]}
    for index in range(4):
        assert tiles.image[index][tiles.mask[index] > 0].tolist() == [255]
        row, column = tiles.map_rowcol(index, *place[tiles.turn_deg[index]])
        assert (round(float(row), 6), round(float(column), 6)) == (10, 5)


def test_the_sun_aligned_recipe_takes_no_quarter_turns():
    image, mask = spots((64, 64), [(20, 20)])
    assert Counter(cut(image, mask, "sun_aligned", rotate=True).turn_deg.tolist()) == {0.0: 1}


@pytest.mark.parametrize("sun_azimuth_deg", [0.0, 90.0, 200.0, 315.0])
def test_the_sun_is_on_the_left_of_every_aligned_tile(sun_azimuth_deg):
    # A slope of brightness rising towards the Sun: its bright side must be the left.
    rows, columns = np.indices((200, 200)) - 99.5
    angle = np.radians(sun_azimuth_deg)
    towards = np.sin(angle) * columns - np.cos(angle) * rows
    tiles = cut((0.05 + 0.02 * np.sign(towards)).astype(np.float32), None, "sun_aligned", sun_azimuth_deg, size_px=300)
    assert len(tiles) == 1
    middle = tiles.image[0, 100:200, 100:200].astype(float)
    rightwards, downwards = np.diff(middle, axis=1), np.diff(middle, axis=0)
    assert rightwards.min() < -30 and rightwards.max() < 5
    assert np.abs(downwards).mean() < 0.5 * np.abs(rightwards).mean()


@given(rows=st.integers(20, 90), columns=st.integers(20, 90), overlap=st.floats(0, 0.4), azimuth=st.floats(0, 360))
@example(rows=20, columns=20, overlap=0.0, azimuth=42.0)
@settings(max_examples=15, deadline=None)
def test_tiles_cover_every_pixel(rows, columns, overlap, azimuth):
    image = np.full((rows, columns), 0.05, np.float32)
    for recipe in ("paper", "sun_aligned"):
        tiles = cut(image, None, recipe, azimuth, size_px=32, overlap=overlap)
        seen = np.zeros((rows, columns), bool)
        steps = np.arange(32)
        for index in range(len(tiles)):
            row, column = tiles.map_rowcol(index, *np.meshgrid(steps, steps, indexing="ij"))
            inside = tiles.valid[index] > 0
            # A turned tile's pixel is drawn from its four neighbours on the map.
            for down, right in product((np.floor, np.ceil), repeat=2):
                i, j = down(row[inside] - 1e-6).astype(int), right(column[inside] - 1e-6).astype(int)
                seen[i.clip(0, rows - 1), j.clip(0, columns - 1)] = True
        assert seen[1:-1, 1:-1].all()
        assert (tiles.image[tiles.valid == 0] == 0).all()
        assert (tiles.image[tiles.valid == 1] > 0).all()


def test_neighbouring_tiles_share_their_overlap():
    image = np.random.default_rng(0).random((100, 100)).astype(np.float32)
    tiles = cut(image, size_px=50, overlap=0.1)
    assert sorted(set(tiles.column)) == [0, 45, 90]
    np.testing.assert_array_equal(tiles.image[0][:, 45:], tiles.image[1][:, :5])
    # Without overlap 100 px are two tiles and no third.
    assert len(cut(image, size_px=50)) == 4


def test_tiles_without_enough_data_are_left_out():
    image = np.full((64, 192), 0.05, np.float32)
    image[:, 70:] = np.nan
    assert len(cut(image)) == 2
    assert len(cut(image, min_valid_fraction=0.5)) == 1
    assert len(cut(np.full((64, 64), np.nan, np.float32))) == 0
    assert len(cut(np.full((64, 64), np.nan, np.float32), recipe="sun_aligned")) == 0


def test_what_is_left_out_is_logged(caplog):
    image, mask = np.full((64, 192), 0.05, np.float32), np.zeros((64, 192), np.uint8)
    image[:, 70:] = np.nan
    # Five label pixels on the sparse tile's data, and more where no image has any.
    mask[10:15, 66], mask[10:40, 100] = 1, 1
    with caplog.at_level("INFO"):
        cut(image, mask)
        assert caplog.messages == []
        cut(image, mask, min_valid_fraction=0.5)
    (said,) = caplog.messages
    assert "M1E: 1 tiles are left out, with 5 valid label pixels, as less than 0.5 of their pixels are valid" in said


def test_a_label_where_there_is_no_data_makes_a_tile_one_with_fractures():
    image, mask = np.full((64, 64), 0.05, np.float32), np.zeros((64, 64), np.uint8)
    image[:, 40:], mask[:, 50] = np.nan, 1
    assert len(cut(image, mask, rotate=True)) == 4


def test_tiles_that_are_scored_have_no_overlap_and_no_turns():
    settings = {"size_px": 64, "overlap": 0.25, "min_valid_fraction": 0.2, "validation_fraction": 0.2}
    settings["quarter_turns"] = True
    image, mask = np.full((128, 128), 0.05, np.float32), np.ones((128, 128), np.uint8)
    learnt, scored = (cut(image, mask, **tiling(settings, training)) for training in (True, False))
    assert (len(scored), set(scored.turn_deg), sorted(set(scored.column))) == (4, {0.0}, [0, 64])
    assert (len(learnt), set(learnt.turn_deg), sorted(set(learnt.tile))) == (36, {0.0, 90.0, 180.0, 270.0}, [*range(9)])
    assert tiling(settings, False)["min_valid_fraction"] == tiling(settings, True)["min_valid_fraction"] == 0.2
    assert not tiling({**settings, "quarter_turns": False}, True)["rotate"]


def test_settings_that_make_no_sense():
    image = np.full((64, 64), 0.05, np.float32)
    with pytest.raises(InputError, match="unknown recipe 'other'"):
        cut(image, recipe="other")
    with pytest.raises(InputError, match="overlap"):
        cut(image, overlap=1.0)


@pytest.fixture
def rasters(tmp_path):
    grid = MapGrid.covering(body("moon").projected("equirectangular", 0, 0), (0, 0, 150, 150), 1.5)
    image, mask = spots(grid.shape, [(50, 50)])
    write_raster(tmp_path / "image.tif", image, grid, nodata=np.nan, tags=facts().tags())
    write_raster(tmp_path / "labels.tif", mask, grid)
    return tmp_path, image, mask, grid


@pytest.mark.parametrize("truth", [None, "labels.tif"])
def test_tiles_of_files_come_back_as_written(rasters, truth):
    folder, image, mask, _ = rasters
    arguments = (folder / "image.tif", folder / "labels.tif", folder / "tiles.npz", "paper", 64, 0.1, True)
    cut_tiles(*arguments, truth and folder / truth, target="place")
    tiles = read_tiles(folder / "tiles.npz")
    expected = cut(image, mask, overlap=0.1, rotate=True, truth=mask if truth else None)
    assert (tiles.facts, tiles.resolution_m, tiles.recipe, tiles.target) == (facts(), 1.5, "paper", "place")
    for name in ("image", "mask", "valid", "tile", "row", "column", "turn_deg", "truth"):
        np.testing.assert_array_equal(getattr(tiles, name), getattr(expected, name))


def test_an_image_with_too_little_data_gives_a_file_without_tiles(rasters, caplog):
    folder, image, _, grid = rasters
    image[:, 20:] = np.nan
    write_raster(folder / "image.tif", image, grid, nodata=np.nan, tags=facts().tags())
    arguments = (folder / "image.tif", folder / "labels.tif", folder / "t.npz", "sun_aligned", 64, 0.1, False)
    cut_tiles(*arguments, target="place", min_valid_fraction=0.9)
    assert "no tile with 0.9" in caplog.text
    assert len(read_tiles(folder / "t.npz")) == 0


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
def test_an_image_in_a_corner_of_a_large_target_gives_the_tiles_of_its_place(tmp_path, recipe):
    grid = MapGrid.covering(body("moon").projected("equirectangular", 0, 0), (0, 0, 2250, 1800), 1.5)
    places = [(920, 1010), (1040, 1100)]
    image, mask = spots(grid.shape, places)
    outside = np.ones(grid.shape, bool)
    outside[870:1101, 955:1203] = False
    image[outside] = np.nan
    write_raster(tmp_path / "image.tif", image, grid, nodata=np.nan, tags=facts(sun_azimuth_deg=33.0).tags())
    write_raster(tmp_path / "labels.tif", mask, grid, overviews="nearest")
    arguments = (tmp_path / "image.tif", tmp_path / "labels.tif", tmp_path / "tiles.npz", recipe, 64, 0.1, False)
    tiles = cut_tiles(*arguments, target="place")
    assert len(tiles) < 60
    valid = sum(int(one.sum()) for one in tiles.valid)
    assert valid > 0.95 * 231 * 248
    found = [
        tiles.map_rowcol(index, *center_of_mass(tiles.mask[index]))
        for index in np.flatnonzero(tiles.mask.sum((1, 2)) > 18)
    ]
    assert {int(np.argmin(np.hypot(*(np.array(places) - place).T))) for place in found} == {0, 1}
    assert max(np.hypot(*(np.array(places) - place).T).min() for place in found) < 0.5
    if recipe == "paper":
        assert {int(row) % 58 for row in tiles.row} == {int(column) % 58 for column in tiles.column} == {0}


def test_rasters_must_share_a_grid(rasters):
    folder, _, mask, grid = rasters
    for other, differs in ((grid.window(1, 0, *grid.shape), "transform"), (on_another_crs(grid), "CRS")):
        write_raster(folder / "other.tif", mask[: other.shape[0]], other)
        paths = folder / "image.tif", folder / "other.tif", folder / "t.npz"
        with pytest.raises(InputError, match=rf"other.tif: its {differs} .* is not that of .*image.tif"):
            cut_tiles(*paths, "paper", 64, 0, False, target="place")
        assert not (folder / "t.npz").exists()


def test_an_image_without_data_gives_no_file(rasters):
    folder, image, _, grid = rasters
    write_raster(folder / "image.tif", np.full_like(image, np.nan), grid, tags=facts().tags())
    with pytest.raises(InputError, match="no tile"):
        cut_tiles(folder / "image.tif", folder / "labels.tif", folder / "t.npz", "paper", 64, 0, False, target="place")
    assert not (folder / "t.npz").exists()


def test_tiles_of_a_finished_mosaic_are_its_own_pixels(tmp_path):
    grid = MapGrid.covering(body("mercury").projected("equirectangular", 10, 20), (0, 0, 900, 1200), 6.0)
    # Dark ground and a bright corner: stretching between the extremes would change every value.
    pixels = np.random.default_rng(3).integers(40, 90, grid.shape).astype(np.uint8)
    pixels[:70, :70] = 0
    labels = (pixels > 85).astype(np.uint8)
    write_raster(tmp_path / "mosaic.tif", pixels, grid, nodata=0, tags={"IMF_PRODUCTS": "theirs"})
    write_raster(tmp_path / "labels.tif", labels, grid)
    paths = tmp_path / "mosaic.tif", tmp_path / "labels.tif", tmp_path / "tiles.npz"
    options = {"size_px": 64, "overlap": 0.0, "rotate": False, "target": "caloris"}
    cut_tiles(*paths, "paper", **options)
    tiles = read_tiles(tmp_path / "tiles.npz")
    assert tiles.facts.product == "theirs" and np.isnan(tiles.facts.sun_azimuth_deg) and tiles.resolution_m == 6.0
    assert {(row, column) for row, column in zip(tiles.row, tiles.column, strict=True)} == {
        (row, column) for row in (0, 64, 128, 192) for column in (0, 64, 128) if row or column
    }
    for index in range(len(tiles)):
        part = np.s_[int(tiles.row[index]) :, int(tiles.column[index]) :]
        rows, columns = pixels[part][:64, :64].shape
        np.testing.assert_array_equal(tiles.image[index, :rows, :columns], pixels[part][:64, :64])
        np.testing.assert_array_equal(tiles.valid[index], tiles.image[index] > 0)
    with pytest.raises(InputError, match="recipe sun_aligned cannot be cut from an 8-bit mosaic"):
        cut_tiles(*paths, "sun_aligned", **options)
    write_raster(tmp_path / "mosaic.tif", pixels * 0, grid, nodata=0)
    with pytest.raises(InputError, match="mosaic.tif: gives no tile"):
        cut_tiles(*paths, "paper", **options)


def test_a_file_without_tiles(tmp_path):
    (tmp_path / "tiles.npz").write_bytes(b"nothing")
    for name in ("tiles.npz", "none.npz"):
        with pytest.raises(InputError, match="holds no tiles"):
            read_tiles(tmp_path / name)
