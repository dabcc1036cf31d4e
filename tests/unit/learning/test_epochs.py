"""One pass over tiles: the loss counts all pixels, the paper's metrics those with data."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader

from imfmap.learning.datasets import EpochBatches, TileDataset
from imfmap.learning.epochs import EpochRunner
from imfmap.learning.losses import Loss
from imfmap.tiles.tiles import Tiles
from tests.helpers.tile_factory import facts

SIZE_PX, COUNT, BATCH = 16, 6, 3


@pytest.fixture
def tiles():
    """Tiles of noise, with labels and detections (bright pixels) on both sides of where the data end."""
    rng = np.random.default_rng(4)
    shape = (COUNT, SIZE_PX, SIZE_PX)
    image, mask = rng.integers(1, 255, shape, np.uint8), (rng.random(shape) < 0.3).astype(np.uint8)
    valid = np.ones(shape, np.uint8)
    valid[:, :, 9:] = 0
    mask[:, :, 9:] |= (image[:, :, 9:] > 200).astype(np.uint8)
    place = np.zeros(COUNT)
    # Pixels without data keep their brightness here, so that the network finds something there.
    return Tiles(image, mask, valid, np.arange(COUNT), place, place, place, "place", "paper", 1.5, facts())


class Scaled(torch.nn.Module):
    """Logits that rise with brightness; its one weight learns nothing at a rate of 0."""

    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(6.0))

    def forward(self, image):
        return self.slope * (image[:, :1] - 0.7)


def passed(way, tiles):
    """Mean loss and scores of a pass of some way over tiles."""
    loader = DataLoader(TileDataset([tiles]), batch_sampler=EpochBatches(COUNT, BATCH))
    through, network = EpochRunner(torch.device("cpu"), Loss(), 0.5), Scaled()
    if way == "score":
        return through.score(network, loader)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    return through.train(network, loader, optimiser, schedule, torch.amp.GradScaler("cpu", enabled=False))


@pytest.mark.parametrize("way", ["train", "score"])
def test_the_loss_is_over_all_pixels_and_metrics_over_valid_ones(tiles, way):
    loss, scores = passed(way, tiles)
    logits = 6.0 * (torch.from_numpy(tiles.image / np.float32(255)) - 0.7)
    whole = binary_cross_entropy_with_logits(logits, torch.from_numpy(tiles.mask).float())
    assert loss == pytest.approx(whole.item(), rel=1e-5)
    predicted, labelled, valid = logits.numpy() >= 0, tiles.mask > 0, tiles.valid > 0

    def averaged(counted):
        """The paper's scores over some pixels, a batch at a time."""
        rows = []
        for start in range(0, COUNT, BATCH):
            part = np.s_[start : start + BATCH]
            found, wanted = predicted[part] & counted[part], labelled[part] & counted[part]
            hits = (found & wanted).sum()
            rows.append((hits / found.sum(), hits / wanted.sum(), hits / (found | wanted).sum()))
        precision, recall, iou = np.mean(rows, axis=0)
        averages = {"precision": precision, "recall": recall, "f1": 2 / (1 / precision + 1 / recall), "iou": iou}
        # Of all pixels at once, as maps are scored: not an average of batches.
        found, wanted = predicted & counted, labelled & counted
        return averages | {"pooled_f1": 2 * (found & wanted).sum() / (found.sum() + wanted.sum())}

    assert scores == pytest.approx(averaged(valid))
    # Else the masks could be left out and nobody would see it.
    everywhere = averaged(np.ones_like(valid))
    assert all(abs(scores[name] - everywhere[name]) > 0.005 for name in scores)
    inside = binary_cross_entropy_with_logits(logits[valid], torch.from_numpy(labelled[valid]).float())
    assert abs(inside.item() - whole.item()) > 0.005
