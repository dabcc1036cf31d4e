"""Tables of a comparison of models."""

import json

import numpy as np
import pandas
import pytest

from imfmap.core.errors import InputError
from imfmap.scoring.comparison import LABELS_NAME, cell, write_comparison
from imfmap.scoring.scores import Scores
from tests.helpers.score_files import SCALE, score_file, scores_of


def cells_of(folder, heading):
    """A table of the markdown: rows by model, cells by column."""
    part = (folder / "table.md").read_text().split(f"## {heading}\n\n")[1].split("\n\n")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()]
    return {line[0]: dict(zip(lines[0], line, strict=True)) for line in lines[2:]}


def test_means_and_deviations_over_seeds(written):
    folder, table, models = written
    assert list(table.index) == ["paper", "imfmap <sun>", "fetched", LABELS_NAME]
    of_seed = [scores_of(model) for model in models if model["name"] == "paper"]
    f1 = [scores.pixel_scores()["f1"] for scores in of_seed]
    ridge = [scores.hits_at_recall(0.6)["ridge"] for scores in of_seed]
    assert table.truth_f1["paper"] == pytest.approx(np.mean(f1))
    assert table.truth_f1_sd["paper"] == pytest.approx(np.std(f1, ddof=1))
    assert table.ridge_at_60["paper"] == pytest.approx(np.mean(ridge))
    assert table.training_min["paper"] == pytest.approx(20.0)
    assert table.training_min_sd["paper"] == pytest.approx(10.0)
    assert table.validation_f1["paper"] == pytest.approx(0.5)
    assert table.label_average_precision["paper"] == pytest.approx(
        np.mean([scores.average_precision("label") for scores in of_seed])
    )
    # 14 objects in all that are no fractures' lie on 10 * (1 - 0.57) = 4 ridges and 4 times on nothing.
    assert table.false_per_km2["fetched"] == pytest.approx((5 + 4) / 2.0)
    stored = pandas.read_csv(folder / "table.csv", index_col="model")
    assert stored.truth_f1["paper"] == pytest.approx(np.mean(f1), rel=1e-4)


def test_the_scale_stands_with_the_figures(written):
    folder, _, _ = written
    said = "unet on tiny, 17 epochs of 42 tiles of 256 px, 4 at once, weights random, a card"
    for name in ("table.md", "table.html"):
        assert f"Trained: paper: {said}; " in (folder / name).read_text()
    assert "fetched: unet" not in (folder / "table.md").read_text()


def test_where_a_networks_weights_come_from_is_said(tmp_path):
    scores = [score_file(tmp_path / "a.json", 0.5)]
    settings = {
        "architecture": "unet",
        "encoder": "tiny",
        "weights": None,
        "encoder_weights": "photographs.pth",
        **SCALE,
    }
    trained = {"training_s": 600, "best": {"validation_f1": 0.1, "validation_pooled_f1": 0.3}, "settings": settings}
    trained |= {"tiles": {"train": {"with_fractures": 42}}, "device": "a card"}
    (tmp_path / "metrics.json").write_text(json.dumps(trained))
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    models = [{"name": "net", "seed": 1, "scores": scores, "metrics": tmp_path / "metrics.json"}]
    write_comparison(models, *outputs, tmp_path / "figures", title="Trial")
    assert "weights random, the encoder's photographs.pth, a card" in outputs[1].read_text()


def test_what_has_no_meaning_is_left_open(written):
    _, table, _ = written
    assert np.isnan(table.training_min["fetched"])
    assert np.isnan(table.truth_f1_sd["fetched"])
    for column in ("ridge_at_60", "best_f1", "average_precision", "calibration_error"):
        assert np.isnan(table[column][LABELS_NAME])
    assert table.truth_f1[LABELS_NAME] > 0.5


