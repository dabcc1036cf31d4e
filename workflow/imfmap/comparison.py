"""Models side by side: what each found on the same maps, averaged over seeds."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas

from .comparison_figures import draw_all
from .errors import InputError
from .jsonfiles import read_json
from .rasters import replacing
from .reports import write_pages
from .scores import LOOKALIKES, Scores
from .scoring import combine

# Recalls of the pixels at which lookalikes are compared; the table shows the middle one.
RECALLS = (0.4, 0.6, 0.8)
LABELS_NAME = "weak labels"
# What has no meaning for a map of two probabilities.
_NOT_OF_LABELS = ("average_precision", "calibration_error", "precision_at_60", "best_f1", "best_threshold")
_NOT_OF_LABELS += tuple(f"{kind}_at_60" for kind in LOOKALIKES)
_PERCENT = {
    "truth_f1": "F1 %",
    "truth_precision": "P %",
    "truth_recall": "R %",
    "label_f1": "label F1 %",
    "average_precision": "AP %",
    "ridge_at_60": "ridge px hit at R 60 %",
    "boulder_at_60": "boulder px hit at R 60 %",
    "trail_at_60": "trail px hit at R 60 %",
    "object_recall": "fractures found %",
    "object_precision": "objects true %",
    "calibration_error": "ECE %",
}
_NUMBERS = {"false_per_km2": ("false objects / km2", 1), "training_min": ("training min", 1)}


@dataclass
class Run:
    """One model of one seed.

    Attributes
    ----------
    name : str
        Shared by the seeds of one model.
    seed : int
    scores : Scores
    training_min : float
        Minutes that its training took; NaN where it was not trained here.
    """

    name: str
    seed: int
    scores: Scores
    training_min: float = math.nan

    @classmethod
    def read(cls, name, seed, scores, metrics=None):
        """Read a run's score files and, where there is one, its metrics.json."""
        seconds = read_json(metrics).get("training_s") if metrics else None
        return cls(name, seed, combine(scores), math.nan if seconds is None else seconds / 60)


