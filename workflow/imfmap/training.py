"""Training, from tiles to the checkpoint with the best F1."""

import logging
import math
import time
from functools import partial

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader
from tqdm import tqdm

from .augment import AUGMENTATIONS
from .datasets import TileDataset, chosen_by_split, kind_of, read_images, to_device
from .errors import InputError
from .metrics import BatchAveragedMetrics, detected
from .models import build_model, choose_device, device_name, save_checkpoint
from .reports import plot_curves, write_json

SCHEDULES = ("constant", "onecycle")
_MODEL_KEYS = ("architecture", "encoder", "decoder_channels")

logger = logging.getLogger(__name__)


def train(
    tile_paths, split_path, checkpoint_path, metrics_path, curves_path, *, model, training, augmentation=None, seed=0
):
    """Train a network and keep the epoch with the best F1 on the validation tiles.

    Le Corre et al. (2025): binary cross-entropy over all pixels, Adam, best-F1 checkpoint; their metrics, see
    `metrics.BatchAveragedMetrics`, over valid pixels at the training's batch size.

    Parameters
    ----------
    tile_paths : list of path
        Files of `tiles.cut_tiles`, all of one recipe, size and resolution.
    split_path : path
        Table of `splitting.split_tiles`.
    checkpoint_path, metrics_path, curves_path : path
        checkpoint.pt, metrics.json and curves.png to write.
    model : mapping
        See `models.build_model`, and `batch_size`; `epochs` and `learning_rate` here win over `training`.
    training : mapping
        `epochs`, `learning_rate`, `schedule` ("constant" or "onecycle", whose peak is the learning rate),
        `positive_weight` (factor on the loss of labelled pixels), `dice_weight` (of a soft Dice term that is added),
        `threshold`, `device` ("auto", "cpu", "cuda"), `workers`, `threads`.
    augmentation : mapping, optional
        `probability` of each of the recipe's augmentations.
    seed : int

    Returns
    -------
    dict
        What metrics.json holds.

    Raises
    ------
    InputError
        For settings or tiles that do not fit, or a loss that is no longer finite.
    """
    training = {**training, **{key: model[key] for key in ("epochs", "learning_rate") if key in model}}
    device = choose_device(training["device"], "training.device")
    torch.manual_seed(seed)
    if device.type == "cpu":
        torch.set_num_threads(training["threads"])

    images = read_images(tile_paths)
    kind = kind_of(images[0])
    augment = partial(AUGMENTATIONS[kind["recipe"]], **(augmentation or {}))
    train_set = TileDataset(images, chosen_by_split(images, split_path, "train"), augment, seed)
    validation_set = TileDataset(images, chosen_by_split(images, split_path, "validation"))
    counts = {"train": train_set.counts(), "validation": validation_set.counts()}
    logger.info("tiles: %s", counts)

    batch_size = model["batch_size"]
    # Batch normalisation cannot learn from a batch of one.
    lonely = len(train_set) % batch_size == 1 and len(train_set) > 1
    shuffle = torch.Generator().manual_seed(seed)
    loader_options = {"batch_size": batch_size, "num_workers": training["workers"], "pin_memory": device.type == "cuda"}
    train_loader = DataLoader(train_set, shuffle=True, generator=shuffle, drop_last=lonely, **loader_options)
    validation_loader = DataLoader(validation_set, **loader_options)

    network = build_model(model).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=training["learning_rate"])
    steps = training["epochs"] * len(train_loader)
    schedule = learning_rate_schedule(optimiser, training, steps)
    settings = {key: model[key] for key in _MODEL_KEYS if model.get(key)} | kind | {"threshold": training["threshold"]}

    history, best, trained_tiles, training_s = [], None, 0, 0.0
    with tqdm(total=steps, desc="training", unit="batch", mininterval=1.0) as progress:
        for epoch in range(1, training["epochs"] + 1):
            started = time.perf_counter()
            train_set.set_epoch(epoch)
            network.train()
            train_scores, train_loss, seen = BatchAveragedMetrics(), 0.0, 0
            for batch in train_loader:
                image, mask, valid = to_device(batch, device)
                logits = network(image)
                loss = segmentation_loss(logits, mask, training["positive_weight"], training["dice_weight"])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                schedule.step()
                train_loss += loss.item() * len(image)
                seen += len(image)
                train_scores.update(detected(logits, training["threshold"]), mask > 0, valid)
                progress.update()
                progress.set_postfix(epoch=epoch, loss=f"{loss.item():.4f}", best_F1=_percent(best))
            training_s += time.perf_counter() - started
            trained_tiles += seen
            if not math.isfinite(train_loss):
                raise InputError("training", f"the loss is {train_loss} in epoch {epoch}", "lower learning_rate")

            validation_loss, validation_scores = validate(network, validation_loader, device, training)
            row = {
                "epoch": epoch,
                "train_loss": train_loss / seen,
                **{f"train_{name}": value for name, value in train_scores.compute().items()},
                "validation_loss": validation_loss,
                **{f"validation_{name}": value for name, value in validation_scores.items()},
            }
            history.append(row)
            logger.info("epoch %d: %s", epoch, {name: round(value, 4) for name, value in row.items()})
            if best is None or _better(row["validation_f1"], best["validation_f1"]):
                best = row
                save_checkpoint(checkpoint_path, network, settings, {"seed": seed, **row})
            progress.set_postfix(epoch=epoch, loss=f"{row['train_loss']:.4f}", best_F1=_percent(best))

    report = {
        "settings": {**settings, "batch_size": batch_size, "weights": model.get("weights"), **training, "seed": seed},
        "tiles": counts,
        "best_epoch": best["epoch"],
        "best": best,
        "history": history,
        "device": device_name(device),
        "trained_tiles_per_s": trained_tiles / training_s,
    }
    write_json(metrics_path, report)
    plot_curves(history, curves_path)
    return report