def test_thresholds_that_the_labels_of_other_places_choose(tmp_path):
    models = []
    for seed, good in ((1, 0.4), (2, 0.6)):
        files = [
            score_file(tmp_path / f"{seed}_{place}.json", value, target=place)
            for place, value in (("floor", good), ("wall", good + 0.2), ("terrace", good + 0.1))
        ]
        models.append({"name": "net", "seed": seed, "scores": files})
    table = write_comparison(
        models, tmp_path / "table.csv", tmp_path / "table.md", tmp_path / "table.html", tmp_path / "figures"
    )
    f1 = []
    for model in models:
        hits = found = wanted = 0
        for path in model["scores"]:
            others = Scores([json.loads(other.read_text()) for other in model["scores"] if other != path])
            level = round(250 * others.best_f1("label")[0])
            truth = json.loads(path.read_text())["histograms"]["truth"]
            hits += sum(truth["fracture"][level:])
            found += sum(sum(counts[level:]) for counts in truth.values())
            wanted += sum(truth["fracture"])
        f1.append(2 * hits / (found + wanted))
    assert table.f1_elsewhere[0] == pytest.approx(np.mean(f1))
    assert table.f1_elsewhere[0] < table.best_f1[0]
    cells = cells_of(tmp_path, "Comparison")["net"]["F1 %, threshold from other places (at)"]
    assert cells == (f"{100 * np.mean(f1):.1f} ± {100 * np.std(f1, ddof=1):.1f} ({table.threshold_elsewhere[0]:.2f})")


def test_the_pages_show_the_tables(written):
    folder, table, _ = written
    markdown = (folder / "table.md").read_text()
    first = markdown.split("\n\n")[1].splitlines()
    assert first[0].startswith("| model | seeds | F1 % | P % | R % | best F1 % (at) | AP % |")
    paper = f"{100 * table.truth_f1['paper']:.1f} ± {100 * table.truth_f1_sd['paper']:.1f}"
    assert f"| paper | 3 | {paper} |" in first[2]
    assert "## Fracture pixels found, by incidence in degrees (%)" in markdown
    assert "| model | 30-45 | 60-75 |" in markdown
    cells = cells_of(folder, "Trial")
    best = table.loc["paper"]
    assert cells["paper"]["best F1 % (at)"] == (
        f"{100 * best.best_f1:.1f} ± {100 * best.best_f1_sd:.1f} ({best.best_threshold:.2f})"
    )
    assert (cells["paper"]["validation F1 %"], cells["fetched"]["validation F1 %"]) == ("50.0 ± 10.0", "-")
    # 1000 of 21000 + 3 * 500 + 500 px are fractures: what is an error of 4 % worth?
    rate = 1000 / (1000 + 20000 + 4 * 500)
    assert f"ECE % (map of zeros: {100 * rate:.1f})" in cells["paper"]
    # The labels are those of the place, not of each of its images.
    assert (cells["paper"]["maps"], cells["paper"]["km2"]) == ("2", "4.0")
    assert (cells[LABELS_NAME]["maps"], cells[LABELS_NAME]["km2"]) == ("1", "2.0")
    assert "each place once (maps: 1, 2.0 km2)" in markdown
    # No seam and no image: nothing is said of them, nor of width classes that do not occur.
    assert "seam |" not in markdown and "huge" not in markdown
    page = (folder / "table.html").read_text()
    assert "imfmap &lt;sun&gt;" in page and "<sun>" not in page
    assert page.count("<table") == markdown.count("## ")


def test_low_and_high_suns_have_their_own_figures_and_say_how_many_images_they_are(written):
    folder, table, models = written
    bins = cells_of(folder, "What is seen under each incidence")
    assert list(bins) == ["30-45", "60-75"]
    assert (bins["30-45"]["images"], bins["30-45"]["places"], bins["30-45"]["fractures"]) == ("1", "1", "4")
    shares = scores_of(models[0]).by_incidence()["30-45"].share_by_width()
    assert bins["30-45"]["small px %"] == f"{100 * shares['small']:.1f}" and 0.3 < shares["small"] < 0.4
    parts = [scores_of(model).by_incidence()["60-75"] for model in models if model["name"] == "paper"]
    ap, ridge = (
        [figure(part) for part in parts]
        for figure in (Scores.average_precision, lambda x: x.hits_at_recall(0.4)["ridge"])
    )
    assert table["average_precision_by_incidence.60-75"]["paper"] == pytest.approx(np.mean(ap))
    ap_cells = cells_of(folder, "Average precision, by incidence in degrees (%)")
    assert ap_cells["paper"]["60-75"] == cell(100 * np.mean(ap), 100 * np.std(ap, ddof=1), 1)
    heading = "Ridge pixels hit at a recall of 40 %, by incidence in degrees (%)"
    assert cells_of(folder, heading)["paper"]["60-75"] == cell(100 * np.mean(ridge), 100 * np.std(ridge, ddof=1), 1)


