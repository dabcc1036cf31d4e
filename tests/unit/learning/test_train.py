import copy
import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from imfmap.core.errors import InputError
from imfmap.labels.truth_classes import CLASSES
from imfmap.learning import train as training_module
from imfmap.learning.epochs import EpochRunner
from imfmap.learning.evaluation import evaluate
from imfmap.learning.evaluation_tables import write_evaluation_tables
from imfmap.learning.mixed_precision import choose_dtype
from imfmap.learning.models import load_checkpoint, network_input
from imfmap.learning.train import train
from imfmap.tiles.split import split_tiles
from imfmap.tiles.tiles import read_tiles, tiles_of_image, write_tiles
from tests.helpers.tile_factory import facts, lined_image, lined_tiles

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


def tile_files(folder, recipe="sun_aligned", **options):
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


def test_a_training_leaves_the_processor_as_it_was(trained):
    assert np.float64(np.finfo(float).smallest_subnormal) * np.float64(1) > 0


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
        "recipe": "sun_aligned",
        "tile_size_px": 32,
        "resolution_m": 1.5,
        "threshold": 0.5,
        "input_scaling": "imagenet",
        "input_channels": 1,
        "sun_input": False,
        "sun_azimuth_deg": 270.0,
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


KILLED = """
import os, signal, sys, json
sys.path[:0] = json.loads(sys.argv[1])
from imfmap.learning import epochs
from tests.unit.learning.test_train import run
from pathlib import Path
passed = epochs.EpochRunner._loss
count = 0
def loss(self, network, batch):
    global count
    count += 1
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return passed(self, network, batch)
epochs.EpochRunner._loss = loss
run(Path("killed"), sorted(Path().glob("*.npz")), training=json.loads(sys.argv[3]), probability=0.5)
"""


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_curve(tmp_path, caplog):
    caplog.set_level("INFO")
    paths = tile_files(tmp_path)
    training = {"epochs": 4, "schedule": "onecycle", "dice_weight": 0.5}
    whole = run(tmp_path / "whole", paths, training=training, probability=0.5)
    (tmp_path / "program.py").write_text(KILLED)
    folders = [str(Path(__file__).parents[3]), str(Path(training_module.__file__).parents[2])]
    # EpochBatches of an epoch, and of its validation; killed in the middle of the third epoch.
    batches = [-(-sum(whole["tiles"][name].values()) // MODEL["batch_size"]) for name in ("train", "validation")]
    at = 2 * sum(batches) + 2
    command = [sys.executable, "program.py", json.dumps(folders), str(at), json.dumps(training)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    killed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # What a rule declares is not there yet, so nothing that Snakemake removes can be missed.
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {".resume", "logs"}
    assert len(pandas.read_csv(tmp_path / "killed" / "logs" / "epochs.csv")) == 2

    again = run(tmp_path / "killed", paths, training=training, probability=0.5)
    assert "going on after epoch 2" in caplog.text
    assert again["history"] == whole["history"]
    contents = [(tmp_path / name / "checkpoint.pt").read_bytes() for name in ("whole", "killed")]
    assert contents[0] == contents[1]
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {
        "checkpoint.pt",
        "checkpoint.pt.sha256",
        "metrics.json",
        "curves.png",
        "logs",
    }
    assert again["training_s"] > 0
    pandas.testing.assert_frame_equal(
        *(
            pandas.read_csv(tmp_path / name / "logs" / "epochs.csv").drop(columns="seconds")
            for name in ("whole", "killed")
        )
    )


@pytest.mark.parametrize("change", ["settings", "seed", "tiles", "broken"])
def test_a_state_of_another_training_is_not_gone_on_from(tmp_path, monkeypatch, caplog, change):
    caplog.set_level("INFO")
    paths = tile_files(tmp_path)
    short = {"epochs": 2}

    def die(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training_module, "plot_training_curves", die)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "model", paths, training=short)
    assert (tmp_path / "model" / ".resume" / "state.pt").exists()
    if change == "settings":
        short["soft_px"] = 1.0
    if change == "tiles":
        write_tiles(paths[0], lined_tiles(9, "M0", truth=True))
    if change == "broken":
        (tmp_path / "model" / ".resume" / "state.pt").write_bytes(b"nothing")
    caplog.clear()
    run(tmp_path / "model", paths, training=short, seed=int(change == "seed"))
    assert ".resume belongs to other settings" in caplog.text and "going on" not in caplog.text
    assert not (tmp_path / "model" / ".resume").exists()
    assert (tmp_path / "model" / ".resume.old" / "state.pt").exists()


def test_the_console_has_a_line_for_each_epoch(tmp_path, capsys):
    run(tmp_path / "small", tile_files(tmp_path), training={"epochs": 2})
    said = re.split(r"[\r\n]", capsys.readouterr().err)
    lines = [line for line in said if line.startswith("small: epoch")]
    assert len(lines) == 2
    number = r"loss [0-9.]+, F1 (?:[0-9.]+%|-) \(best (?:[0-9.]+%|-)\), [0-9]+:[0-9]{2}:[0-9]{2} left"
    assert all(re.fullmatch(rf"small: epoch {epoch} of 2, {number}", line) for epoch, line in enumerate(lines, 1)), (
        lines
    )
    assert lines[-1].endswith(", 0:00:00 left")


def test_a_start_with_other_settings_costs_no_epoch(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    paths = tile_files(tmp_path)

    def killed(epochs, **options):
        """Train until the reports, then die."""
        with monkeypatch.context() as patch:
            patch.setattr(training_module, "plot_training_curves", lambda *arguments: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                run(tmp_path / "model", paths, training={"epochs": epochs, **options})

    killed(2)
    # Twice with another number of epochs, the second time from where that stood.
    killed(1)
    assert ".resume.old" in caplog.text and "going on" not in caplog.text
    killed(1)
    assert "going on after epoch 1" in caplog.text
    caplog.clear()
    monkeypatch.setattr(EpochRunner, "train", None)
    run(tmp_path / "model", paths, training={"epochs": 2})
    assert "belongs to this training" in caplog.text and "going on after epoch 2" in caplog.text
    assert {path.name for path in (tmp_path / "model").iterdir() if path.name.startswith(".")} == {".resume.old"}
    run(tmp_path / "model", paths, training={"epochs": 1})
    assert "going on after epoch 1" in caplog.text
    assert not [path for path in (tmp_path / "model").iterdir() if path.name.startswith(".")]


def test_a_training_that_ended_before_its_reports_is_not_done_again(tmp_path, monkeypatch):
    paths = tile_files(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(training_module, "plot_training_curves", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(tmp_path / "model", paths, training={"epochs": 2})
    for name in ("checkpoint.pt", "metrics.json"):  # as Snakemake does after a failure
        (tmp_path / "model" / name).unlink()
    monkeypatch.setattr(EpochRunner, "train", None)
    report = run(tmp_path / "model", paths, training={"epochs": 2, "workers": 1})
    assert [row["epoch"] for row in report["history"]] == [1, 2]
    load_checkpoint(tmp_path / "model" / "checkpoint.pt")


def test_the_logs_hold_the_curve(trained):
    folder, _, report = trained
    table = pandas.read_csv(folder / "model" / "logs" / "epochs.csv")
    for name in ("epoch", "train_loss", "validation_f1"):
        np.testing.assert_allclose(
            table[name], [np.nan if row[name] is None else row[name] for row in report["history"]]
        )
    assert (table.seconds > 0).all()
    events = EventAccumulator(str(folder / "model" / "logs")).Reload()
    assert {"loss/train", "loss/validation", "f1/train", "f1/validation", "seconds"} <= set(events.Tags()["scalars"])
    values = [(event.step, event.value) for event in events.Scalars("loss/validation")]
    np.testing.assert_allclose(values, [(row["epoch"], row["validation_loss"]) for row in report["history"]], rtol=1e-6)


def test_a_model_may_learn_in_its_own_way(tmp_path):
    paths = tile_files(tmp_path)
    own = {"positive_weight": 2.0, "dice_weight": 0.5, "cldice_weight": 0.5, "ignore_px": 1.0, "soft_px": 1.0}
    plain, overridden, set_for_all = (
        run(tmp_path / name, paths, model=model, training={"epochs": 1, **training})
        for name, model, training in (("a", {}, {}), ("b", own, {"dice_weight": 9.0}), ("c", {}, own))
    )
    assert overridden["history"] == set_for_all["history"] != plain["history"]
    assert {key: overridden["settings"][key] for key in own} == own
    assert plain["settings"]["dice_weight"] == 0


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
def test_a_network_that_is_told_of_the_sun_learns_and_is_evaluated(tmp_path, recipe):
    paths = tile_files(tmp_path, recipe, rotate=recipe == "paper")
    report = run(tmp_path / "model", paths, model={"sun_input": True}, training={"epochs": 3}, probability=0.5)
    assert report["history"][-1]["train_loss"] < report["history"][0]["train_loss"]
    model, settings = load_checkpoint(tmp_path / "model" / "checkpoint.pt")
    assert settings["sun_input"] is True and model.sun_channels == 2
    found = evaluate(
        tmp_path / "model" / "checkpoint.pt", paths[:1], tmp_path / "r.json", target="a", role="test", batch_size=8
    )
    assert sum(found["tiles"].values()) == len(read_tiles(paths[0]))


def test_a_network_that_is_told_of_the_sun_tells_cracks_from_ridges(tmp_path):
    # The very same pixels are fractures under a Sun from the left and ridges under one from the right.
    paths = []
    for number in range(4):
        image, mask = lined_image(np.random.default_rng(number // 2))
        azimuth_deg = 270.0 if number % 2 else 90.0
        mask = mask if number % 2 else np.zeros_like(mask)
        options = {"recipe": "paper", "size_px": 32, "overlap": 0.0, "rotate": False, "target": "place"}
        tiles = tiles_of_image(image, mask, facts(f"M{number}", azimuth_deg), 1.5, **options)
        paths.append(tmp_path / f"{number}.npz")
        write_tiles(paths[-1], tiles)
    split_tiles(paths, tmp_path / "split.csv", 0.2)
    scores = {
        told: run(tmp_path / str(told), paths, model={"sun_input": told})["history"][-1]["train_f1"]
        for told in (False, True)
    }
    assert scores[True] > 0.8
    # Untold, at best every second detection is right.
    assert np.isnan(scores[False]) or scores[False] < 0.7


def test_precisions():
    cpu = torch.device("cpu")
    assert choose_dtype("auto", cpu, "here") == torch.float32
    assert choose_dtype("bfloat16", cpu, "here") == torch.bfloat16
    with pytest.raises(InputError, match="here: float16 needs a GPU; use auto"):
        choose_dtype("float16", cpu, "here")
    with pytest.raises(InputError, match="unknown 'half'"):
        choose_dtype("half", cpu, "here")


def test_a_gpu_that_computes_with_bfloat16_does(monkeypatch):
    gpu = torch.device("cuda")
    for has_it, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, has_it=has_it: has_it)
        assert choose_dtype("auto", gpu, "here") == expected


def test_mixed_precision_learns_and_keeps_weights_whole(tmp_path):
    paths = tile_files(tmp_path)
    report = run(tmp_path / "model", paths, training={"epochs": 1, "precision": "bfloat16"})
    assert report["precision"] == "bfloat16" and np.isfinite(report["history"][0]["train_loss"])
    model, _ = load_checkpoint(tmp_path / "model" / "checkpoint.pt")
    assert {value.dtype for value in model.parameters()} == {torch.float32}


def test_where_nothing_can_be_compiled_it_learns_as_it_is(tmp_path, monkeypatch, caplog):
    paths = tile_files(tmp_path)
    plain = run(tmp_path / "plain", paths, training={"epochs": 1})

    def no_compiler(network):
        def fail(*arguments):
            raise RuntimeError("no C++ compiler\nand a long story")

        network = copy.copy(network)
        network.forward = fail
        return network

    monkeypatch.setattr(torch, "compile", no_compiler)
    report = run(tmp_path / "model", paths, training={"epochs": 1, "compile": True})
    assert report["history"] == plain["history"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["torch.compile cannot be used here: no C++ compiler"]


def test_what_is_compiled_first_is_what_training_asks_for(tmp_path, monkeypatch):
    """Else a compiler that fails on it would do so after the trial, and what it compiled for the trial is lost."""
    asked = []

    class Recorded(torch.nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, image):
            asked.append((self.training, len(image), torch.is_inference_mode_enabled()))
            return self.network(image)

    monkeypatch.setattr(torch, "compile", Recorded)
    run(tmp_path / "model", tile_files(tmp_path), training={"epochs": 1, "compile": True})
    trial, learnt = asked[:2], asked[2:]
    assert trial == [(True, MODEL["batch_size"], False), (False, MODEL["batch_size"], True)]
    assert trial[0] in learnt
    # Validation has fewer tiles than a batch here.
    assert {(training, inference) for training, _, inference in learnt} == {(True, False), (False, True)}


@pytest.mark.slow
def test_a_compiled_network_learns_the_same(tmp_path, monkeypatch):
    paths = tile_files(tmp_path)
    plain = run(tmp_path / "plain", paths, training={"epochs": 1})
    # Traced as for any backend; the code generator's own minutes are left out.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    report = run(tmp_path / "model", paths, training={"epochs": 1, "compile": True})
    torch.compiler.reset()
    assert report["history"][0]["train_loss"] == pytest.approx(plain["history"][0]["train_loss"], rel=1e-4)
    load_checkpoint(tmp_path / "model" / "checkpoint.pt")


def test_a_loss_that_explodes_is_said(tmp_path):
    paths = tile_files(tmp_path)
    with pytest.raises(InputError, match=r"model: the loss is (nan|inf) in epoch \d+; lower its learning_rate"):
        run(tmp_path / "model", paths, training={"learning_rate": 1e30, "epochs": 3})
    assert not (tmp_path / "model" / "metrics.json").exists()


def test_an_unknown_schedule(tmp_path):
    paths = tile_files(tmp_path)
    with pytest.raises(InputError, match="unknown 'cosine'"):
        run(tmp_path / "model", paths, training={"schedule": "cosine"})


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
    table = write_evaluation_tables({"small": folder / "model" / "metrics.json"}, {"small": results}, *outputs)
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
    with pytest.raises(InputError, match="recipe is paper, the model's sun_aligned"):
        evaluate(
            folder / "model" / "checkpoint.pt", [tmp_path / "paper.npz"], tmp_path / "r.json", target="a", role="test"
        )
