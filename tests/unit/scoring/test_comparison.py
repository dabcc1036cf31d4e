"""Models side by side: means over seeds, what is left open, figures that can be read."""

import json
import re
from contextlib import contextmanager

import numpy as np
import pandas
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from imfmap.core.errors import InputError
from imfmap.labels.truth_classes import CLASSES
from imfmap.labels.width_classes import WIDTH_CLASSES
from imfmap.scoring import comparison_figures
from imfmap.scoring.comparison import LABELS_NAME, cell, write_comparison
from imfmap.scoring.comparison_figures import Row, draw_all
from imfmap.scoring.counts import KINDS
from imfmap.scoring.scores import Scores

FIGURES = ("precision_recall", "recall_by_width", "by_incidence", "false_objects", "reliability")


def score_file(path, good, incidence_deg=50.0, area_km2=2.0, threshold=0.5, target="floor", product="M1L", unseen=0):
    """Score file of a model that gives fractures probability `good` (ridges half of it) with a little spread.

    Of `unseen` of the 1000 fracture pixels it knows nothing.
    """
    levels = np.arange(251)

    def around(probability, pixels):
        weights = np.exp(-(((levels - 250 * probability) / 50.0) ** 2))
        return np.rint(pixels * weights / weights.sum()).astype(int)

    truth = {name: around(0.1, 500) for name in CLASSES} | {"fracture": around(good, 1000 - unseen)}
    truth["fracture"][0] += unseen
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
        "target": target,
        "product": product,
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


def scores_of(model):
    return Scores([json.loads(path.read_text()) for path in model["scores"]])


SCALE = {"epochs": 17, "tile_size_px": 256, "batch_size": 4}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folder of a comparison of two models of three seeds and one of one seed, its table, and the score files."""
    folder = tmp_path_factory.mktemp("comparison")
    models = []
    for name, good, seeds in (("paper", 0.55, (1, 2, 3)), ("imfmap <sun>", 0.8, (1, 2, 3)), ("fetched", 0.5, (0,))):
        for seed in seeds:
            stem = f"{name[:3]}{seed}"
            scores = [
                score_file(folder / f"{stem}_{number}.json", good + 0.02 * seed, incidence, product=product)
                for number, (product, incidence) in enumerate((("M1L", 40.0), ("M2L", 65.0)))
            ]
            metrics = None if name == "fetched" else folder / f"{stem}.metrics.json"
            if metrics:
                trained = {
                    "training_s": 600 * seed,
                    "best": {"validation_f1": 0.1, "validation_pooled_f1": 0.3 + seed / 10},
                }
                trained |= {"tiles": {"train": {"with_fractures": 30, "without_fractures": 12}}, "device": "a card"}
                trained["settings"] = {"architecture": "unet", "encoder": "tiny", "weights": None, **SCALE}
                metrics.write_text(json.dumps(trained))
            models.append({"name": name, "seed": seed, "scores": scores, "metrics": metrics})
    labels = [score_file(folder / "labels.json", 0.9, area_km2=2.0)]
    outputs = [folder / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    table = write_comparison(models, *outputs, folder / "figures", labels=labels, title="Trial")
    return folder, table.set_index("model"), models


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
    cells = cells_of(tmp_path, "Comparison")["net"]["F1 % as labels elsewhere choose (at)"]
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
    assert f"ECE % (of zeros {100 * rate:.1f})" in cells["paper"]
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
    heading = "Ridge pixels hit where 40 % of the fracture pixels are, by incidence in degrees (%)"
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
    hits = cells_of(tmp_path, "Pixels hit where 40 % of the fracture pixels are (%)")
    assert hits["a"]["ridge"] != "-"
    assert "Pixels hit where 80 %" not in (tmp_path / "table.md").read_text()


def test_figures_are_legible_and_in_both_forms(written):
    folder, _, _ = written
    for name in FIGURES:
        image = Image.open(folder / "figures" / f"{name}.png").convert("L")
        assert image.width >= 600
        assert np.asarray(image).std() > 15
        pdf = (folder / "figures" / f"{name}.pdf").read_bytes()
        assert pdf.startswith(b"%PDF") and re.search(rb"/FontFile2|/CIDFontType2", pdf)


def test_the_same_scores_give_the_same_bytes(written, tmp_path):
    folder, _, models = written
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    write_comparison(models, *outputs, tmp_path / "figures", labels=[folder / "labels.json"], title="Trial")
    for path in [*outputs, *(tmp_path / "figures").iterdir()]:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_maps_of_several_images_have_no_incidence_to_draw(tmp_path):
    scores = [score_file(tmp_path / "a.json", 0.7, incidence_deg=None, product=None)]
    model = {"name": "a", "seed": 1, "scores": scores}
    write_comparison([model], *(tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "html")), tmp_path / "figures")
    drawn = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert drawn == set(FIGURES) - {"by_incidence"}
    assert "45-60" not in (tmp_path / "t.md").read_text()


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


# --- what figures show ---


@pytest.fixture
def drawn(written, monkeypatch):
    """Function: the axes of every figure of the rows of that comparison, by the figure's name, and the rows."""
    figures = {}

    @contextmanager
    def kept(png, _, rows=1, panel_inches=None, **layout):
        axes = Figure().subplots(rows, 1, **layout)
        yield axes
        figures[png.stem] = axes

    monkeypatch.setattr(comparison_figures, "saved_figure", kept)
    folder, _, models = written
    names = list(dict.fromkeys(model["name"] for model in models))
    rows = [Row(name, name, [scores_of(model) for model in models if model["name"] == name]) for name in names]

    def draw(rows=rows, labels=None):
        figures.clear()
        draw_all(rows, folder, labels)
        return figures

    return draw, rows


