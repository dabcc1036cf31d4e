"""Datasets of tiles, and the batches that are drawn from them."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.learning.augment import AUGMENTATIONS
from imfmap.learning.datasets import EpochBatches, TileDataset, indices_of_set, read_images
from imfmap.learning.losses import LabelEdges
from imfmap.tiles.split import split_tiles
from imfmap.tiles.tiles import write_tiles
from tests.helpers.cut_tiles import cut, spots
from tests.helpers.tile_factory import lined_tiles, write_lined_tiles


@pytest.fixture
def tile_files(tmp_path):
    return write_lined_tiles(tmp_path)


def test_a_split_of_other_tiles_is_noticed(tile_files, tmp_path):
    split_tiles(tile_files[:3], tmp_path / "split.csv")
    with pytest.raises(InputError, match="does not list tile 0 of M3"):
        indices_of_set(read_images(tile_files), tmp_path / "split.csv", "train")


def test_tiles_of_different_kinds_do_not_mix(tile_files, tmp_path):
    write_tiles(tmp_path / "aligned.npz", lined_tiles(recipe="sun_aligned"))
    with pytest.raises(InputError, match="cut them alike"):
        read_images([*tile_files, tmp_path / "aligned.npz"])


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
def test_augmented_items_repeat_by_seed_and_epoch_and_keep_their_ranges(recipe):
    images = [lined_tiles(recipe=recipe, size_px=64)]
    dataset = TileDataset(images, augmentation=AUGMENTATIONS[recipe], seed=1)
    drawn = [[dataset[index] for index in range(len(dataset))] for _ in range(2)]
    for first, second in zip(*drawn, strict=True):
        assert all((first[key] == second[key]).all() for key in first)
    assert any((dataset[1, index]["image"] != first["image"]).any() for index, first in enumerate(drawn[0]))
    for item in drawn[0]:
        assert item["image"].dtype.is_floating_point and item["image"].min() >= 0 and item["image"].max() <= 1
        assert set(item["mask"].unique().tolist()) <= {0.0, 1.0}
        assert (item["image"][~item["valid"]] == 0).all()


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
def test_without_probability_nothing_is_changed(recipe):
    tiles = lined_tiles(recipe=recipe)
    plain, augmented = (
        TileDataset([tiles])[0],
        TileDataset([tiles], augmentation=lambda *a: AUGMENTATIONS[recipe](*a, 0.0))[0],
    )
    assert all((plain[key] == augmented[key]).all() for key in ("image", "mask", "valid"))


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
def test_items_carry_the_suns_direction_in_the_tile(recipe):
    image, mask = spots((64, 64), [(20, 20)])
    tiles = cut(image, mask, recipe, 33.0, rotate=True)
    items = TileDataset([tiles], sun_input=True)
    for index, turn_deg in enumerate(tiles.turn_deg):
        pixels = items[index]["image"]
        angle = np.radians(33.0 + turn_deg)
        assert pixels.shape == (3, 64, 64)
        assert pixels[0].max() > 0.3
        np.testing.assert_allclose(pixels[1], np.cos(angle), atol=1e-6)
        np.testing.assert_allclose(pixels[2], np.sin(angle), atol=1e-6)
        if recipe == "sun_aligned":
            np.testing.assert_allclose(pixels[2], -1.0)  # from the left
    assert len({round(float(items[index]["image"][1, 0, 0]), 3) for index in range(len(tiles))}) == (
        4 if recipe == "paper" else 1
    )


def test_a_brighter_side_is_where_the_items_say_that_the_sun_is():
    # A slope that rises towards the Sun, in every quarter turn and through the paper's warps.
    rows, columns = np.indices((64, 64)) - 31.5
    angle = np.radians(33.0)
    towards = np.sin(angle) * columns - np.cos(angle) * rows
    image, mask = (0.05 + 0.0005 * towards).astype(np.float32), np.zeros((64, 64), np.uint8)
    mask[30, 30] = 1
    tiles = cut(image, mask, "paper", 33.0, rotate=True)
    items = TileDataset([tiles], augmentation=AUGMENTATIONS["paper"], sun_input=True)
    agreements = []
    for epoch in range(6):
        for index in range(4):
            item = items[epoch, index]
            part, valid = item["image"][0, 20:44, 20:44].numpy(), item["valid"][0, 20:44, 20:44].numpy()
            if not valid.all():
                continue
            down, right = (slope.mean() for slope in np.gradient(part))
            cos, sin = item["image"][1:, 0, 0].tolist()
            agreements.append((sin * right - cos * down) / np.hypot(right, down))
    assert len(agreements) > 8 and min(agreements) > 0.8


def test_labels_at_their_edges_go_beside_the_mask():
    tiles = lined_tiles()
    plain, treated = (TileDataset([tiles], edges=edges)[0] for edges in (None, LabelEdges(1.0, 1.0)))
    assert not {"target", "counted"} & set(plain)
    assert (treated["mask"] == plain["mask"]).all()
    assert 0 < treated["counted"].mean() < 1
    assert treated["target"].dtype == treated["counted"].dtype == plain["mask"].dtype


def test_batches_are_dealt_to_processes_and_drawn_anew_each_epoch():
    def keys(epoch=0, **options):
        batches = EpochBatches(19, 8, **options)
        batches.epoch = epoch
        return list(batches)

    assert [len(batch) for batch in keys()] == [8, 8, 3]
    assert [index for batch in keys() for _, index in batch] == list(range(19))
    drawn = [keys(epoch, shuffle=True, seed=3) for epoch in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {epoch for batch in drawn[2] for epoch, _ in batch} == {2}
    assert sorted(index for batch in drawn[2] for _, index in batch) == list(range(19))
    parts = [keys(1, shuffle=True, seed=3, part=part, parts=3) for part in range(3)]
    # A last batch of 3 would give each process one.
    assert [[len(batch) for batch in part] for part in parts] == [[3, 3], [3, 3], [2, 2]]
    for whole, *shares in zip(drawn[0], *parts, strict=False):
        assert sorted(whole) == sorted(key for share in shares for key in share)
    assert [len(keys(part=part, parts=4)[-1]) for part in range(4)] == [1, 1, 1, 0]
    assert len(EpochBatches(17, 8, shuffle=True)) == 2 and len(EpochBatches(17, 8)) == 3
    assert len(EpochBatches(1, 8, shuffle=True)) == 1
