"""The paper's tables, sentence by sentence of its metrics, from a network whose answers are known."""

import json
import math
from xml.etree import ElementTree

import numpy as np
import pandas
import pytest
import torch
from PIL import Image

from imfmap.core.errors import InputError
from imfmap.core.jsonfiles import read_json, write_json
from imfmap.labels.truth_classes import CLASSES
from imfmap.learning import evaluation
from imfmap.learning.datasets import kind_of
from imfmap.learning.evaluation import evaluate
from imfmap.learning.evaluation_tables import plot_curves_of_models, plot_training_curves, write_evaluation_tables
from imfmap.learning.probability_calibration import KNOTS, ProbabilityCalibration
from imfmap.tiles.tiles import Tiles, write_tiles
from tests.helpers.tile_factory import facts

SIZE = 32


class Brightness(torch.nn.Module):
    """Finds fractures where the image is bright; notes how many tiles it is given at a time."""

    def __init__(self):
        super().__init__()
        self.given = []

    def forward(self, image):
        self.given.append(len(image))
        return torch.where(image > 0.5, 4.0, -4.0)


def tiles(path, parts):
    """Tiles of (found, labelled, invalid) counts of pixels: 2 of the found ones are labelled where there are any."""
    image, mask, valid = (np.zeros((len(parts), SIZE * SIZE), np.uint8) for _ in range(3))
    for number, (found, labelled, invalid) in enumerate(parts):
        valid[number] = 1
        image[number, :found] = 250
        image[number, found:] = 20
        hits = min(2, found, labelled)
        mask[number, found - hits : found - hits + labelled] = 1
        if invalid:
            valid[number, -invalid:] = 0
            # Detections and labels there do not count.
            image[number, -invalid:], mask[number, -invalid:] = 250, 1
    shape = (len(parts), SIZE, SIZE)
    places = {name: np.zeros(len(parts)) for name in ("row", "column", "turn_deg")}
    made = Tiles(
        image.reshape(shape), mask.reshape(shape), valid.reshape(shape), np.arange(len(parts)), **places,
        target="a", recipe="paper", resolution_m=1.5, facts=facts(), truth=mask.reshape(shape).copy(),
    )  # fmt: skip
    write_tiles(path, made)
    return made


@pytest.fixture
def network(monkeypatch):
    """A network in place of a checkpoint's."""
    made = Brightness()
    settings = {"recipe": "paper", "tile_size_px": SIZE, "resolution_m": 1.5, "threshold": 0.5}
    monkeypatch.setattr(evaluation, "load_checkpoint", lambda path: (made, settings))
    return made


def run(folder, parts, target="a", role="validation", **options):
    folder.mkdir(exist_ok=True)
    tiles(folder / f"{target}.npz", parts)
    out = folder / f"{target}.json"
    evaluate("unused", [folder / f"{target}.npz"], out, target=target, role=role, device="cpu", **options)
    return read_json(out)


# Found, labelled, invalid pixels; 2 hits where both are above 0.
PARTS = [(4, 2, 0), (2, 8, 50), (6, 0, 0), (0, 5, 0), (0, 0, 0)]


def test_tile_by_tile(network, tmp_path):
    found = run(tmp_path, PARTS, batch_size=1)["labels"]
    # P not for tiles without detections, R not for those without fractures, over valid pixels alone.
    assert found["values"] == {
        "precision": [2 / 4, 2 / 2, 0.0],
        "recall": [2 / 2, 2 / 8, 0.0],
        "iou": [0.5, 0.25, 0.0, 0.0],
    }
    precision, recall = 1.5 / 3, 1.25 / 3
    assert found["scores"] == pytest.approx(
        {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall), "iou": 0.75 / 4}
    )


def test_batches_are_the_trainings_however_few_tiles_fit_into_memory(network, tmp_path):
    whole = run(tmp_path / "a", PARTS, batch_size=2)
    assert network.given == [2, 2, 1]
    network.given.clear()
    parts = run(tmp_path / "b", PARTS, batch_size=2, inference_batch_size=1)
    assert network.given == [1] * 5
    assert parts["labels"] == whole["labels"]
    # EpochBatches: (4 + 2 found, 2 + 8 labelled, 4 hits), (6 found, 5 labelled, 0 hits), nothing at all.
    assert whole["labels"]["values"] == {"precision": [4 / 6, 0.0], "recall": [4 / 10, 0.0], "iou": [4 / 12, 0.0]}