def learning_rate_schedule(optimiser, training, steps):
    """Learning rate over the steps of a training, see `train`.

    Raises
    ------
    InputError
        For an unknown schedule.
    """
    if training["schedule"] == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    if training["schedule"] == "onecycle":
        return torch.optim.lr_scheduler.OneCycleLR(optimiser, training["learning_rate"], total_steps=steps)
    raise InputError("training.schedule", f"unknown '{training['schedule']}'", f"use one of {', '.join(SCHEDULES)}")


def segmentation_loss(logits, mask, positive_weight=1.0, dice_weight=0.0):
    """Binary cross-entropy over all pixels, and optionally a soft Dice term of the batch.

    Parameters
    ----------
    logits, mask : torch.Tensor
        float (B, 1, S, S); mask 0 or 1.
    positive_weight, dice_weight : float

    Returns
    -------
    torch.Tensor
        Scalar.
    """
    weight = torch.as_tensor(positive_weight, dtype=logits.dtype, device=logits.device)
    loss = binary_cross_entropy_with_logits(logits, mask, pos_weight=weight)
    if dice_weight:
        probability = torch.sigmoid(logits)
        shared = (probability * mask).sum()
        loss = loss + dice_weight * (1.0 - (2.0 * shared + 1.0) / (probability.sum() + mask.sum() + 1.0))
    return loss


def validate(network, loader, device, training):
    """Mean loss and scores of a network over a loader.

    Returns
    -------
    tuple
        Loss (float) and scores (dict, see `metrics.BatchAveragedMetrics`).
    """
    network.eval()
    scores, total = BatchAveragedMetrics(), 0.0
    with torch.inference_mode():
        for batch in loader:
            image, mask, valid = to_device(batch, device)
            logits = network(image)
            loss = segmentation_loss(logits, mask, training["positive_weight"], training["dice_weight"])
            total += loss.item() * len(image)
            scores.update(detected(logits, training["threshold"]), mask > 0, valid)
    return total / len(loader.dataset), scores.compute()


def _better(f1, best):
    """Whether an F1 beats the best so far; an undefined one (no detection at all) never does."""
    return not math.isnan(f1) and (math.isnan(best) or f1 > best)


def _percent(row):
    return "-" if row is None or math.isnan(row["validation_f1"]) else f"{100 * row['validation_f1']:.1f}%"