def test_a_mean_is_of_all_seeds_or_none(tmp_path, monkeypatch):
    """Of three seeds one does not find 60 % of the fracture pixels at any threshold."""
    monkeypatch.setattr("imfmap.scoring.comparison.draw_all", lambda *_: None)
    models = [
        {"name": "a", "seed": seed, "scores": [score_file(tmp_path / f"{seed}.json", 0.8, unseen=unseen)]}
        for seed, unseen in ((1, 0), (2, 0), (3, 500))
    ]
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    table = write_comparison(models, *outputs, tmp_path / "figures")
    assert np.isnan(table.ridge_at_60[0]) and np.isnan(table.ridge_at_60_sd[0])
    cells = cells_of(tmp_path, "Comparison")["a"]
    assert cells["ridge px hit at R 60 %"] == "-" and cells["F1 %"] != "-"
    assert table.ridge_at_40[0] > 0
    hits = cells_of(tmp_path, "Pixels hit at a recall of 40 % of the fracture pixels (%)")
    assert hits["a"]["ridge"] != "-"
    assert "Pixels hit at a recall of 80 %" not in (tmp_path / "table.md").read_text()


def test_the_same_scores_give_the_same_bytes(written, tmp_path):
    folder, _, models = written
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    write_comparison(models, *outputs, tmp_path / "figures", labels=[folder / "labels.json"], title="Trial")
    for path in [*outputs, *(tmp_path / "figures").iterdir()]:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_models_that_cannot_be_compared_are_told(tmp_path):
    outputs = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "html")]
    one = {"name": "a", "seed": 1, "scores": [score_file(tmp_path / "a.json", 0.7)]}
    with pytest.raises(InputError, match="a with seed 1 is named twice"):
        write_comparison([one, one], *outputs, tmp_path)
    other = {"name": "b", "seed": 2, "scores": [score_file(tmp_path / "b.json", 0.7, product="M2L")]}
    with pytest.raises(InputError, match="b, seed 2, was scored on M2L of floor, a, seed 1, was not"):
        write_comparison([one, other], *outputs, tmp_path)
    other["scores"] = [*one["scores"], *one["scores"]]
    with pytest.raises(InputError, match="b, seed 2, was scored on M1L of floor, a, seed 1, was not"):
        write_comparison([one, other], *outputs, tmp_path)
    maps = [score_file(tmp_path / f"{name}.json", 0.7, target=name, product=None) for name in ("floor", "wall")]
    with pytest.raises(InputError, match="a, seed 1, was scored on wall, b, seed 2, was not"):
        write_comparison([one | {"scores": maps}, other | {"scores": maps[:1]}], *outputs, tmp_path)
    other["scores"] = [score_file(tmp_path / "b.json", 0.7, threshold=0.3)]
    with pytest.raises(InputError, match=r"b was scored at 0\.3, a at 0\.5"):
        write_comparison([one, other], *outputs, tmp_path)
    with pytest.raises(InputError, match="no model given"):
        write_comparison([], *outputs, tmp_path)
    assert not any(path.exists() for path in outputs)


def test_cells():
    assert cell(61.234, 0.8, 1) == "61.2 ± 0.8"
    assert cell(61.234, float("nan"), 1) == "61.2"
    assert cell(float("nan"), float("nan"), 1) == "-"