def test_truth_is_pooled_over_all_tiles(network, tmp_path):
    found = run(tmp_path, PARTS, batch_size=2, classes=CLASSES)["truth"]["scores"]
    assert (found["precision"], found["recall"]) == (4 / 12, 4 / 15)
    assert found["iou"] == 4 / 23


def test_another_threshold_needs_no_other_model(network, tmp_path):
    # The logits are -4 and 4: probabilities of 0.018 and 0.982.
    own = run(tmp_path / "own", PARTS[:1], batch_size=1)
    assert own["threshold"] == 0.5 and own["labels"]["scores"]["precision"] == 2 / 4
    low, high = (run(tmp_path / f"{value}", PARTS[:1], batch_size=1, threshold=value) for value in (0.01, 0.99))
    assert low["threshold"] == 0.01 and low["labels"]["scores"]["precision"] == 2 / SIZE**2
    assert high["labels"]["scores"]["precision"] is None


def test_the_network_computes_in_the_precision_that_is_asked_for(network, tmp_path):
    seen = []
    network.register_forward_hook(lambda *_: seen.append(torch.is_autocast_enabled("cpu")))
    plain, half = (run(tmp_path / name, PARTS, batch_size=2, precision=name)["labels"] for name in ("auto", "bfloat16"))
    assert seen == [False] * 3 + [True] * 3 and plain == half
    with pytest.raises(ValueError, match="inference.precision: float16 needs a GPU"):
        run(tmp_path / "c", PARTS, precision="float16")


def report(path, f1=(0.3, 0.6, 0.5), batch_size=16):
    """metrics.json of a training."""
    history = [
        {
            "epoch": number,
            "train_loss": 0.3 / number,
            "validation_loss": 0.2 / number + 0.05,
            **{f"train_{name}": value for name in ("precision", "recall", "f1", "iou")},
            **{f"validation_{name}": value for name in ("precision", "recall", "f1", "iou")},
        }
        for number, value in enumerate(f1, start=1)
    ]
    best = max(history, key=lambda row: row["validation_f1"] or 0)
    content = {
        "settings": {"batch_size": batch_size},
        "tiles": {"validation": {"with_fractures": 7, "without_fractures": 3}},
        "best_epoch": best["epoch"],
        "best": best,
        "history": history,
    }
    write_json(path, content)
    return path


@pytest.fixture
def tables(network, tmp_path):
    """Tables of a trained model and of one from elsewhere, over two validation targets and a test."""
    results = [
        run(tmp_path, PARTS[:2], "copernicus", batch_size=1),
        run(tmp_path, PARTS[2:4], "virtanen_f", batch_size=1),
        run(tmp_path, PARTS[:3], "ohm_south", "test", batch_size=1),
    ]
    paths = [tmp_path / f"{result['target']}.json" for result in results]
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    trained = {"resnet50": report(tmp_path / "metrics.json")}
    table = write_evaluation_tables(trained, {"resnet50": paths, "fetched <1>": paths}, *outputs)
    return table, outputs, results


def test_the_papers_table(tables):
    _, (_, markdown, _), results = tables
    head, _, *rows = markdown.read_text().split("\n\n")[1].splitlines()
    assert [cell.strip() for cell in head.split("|")[1:-1]] == [
        *("model", "batch", "best epoch", "Va1 P", "Va1 R", "Va1 F1"),
        *("Va2 IoU", "Va2 P", "Va2 R", "Va2 F1", "Te P", "Te R", "Te F1", "Te IoU"),
    ]
    cells = [cell.strip() for cell in rows[0].split("|")[1:-1]]
    assert cells[:6] == ["resnet50", "16", "2", "60.0", "60.0", "60.0"]
    # Va2 is both craters' batches together: P of 2/4, 2/2 and 0, R of 2/2, 2/8 and 0, IoU of 1/2, 1/4, 0 and 0.
    precision, recall = 1.5 / 3, 1.25 / 3
    f1 = 2 * precision * recall / (precision + recall)
    assert cells[6:10] == [f"{100 * value:.1f}" for value in (0.75 / 4, precision, recall, f1)]
    test = results[2]["labels"]["scores"]
    assert cells[10:] == [f"{100 * test[name]:.1f}" for name in ("precision", "recall", "f1", "iou")]
    # A model from elsewhere has no Va1, and all else.
    other = [cell.strip() for cell in rows[1].split("|")[1:-1]]
    assert other[:6] == ["fetched <1>", "-", "-", "-", "-", "-"]
    assert other[6:] == cells[6:]


