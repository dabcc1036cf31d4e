"""Compare models on the same maps: tables and figures of their scores, averaged over seeds."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas

from ..core.errors import InputError
from ..core.files import replacing
from ..core.jsonfiles import read_json
from ..learning.evaluation_tables import write_table_pages
from .comparison_figures import Row, draw_all
from .probability_scores import combine_scores
from .scores import AT_INCIDENCES, LOOKALIKES, Scores

# Recalls of fracture pixels, in percent, at which hits of other pixels are compared. The main table has those at 60 %.
RECALLS_PERCENT = (40, 60, 80)
LABELS_NAME = "weak labels"
_ELSEWHERE = "F1 %, threshold from other places (at)"
# Columns of the main table: key, unit, digits.
_MAIN = {
    "F1 %": ("truth_f1", 100, 1),
    "P %": ("truth_precision", 100, 1),
    "R %": ("truth_recall", 100, 1),
    "best F1 % (at)": ("best_f1", 100, 1),
    _ELSEWHERE: ("f1_elsewhere", 100, 1),
    "AP %": ("average_precision", 100, 1),
    "ridge px hit at R 60 %": ("ridge_at_60", 100, 1),
    "boulder px hit at R 60 %": ("boulder_at_60", 100, 1),
    "trail px hit at R 60 %": ("trail_at_60", 100, 1),
    "fractures found %": ("object_recall", 100, 1),
    "objects true %": ("object_precision", 100, 1),
    "false objects / km2": ("false_per_km2", 1, 1),
    "ECE %": ("calibration_error", 100, 1),
    "label F1 %": ("label_f1", 100, 1),
    "validation F1 %": ("validation_f1", 100, 1),
    "training min": ("training_min", 1, 1),
}


@dataclass
class Run:
    """One model of one seed.

    Attributes
    ----------
    name : str
        Name of the table's row, shared by the seeds of one model.
    seed : int
    scores : Scores
    model : str
        Name of the model, shared by its rows.
    sun_offset_deg : float or None
        Error of the Sun's direction that a Sun-aware model was given; None in comparisons without such errors.
    training_min, validation_f1 : float
        Minutes that the training took, and F1 (0..1) over all pixels of its validation tiles, against their labels; NaN
        if the model was not trained here.
    scale : str
        The network and the size of its training, in words; empty if the model was not trained here.
    """

    name: str
    seed: int
    scores: Scores
    model: str
    sun_offset_deg: float | None = None
    training_min: float = math.nan
    validation_f1: float = math.nan
    scale: str = ""

    @classmethod
    def read(
        cls,
        name: str,
        seed: int,
        scores: Sequence[str | Path],
        metrics: str | Path | None = None,
        model: str | None = None,
        sun_offset_deg: float | None = None,
    ) -> Self:
        """Read the score files of a run and, if one is given, its metrics.json."""
        trained = read_json(metrics) if metrics else {}
        seconds, f1 = trained.get("training_s"), trained.get("best", {}).get("validation_pooled_f1")
        of_training = (math.nan if seconds is None else seconds / 60, math.nan if f1 is None else f1)
        scale = _scale(trained) if "settings" in trained else ""
        return cls(name, seed, combine_scores(scores), model or name, sun_offset_deg, *of_training, scale)


def write_comparison(
    models: Sequence[Mapping[str, Any]],
    csv_path: str | Path,
    markdown_path: str | Path,
    html_path: str | Path,
    figure_dir: str | Path,
    *,
    labels: Sequence[str | Path] = (),
    title: str = "Comparison",
) -> pandas.DataFrame:
    """Write the tables and figures of a comparison.

    Parameters
    ----------
    models : list of dict
        One item per model and seed: `name`, `seed`, `scores` (files of `probability_scores.score_probability`) and, if
        the model was trained here, `metrics` (its metrics.json). Items of one name are seeds of one row. If a model has
        several rows, each has `model`, the model's name; `sun_offset_deg` if the rows differ by it. See `Run`.
    csv_path, markdown_path, html_path : path
        The CSV holds every figure of the other two files, in one row per model and one row for the labels: mean and
        standard deviation (of the sample, ``_sd``) over seeds, both missing if a seed lacks the figure. The other files
        show the main columns, then scores by width class, by incidence, by light and by kind of false object.
    figure_dir : path
        Folder of the figures, see `comparison_figures.draw_all`; PNG and PDF.
    labels : sequence of path
        Files of `probability_scores.score_labels` of the same scenes: scores of the weak labels themselves.
    title : str
        Title of the main table and of the page.

    Returns
    -------
    pandas.DataFrame
        The table of the CSV.

    Raises
    ------
    InputError
        If there is no model, if two have the same name and seed, or if they were scored on different images.
    """
    if not models:
        raise InputError("comparison", "no model given", "name at least one model")
    runs = [Run.read(**model) for model in models]
    _check(runs)
    groups = {name: [run for run in runs if run.name == name] for name in dict.fromkeys(run.name for run in runs)}
    rows = [_row(name, [_figures(run) for run in members], members) for name, members in groups.items()]
    label_scores = combine_scores(labels) if labels else None
    if label_scores:
        label_run = Run(LABELS_NAME, 0, label_scores, LABELS_NAME)
        rows.append(_row(LABELS_NAME, [_at_threshold(label_scores)], [label_run]))
    table = pandas.DataFrame(rows)
    with replacing(csv_path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.5g")
    first = runs[0].scores
    parts = [(title, _main_table(table, first)), *_detail_tables(table, first)]
    write_table_pages(parts, markdown_path, html_path, title, _notes(runs, label_scores))
    shown = [
        Row(name, members[0].model, [run.scores for run in members], members[0].sun_offset_deg)
        for name, members in groups.items()
    ]
    draw_all(shown, Path(figure_dir), label_scores)
    return table


def _check(runs):
    twice = [pair for pair, count in Counter((run.name, run.seed) for run in runs).items() if count > 1]
    if twice:
        raise InputError("comparison", f"{twice[0][0]} with seed {twice[0][1]} is named twice", "name each seed once")
    first = runs[0]
    for run in runs:
        remedy = "score all models on the same images, at the same threshold"
        if run.scores.threshold != first.scores.threshold:
            found = f"{run.name} was scored at {run.scores.threshold:g}, {first.name} at {first.scores.threshold:g}"
            raise InputError("comparison", found, remedy)
        one, other = Counter(run.scores.grounds), Counter(first.scores.grounds)
        for (more, less), (name, lacks) in (((one, other), (run, first)), ((other, one), (first, run))):
            if more - less:
                ground = " of ".join(word for word in reversed(next(iter(more - less))) if word)
                found = f"{name.name}, seed {name.seed}, was scored on {ground}"
                raise InputError("comparison", f"{found}, {lacks.name}, seed {lacks.seed}, was not", remedy)


def _figures(run):
    """Return all figures of a run, by the table's keys."""
    scores = run.scores
    best_threshold, best_f1 = scores.best_f1()
    threshold_elsewhere, f1_elsewhere = scores.f1_elsewhere()
    figures = {
        **_at_threshold(scores),
        "best_f1": best_f1,
        "best_threshold": best_threshold,
        "f1_elsewhere": f1_elsewhere,
        "threshold_elsewhere": threshold_elsewhere,
        "average_precision": scores.average_precision(),
        "label_average_precision": scores.average_precision("label"),
        "calibration_error": scores.calibration_error(),
        "validation_f1": run.validation_f1,
        "training_min": run.training_min,
    }
    for percent in RECALLS_PERCENT:
        equal = scores.hits_at_recall(percent / 100)
        figures |= {f"{name}_at_{percent}": value for name, value in equal.items()}
    for bin_, part in scores.by_incidence().items():
        figures[f"recall_by_incidence.{bin_}"] = part.pixel_scores(scores.threshold)["recall"]
        figures[f"average_precision_by_incidence.{bin_}"] = part.average_precision()
        figures[f"ridge_by_incidence.{bin_}"] = part.hits_at_recall(AT_INCIDENCES)["ridge"]
    return figures


