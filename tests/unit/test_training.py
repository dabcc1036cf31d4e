import json
from xml.etree import ElementTree

import numpy as np
import pandas
import pytest
import torch
from PIL import Image
from tile_factory import lined_tiles

from imfmap.errors import InputError
from imfmap.evaluation import evaluate
from imfmap.models import load_checkpoint, network_input
from imfmap.reports import write_tables
from imfmap.splitting import split_tiles
from imfmap.tiles import read_tiles, write_tiles
from imfmap.training import segmentation_loss, train
from imfmap.truth import CLASSES

MODEL = {
    "architecture": "unet",
    "encoder": "tu-tf_mobilenetv3_small_minimal_100",
    "decoder_channels": [32, 24, 16],
    "weights": None,
    "batch_size": 8,
}
TRAINING = {
    "epochs": 12,
    "learning_rate": 0.01,
    "schedule": "constant",
    "positive_weight": 1,
    "dice_weight": 0,
    "threshold": 0.5,
    "device": "cpu",
    "workers": 0,
    "threads": 1,
}


def tile_files(folder, recipe="imfmap", **options):
    paths = [folder / f"{number}.npz" for number in range(4)]
    for number, path in enumerate(paths):
        write_tiles(path, lined_tiles(number, f"M{number}", recipe, truth=True, **options))
    split_tiles(paths, folder / "split.csv", 0.2)
    return paths


