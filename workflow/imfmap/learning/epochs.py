"""One pass over tiles, for training or for scoring."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from .datasets import to_device
from .distributed import Ranks
from .losses import Loss
from .metrics import BatchAveragedMetrics, batch_counts, detected, pooled_f1
from .mixed_precision import autocast_to

# Seconds between readings of the loss: each makes a GPU wait.
LOOK_S = 1.0


@dataclass(frozen=True)
class EpochRunner:
    """Takes tiles through a network.

    Attributes
    ----------
    device : torch.device
    loss : Loss
    threshold : float
        Probability from which on a pixel counts as detected.
    dtype : torch.dtype
        Format that the network computes in.
    ranks : Ranks
    """

    device: torch.device
    loss: Loss
    threshold: float
    dtype: torch.dtype = torch.float32
    ranks: Ranks = Ranks()

    def train(
        self,
        network: nn.Module,
        batches: DataLoader,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        scaler: torch.amp.GradScaler,
        tell: Callable[[float | None], Any] = lambda loss: None,
    ) -> tuple[float, dict[str, float]]:
        """Learn from the batches of a loader.

        Parameters
        ----------
        network : nn.Module
        batches : DataLoader
            Of `datasets.TileDataset` by `datasets.EpochBatches`.
        optimiser, schedule, scaler
            Those of torch; each makes one step per batch.
        tell : callable
            Called after every batch with its loss, or with None if the loss was not read.

        Returns
        -------
        tuple
            Mean loss and scores (dict, see `metrics.BatchAveragedMetrics`) of all processes together. `pooled_f1` is
            that of all pixels at once, as whole maps are scored.
        """
        network.train()
        used, size = batches.batch_sampler.used, batches.batch_sampler.batch_size
        sums, looked = _EpochSums(self.device), 0.0
        for number, batch in enumerate(batches):
            loss, counts, items = self._loss(network, batch)
            whole = min(size, used - number * size)
            optimiser.zero_grad(set_to_none=True)
            # Gradients are averaged over the processes: every item must count the same in whatever process it is.
            scaler.scale(loss * (items * self.ranks.count / whole)).backward()
            scaler.step(optimiser)
            scaler.update()
            schedule.step()
            sums.add(loss, counts, items)
            now = time.monotonic()
            tell(loss.item() if now - looked > LOOK_S else None)
            looked = now if now - looked > LOOK_S else looked
        return sums.result(self.ranks)

    def score(self, network: nn.Module, batches: DataLoader) -> tuple[float, dict[str, float]]:
        """Return mean loss and scores of a network over the batches of a loader, as `train` does."""
        network.eval()
        sums = _EpochSums(self.device)
        with torch.inference_mode():
            for batch in batches:
                sums.add(*(self._loss(network, batch) if batch is not None else (None, None, 0)))
        return sums.result(self.ranks)

    def _loss(self, network, batch):
        """Return the loss, the counts of the paper's metrics and the number of items of a batch."""
        image, mask, valid = to_device(batch, self.device)
        with autocast_to(self.device, self.dtype):
            logits = network(image)
        if "counted" in batch:
            target, counted = (batch[name].to(self.device, non_blocking=True) for name in ("target", "counted"))
            loss = self.loss(logits, target, counted)
        else:
            loss = self.loss(logits, mask)
        counts = batch_counts(detected(logits.float(), self.threshold), mask > 0, valid)
        return loss, torch.stack(counts), len(image)


class _EpochSums:
    """Sums of losses and counts over batches. They stay on the device until the end, so that it never waits."""

    def __init__(self, device):
        self._loss, self._items, self._counts = torch.zeros((), device=device), 0, []
        self._nothing = torch.zeros(3, dtype=torch.int64, device=device)

    def add(self, loss, counts, items):
        if items:
            self._loss = self._loss + loss.detach() * items
        self._items += items
        self._counts.append(counts if items else self._nothing)

    def result(self, ranks):
        counts = ranks.sum(torch.stack(self._counts) if self._counts else self._nothing[None])
        total = ranks.sum(torch.stack([self._loss, torch.as_tensor(float(self._items), device=self._loss.device)]))
        scores = BatchAveragedMetrics()
        for row in counts.tolist():
            scores.add(*row)
        return (total[0] / total[1]).item(), scores.compute() | {"pooled_f1": pooled_f1(*counts.sum(dim=0).tolist())}
