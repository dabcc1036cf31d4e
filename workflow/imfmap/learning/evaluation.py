"""Scores of a model on the tiles of a target."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from ..core.choices import INFERENCE
from ..core.errors import InputError
from ..core.jsonfiles import write_json
from .datasets import TileDataset, kind_of, read_images, to_device
from .metrics import BatchAveragedMetrics, TruthMetrics, detected
from .mixed_precision import autocast_to, choose_dtype
from .models import choose_device, load_checkpoint
from .probability_calibration import ProbabilityCalibration


def evaluate(
    checkpoint_path: str | Path,
    tile_paths: Sequence[str | Path],
    out_path: str | Path,
    *,
    target: str,
    role: str,
    classes: Mapping[str, int] | None = None,
    batch_size: int = INFERENCE["batch_size"],
    inference_batch_size: int | None = None,
    device: str = INFERENCE["device"],
    precision: str = INFERENCE["precision"],
    threshold: float | None = None,
) -> dict[str, Any]:
    """Score a model on the tiles of a target, and write the scores as JSON.

    Parameters
    ----------
    checkpoint_path : path
    tile_paths : list of path
        Tiles of the target's images.
    out_path : path
        JSON file to write, with what is returned.
    target, role : str
        Name of the target, and "validation" or "test".
    classes : mapping, optional
        Names and values of the truth raster's classes. If the tiles carry truth, the model is scored against it.
    batch_size : int
        Tiles in a batch over which the paper's metrics are taken: the batch size of the model's training.
    inference_batch_size : int, optional
        Most tiles that go through the network at a time, if memory is too small for a whole batch.
    device, precision : str
        See `models.choose_device` and `mixed_precision.choose_dtype`.
    threshold : float, optional
        Probability from which on a pixel counts as fracture; by default the model's own. If the checkpoint holds a
        calibration, it is a calibrated probability.

    Returns
    -------
    dict
        target, role, recipe, threshold, number of tiles with and without labels, `labels` (against the weak labels:
        the paper's `scores`, and the `values` of every batch) and, where there is truth, `truth` (`scores`, and the
        `counts` of pixels by class).

    Raises
    ------
    InputError
        If the tiles are not of the kind that the model was trained on.
    """
    device = choose_device(device, "inference.device")
    dtype = choose_dtype(precision, device, "inference.precision")
    network, settings = load_checkpoint(checkpoint_path)
    images = read_images(tile_paths)
    kind = kind_of(images[0])
    for key, value in kind.items():
        if settings[key] != value:
            raise InputError(tile_paths[0], f"{key} is {value}, the model's {settings[key]}", "cut the tiles alike")
    threshold = settings["threshold"] if threshold is None else threshold
    least = threshold
    if settings.get("calibration") is not None:
        least = ProbabilityCalibration.from_mapping(settings["calibration"], checkpoint_path).before(threshold)
    network = network.to(device, memory_format=torch.channels_last)
    dataset = TileDataset(images, sun_input=settings.get("sun_input", False))
    labels = BatchAveragedMetrics()
    truth = TruthMetrics(classes) if classes and dataset.has_truth else None
    with torch.inference_mode():
        for batch in tqdm(
            DataLoader(dataset, batch_size), desc=f"evaluating on {target}", unit="batch", mininterval=1.0
        ):
            image, mask, valid = to_device(batch, device)
            parts = image.split(inference_batch_size or batch_size)
            with autocast_to(device, dtype):
                logits = torch.cat([network(part) for part in parts]).float()
            found = detected(logits, least)
            labels.update(found, mask > 0, valid)
            if truth is not None:
                truth.update(found, batch["truth"].to(device), valid)
    result = {"target": target, "role": role, "recipe": kind["recipe"], "threshold": threshold}
    result["tiles"] = dataset.counts()
    result["labels"] = {"scores": labels.compute(), "values": labels.values}
    if truth is not None:
        result["truth"] = {"scores": truth.compute(), "counts": truth.counts}
    write_json(out_path, result)
    return result
