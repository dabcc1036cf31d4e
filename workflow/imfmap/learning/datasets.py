"""Tiles as a PyTorch dataset."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import torch
from torch.utils.data import Dataset, Sampler

from ..core.errors import InputError
from ..tiles.tiles import Tiles, read_tiles
from .augment import Sample
from .losses import LabelEdges
from .models import network_input


class TileDataset(Dataset):
    """Tiles in memory, each drawn with its augmentation.

    An item is a dict of tensors: `image` float32 (1, S, S) in 0..1 (with `sun_input` (3, S, S), see
    `models.network_input`), `mask` float32 (1, S, S) and `valid` bool (1, S, S). With `edges` there are also `target`
    and `counted`, float32 (1, S, S), and if every image has truth, `truth` uint8 (1, S, S). The key of an item is
    (epoch, index), or the index alone (epoch 0). An item depends on its key and the seed, and not on the workers.

    Parameters
    ----------
    images : list of Tiles
    chosen : list of ndarray, optional
        For each image, the indices of the tiles to use; by default all.
    augmentation : callable, optional
        See `augment`. Augmented items carry no truth.
    seed : int
    sun_input : bool
        Whether the network is given the Sun's direction.
    edges : losses.LabelEdges, optional
        How the loss takes labels at their edges.
    """

    def __init__(
        self,
        images: Sequence[Tiles],
        chosen: Sequence[np.ndarray] | None = None,
        augmentation: Callable[[Sample, np.random.Generator], Sample] | None = None,
        seed: int = 0,
        *,
        sun_input: bool = False,
        edges: LabelEdges | None = None,
    ):
        self.images = images
        chosen = [np.arange(len(tiles)) for tiles in images] if chosen is None else chosen
        self.places = [(image, int(tile)) for image, tiles in enumerate(chosen) for tile in tiles]
        self.augmentation = augmentation
        self.seed = seed
        self.sun_input = sun_input
        self.edges = edges or LabelEdges()
        self.has_truth = augmentation is None and all(tiles.truth is not None for tiles in images)

    def __len__(self):
        return len(self.places)

    def __getitem__(self, key):
        epoch, index = key if isinstance(key, tuple) else (0, key)
        image, tile = self.places[index]
        tiles = self.images[image]
        sun_azimuth_deg = (tiles.facts.sun_azimuth_deg + tiles.turn_deg[tile]) % 360.0
        pixels, mask, valid = tiles.image[tile], tiles.mask[tile], tiles.valid[tile]
        if self.augmentation is not None:
            sample = Sample(network_input(pixels)[0].numpy(), mask, valid, sun_azimuth_deg)
            sample = self.augmentation(sample, np.random.default_rng((self.seed, epoch, index)))
            pixels, mask, valid, sun_azimuth_deg = sample.image, sample.mask, sample.valid, sample.sun_azimuth_deg
        item = {
            "image": network_input(pixels, sun_azimuth_deg if self.sun_input else None),
            # NumPy needs no threads for one tile; see `models.network_input`.
            "mask": torch.from_numpy(mask.astype(np.float32))[None],
            "valid": torch.from_numpy(valid.astype(bool))[None],
        }
        if self.edges:
            target, counted = self.edges.treat(mask)
            item |= {"target": torch.from_numpy(target)[None], "counted": torch.from_numpy(counted)[None]}
        if self.has_truth:
            item["truth"] = torch.from_numpy(tiles.truth[tile])[None]
        return item

    def counts(self) -> dict[str, int]:
        """Return the number of tiles with and without labels."""
        labelled = sum(bool(self.images[image].mask[tile].any()) for image, tile in self.places)
        return {"with_fractures": labelled, "without_fractures": len(self) - labelled}


class EpochBatches(Sampler):
    """Batches of a dataset as lists of (epoch, index): the part of one process among several.

    Every process has the same number of batches. From a whole batch each process takes every n-th item, beginning with
    its own number. Without `shuffle` its part of the last batch may be empty.

    Parameters
    ----------
    size : int
        Items in the dataset.
    batch_size : int
        Items in a whole batch.
    shuffle : bool
        Whether every epoch has another order. A last batch that is too small to learn from is then left out: batch
        normalisation cannot learn from one item.
    seed : int
    part, parts : int
        Number of this process, and how many there are.

    Attributes
    ----------
    epoch : int
        Number of the epoch; set it before iterating.
    """

    def __init__(self, size: int, batch_size: int, shuffle: bool = False, seed: int = 0, part: int = 0, parts: int = 1):
        self.size, self.batch_size, self.shuffle, self.seed = size, batch_size, shuffle, seed
        self.part, self.parts = part, parts
        self.epoch = 0
        last = size % batch_size
        left_out = shuffle and 0 < last < 2 * parts and size > batch_size
        self.used = size - last if left_out else size

    def __len__(self):
        return -(-self.used // self.batch_size)

    def __iter__(self):
        order = range(self.size)
        if self.shuffle:
            order = np.random.default_rng((self.seed, self.epoch)).permutation(self.size).tolist()
        for start in range(0, self.used, self.batch_size):
            whole = order[start : min(start + self.batch_size, self.used)]
            yield [(self.epoch, index) for index in whole[self.part :: self.parts]]


def read_images(tile_paths: Sequence[str | Path]) -> list[Tiles]:
    """Read the tiles of several images, and check that they are of one kind.

    Returns
    -------
    list of Tiles

    Raises
    ------
    InputError
        If recipe, tile size or resolution differ, or if there are no files.
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


def kind_of(tiles: Tiles) -> dict[str, Any]:
    """Return what tiles must share to be used together: settings that a checkpoint also holds."""
    size_px = tiles.image.shape[-1]
    return {"recipe": tiles.recipe, "tile_size_px": size_px, "resolution_m": tiles.resolution_m}


def indices_of_set(images: Sequence[Tiles], split_path: str | Path, name: str) -> list[np.ndarray]:
    """Return the indices of the tiles that a split table puts in a set.

    Parameters
    ----------
    images : list of Tiles
    split_path : path
        CSV of `split.split_tiles`.
    name : str
        "train" or "validation".

    Returns
    -------
    list of ndarray

    Raises
    ------
    InputError
        If a tile is not in the table.
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


def to_device(
    batch: Mapping[str, torch.Tensor], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return image, mask and valid pixels of a batch on a device; the image in the memory format channels last."""
    image = batch["image"].to(device, non_blocking=True, memory_format=torch.channels_last)
    return image, batch["mask"].to(device, non_blocking=True), batch["valid"].to(device, non_blocking=True)