def write(models, csv_path, markdown_path, html_path, figure_dir, *, labels=(), title="Comparison"):
    """Write the tables and figures of a comparison.

    Parameters
    ----------
    models : list of dict
        `name`, `seed`, `scores` (files of `scoring.score_image`) and, where it was trained here, `metrics` (its
        metrics.json). Those of one name are seeds of one model.
    csv_path, markdown_path, html_path : path
        The CSV holds a row a model with mean and standard deviation (of the sample) over seeds of everything, and a row
        for the labels; the others show the main columns, then recall by width class and incidence, and false objects.
    figure_dir : path
        Folder of the figures, see `comparison_figures`; PNG and PDF.
    labels : sequence of path
        Files of `scoring.score_labels` of the same scenes: the weak labels' own score.
    title : str

    Returns
    -------
    pandas.DataFrame
        What the CSV holds.

    Raises
    ------
    InputError
        Where there is no model, or two have the same name and seed, or they were scored on different ground.
    """
    if not models:
        raise InputError("comparison", "no model given", "name at least one")
    runs = [Run.read(**model) for model in models]
    _check(runs)
    groups = {name: [run for run in runs if run.name == name] for name in dict.fromkeys(run.name for run in runs)}
    table = pandas.DataFrame([_row(name, members) for name, members in groups.items()])
    details = {name: [_details(run.scores) for run in members] for name, members in groups.items()}
    if labels:
        drawn = Run(LABELS_NAME, 0, combine(labels))
        row = _row(LABELS_NAME, [drawn]) | dict.fromkeys(_NOT_OF_LABELS, math.nan)
        table = pandas.concat([table, pandas.DataFrame([row])], ignore_index=True)
        details[LABELS_NAME] = [_details(drawn.scores) | {recall: {} for recall in RECALLS}]
    with replacing(csv_path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.5g")
    parts = [(title, _main_table(table))]
    tables = [(heading, _detail_table(details, key, unit)) for heading, key, unit in _DETAILS]
    # A map of many Suns has no incidence, one of a single image no seams.
    parts += [(heading, table_of) for heading, table_of in tables if table_of.shape[1] > 1]
    write_pages(parts, markdown_path, html_path, title, _notes(runs))
    draw_all({name: [run.scores for run in members] for name, members in groups.items()}, Path(figure_dir))
    return table


_DETAILS = (
    ("Fracture pixels found, by width class (%)", "recall by width", 100),
    ("Fractures found, by width class (%)", "objects by width", 100),
    ("Fracture pixels found, by incidence in degrees (%)", "recall by incidence", 100),
    ("F1 in the light and in shadow, away from seams and near them (%)", "f1 by place", 100),
    ("False objects per km2, by what they lie on", "false objects", 1),
    *((f"Pixels hit where {100 * recall:.0f} % of the fracture pixels are (%)", recall, 100) for recall in RECALLS),
)


def _check(runs):
    seen = [(run.name, run.seed) for run in runs]
    twice = next((pair for number, pair in enumerate(seen) if pair in seen[:number]), None)
    if twice:
        raise InputError("comparison", f"{twice[0]} with seed {twice[1]} is named twice", "name each seed once")
    first = runs[0].scores
    for run in runs:
        if (
            not math.isclose(run.scores.area_km2, first.area_km2, rel_tol=0.05)
            or run.scores.threshold != first.threshold
        ):
            found = f"{run.name} was scored on {run.scores.area_km2:.4g} km2 at {run.scores.threshold:g}"
            raise InputError(
                "comparison",
                f"{found}, {runs[0].name} on {first.area_km2:.4g} km2 at {first.threshold:g}",
                "score all on the same maps alike",
            )


def _figures(run):
    """Main figures of a run by the table's keys."""
    scores = run.scores
    truth, objects, equal = scores.pixel_scores(scores.threshold), scores.object_scores(), scores.hits_at_recall(0.6)
    best_threshold, best_f1 = scores.best_f1()
    return {
        **{f"truth_{name}": truth[name] for name in ("f1", "precision", "recall", "iou")},
        "label_f1": scores.pixel_scores(scores.threshold, "label")["f1"],
        "best_f1": best_f1,
        "best_threshold": best_threshold,
        "average_precision": scores.average_precision(),
        "precision_at_60": equal["precision"],
        **{f"{kind}_at_60": equal[kind] for kind in LOOKALIKES},
        "object_recall": objects["recall"],
        "object_precision": objects["precision"],
        "false_per_km2": objects["false_per_km2"],
        "calibration_error": scores.calibration_error(),
        "training_min": run.training_min,
    }


def _row(name, runs):
    figures = pandas.DataFrame([_figures(run) for run in runs])
    row = {"model": name, "seeds": len(runs)}
    for key in figures:
        row |= {key: figures[key].mean(), f"{key}_sd": figures[key].std(ddof=1)}
    return row


def _details(scores):
    """Figures of the further tables, by heading and column."""
    objects, places = scores.object_scores(), scores.scores_by_place(scores.threshold)
    return {
        "recall by width": scores.recall_by_width(scores.threshold),
        "objects by width": objects["recall_by_width"],
        "recall by incidence": scores.recall_by_incidence(scores.threshold),
        "f1 by place": {place: figures["f1"] for place, figures in places.items()},
        "false objects": objects["false_by_kind_per_km2"],
        **{recall: _percent_hits(scores, recall) for recall in RECALLS},
    }


def _percent_hits(scores, recall):
    return {name: value for name, value in scores.hits_at_recall(recall).items() if name != "threshold"}


def _main_table(table):
    rows = []
    for _, row in table.iterrows():
        cells = {"model": row.model, "seeds": "-" if row.model == LABELS_NAME else str(row.seeds)}
        for key, name in _PERCENT.items():
            cells[name] = cell(100 * row[key], 100 * row[f"{key}_sd"], 1)
        for key, (name, digits) in _NUMBERS.items():
            cells[name] = cell(row[key], row[f"{key}_sd"], digits)
        rows.append(cells)
    return pandas.DataFrame(rows)


def _detail_table(details, key, unit):
    """A row a model, a column a class; columns that no model has a figure in are left out."""
    rows = []
    for name, members in details.items():
        values = pandas.DataFrame([member[key] for member in members]).astype(float) * unit
        rows.append(
            {"model": name} | {column: (values[column].mean(), values[column].std(ddof=1)) for column in values}
        )
    columns = list(dict.fromkeys(column for row in rows for column in row if column != "model"))
    columns = [column for column in columns if any(not math.isnan(row[column][0]) for row in rows if column in row)]
    nothing = (math.nan, math.nan)
    return pandas.DataFrame(
        [{"model": row["model"]} | {column: cell(*row.get(column, nothing), 1) for column in columns} for row in rows]
    )


def cell(mean, sd, digits):
    """Text of a mean and its standard deviation; of one seed just the value."""
    if mean is None or math.isnan(mean):
        return "-"
    return f"{mean:.{digits}f}" + ("" if math.isnan(sd) else f" ± {sd:.{digits}f}")


def _notes(runs):
    scores = runs[0].scores
    fractures = scores.object_scores()["fractures"]
    seeds = np.unique([run.seed for run in runs])
    return (
        f"Against the exact truth of {scores.maps} maps ({scores.area_km2:.1f} km2, {fractures} fractures), at "
        f"probability {scores.threshold:g} and above; seeds {', '.join(map(str, seeds))}: mean ± standard deviation. "
        "Hit at R 60 %: share of those pixels found where 60 % of the fracture pixels are. A fracture is found where "
        "half of its centreline is covered. ECE: expected calibration error. Weak labels: scored as a map."
    )
