"""Tiles of a training, and the batches that each of its processes loads."""

from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, default_collate

from .augment import augmentation
from .datasets import EpochBatches, TileDataset, indices_of_set, kind_of, read_images
from .distributed import Ranks
from .losses import LabelEdges

if TYPE_CHECKING:
    from .train import TrainingJob

_PREFETCHED_BATCHES = 4


def tile_sets(job: "TrainingJob") -> tuple[TileDataset, TileDataset, dict[str, Any]]:
    """Return the training and the validation tiles of a training.

    Parameters
    ----------
    job : train.TrainingJob

    Returns
    -------
    train_set, validation_set : TileDataset
    kind : dict
        What all tiles share, see `datasets.kind_of`.
    """
    images = read_images(job.tile_paths)
    kind = kind_of(images[0])
    augment = augmentation(kind["recipe"], job.augmentation, job.learning["quarter_turns"])
    options = {
        "sun_input": bool(job.model.get("sun_input")),
        "edges": LabelEdges(job.learning["soft_px"], job.learning["ignore_px"]),
    }
    train_set = TileDataset(images, indices_of_set(images, job.split_path, "train"), augment, job.seed, **options)
    return train_set, TileDataset(images, indices_of_set(images, job.split_path, "validation"), **options), kind


def loader(tiles: TileDataset, shuffle: bool, job: "TrainingJob", ranks: Ranks, device: torch.device) -> DataLoader:
    """Return the loader of one process's batches.

    Parameters
    ----------
    tiles : TileDataset
    shuffle : bool
        Whether each epoch has an order of its own.
    job : train.TrainingJob
    ranks : distributed.Ranks
        Which process of the training this is.
    device : torch.device
        Where the batches go.

    Returns
    -------
    torch.utils.data.DataLoader
    """
    workers = job.machine["workers"]
    return DataLoader(
        tiles,
        batch_sampler=EpochBatches(len(tiles), job.model["batch_size"], shuffle, job.seed, ranks.rank, ranks.count),
        collate_fn=_collate,
        num_workers=workers,
        persistent_workers=workers > 0,
        prefetch_factor=_PREFETCHED_BATCHES if workers else None,
        pin_memory=device.type == "cuda",
        # A generator of its own, for the seeds of its workers, so that it uses none of the network's random numbers.
        generator=torch.Generator(),
    )


def _collate(items):
    """Return a batch; None without items, because a process's part of a short last batch may be empty."""
    return default_collate(items) if items else None
