"""Splits of tiles into those that train and those that validate, tile by tile and place by place."""

import numpy as np
import pandas
import pytest

from imfmap.core.errors import InputError
from imfmap.learning.datasets import indices_of_set, read_images
from imfmap.tiles.split import LEFT_OUT, split_tiles
from imfmap.tiles.tiles import read_tiles, tiles_of_image, write_tiles
from tests.helpers.tile_factory import facts, lined_tiles, write_lined_tiles

SIZE_PX = 32


@pytest.fixture(scope="module", params=["paper", "sun_aligned"])
def images(request, tmp_path_factory):
    """Tile files of two images of one ground under two Suns, and of a second ground."""
    folder = tmp_path_factory.mktemp(request.param)
    paths = []
    for number, (target, sun_azimuth_deg) in enumerate([("one", 250.0), ("one", 75.0), ("two", 20.0)]):
        rng = np.random.default_rng(number)
        image = (0.05 + 0.01 * rng.random((700, 600))).astype(np.float32)
        mask = (rng.random(image.shape) < 0.0005).astype(np.uint8)
        tiles = tiles_of_image(
            image,
            mask,
            facts(f"M{number}", sun_azimuth_deg),
            1.5,
            recipe=request.param,
            size_px=SIZE_PX,
            overlap=0.1,
            rotate=True,
            target=target,
        )
        paths.append(folder / f"{number}.npz")
        write_tiles(paths[-1], tiles)
    return paths


def ground(tiles, index):
    """Map pixels that a tile shows, each named by target, row and column."""
    i, j = np.indices((SIZE_PX, SIZE_PX))
    row, column = tiles.map_rowcol(index, i, j)
    pixels = np.unique(np.stack([np.rint(row), np.rint(column)], axis=-1).reshape(-1, 2).astype(int), axis=0)
    return {(tiles.target, *pixel) for pixel in pixels.tolist()}


def shared_ground(paths, table):
    """How many map pixels both train and validate."""
    sets = {row[:3]: row[3] for row in table.itertuples(index=False, name=None)}
    seen = {"train": set(), "validation": set(), LEFT_OUT: set()}
    for path in paths:
        tiles = read_tiles(path)
        for index, number in enumerate(tiles.tile):
            seen[sets[(tiles.target, tiles.facts.product, int(number))]] |= ground(tiles, index)
    return len(seen["train"] & seen["validation"])


def test_by_place_no_ground_both_trains_and_validates(images, tmp_path):
    table = split_tiles(images, tmp_path / "place.csv", 0.2, seed=5, split_by="place")
    assert shared_ground(images, table) == 0
    # The paper's way shares much: that is what the other is for.
    assert shared_ground(images, split_tiles(images, tmp_path / "tile.csv", 0.2, seed=5)) > 10000


def test_by_place_every_target_validates_about_its_share(images, tmp_path):
    table = split_tiles(images, tmp_path / "place.csv", 0.2, seed=5, split_by="place")
    for _, group in table.groupby("target"):
        kept = group[group.set != LEFT_OUT]
        assert 0.1 < (kept.set == "validation").mean() < 0.4
        assert (group.set == LEFT_OUT).mean() < 0.4


def test_by_place_repeats_by_seed(images, tmp_path):
    table = split_tiles(images, tmp_path / "a.csv", 0.2, seed=5, split_by="place")
    assert table.equals(split_tiles(images[::-1], tmp_path / "b.csv", 0.2, seed=5, split_by="place"))
    assert not table.equals(split_tiles(images, tmp_path / "c.csv", 0.2, seed=6, split_by="place"))


def test_an_unknown_split_by(images, tmp_path):
    with pytest.raises(InputError, match="split: unknown value 'crater'; use one of tile, place"):
        split_tiles(images, tmp_path / "split.csv", split_by="crater")
    assert not (tmp_path / "split.csv").exists()


@pytest.fixture
def tile_files(tmp_path):
    return write_lined_tiles(tmp_path)


def test_the_split_is_four_to_one_with_and_without_labels_and_repeats(tile_files, tmp_path):
    table = split_tiles(tile_files, tmp_path / "split.csv", 0.2, seed=3)
    images = read_images(tile_files)
    places = {(t.facts.product, int(n)) for t in images for n in t.tile}
    assert set(table.columns) == {"target", "product", "tile", "set"}
    assert set(zip(table["product"], table.tile, strict=True)) == places
    chosen = [indices_of_set(images, tmp_path / "split.csv", name) for name in ("train", "validation")]
    for labelled in (True, False):
        counts = [
            len(
                {
                    (t.facts.product, int(t.tile[i]))
                    for t, c in zip(images, part, strict=True)
                    for i in c
                    if t.mask[i].any() == labelled
                }
            )
            for part in chosen
        ]
        assert counts[1] == round(0.2 * sum(counts))
    again = split_tiles(tile_files[::-1], tmp_path / "again.csv", 0.2, seed=3)
    pandas.testing.assert_frame_equal(table, again)
    assert not table.equals(split_tiles(tile_files, tmp_path / "other.csv", 0.2, seed=4))


def test_turned_copies_stay_in_the_set_of_their_tile(tile_files, tmp_path):
    split_tiles(tile_files, tmp_path / "split.csv", 0.5)
    images = read_images(tile_files)
    chosen = [indices_of_set(images, tmp_path / "split.csv", name) for name in ("train", "validation")]
    for tiles, train, validation in zip(images, *chosen, strict=True):
        assert not set(tiles.tile[train]) & set(tiles.tile[validation])
        assert len(train) + len(validation) == len(tiles)


def test_a_split_needs_labels_in_both_sets(tmp_path):
    write_tiles(tmp_path / "tiles.npz", lined_tiles(size_px=128))
    with pytest.raises(InputError, match="1 tiles with labels cannot be split"):
        split_tiles([tmp_path / "tiles.npz"], tmp_path / "split.csv")
