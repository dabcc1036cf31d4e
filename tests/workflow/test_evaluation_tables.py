"""The tables of the evaluation, of results that are there already."""

import json

import pandas
import pytest

from .conftest import run_snakemake, write_config

# No other rule: what it would make anew is taken as it is.
ONLY = ("--allowed-rules", "evaluation", "--")


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def scores(value):
    return {name: value for name in ("precision", "recall", "f1", "iou")}


def results(folder, model, value):
    """What training and evaluation write of a model that has one value for all its scores."""
    row = {"epoch": 1, "train_loss": 0.1, "validation_loss": 0.1}
    row |= {f"{part}_{name}": value for part in ("train", "validation") for name in scores(0)}
    metrics = {"settings": {"batch_size": 8}, "best_epoch": 1, "best": row, "history": [row]}
    metrics["tiles"] = {"validation": {"with_fractures": 1, "without_fractures": 1}}
    write(folder / "models" / model / "metrics.json", metrics)
    for target, role in (("va", "validation"), ("te", "test")):
        values = {name: [value] for name in ("precision", "recall", "iou")}
        result = {"target": target, "role": role, "recipe": "sun_aligned", "threshold": 0.5}
        result["tiles"] = {"with_fractures": 1, "without_fractures": 1}
        write(folder / "evaluation" / model / f"{target}.json", {**result, "labels": {"scores": {}, "values": values}})


def test_each_model_has_its_own_rows_whatever_run_and_models_are_called(tmp_path, mini_config):
    net = mini_config["models"]["net"]
    names = {"results": 0.2, "net": 0.4, "evaluation": 0.6}
    config = {**mini_config, "run": {"name": "net", "seed": 3}, "models": dict.fromkeys(names, net)}
    config["evaluation"] = {"models": [*names]}
    for name, value in names.items():
        results(tmp_path / "results" / "net", name, value)
    run_snakemake(tmp_path, write_config(tmp_path / "mini.yaml", config), *ONLY, "evaluation")
    table = pandas.read_csv(tmp_path / "results" / "net" / "evaluation" / "table.csv").set_index("model")
    for name, value in names.items():
        # Va1; Va2 and Te, each by target and whole.
        assert [*table.f1[name]] == pytest.approx(5 * [100 * value]), name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"evaluation": {"models": []}}, "evaluation.models: names no model; give names of models"),
        (
            {"models": {"net": {"checkpoint": "a.pt", "resolution_m": 6}}},
            "no target of role validation or test is for them",
        ),
    ],
)
def test_nothing_to_evaluate_is_one_clear_line(tmp_path, mini_config, change, said):
    path = write_config(tmp_path / "mini.yaml", {**mini_config, **change})
    (tmp_path / "a.pt").touch()
    status, text = run_snakemake(tmp_path, path, *ONLY, "evaluation", check=False)
    assert status != 0 and said in text and "Traceback" not in text
    assert not (tmp_path / "results" / "mini" / "evaluation" / "table.csv").exists()