def _at_threshold(scores):
    """Return the figures at the threshold; a map of only two probabilities has them, too."""
    objects, places = scores.object_scores(), scores.scores_by_place(scores.threshold)
    figures = {
        f"{against}_{name}": value
        for against in ("truth", "label")
        for name, value in scores.pixel_scores(scores.threshold, against).items()
    }
    figures |= {
        "object_recall": objects["recall"],
        "object_precision": objects["precision"],
        "false_per_km2": objects["false_per_km2"],
    }
    groups = {
        "recall_by_width": scores.recall_by_width(scores.threshold),
        "found_by_width": objects["recall_by_width"],
        "f1_by_place": {place: values["f1"] for place, values in places.items()},
        "false_by_kind_per_km2": objects["false_by_kind_per_km2"],
    }
    return figures | {f"{group}.{name}": value for group, named in groups.items() for name, value in named.items()}


def _row(name, figures, runs):
    """Return a row of means and standard deviations over seeds; NaN if a seed lacks the figure."""
    figures = pandas.DataFrame(figures)
    mean, sd = figures.mean(skipna=False), figures.std(ddof=1, skipna=False)
    row = {"model": name, "seeds": len(runs), "maps": runs[0].scores.maps, "km2": runs[0].scores.area_km2}
    for key in figures:
        row |= {key: mean[key], f"{key}_sd": sd[key]}
    return row


def _main_table(table, scores):
    # The ECE is small if fractures are rare. So that of a map of zeros is shown for comparison.
    names = {"ECE %": f"ECE % (map of zeros: {100 * scores.base_rate():.1f})"}
    rows = []
    for _, row in table.iterrows():
        cells = {"model": row.model, "seeds": "-" if row.model == LABELS_NAME else str(row.seeds)}
        for name, (key, unit, digits) in _MAIN.items():
            cells[names.get(name, name)] = cell(unit * row[key], unit * row[f"{key}_sd"], digits)
        for name, threshold in (("best F1 % (at)", row.best_threshold), (_ELSEWHERE, row.threshold_elsewhere)):
            if not math.isnan(threshold):
                cells[name] += f" ({threshold:.2f})"
        rows.append(cells | {"maps": str(row.maps), "km2": f"{row.km2:.1f}"})
    # With only one place there are no other places.
    return pandas.DataFrame(rows).drop(columns=[] if table.f1_elsewhere.notna().any() else _ELSEWHERE)


