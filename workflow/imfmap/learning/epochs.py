"""One pass over tiles, to learn from them or to score them."""

import time
from dataclasses import dataclass

import torch

from .datasets import to_device
from .distributed import Ranks
from .losses import Loss
from .metrics import BatchAveragedMetrics, batch_counts, detected, pooled_f1
from .mixed_precision import autocast_to

# Seconds between looks at the loss: each makes a GPU wait.
LOOK_S = 1.0


@dataclass(frozen=True)
class EpochRunner:
    """How tiles go through a network.

    Attributes
    ----------
    device : torch.device
    loss : Loss
    threshold : float
        Probability that makes a detection.
    dtype : torch.dtype
        Format that the network computes in.
    ranks : Ranks
    """

    device: torch.device
    loss: Loss
    threshold: float
    dtype: torch.dtype = torch.float32
    ranks: Ranks = Ranks()

    def train(self, network, batches, optimiser, schedule, scaler, tell=lambda loss: None):
        """Learn from the batches of a loader.

        Parameters
        ----------
        network : nn.Module
        batches : DataLoader
            Of `datasets.TileDataset` by `datasets.EpochBatches`.
        optimiser, schedule, scaler
            torch's; one step of each a batch.
        tell : callable
            Called after every batch, with its loss or None.

        Returns
        -------
        tuple
            Mean loss, and scores (dict, see `metrics.BatchAveragedMetrics`, and `pooled_f1`, that of all pixels at
            once, as whole maps are scored); of all processes together.
        """
        network.train()
        used, size = batches.batch_sampler.used, batches.batch_sampler.batch_size
        sums, looked = _EpochSums(self.device), 0.0
        for number, batch in enumerate(batches):
            loss, counts, items = self._loss(network, batch)
            whole = min(size, used - number * size)
            optimiser.zero_grad(set_to_none=True)
            # Gradients are averaged over the processes: an item is to count as much whoever has it.
            scaler.scale(loss * (items * self.ranks.count / whole)).backward()
            scaler.step(optimiser)
            scaler.update()
            schedule.step()
            sums.add(loss, counts, items)
            now = time.monotonic()
            tell(loss.item() if now - looked > LOOK_S else None)
            looked = now if now - looked > LOOK_S else looked
        return sums.result(self.ranks)

    def score(self, network, batches):
        """Mean loss and scores of a network over the batches of a loader, as `train` gives them."""
        network.eval()
        sums = _EpochSums(self.device)
        with torch.inference_mode():
            for batch in batches:
                sums.add(*(self._loss(network, batch) if batch is not None else (None, None, 0)))
        return sums.result(self.ranks)

    def _loss(self, network, batch):
        """Loss, counts of the paper's metrics and number of items of a batch."""
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
    """Losses and counts of batches, kept on the device until the end, so that it never waits."""

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