def test_va2_by_crater(tables):
    table, (csv, markdown, _), results = tables
    rows = pandas.read_csv(csv).set_index(["model", "set", "target"])
    for result in results[:2]:
        row = rows.loc[("resnet50", "Va2", result["target"])]
        for name in ("precision", "recall", "f1", "iou"):
            assert row[name] == pytest.approx(100 * result["labels"]["scores"][name], abs=0.006)
    assert rows.tiles_with_fractures["resnet50", "Va1", "all"] == 7
    assert (
        rows.tiles_with_fractures["resnet50", "Va2", "all"],
        rows.tiles_without_fractures["resnet50", "Va2", "all"],
    ) == (3, 1)
    by_target = markdown.read_text().split("## By target (%)")[1]
    assert by_target.endswith("\n\nVa2, Te: a pixel counts as fracture where its probability is 0.5 or more.\n")
    assert "| resnet50 | Va2 | copernicus |" in by_target and "| resnet50 | Te | ohm_south |" in by_target
    assert len(table) == 1 + 2 * (3 + 2)


def test_a_table_of_nothing_is_refused(tmp_path):
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    with pytest.raises(InputError, match=r"evaluation\.models: names no model; give names of models"):
        write_evaluation_tables({}, {}, *outputs)
    with pytest.raises(
        InputError, match=r"evaluation\.models: a, b: not trained here, and no .* role validation or test"
    ):
        write_evaluation_tables({}, {"a": [], "b": []}, *outputs)
    assert not list(tmp_path.iterdir())


def test_a_model_that_was_only_trained_has_its_va1(tmp_path):
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    write_evaluation_tables({"net": report(tmp_path / "metrics.json")}, {"net": []}, *outputs)
    assert "| net | 16 | 2 | 60.0 | 60.0 | 60.0 | - |" in outputs[1].read_text()
    assert "By target" not in outputs[1].read_text()


def test_the_page_is_well_formed_and_escaped(tables):
    _, (_, _, page), _ = tables
    text = page.read_text()
    assert "fetched &lt;1&gt;" in text
    body = ElementTree.fromstring(f"<page>{text.split('</style>')[1]}</page>")
    assert len(body.findall(".//table")) == 2
    assert len(body.findall(".//section/table[1]/tbody/tr")) == 2 + 2 * 3


def test_training_curves(tmp_path):
    trained = {
        f"model {number}": report(tmp_path / f"{number}.json", f1)
        for number, f1 in enumerate([(0.3, 0.6, 0.5), (math.nan, 0.4, 0.7)])
    }
    plot_curves_of_models(trained, tmp_path / "curves.png", tmp_path / "curves.pdf")
    plot_training_curves(json.loads((tmp_path / "0.json").read_text())["history"], tmp_path / "one.png")
    for name in ("curves.png", "one.png"):
        picture = np.asarray(Image.open(tmp_path / name).convert("L"))
        assert picture.shape[1] > 1000 and picture.std() > 10
    assert (tmp_path / "curves.pdf").read_bytes().startswith(b"%PDF")
    # A model that never found anything is drawn too.
    plot_training_curves(
        [{**row, "validation_f1": math.nan} for row in read_json(tmp_path / "0.json")["history"]], tmp_path / "n.png"
    )


def test_tiles_of_another_kind_are_refused(network, tmp_path):
    made = tiles(tmp_path / "a.npz", PARTS)
    assert kind_of(made)["recipe"] == "paper"
    made.resolution_m = 6.0
    write_tiles(tmp_path / "a.npz", made)
    with pytest.raises(ValueError, match="resolution_m is 6.0, the model's 1.5"):
        evaluate("unused", [tmp_path / "a.npz"], tmp_path / "r.json", target="a", role="test", device="cpu")


def test_a_calibrated_model_is_judged_by_calibrated_probabilities(monkeypatch, tmp_path):
    """`Brightness` gives 0.982 where it finds something; one curve leaves that high, the other makes 0.3 of it."""
    recall = {}
    for name, top in (("none", None), ("bold", 1.0), ("shy", 0.3)):
        settings = {"recipe": "paper", "tile_size_px": SIZE, "resolution_m": 1.5, "threshold": 0.4}
        if top:
            settings["calibration"] = ProbabilityCalibration(tuple(top * knot for knot in KNOTS)).as_dict()
        monkeypatch.setattr(evaluation, "load_checkpoint", lambda path, settings=settings: (Brightness(), settings))
        scores = run(tmp_path / name, PARTS, batch_size=1)
        assert scores["threshold"] == 0.4
        recall[name] = scores["labels"]["scores"]["recall"]
    assert recall["none"] == recall["bold"] > 0 and recall["shy"] == 0