def _detail_tables(table, scores):
    """Return headings and tables: one row per model, one column per class; those without figures are left out."""

    def named(group):
        start = f"{group}."
        return {key.removeprefix(start): key for key in table if key.startswith(start) and not key.endswith("_sd")}

    shares = {place: values["share"] for place, values in scores.scores_by_place().items()}
    places = {f"{name} ({100 * shares[name]:.1f} % of fracture px)": key for name, key in named("f1_by_place").items()}
    at = f"at a recall of {100 * AT_INCIDENCES:.0f} %"
    parts = [
        ("Fracture pixels found, by width class (%)", 100, named("recall_by_width")),
        ("Fractures found, by width class (%)", 100, named("found_by_width")),
        ("Average precision, by incidence in degrees (%)", 100, named("average_precision_by_incidence")),
        (f"Ridge pixels hit {at}, by incidence in degrees (%)", 100, named("ridge_by_incidence")),
        ("Fracture pixels found, by incidence in degrees (%)", 100, named("recall_by_incidence")),
        ("F1 in the light and in shadow, away from seams and near them (%)", 100, places),
        ("False objects per km2, by what they lie on", 1, named("false_by_kind_per_km2")),
    ]
    for percent in RECALLS_PERCENT:
        names = ("precision", *LOOKALIKES, "background")
        hits = {name: f"{name}_at_{percent}" for name in names}
        parts.append((f"Pixels hit at a recall of {percent} % of the fracture pixels (%)", 100, hits))
    tables = []
    for heading, unit, columns in parts:
        columns = {name: key for name, key in columns.items() if table[key].notna().any()}
        rows = [
            {"model": row.model}
            | {name: cell(unit * row[key], unit * row[f"{key}_sd"], 1) for name, key in columns.items()}
            for _, row in table.iterrows()
        ]
        if columns:
            tables.append((heading, pandas.DataFrame(rows)))
    known = [number for number, (heading, _) in enumerate(tables) if "incidence" in heading]
    if known:
        tables.insert(known[0], ("What is seen under each incidence", _incidence_table(scores)))
    return tables


def _incidence_table(scores):
    """Return the table of images, places and widths of fractures in each range of incidence."""
    rows, widths = [], [name for name, share in scores.share_by_width().items() if share > 0]
    for name, part in scores.by_incidence().items():
        row = {"incidence, degrees": name, "images": str(part.maps), "places": str(part.places)}
        row |= {"km2": f"{part.area_km2:.1f}", "fractures": str(part.object_scores()["fractures"])}
        shares = part.share_by_width()
        rows.append(row | {f"{width} px %": cell(100 * shares[width], math.nan, 1) for width in widths})
    return pandas.DataFrame(rows)


def cell(mean: float | None, sd: float, digits: int) -> str:
    """Return a mean and its standard deviation as text; only the mean if the deviation is NaN; "-" without a mean."""
    if mean is None or math.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + ("" if math.isnan(sd) else f" ± {sd:.{digits}f}")


def _scale(trained):
    """Return the network and the size of its training in words; `trained` is the content of its metrics.json."""
    settings = trained["settings"]
    network = " on ".join(settings[key] for key in ("architecture", "encoder") if key in settings)
    tiles = f"{settings['epochs']} epochs of {sum(trained['tiles']['train'].values())} tiles of "
    tiles += f"{settings['tile_size_px']} px, {settings['batch_size']} at once"
    weights = settings["weights"] or "random"
    if settings.get("encoder_weights"):
        weights += f", the encoder's {settings['encoder_weights']}"
    return f"{network}, {tiles}, weights {weights}, {trained['device']}"


def _notes(runs, labels):
    scores = runs[0].scores
    fractures = scores.object_scores()["fractures"]
    seeds = np.unique([run.seed for run in runs])
    notes = (
        f"Against the exact truth of {scores.maps} maps ({scores.area_km2:.1f} km2, {fractures} fractures), at "
        f"probability {scores.threshold:g} and above; seeds {', '.join(map(str, seeds))}: mean ± standard deviation, "
        "- if a seed has no such figure. Best F1: at the threshold in brackets, which is chosen with the truth. "
        "F1, threshold from other places: each place at the threshold with the best F1 against the weak labels of all "
        "other places. Hit at R 60 %: share of those pixels that are hit at a recall of 60 % of the fracture pixels. A "
        "fracture is found if at least half of its centreline is covered. ECE: expected calibration error; that of a "
        "map of zeros is the share of fracture pixels. Validation F1: over all pixels of the training's validation "
        "tiles, against their labels."
    )
    scales = {run.model: run.scale for run in runs if run.scale}
    if scales:
        notes += f" Trained: {'; '.join(f'{model}: {scale}' for model, scale in scales.items())}."
    if not labels:
        return notes
    return f"{notes} Weak labels: scored as a map, each place once (maps: {labels.maps}, {labels.area_km2:.1f} km2)."
