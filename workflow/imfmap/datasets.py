"""Tiles as a PyTorch dataset."""

import numpy as np
import pandas
import torch
from torch.utils.data import Dataset

from .errors import InputError
from .models import network_input
from .tiles import read_tiles


class TileDataset(Dataset):
    """Tiles in memory, each drawn with its augmentation.

    An item is a dict of tensors: `image` float32 (1, S, S) in 0..1, `mask` float32 (1, S, S), `valid` bool (1, S, S)
    and, where every image has it, `truth` uint8 (1, S, S). Items depend on seed, epoch and index alone, not on
    workers.

    Parameters
    ----------
    images : list of Tiles
    chosen : list of ndarray, optional
        For each image, the indices of the tiles to use; by default all.
    augmentation : callable, optional
        See `augment`. Augmented items carry no truth.
    seed : int
    """

    def __init__(self, images, chosen=None, augmentation=None, seed=0):
        self.images = images
        chosen = [np.arange(len(tiles)) for tiles in images] if chosen is None else chosen
        self.places = [(image, int(tile)) for image, tiles in enumerate(chosen) for tile in tiles]
        self.augmentation = augmentation
        self.seed = seed
        self.epoch = 0
        self.has_truth = augmentation is None and all(tiles.truth is not None for tiles in images)

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        image, tile = self.places[index]
        tiles = self.images[image]
        pixels = network_input(tiles.image[tile])
        mask, valid = tiles.mask[tile], tiles.valid[tile]
        if self.augmentation is not None:
            generator = np.random.default_rng((self.seed, self.epoch, index))
            augmented, mask, valid = self.augmentation(pixels[0].numpy(), mask, valid, generator)
            pixels = torch.from_numpy(augmented)[None]
        item = {
            "image": pixels,
            "mask": torch.from_numpy(mask)[None].float(),
            "valid": torch.from_numpy(valid)[None].bool(),
        }
        if self.has_truth:
            item["truth"] = torch.from_numpy(tiles.truth[tile])[None]
        return item

    def set_epoch(self, epoch):
        """Draw other augmentations from now on."""
        self.epoch = epoch

    def counts(self):
        """dict: number of tiles with and without labels."""
        labelled = sum(bool(self.images[image].mask[tile].any()) for image, tile in self.places)
        return {"with_fractures": labelled, "without_fractures": len(self) - labelled}


def read_images(tile_paths):
    """Tiles of several images, checked to be of one kind.

    Returns
    -------
    list of Tiles

    Raises
    ------
    InputError
        Where recipe, tile size or resolution differ, or there are no files.
    """
    images = [read_tiles(path) for path in tile_paths]
    if not images:
        raise InputError("tiles", "no files given", "name at least one target with labels")
    first = kind_of(images[0])
    for path, tiles in zip(tile_paths, images, strict=True):
        if kind_of(tiles) != first:
            raise InputError(
                path, f"its tiles are {kind_of(tiles)}, those of {tile_paths[0]} {first}", "cut them alike"
            )
    return images


def kind_of(tiles):
    """dict: what tiles must share to be used together, as it goes into a checkpoint's settings."""
    size_px = tiles.image.shape[-1]
    return {"recipe": tiles.recipe, "tile_size_px": size_px, "resolution_m": tiles.resolution_m}


def chosen_by_split(images, split_path, name):
    """Indices of the tiles that a split table puts in a set.

    Parameters
    ----------
    images : list of Tiles
    split_path : path
        CSV of `splitting.split_tiles`.
    name : str
        "train" or "validation".

    Returns
    -------
    list of ndarray

    Raises
    ------
    InputError
        Where the table does not know a tile.
    """
    table = pandas.read_csv(split_path, dtype={"target": str, "product": str, "set": str})
    sets = {row[:3]: row[3] for row in table[["target", "product", "tile", "set"]].itertuples(index=False, name=None)}
    chosen = []
    for tiles in images:
        keys = [(tiles.target, tiles.facts.product, int(tile)) for tile in tiles.tile]
        missing = next((key for key in keys if key not in sets), None)
        if missing:
            raise InputError(split_path, f"does not list tile {missing[2]} of {missing[1]}", "split the tiles again")
        chosen.append(np.flatnonzero([sets[key] == name for key in keys]))
    return chosen


def to_device(batch, device):
    """Image, mask and valid pixels of a batch of items on a device, channels last."""
    image = batch["image"].to(device, non_blocking=True, memory_format=torch.channels_last)
    return image, batch["mask"].to(device, non_blocking=True), batch["valid"].to(device, non_blocking=True)
