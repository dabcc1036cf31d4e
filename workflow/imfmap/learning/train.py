"""Training, from tiles to the checkpoint with the best F1."""

import logging
import math
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from ..core.choices import LEARNING, MACHINE, SCALING, SCHEDULES, THRESHOLD
from ..core.errors import InputError
from ..core.jsonfiles import write_json
from .architectures import ENCODER_DECODERS, check_batch_size
from .distributed import device_count, run_on
from .epochs import EpochRunner
from .evaluation_tables import plot_training_curves
from .loading import loader, tile_sets
from .losses import Loss
from .mixed_precision import autocast_to, choose_dtype, compile_model
from .models import BUILD_KEYS, STARTS, build_model, choose_device, device_name, save_checkpoint
from .training_log import EpochLog
from .training_state import FOLDER, TrainingState, fingerprint
from .weight_files import replacing_checkpoint

logger = logging.getLogger(__name__)


def train(
    tile_paths: Sequence[str | Path],
    split_path: str | Path,
    checkpoint_path: str | Path,
    metrics_path: str | Path,
    curves_path: str | Path,
    *,
    model: Mapping[str, Any],
    training: Mapping[str, Any],
    augmentation: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Train a network and keep the epoch with the best F1 on the validation tiles.

    Le Corre et al. (2025): binary cross-entropy over all pixels, Adam, best-F1 checkpoint; their metrics, see
    `metrics.BatchAveragedMetrics`, over valid pixels at the training's batch size.

    A training that was killed goes on after its last whole epoch, to the same result. Until it is done, its state lies
    in ``.resume`` beside the checkpoint. A state of other settings is set aside as ``.resume.old``; with those settings
    the training finds it there. ``logs`` beside it holds the curve so far (epochs.csv, and TensorBoard's).

    Parameters
    ----------
    tile_paths : list of path
        Files of `tiles.cut_tiles`, all of one recipe, size and resolution.
    split_path : path
        Table of `split.split_tiles`.
    checkpoint_path, metrics_path, curves_path : path
        checkpoint.pt, metrics.json and curves.png to write.
    model : mapping
        See `models.build_model`, and `batch_size`; keys of `LEARNING` here win over those of `training`.
    training : mapping
        `LEARNING`: `epochs`, `learning_rate`, `schedule` ("constant" or "onecycle", whose peak is the learning rate),
        the loss (see `losses.Loss`), how it takes labels at their edges (see `losses.LabelEdges`) and `quarter_turns`
        (see `augment.augmentation`); `threshold`, 0.5;
        `MACHINE`: `device` ("auto", "cpu", "cuda"), `devices` (how many of them share a batch, or "auto": all GPUs),
        `precision` (see `mixed_precision.choose_dtype`), `compile`, `workers` (processes that load tiles, for each
        device), `threads`.
    augmentation : mapping, optional
        See `augment.augmentation`.
    seed : int

    Returns
    -------
    dict
        The content of metrics.json.

    Raises
    ------
    InputError
        For settings or tiles that do not fit, or a loss that is no longer finite.
    """
    learning = {key: model.get(key, training.get(key, default)) for key, default in LEARNING.items()}
    learning["threshold"] = training.get("threshold", THRESHOLD)
    machine = {**MACHINE, **{key: training[key] for key in MACHINE if key in training}}
    if learning["schedule"] not in SCHEDULES:
        raise InputError("training.schedule", f"unknown '{learning['schedule']}'", f"use one of {', '.join(SCHEDULES)}")
    kind = choose_device(machine["device"], "training.device").type
    count = device_count(machine["devices"], kind)
    check_batch_size(model["batch_size"], count)
    paths = [Path(path) for path in (checkpoint_path, metrics_path, curves_path)]
    job = TrainingJob(
        [*tile_paths], split_path, *paths, dict(model), learning, machine, dict(augmentation or {}), seed, kind
    )
    dtype = choose_dtype(machine["precision"], torch.device(kind), "training.precision")
    state = TrainingState(job.checkpoint_path.parent / FOLDER, job.key(dtype, count))
    # Before other processes read it.
    state.settle()
    return run_on(count, kind, _train, job, dtype, state)


@dataclass(frozen=True)
class TrainingJob:
    """What every process of a training needs to know; see `train`."""

    tile_paths: list
    split_path: Path
    checkpoint_path: Path
    metrics_path: Path
    curves_path: Path
    model: dict
    learning: dict
    machine: dict
    augmentation: dict
    seed: int
    kind: str

    def key(self, dtype: torch.dtype, count: int) -> str:
        """Return the digest of everything that decides the course of the training."""
        settings = {**self.learning, "augmentation": self.augmentation, "seed": self.seed, "torch": torch.__version__}
        settings |= {"model": self.model, "precision": str(dtype), "devices": count, "kind": self.kind}
        weights = filter(None, (self.model.get(key) for key in STARTS))
        return fingerprint(settings, [*self.tile_paths, self.split_path, *weights])


def learning_rate_schedule(
    optimiser: torch.optim.Optimizer, learning: Mapping[str, Any], steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return the schedule of the learning rate over the steps of a training, see `train`."""
    if learning["schedule"] == "onecycle":
        return torch.optim.lr_scheduler.OneCycleLR(optimiser, learning["learning_rate"], total_steps=steps)
    return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)


@contextmanager
def _without_denormals():
    """Take numbers next to 0 for 0 meanwhile. Adam's averages are full of them, and they slow a processor down."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _train(ranks, job, dtype, state):
    """Run one process of a training. Only the first one writes."""
    device = ranks.device(job.kind)
    on_cpu = device.type == "cpu"
    if on_cpu:
        torch.set_num_threads(job.machine["threads"])
    else:
        torch.backends.cudnn.benchmark = True
    with _without_denormals() if on_cpu else nullcontext():
        return _train_on(device, ranks, job, dtype, state)


def _train_on(device, ranks, job, dtype, state):
    """Train on a device that is set up, and write the results."""
    train_set, validation_set, kind = tile_sets(job)
    training = _Training(job, ranks, device, dtype, train_set, validation_set)
    settings = {key: job.model[key] for key in BUILD_KEYS if job.model.get(key)}
    settings.setdefault("input_scaling", SCALING)
    settings |= kind | {"threshold": job.learning["threshold"]}
    counts = {"train": train_set.counts(), "validation": validation_set.counts()}
    logger.info("tiles: %s", counts)
    training.restore(state.load())
    training.run(state, settings)
    if not ranks.first:
        return None
    best, report = training.best, training.report()
    starts = {key: job.model.get(key) for key in STARTS}
    report["settings"] = {**settings, "batch_size": job.model["batch_size"], **starts}
    report["settings"] |= {**job.learning, **job.machine, "seed": job.seed}
    report = {"settings": report.pop("settings"), "tiles": counts, **report}
    with replacing_checkpoint(job.checkpoint_path) as temporary:
        shutil.copyfile(state.best_path(best["epoch"]), temporary)
    write_json(job.metrics_path, report)
    plot_training_curves(training.history, job.curves_path)
    state.clear()
    return report


class _Training:
    """A network in training: learns epoch by epoch, and keeps the best."""

    def __init__(self, job, ranks, device, dtype, train_set, validation_set):
        learning = job.learning
        self.job, self.ranks, self.device, self.dtype = job, ranks, device, dtype
        self.train_batches, self.validation_batches = (
            loader(tiles, tiles is train_set, job, ranks, device) for tiles in (train_set, validation_set)
        )
        torch.manual_seed(job.seed)
        network = build_model(job.model).to(device, memory_format=torch.channels_last)
        self.network, self.learner = ranks.share(network, device, job.model["architecture"] in ENCODER_DECODERS)
        loss = Loss(*(learning[f"{name}_weight"] for name in ("positive", "dice", "cldice")))
        self.through = EpochRunner(device, loss, learning["threshold"], dtype, ranks)
        if job.machine["compile"]:
            self.learner = compile_model(self.learner, partial(self._try, train_set[0]["image"]))
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=learning["learning_rate"], fused=True)
        self.steps = len(self.train_batches)
        self.schedule = learning_rate_schedule(self.optimiser, learning, learning["epochs"] * self.steps)
        self.scaler = torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
        self.epoch, self.history, self.seconds, self.best = 0, [], [], None

    def _try(self, image, network):
        """Make one step on a whole batch without changing the network, for the compiler."""
        size = math.ceil(self.job.model["batch_size"] / self.ranks.count)
        batch = image.expand(size, -1, -1, -1).to(self.device, memory_format=torch.channels_last)
        with torch.inference_mode(not network.training), autocast_to(self.device, self.dtype):
            logits = network(batch)
        if network.training:
            logits.float().mean().backward()

    def restore(self, state):
        """Go on from a state that `run` saved; None starts anew."""
        if state is None:
            return
        for name in ("network", "optimiser", "schedule", "scaler"):
            getattr(self, name).load_state_dict(state[name])
        self.epoch, self.history, self.seconds = state["epoch"], state["history"], state["seconds"]
        self.best = self.history[state["best_epoch"] - 1]
        logger.info("going on after epoch %d", self.epoch)

    def run(self, state, settings):
        """Learn the epochs that are left, and save a state after each."""
        epochs = self.job.learning["epochs"]
        log = EpochLog(self.job.checkpoint_path.parent / "logs", self._logged()) if self.ranks.first else nullcontext()
        total, done = epochs * self.steps, self.epoch * self.steps
        with (
            log,
            tqdm(
                total=total,
                initial=done,
                desc="training",
                unit="batch",
                mininterval=1.0,
                # None: a bar on a terminal, nothing in a file.
                disable=None if self.ranks.first else True,
            ) as progress,
        ):
            while self.epoch < epochs:
                row = self._learn_epoch(progress)
                if self.ranks.first:
                    self._keep(row, state, settings)
                    tqdm.write(self._told(), file=sys.stderr)
                    log.add(self._logged()[-1])

    def _learn_epoch(self, progress):
        epoch = self.epoch + 1
        started = time.perf_counter()
        # Each epoch is seeded by its number, so that no state of a generator must be saved.
        torch.manual_seed(int(np.random.SeedSequence((self.job.seed, epoch, self.ranks.rank)).generate_state(1)[0]))
        self.train_batches.batch_sampler.epoch = epoch

        def tell(loss):
            progress.update()
            if loss is not None:
                progress.set_postfix(epoch=epoch, loss=f"{loss:.4f}", **self._scores_shown())

        loss, scores = self.through.train(
            self.learner, self.train_batches, self.optimiser, self.schedule, self.scaler, tell
        )
        if not math.isfinite(loss):
            model = self.job.checkpoint_path.parent
            raise InputError(model, f"the loss is {loss} in epoch {epoch}", "lower its learning_rate")
        trained_s = time.perf_counter() - started
        row = {"epoch": epoch, "train_loss": loss} | {f"train_{name}": value for name, value in scores.items()}
        self.ranks.agree(self.network)
        scorer = self.learner if self.ranks.count == 1 else self.network
        loss, scores = self.through.score(scorer, self.validation_batches)
        row |= {"validation_loss": loss} | {f"validation_{name}": value for name, value in scores.items()}
        self.epoch = epoch
        self.history.append(row)
        self.seconds.append([trained_s, time.perf_counter() - started])
        if self.best is None or _better(row["validation_f1"], self.best["validation_f1"]):
            self.best = row
        progress.set_postfix(epoch=epoch, loss=f"{row['train_loss']:.4f}", **self._scores_shown())
        return row

    def _keep(self, row, state, settings):
        logger.info("epoch %d: %s", row["epoch"], {name: round(value, 4) for name, value in row.items()})
        if self.best is row:
            save_checkpoint(state.best_path(row["epoch"]), self.network, settings, {"seed": self.job.seed, **row})
        parts = {name: getattr(self, name).state_dict() for name in ("network", "optimiser", "schedule", "scaler")}
        parts |= {"epoch": self.epoch, "history": self.history, "seconds": self.seconds}
        state.save(parts, self.best["epoch"])

    def _logged(self):
        """Return the rows of the log."""
        return [
            {**row, "seconds": round(seconds[1], 3)} for row, seconds in zip(self.history, self.seconds, strict=True)
        ]

    def _told(self):
        """Return the line of the last epoch for the console, with the time that is left."""
        left_s = (self.job.learning["epochs"] - self.epoch) * float(np.median([whole for _, whole in self.seconds]))
        return (
            f"{self.job.checkpoint_path.parent.name}: epoch {self.epoch} of {self.job.learning['epochs']}, "
            f"loss {self.history[-1]['train_loss']:.3f}, F1 {_percent(self.history[-1])} (best {_percent(self.best)}), "
            f"{timedelta(seconds=round(left_s))} left"
        )

    def _scores_shown(self):
        last = self.history[-1] if self.history else None
        return {"F1": _percent(last), "best_F1": _percent(self.best)}

    def report(self):
        """Return the curve, its best epoch, and the time that it took."""
        trained_s, whole_s = (sum(part) for part in zip(*self.seconds, strict=True))
        batches = self.train_batches.batch_sampler
        return {
            "best_epoch": self.best["epoch"],
            "best": self.best,
            "history": self.history,
            "device": device_name(self.device),
            "devices": self.ranks.count,
            "precision": str(self.dtype).removeprefix("torch."),
            "training_s": whole_s,
            "trained_tiles_per_s": self.epoch * batches.used / trained_s,
        }


def _better(f1, best):
    """Return whether an F1 is above the best so far. An undefined one (no detection at all) never is."""
    return not math.isnan(f1) and (math.isnan(best) or f1 > best)


def _percent(row):
    return "-" if row is None or math.isnan(row["validation_f1"]) else f"{100 * row['validation_f1']:.1f}%"