def run(folder, paths, model=None, training=None, seed=0, probability=0.0):
    folder.mkdir(exist_ok=True)
    outputs = [folder / name for name in ("checkpoint.pt", "metrics.json", "curves.png")]
    return train(
        paths,
        paths[0].parent / "split.csv",
        *outputs,
        model=MODEL | (model or {}),
        training=TRAINING | (training or {}),
        augmentation={"probability": probability},
        seed=seed,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder of tiles and of a model trained on them until it knows them, and the report."""
    folder = tmp_path_factory.mktemp("training")
    paths = tile_files(folder)
    return folder, paths, run(folder / "model", paths)


def test_a_tiny_set_is_learnt(trained):
    _, _, report = trained
    assert report["history"][-1]["train_loss"] < 0.3 * report["history"][0]["train_loss"]
    assert report["history"][-1]["train_f1"] > 0.9
    assert report["best"]["validation_f1"] > 0.8


def test_the_best_epoch_is_kept(trained):
    folder, paths, report = trained
    scores = [-1 if row["validation_f1"] is None else row["validation_f1"] for row in report["history"]]
    assert report["best_epoch"] == 1 + int(np.nanargmax(scores))
    content = torch.load(folder / "model" / "checkpoint.pt", weights_only=True)
    assert content["training"]["epoch"] == report["best_epoch"]
    assert content["settings"] == {
        "architecture": "unet",
        "encoder": MODEL["encoder"],
        "decoder_channels": MODEL["decoder_channels"],
        "recipe": "imfmap",
        "tile_size_px": 32,
        "resolution_m": 1.5,
        "threshold": 0.5,
    }


def test_the_checkpoint_finds_what_it_has_learnt(trained):
    folder, paths, _ = trained
    model, _ = load_checkpoint(folder / "model" / "checkpoint.pt")
    tiles = read_tiles(paths[0])
    with torch.inference_mode():
        found = torch.sigmoid(model(network_input(tiles.image)))[:, 0].numpy() > 0.5
    assert (found & (tiles.mask > 0)).sum() > 0.8 * (tiles.mask > 0).sum()


def test_the_report_is_on_disk(trained):
    folder, _, report = trained
    stored = json.loads((folder / "model" / "metrics.json").read_text())
    assert len(stored["history"]) == TRAINING["epochs"]
    assert stored["best_epoch"] == report["best_epoch"]
    tiles = stored["tiles"]
    assert tiles["validation"]["with_fractures"] >= 1
    assert sum(sum(part.values()) for part in tiles.values()) == 4 * 9
    assert stored["settings"]["learning_rate"] == TRAINING["learning_rate"]
    width, height = Image.open(folder / "model" / "curves.png").size
    assert width > height > 200


def test_the_same_seed_gives_the_same_curve(tmp_path):
    paths = tile_files(tmp_path)
    short = {"epochs": 2, "schedule": "onecycle"}
    curves = [
        run(tmp_path / str(number), paths, training=short, seed=seed, probability=0.5)
        for number, seed in enumerate((5, 5, 6))
    ]
    assert curves[0]["history"] == curves[1]["history"]
    assert curves[0]["history"] != curves[2]["history"]


def test_workers_do_not_change_the_curve(tmp_path):
    paths = tile_files(tmp_path)
    curves = [
        run(tmp_path / str(workers), paths, training={"epochs": 2, "workers": workers}, probability=0.5)
        for workers in (0, 2)
    ]
    assert curves[0]["history"] == curves[1]["history"]


def test_training_goes_on_from_a_checkpoint(trained, tmp_path):
    folder, paths, report = trained
    start = {"weights": str(folder / "model" / "checkpoint.pt"), "epochs": 1, "learning_rate": 1e-4}
    again = run(tmp_path / "again", paths, model=start)
    assert again["history"][0]["train_loss"] < 0.5 * report["history"][0]["train_loss"]
    assert again["settings"]["epochs"] == 1  # a model's own settings win over the training's


@pytest.mark.slow
def test_the_papers_recipe_in_miniature(tmp_path):
    # 36 places, those with labels four times; DeepLabV3 learns in batches of 5 and drops a last batch of one.
    paths = tile_files(tmp_path, "paper", rotate=True)
    model = {
        "architecture": "deeplabv3_mobilenet_v3_large",
        "encoder": None,
        "decoder_channels": None,
        "batch_size": 16,
    }
    report = run(tmp_path / "paper", paths, model, {"epochs": 2, "learning_rate": 1e-4}, probability=0.5)
    losses = [row["train_loss"] for row in report["history"]]
    assert losses[1] < losses[0]
    _, settings = load_checkpoint(tmp_path / "paper" / "checkpoint.pt")
    assert settings["recipe"] == "paper"


def test_a_last_batch_of_one_is_left_out(tmp_path):
    paths = tile_files(tmp_path)
    counts = run(tmp_path / "a", paths, training={"epochs": 1})["tiles"]["train"]
    size = sum(counts.values()) - 1
    report = run(tmp_path / "b", paths, model={"batch_size": size}, training={"epochs": 1})
    assert np.isfinite(report["history"][0]["train_loss"])


def test_a_loss_that_explodes_is_said(tmp_path):
    paths = tile_files(tmp_path)
    with pytest.raises(InputError, match=r"the loss is (nan|inf) in epoch \d+; lower learning_rate"):
        run(tmp_path / "model", paths, training={"learning_rate": 1e30, "epochs": 3})
    assert not (tmp_path / "model" / "metrics.json").exists()


def test_an_unknown_schedule(tmp_path):
    paths = tile_files(tmp_path)
    with pytest.raises(InputError, match="unknown 'cosine'"):
        run(tmp_path / "model", paths, training={"schedule": "cosine"})


def test_loss_by_hand():
    logits, mask = torch.tensor([0.0, 0.0, 2.0, -1.0]), torch.tensor([1.0, 0.0, 1.0, 0.0])
    terms = np.array([np.log(2), np.log(2), np.log(1 + np.exp(-2)), np.log(1 + np.exp(-1))])
    assert segmentation_loss(logits, mask).item() == pytest.approx(terms.mean(), rel=1e-6)
    weighted = terms * [3, 1, 3, 1]
    assert segmentation_loss(logits, mask, 3.0).item() == pytest.approx(weighted.mean(), rel=1e-6)
    probability = 1 / (1 + np.exp(-logits.numpy()))
    dice = 1 - (2 * (probability[0] + probability[2]) + 1) / (probability.sum() + 2 + 1)
    assert segmentation_loss(logits, mask, 1.0, 0.5).item() == pytest.approx(terms.mean() + 0.5 * dice, rel=1e-6)


def test_evaluation_scores_labels_and_truth_and_fills_the_tables(trained, tmp_path):
    folder, paths, report = trained
    checkpoint, results = folder / "model" / "checkpoint.pt", []
    for target, role, tiles in (
        ("a", "validation", paths[:1]),
        ("b", "validation", paths[1:2]),
        ("c", "test", paths[2:]),
    ):
        results.append(tmp_path / f"{target}.json")
        found = evaluate(checkpoint, tiles, results[-1], target=target, role=role, classes=CLASSES, batch_size=4)
        # Labels and truth are the same here; the first is averaged over batches, the second pooled.
        assert found["labels"]["scores"]["f1"] == pytest.approx(found["truth"]["scores"]["f1"], abs=0.1)
        assert found["truth"]["scores"]["f1"] > 0.8
        assert json.loads(results[-1].read_text())["target"] == target
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    table = write_tables({"small": folder / "model" / "metrics.json"}, {"small": results}, *outputs)
    stored = pandas.read_csv(outputs[0])
    assert stored[["set", "target"]].to_numpy().tolist() == [
        ["Va1", "all"],
        ["Va2", "a"],
        ["Va2", "b"],
        ["Va2", "all"],
        ["Te", "c"],
        ["Te", "all"],
    ]
    both = stored.set_index(["set", "target"])
    # Three batches a target: the set's average is that of its targets.
    assert both.precision["Va2", "all"] == pytest.approx(
        (both.precision["Va2", "a"] + both.precision["Va2", "b"]) / 2, abs=0.02
    )
    assert both.f1["Va1", "all"] == pytest.approx(100 * report["best"]["validation_f1"], abs=0.01)
    assert both.tiles_with_fractures["Te", "all"] + both.tiles_without_fractures["Te", "all"] == 18
    markdown = outputs[1].read_text()
    assert "| model | batch | best epoch | Va1 P |" in markdown
    assert f"{table.f1.iloc[-1]:.1f}" in markdown
    page = ElementTree.fromstring(f"<page>{outputs[2].read_text().split('</style>')[1]}</page>")
    rows = page.findall(".//tbody/tr")
    assert len(rows) == 1 + 3


def test_a_model_is_not_scored_on_tiles_of_another_kind(trained, tmp_path):
    folder, _, _ = trained
    write_tiles(tmp_path / "paper.npz", lined_tiles(recipe="paper"))
    with pytest.raises(InputError, match="recipe is paper, the model's imfmap"):
        evaluate(
            folder / "model" / "checkpoint.pt", [tmp_path / "paper.npz"], tmp_path / "r.json", target="a", role="test"
        )