def line(axes, colour, kind="-"):
    """Points of the line of a colour that has no mark (kind is its dash) or of one with this mark, in percent."""
    lines = [
        one.get_xydata()
        for one in axes.lines
        if to_hex(one.get_color()).upper() == colour
        and kind in (one.get_linestyle() + one.get_marker(), one.get_marker())
    ]
    return max(lines, key=len)


BLUE, RED, GREEN = comparison_figures.COLOURS[:3]


def test_the_curve_is_that_of_the_tables(drawn, written):
    draw, rows = drawn
    axes = draw()["precision_recall"]
    _, table, _ = written
    for number, colour in enumerate((BLUE, RED)):
        curve = line(axes, colour, f"{comparison_figures.DASHES[0]}None")
        # Where the table has a row, and everywhere by the function that the table is made by.
        for recall in (40, 60, 80):
            assert np.interp(recall, *curve.T) == pytest.approx(
                100 * table[f"precision_at_{recall}"].iloc[number], rel=1e-3
            )
        for recall, precision in curve[::20]:
            hits = [scores.hits_at_recall(recall / 100)["precision"] for scores in rows[number].seeds]
            assert precision == pytest.approx(100 * np.mean(hits))
    bands = axes.collections[0].get_paths()[0].vertices
    at_60 = bands[np.isclose(bands[:, 0], 60)]
    hits = [100 * scores.hits_at_recall(0.6)["precision"] for scores in rows[0].seeds]
    assert (at_60[:, 1].min(), at_60[:, 1].max()) == pytest.approx((min(hits), max(hits)))


def test_weak_labels_are_a_mark_on_the_curves_and_a_line_on_the_widths(drawn, written):
    draw, _ = drawn
    folder, table, _ = written
    labels = Scores([json.loads((folder / "labels.json").read_text())])
    figures = draw(labels=labels)
    star = line(figures["precision_recall"], "#000000", "*")
    assert star[0] == pytest.approx(100 * table.loc[LABELS_NAME, ["truth_recall", "truth_precision"]].astype(float))
    axes = figures["recall_by_width"]
    lines = next(one for one in axes.collections if to_hex(one.get_color()[0]) == "#000000").get_segments()
    assert [segment[0, 1] for segment in lines] == pytest.approx(
        [100 * table[f"recall_by_width.{name}"][LABELS_NAME] for name in ("tiny", "small", "medium")]
    )
    # Two maps of four fractures.
    assert [tick.get_text() for tick in axes.get_xticklabels()] == [
        "tiny\n0\u20135\nn = 4",
        "small\n5\u201310\nn = 2",
        "medium\n10\u201320\nn = 2",
    ]


