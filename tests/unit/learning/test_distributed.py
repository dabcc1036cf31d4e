"""Training in several processes: the same as in one, but for the speed."""

import json
import math

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from imfmap.core.errors import InputError
from imfmap.learning.datasets import EpochBatches, TileDataset, indices_of_set, read_images
from imfmap.learning.distributed import Ranks, device_count, run_on
from imfmap.learning.epochs import EpochRunner
from imfmap.learning.losses import Loss
from imfmap.learning.models import load_checkpoint
from tests.unit.learning.test_train import run, tile_files


class Plain(torch.nn.Module):
    """A small network without batch normalisation, whose statistics would be of a part of the batch."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 5, padding=2), torch.nn.ReLU(), torch.nn.Conv2d(8, 1, 5, padding=2)
        )

    def forward(self, image):
        return self.layers(image - 0.4)


def learnt(ranks, folder):
    """Curve and weights after three epochs of whole and short batches."""
    torch.set_num_threads(1)
    images = read_images(sorted(folder.glob("*.npz")))
    loaders = []
    for name in ("train", "validation"):
        tiles = TileDataset(images, indices_of_set(images, folder / "split.csv", name))
        batches = EpochBatches(len(tiles), 5, name == "train", 1, ranks.rank, ranks.count)
        loaders.append(DataLoader(tiles, batch_sampler=batches, collate_fn=collate))
    torch.manual_seed(3)
    network, learner = ranks.share(Plain(), torch.device("cpu"))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.3)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    through = EpochRunner(torch.device("cpu"), Loss(), 0.3, ranks=ranks)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    curve = []
    for epoch in range(3):
        loaders[0].batch_sampler.epoch = epoch
        curve.append(through.train(learner, loaders[0], optimiser, schedule, scaler))
        curve.append(through.score(network, loaders[1]))
    return curve, {name: value.clone() for name, value in network.state_dict().items()}


def collate(items):
    return torch.utils.data.default_collate(items) if items else None


def fall_over(ranks):
    if ranks.rank == 1:
        raise ValueError("no more")
    ranks.sum(torch.ones(1))


def refuse(ranks):
    raise InputError("training", "cannot be")


def part(ranks):
    return ranks.sum(torch.tensor([1.0, ranks.rank])).tolist(), str(ranks.device("cpu"))


@pytest.mark.slow
def test_two_processes_learn_and_score_as_one(tmp_path):
    tile_files(tmp_path)
    (curve, weights), (expected, expected_weights) = (run_on(count, "cpu", learnt, tmp_path) for count in (2, 1))
    for (loss, scores), (expected_loss, expected_scores) in zip(curve, expected, strict=True):
        assert loss == pytest.approx(expected_loss, rel=1e-5)
        assert scores == pytest.approx(expected_scores, abs=1e-3, nan_ok=True)
    assert any(not math.isnan(scores["f1"]) for _, scores in expected)
    for name, value in expected_weights.items():
        torch.testing.assert_close(weights[name], value, atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_a_training_on_two_devices_writes_once_and_scores_rightly(tmp_path):
    paths = tile_files(tmp_path)
    report = run(tmp_path / "model", paths, training={"epochs": 2, "devices": 2}, probability=0.5)
    assert report["devices"] == 2 and [row["epoch"] for row in report["history"]] == [1, 2]
    stored = json.loads((tmp_path / "model" / "metrics.json").read_text())
    assert stored["best_epoch"] == report["best_epoch"]
    # The validation scores are those of the whole batches, scored here by one process.
    model, _ = load_checkpoint(tmp_path / "model" / "checkpoint.pt")
    images = read_images(paths)
    tiles = TileDataset(images, indices_of_set(images, tmp_path / "split.csv", "validation"))
    loader = DataLoader(tiles, batch_sampler=EpochBatches(len(tiles), 8))
    loss, scores = EpochRunner(torch.device("cpu"), Loss(), 0.5).score(model, loader)
    best = report["best"]
    assert best["validation_loss"] == pytest.approx(loss, rel=1e-4)
    for name, value in scores.items():
        np.testing.assert_allclose(best[f"validation_{name}"], value, atol=1e-3)


@pytest.mark.slow
def test_sums_are_over_all_processes():
    assert run_on(1, "cpu", part) == ([1.0, 0.0], "cpu")
    assert run_on(2, "cpu", part) == ([2.0, 1.0], "cpu")


@pytest.mark.slow
def test_what_another_process_falls_over_is_said():
    with pytest.raises(Exception, match="no more"):
        run_on(2, "cpu", fall_over)
    with pytest.raises(InputError, match="training: cannot be"):
        run_on(2, "cpu", refuse)


def test_numbers_of_devices(monkeypatch):
    assert device_count("auto", "cpu") == 1 and device_count(2, "cpu") == 2
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert device_count("auto", "cuda") == 4 and device_count(3, "cuda") == 3
    with pytest.raises(InputError, match=r"training\.devices: 8, but PyTorch sees 4"):
        device_count(8, "cuda")
    assert Ranks(3, 4).device("cuda") == torch.device("cuda:3")
    assert Ranks().device("cuda") == torch.device("cuda")


def test_each_device_needs_two_tiles_of_a_batch(tmp_path):
    paths = tile_files(tmp_path)
    with pytest.raises(InputError, match="batch_size: 3 for 2 devices"):
        run(tmp_path / "model", paths, model={"batch_size": 3}, training={"devices": 2})
