"""Models side by side: means over seeds, what is left open, figures that can be read."""

import json
import re

import numpy as np
import pandas
import pytest
from PIL import Image

from imfmap.comparison import LABELS_NAME, cell, write
from imfmap.comparison_figures import NAMES
from imfmap.errors import InputError
from imfmap.scores import Scores
from imfmap.tally import KINDS
from imfmap.truth import CLASSES
from imfmap.widths import WIDTH_CLASSES


def score_file(path, good, incidence_deg=50.0, area_km2=2.0, threshold=0.5):
    """Score file of a model that gives fractures probability `good` (ridges half of it) with a little spread."""
    levels = np.arange(251)

    def around(probability, pixels):
        weights = np.exp(-(((levels - 250 * probability) / 50.0) ** 2))
        return np.rint(pixels * weights / weights.sum()).astype(int)

    truth = {name: around(0.1, 500) for name in CLASSES} | {"fracture": around(good, 1000)}
    truth |= {"background": around(0.1, 20000), "ridge": around(good / 2, 500)}
    label = {
        "background": sum(counts for name, counts in truth.items() if name != "fracture"),
        "fracture": truth["fracture"],
    }
    width = {name: around(good * (0.7 + 0.1 * number), 100) for number, name in enumerate(WIDTH_CLASSES[:3])}
    width |= {name: np.zeros(251, int) for name in WIDTH_CLASSES[3:]}
    histograms = {"truth": truth, "label": label, "width": width}
    objects = dict.fromkeys(KINDS, 0) | {"fracture": 30, "ridge": round(10 * (1 - good)), "background": 4}
    content = {
        "product": "M1L",
        "incidence_deg": incidence_deg,
        "sun_azimuth_deg": 270.0,
        "resolution_m": 1.5,
        "area_km2": area_km2,
        "threshold": threshold,
        "min_area_m2": 150.0,
        "histograms": {
            name: {row: counts.tolist() for row, counts in rows.items()} for name, rows in histograms.items()
        },
        "fractures": {
            "width_class": ["tiny", "tiny", "small", "medium"],
            "length_m": [50.0, 60.0, 70.0, 80.0],
            "covered": {f"{threshold:g}": [good - 0.2, good, good, 1.0]},
        },
        "objects": {f"{threshold:g}": objects},
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folder of a comparison of two models of three seeds and one of one seed, its table, and the score files."""
    folder = tmp_path_factory.mktemp("comparison")
    models = []
    for name, good, seeds in (("paper", 0.55, (1, 2, 3)), ("imfmap <sun>", 0.8, (1, 2, 3)), ("fetched", 0.5, (0,))):
        for seed in seeds:
            stem = f"{name[:3]}{seed}"
            scores = [
                score_file(folder / f"{stem}_{number}.json", good + 0.02 * seed, incidence)
                for number, incidence in enumerate((40.0, 65.0))
            ]
            metrics = None if name == "fetched" else folder / f"{stem}.metrics.json"
            if metrics:
                metrics.write_text(json.dumps({"training_s": 600 * seed}))
            models.append({"name": name, "seed": seed, "scores": scores, "metrics": metrics})
    labels = [score_file(folder / "labels.json", 0.9, area_km2=4.0)]
    outputs = [folder / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    table = write(models, *outputs, folder / "figures", labels=labels, title="Trial")
    return folder, table.set_index("model"), models


def test_means_and_deviations_over_seeds(written):
    folder, table, models = written
    assert list(table.index) == ["paper", "imfmap <sun>", "fetched", LABELS_NAME]
    of_seed = [
        Scores([json.loads(path.read_text()) for path in model["scores"]])
        for model in models
        if model["name"] == "paper"
    ]
    f1 = [scores.pixel_scores()["f1"] for scores in of_seed]
    ridge = [scores.hits_at_recall(0.6)["ridge"] for scores in of_seed]
    assert table.truth_f1["paper"] == pytest.approx(np.mean(f1))
    assert table.truth_f1_sd["paper"] == pytest.approx(np.std(f1, ddof=1))
    assert table.ridge_at_60["paper"] == pytest.approx(np.mean(ridge))
    assert table.training_min["paper"] == pytest.approx(20.0)
    assert table.training_min_sd["paper"] == pytest.approx(10.0)
    # 14 objects in all that are no fractures' lie on 10 * (1 - 0.57) = 4 ridges and 4 times on nothing.
    assert table.false_per_km2["fetched"] == pytest.approx((5 + 4) / 2.0)
    stored = pandas.read_csv(folder / "table.csv", index_col="model")
    assert stored.truth_f1["paper"] == pytest.approx(np.mean(f1), rel=1e-4)


def test_what_has_no_meaning_is_left_open(written):
    _, table, _ = written
    assert np.isnan(table.training_min["fetched"])
    assert np.isnan(table.truth_f1_sd["fetched"])
    assert np.isnan(table.ridge_at_60[LABELS_NAME])
    assert table.truth_f1[LABELS_NAME] > 0.5


def test_the_pages_show_the_tables(written):
    folder, table, _ = written
    markdown = (folder / "table.md").read_text()
    first = markdown.split("\n\n")[1].splitlines()
    assert first[0].startswith("| model | seeds | F1 % | P % | R % | label F1 % |")
    paper = f"{100 * table.truth_f1['paper']:.1f} ± {100 * table.truth_f1_sd['paper']:.1f}"
    assert f"| paper | 3 | {paper} |" in first[2]
    assert "## Fracture pixels found, by incidence in degrees (%)" in markdown
    assert "| model | 30-45 | 60-75 |" in markdown
    # No seam and no image: nothing is said of them, nor of width classes that do not occur.
    assert "seam |" not in markdown and "huge" not in markdown
    page = (folder / "table.html").read_text()
    assert "imfmap &lt;sun&gt;" in page and "<sun>" not in page
    assert page.count("<table") == markdown.count("## ")


def test_figures_are_legible_and_in_both_forms(written):
    folder, _, _ = written
    for name in NAMES:
        image = Image.open(folder / "figures" / f"{name}.png").convert("L")
        assert image.width >= 600
        assert np.asarray(image).std() > 15
        pdf = (folder / "figures" / f"{name}.pdf").read_bytes()
        assert pdf.startswith(b"%PDF") and re.search(rb"/FontFile2|/CIDFontType2", pdf)


def test_the_same_scores_give_the_same_bytes(written, tmp_path):
    folder, _, models = written
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    write(models, *outputs, tmp_path / "figures", labels=[folder / "labels.json"], title="Trial")
    for path in [*outputs, *(tmp_path / "figures").iterdir()]:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_maps_of_several_images_have_no_incidence_to_draw(tmp_path):
    model = {"name": "a", "seed": 1, "scores": [score_file(tmp_path / "a.json", 0.7, incidence_deg=None)]}
    write([model], *(tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "html")), tmp_path / "figures")
    assert (tmp_path / "figures" / "recall_by_incidence.png").exists()
    assert "45-60" not in (tmp_path / "t.md").read_text()


def test_models_that_cannot_be_compared_are_told(tmp_path):
    outputs = [tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "html")]
    one = {"name": "a", "seed": 1, "scores": [score_file(tmp_path / "a.json", 0.7)]}
    with pytest.raises(InputError, match="a with seed 1 is named twice"):
        write([one, one], *outputs, tmp_path)
    other = {"name": "b", "seed": 1, "scores": [score_file(tmp_path / "b.json", 0.7, area_km2=3.0)]}
    with pytest.raises(InputError, match=r"b was scored on 3 km2 at 0\.5, a on 2 km2 at 0\.5"):
        write([one, other], *outputs, tmp_path)
    with pytest.raises(InputError, match="no model given"):
        write([], *outputs, tmp_path)
    assert not any(path.exists() for path in outputs)


def test_cells():
    assert cell(61.234, 0.8, 1) == "61.2 ± 0.8"
    assert cell(61.234, float("nan"), 1) == "61.2"
    assert cell(float("nan"), float("nan"), 1) == "-"