def test_marks_by_width_and_incidence_are_the_tables(drawn, written):
    draw, _ = drawn
    figures, (_, table, _) = draw(), written
    widths = line(figures["recall_by_width"], RED, "s")[:, 1]
    keys = [f"recall_by_width.{name}" for name in ("tiny", "small", "medium")]
    assert widths == pytest.approx(100 * table.loc["imfmap <sun>", keys].astype(float))
    precision, ridges = figures["by_incidence"]
    for axes, group in ((precision, "average_precision_by_incidence"), (ridges, "ridge_by_incidence")):
        marks = line(axes, BLUE, "o")[:, 1]
        assert marks == pytest.approx(100 * table.loc["paper", [f"{group}.30-45", f"{group}.60-75"]].astype(float))
    assert [tick.get_text().replace("\u2013", "-") for tick in ridges.get_xticklabels()] == [
        "30-45\n1 image\n1 place",
        "60-75\n1 image\n1 place",
    ]


def test_bars_of_false_objects_are_the_rates_and_their_range(drawn, written):
    draw, rows = drawn
    axes, (_, table, _) = draw()["false_objects"], written
    for number, row in enumerate(rows):
        bars = [bar for bar in axes.patches if abs(bar.get_y() + bar.get_height() / 2 - number) < 0.01]
        assert sum(bar.get_width() for bar in bars) == pytest.approx(table.false_per_km2.iloc[number])
        assert all(bar.get_linewidth() <= 0.3 for bar in bars)
        rates = [scores.object_scores()["false_per_km2"] for scores in row.seeds]
        ranges = [one.get_xdata() for one in axes.lines if abs(one.get_ydata()[0] - number - 0.38) < 0.01]
        assert [list(pair) for pair in ranges] == ([[min(rates), max(rates)]] if len(rates) > 1 else [])
    assert axes.get_xlim()[1] >= 1.19 * table.false_per_km2.max()


def test_reliability_is_drawn_with_the_pixels_behind_it(drawn):
    draw, rows = drawn
    shares, numbers = draw()["reliability"]
    mean, frequency, pixels = rows[2].seeds[0].reliability()
    seen = pixels > 0
    assert line(shares, GREEN, "^") == pytest.approx(100 * np.stack([mean, frequency], axis=1)[seen])
    assert line(numbers, GREEN, "^")[:, 1] == pytest.approx(100 * pixels[seen] / pixels.sum())
    rate = 100 * rows[0].seeds[0].base_rate()
    assert f"ECE of a map of zeros: {rate:.1f} %" in shares.figure.legends[0].get_title().get_text()


def test_a_model_has_one_colour_whatever_its_rows(drawn):
    draw, rows = drawn
    more = [Row(f"{row.name}, {way}", row.model, row.seeds) for row in rows for way in ("alone", "fused")]
    for chosen in (rows, more):
        legend = draw(chosen)["precision_recall"].figure.legends[0]
        colours = {
            text.get_text().split(",")[0]: to_hex(handle.get_color()).upper()
            for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True)
        }
        assert colours == {"paper": BLUE, "imfmap <sun>": RED, "fetched": GREEN}
    handles = draw(more)["precision_recall"].figure.legends[0].legend_handles
    assert len({(one.get_color(), one.get_marker(), str(one._dash_pattern)) for one in handles}) == 6


def test_a_wrong_sun_is_drawn_over_its_error_beside_who_was_not_told(drawn):
    draw, rows = drawn
    paper, told, other = rows
    # By 0 degrees wrong it is the one model, by 40 as bad as another.
    wrong = [Row("t, Sun +0", "t", told.seeds, 0), Row("t, Sun +40", "t", other.seeds, 40)]
    figures = draw([Row("paper, not told", "paper", paper.seeds), *wrong])
    assert list(figures) == ["sun_error"]
    precision, ridges = figures["sun_error"]
    for axes, figure in ((precision, Scores.average_precision), (ridges, lambda one: one.hits_at_recall(0.4)["ridge"])):
        means = [100 * np.mean([figure(scores) for scores in row.seeds]) for row in (told, other)]
        assert line(axes, RED, "s") == pytest.approx(np.array([[0, means[0]], [40, means[1]]]))
        level = next(one for one in axes.lines if to_hex(one.get_color()).upper() == BLUE).get_ydata()[0]
        assert level == pytest.approx(100 * np.mean([figure(scores) for scores in paper.seeds]))


def test_cells():
    assert cell(61.234, 0.8, 1) == "61.2 ± 0.8"
    assert cell(61.234, float("nan"), 1) == "61.2"
    assert cell(float("nan"), float("nan"), 1) == "-"
