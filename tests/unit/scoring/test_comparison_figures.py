"""Figures of a comparison, held to its tables."""

import json
import re
from contextlib import contextmanager

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from imfmap.scoring import comparison_figures
from imfmap.scoring.comparison import LABELS_NAME, write_comparison
from imfmap.scoring.comparison_figures import Row, draw_all
from imfmap.scoring.scores import Scores
from tests.helpers.score_files import line, score_file, scores_of

FIGURES = ("precision_recall", "recall_by_width", "by_incidence", "false_objects", "reliability")


def test_figures_are_legible_and_in_both_forms(written):
    folder, _, _ = written
    for name in FIGURES:
        image = Image.open(folder / "figures" / f"{name}.png").convert("L")
        assert image.width >= 600
        assert np.asarray(image).std() > 15
        pdf = (folder / "figures" / f"{name}.pdf").read_bytes()
        assert pdf.startswith(b"%PDF") and re.search(rb"/FontFile2|/CIDFontType2", pdf)


def test_maps_of_several_images_have_no_incidence_to_draw(tmp_path):
    scores = [score_file(tmp_path / "a.json", 0.7, incidence_deg=None, product=None)]
    model = {"name": "a", "seed": 1, "scores": scores}
    write_comparison([model], *(tmp_path / f"t.{suffix}" for suffix in ("csv", "md", "html")), tmp_path / "figures")
    drawn = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert drawn == set(FIGURES) - {"by_incidence"}
    assert "45-60" not in (tmp_path / "t.md").read_text()


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
    figures = draw([Row("paper, not Sun-aware", "paper", paper.seeds), *wrong])
    assert list(figures) == ["sun_error"]
    precision, ridges = figures["sun_error"]
    for axes, figure in ((precision, Scores.average_precision), (ridges, lambda one: one.hits_at_recall(0.4)["ridge"])):
        means = [100 * np.mean([figure(scores) for scores in row.seeds]) for row in (told, other)]
        assert line(axes, RED, "s") == pytest.approx(np.array([[0, means[0]], [40, means[1]]]))
        level = next(one for one in axes.lines if to_hex(one.get_color()).upper() == BLUE).get_ydata()[0]
        assert level == pytest.approx(100 * np.mean([figure(scores) for scores in paper.seeds]))
