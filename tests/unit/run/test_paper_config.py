"""config/config.yaml is the paper's run (Le Corre et al. 2025, Table 1 and sections 2-3)."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from imfmap.learning import train as training_module
from imfmap.learning.distributed import Ranks
from imfmap.learning.losses import Loss
from imfmap.learning.train import train
from imfmap.maps.bodies import body
from imfmap.maps.target_grid import target_grid
from imfmap.run.config.complete import complete
from imfmap.tiles.tiles import tiling
from tests.unit.learning.test_train import MODEL, tile_files

# Ohm is trained on north of this latitude, and tested south of it.
OHM_DIVIDED_AT_DEG = 18.35


@pytest.fixture(scope="module")
def config(root):
    """dict: config/config.yaml, complete."""
    return complete(yaml.safe_load((root / "config" / "config.yaml").read_text()), "config.yaml")


@pytest.mark.parametrize("scale", ["", "_coarse"])
def test_no_pixel_of_ohm_both_trains_and_tests(config, scale):
    north, south = (target_grid(config["targets"][f"ohm_{side}{scale}"]) for side in ("north", "south"))
    # Outer edges of the pixels.
    lowest_deg = north.lonlat(north.shape[0] - 0.5, north.shape[1] // 2)[1]
    highest_deg = south.lonlat(-0.5, south.shape[1] // 2)[1]
    assert highest_deg < OHM_DIVIDED_AT_DEG < lowest_deg
    # Not much ground is lost to both.
    assert np.radians(lowest_deg - highest_deg) * body("moon").radius_m < 30
    assert config["targets"]["ohm_north"]["role"] == "train" and config["targets"]["ohm_south"]["role"] == "test"


def test_images_and_tiles_are_the_papers(config):
    assert config["recipe"] == "paper" and config["processing"]["resolution_m"] == 1.5
    mosaic = config["processing"]["mosaic"]
    assert (mosaic["priority"], mosaic["stretch"]) == ("beneath", "minmax")
    tiles = config["tiles"]
    assert (tiles["size_px"], tiles["overlap"], tiles["validation_fraction"]) == (512, 0.1, 0.2)
    learnt, scored = (tiling(tiles, training) for training in (True, False))
    assert (learnt["size_px"], learnt["overlap"], learnt["rotate"]) == (512, 0.1, True)
    assert (scored["size_px"], scored["overlap"], scored["rotate"]) == (512, 0.0, False)
    # Tiles with little data are tiles like others.
    assert learnt["min_valid_fraction"] == scored["min_valid_fraction"] == 0


def test_a_training_is_built_as_the_paper_says(config, tmp_path, monkeypatch):
    candidates = {name: config["models"][name] for name in config["evaluation"]["models"]}
    assert {(model["architecture"], model["batch_size"]) for model in candidates.values()} == {
        ("deeplabv3_resnet50", 32),
        ("deeplabv3_resnet50", 16),
        ("deeplabv3_resnet101", 16),
    }
    assert {(model["recipe"], model["weights"], model["split"]) for model in candidates.values()} == {
        ("paper", "coco", "tile")
    }
    assert config["augmentation"]["probability"] == 0.5

    jobs = []
    monkeypatch.setattr(training_module, "run_on", lambda count, kind, work, job, *_: jobs.append(job))
    paths = tile_files(tmp_path, "paper", rotate=True)
    outputs = [tmp_path / name for name in ("checkpoint.pt", "metrics.json", "curves.png")]
    # COCO's weights are not at hand.
    told = {"model": candidates["resnet50_32"] | {"weights": None}, "augmentation": config["augmentation"]}
    told["training"] = config["training"] | {"device": "cpu", "workers": 0}
    train(paths, tmp_path / "split.csv", *outputs, **told)
    # A small network stands in for ResNet50; all about it is as the configuration has it.
    job = replace(jobs[0], model={**jobs[0].model, **MODEL, "batch_size": jobs[0].model["batch_size"]})
    train_set, validation_set, _ = training_module.tile_sets(job)
    built = training_module._Training(job, Ranks(), torch.device("cpu"), torch.float32, train_set, validation_set)

    assert job.learning["epochs"] == 100 and job.learning["threshold"] == 0.5
    assert type(built.optimiser) is torch.optim.Adam
    (group,) = built.optimiser.param_groups
    assert (group["lr"], group["betas"], group["weight_decay"]) == (1e-4, (0.9, 0.999), 0)
    for _ in range(3):
        built.optimiser.step()
        built.schedule.step()
    assert group["lr"] == 1e-4
    assert [loader.batch_sampler.batch_size for loader in (built.train_batches, built.validation_batches)] == [32, 32]
    # Binary cross-entropy alone, of labels as they are.
    assert built.through.loss == Loss(positive_weight=1.0, dice_weight=0.0, cldice_weight=0.0)
    logits, mask = torch.randn(2, 1, 8, 8), torch.randint(0, 2, (2, 1, 8, 8)).float()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, mask)
    assert built.through.loss(logits, mask).item() == pytest.approx(entropy.item(), rel=1e-6)
    assert not train_set.edges and not validation_set.edges
    assert train_set.augmentation is not None and validation_set.augmentation is None
