"""What training and evaluation write for people: tables like the paper's, and training curves."""

import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas

from ..core.choices import PAPER_SETS
from ..core.errors import InputError
from ..core.files import replacing
from ..core.jsonfiles import read_json
from ..plots.style import COLOURS, DASHES, GREY, saved_figure
from .metrics import BatchAveragedMetrics, TruthMetrics

# Roles whose targets are scored.
SCORED_ROLES = ("validation", "test")
_SCORES = ("precision", "recall", "f1", "iou")
_PAPER_BLOCKS = (("Va1", ("P", "R", "F1")), ("Va2", ("IoU", "P", "R", "F1")), ("Te", ("P", "R", "F1", "IoU")))
_SHORT = {"precision": "P", "recall": "R", "f1": "F1", "iou": "IoU"}


def write_evaluation_tables(
    training_paths: Mapping[str, str | Path],
    result_paths: Mapping[str, Sequence[str | Path]],
    csv_path: str | Path,
    markdown_path: str | Path,
    html_path: str | Path,
) -> pandas.DataFrame:
    """Write the tables of the evaluation.

    Parameters
    ----------
    training_paths : mapping of str to path
        metrics.json of each model that was trained here, by the model's name.
    result_paths : mapping of str to list of path
        Files of `evaluation.evaluate` of each model, trained here or elsewhere.
    csv_path, markdown_path, html_path : path
        The CSV has one row for each model and set or target. The other two hold the paper's table (one row for each
        model, all targets of a set together), then each target, against labels and, if known, exact truth.

    Returns
    -------
    pandas.DataFrame
        What the CSV holds; scores in percent.

    Raises
    ------
    InputError
        If there is nothing to write a table of.
    """
    if not result_paths:
        raise InputError("evaluation.models", "names no model", "give names of models, such as [net]")
    if not training_paths and not any(result_paths.values()):
        found = f"{', '.join(result_paths)}: not trained here, and no target of role validation or test is for them"
        raise InputError("evaluation.models", found, "give a target that role, labels, and the models' resolution_m")
    rows, thresholds = [], set()
    for model, paths in result_paths.items():
        head = {"model": model, "batch_size": "-", "best_epoch": "-"}
        if model in training_paths:
            report = read_json(training_paths[model])
            head |= {"batch_size": report["settings"]["batch_size"], "best_epoch": report["best_epoch"]}
            scores = {name: report["best"][f"validation_{name}"] for name in _SCORES}
            tiles = _tile_counts([report["tiles"]["validation"]])
            rows.append({**head, "set": "Va1", "target": "all", **tiles, **_percents(scores)})
        results = [read_json(path) for path in paths]
        thresholds |= {result["threshold"] for result in results}
        for role, name in ((role, PAPER_SETS[role]) for role in SCORED_ROLES):
            chosen = [result for result in results if result["role"] == role]
            for group, target in [([result], result["target"]) for result in chosen] + [(chosen, "all")] * bool(chosen):
                rows.append({**head, "set": name, "target": target, **_scores_of(group)})
    table = pandas.DataFrame(rows).round(2)
    with replacing(csv_path) as temporary:
        table.to_csv(temporary, index=False)
    parts = [("The paper's metrics, against the labels (%)", paper_table(table))]
    if any(table.target != "all"):
        parts.append(("By target (%)", _target_table(table)))
    told = ", ".join(f"{threshold:g}" for threshold in sorted(thresholds))
    notes = f"Va2, Te: a pixel counts as fracture where its probability is {told} or more." if told else ""
    write_table_pages(parts, markdown_path, html_path, "Evaluation", notes)
    return table


def paper_table(table: pandas.DataFrame) -> pandas.DataFrame:
    """Return the paper's table of the networks, as texts.

    Parameters
    ----------
    table : pandas.DataFrame
        What the CSV of `write_evaluation_tables` holds.

    Returns
    -------
    pandas.DataFrame
        One row for each model: ``model``, ``batch``, ``best epoch``, and the scores of each set as a whole, in percent.
    """
    rows = []
    for (model, batch_size, best_epoch), group in table.groupby(["model", "batch_size", "best_epoch"], sort=False):
        row = {"model": model, "batch": str(batch_size), "best epoch": str(best_epoch)}
        sets = group[group.target == "all"].set_index("set").rename(columns=_SHORT)
        for name, scores in _PAPER_BLOCKS:
            row |= {f"{name} {score}": score_cell(sets[score].get(name)) for score in scores}
        rows.append(row)
    return pandas.DataFrame(rows)


def write_table_pages(
    parts: Sequence[tuple[str, pandas.DataFrame]],
    markdown_path: str | Path,
    html_path: str | Path,
    title: str,
    notes: str = "",
) -> None:
    """Write tables for people.

    Parameters
    ----------
    parts : list of (str, pandas.DataFrame)
        Heading and table; cells are written as they are.
    markdown_path, html_path : path
    title : str
        Title of the page.
    notes : str, optional
        A paragraph below the tables.
    """
    tables = "\n\n".join(f"## {heading}\n\n{_markdown(table)}" for heading, table in parts)
    with replacing(markdown_path) as temporary:
        temporary.write_text(tables + (f"\n\n{notes}" if notes else "") + "\n")
    with replacing(html_path) as temporary:
        temporary.write_text(_html(parts, title, notes))


def plot_training_curves(history: Sequence[Mapping[str, float]], path: str | Path) -> None:
    """Draw loss and scores of one training over its epochs.

    Parameters
    ----------
    history : list of dict
        Of `train.train`.
    path : path
        PNG to write.
    """
    table = pandas.DataFrame(history)
    with saved_figure(path, columns=2) as (losses, scores):
        losses.plot(table.epoch, table.train_loss, color=GREY, label="training")
        losses.plot(table.epoch, table.validation_loss, color="black", label="validation")
        losses.set(xlabel="epoch", ylabel="loss")
        for name, colour in zip(("precision", "recall", "f1"), (COLOURS[0], COLOURS[1], "black"), strict=True):
            scores.plot(table.epoch, 100 * table[f"validation_{name}"], color=colour, label=_SHORT[name])
            scores.plot(table.epoch, 100 * table[f"train_{name}"], color=colour, lw=0.9, ls=DASHES[1], alpha=0.8)
        scores.plot([], [], color=GREY, lw=0.9, ls=DASHES[1], label="on training tiles")
        best = table.validation_f1.idxmax() if table.validation_f1.notna().any() else None
        if best is not None:
            epoch, f1 = table.epoch[best], 100 * table.validation_f1[best]
            scores.plot(epoch, f1, "o", color="black", ms=5)
            scores.set_title(f"best F1 {f1:.1f} % in epoch {epoch:.0f}")
        scores.set(xlabel="epoch", ylabel="%, on validation tiles", ylim=(0, 100))
        for axes in (losses, scores):
            axes.legend()
            axes.xaxis.get_major_locator().set_params(integer=True)


def plot_curves_of_models(training_paths: Mapping[str, str | Path], *paths: str | Path) -> None:
    """Draw loss and F1 of several trainings over their epochs, side by side.

    Parameters
    ----------
    training_paths : mapping of str to path
        metrics.json of each model, by the model's name.
    *paths : path
        Files to write; the suffix of each says in which format.
    """
    with saved_figure(*paths, columns=2) as (losses, scores):
        for number, (model, path) in enumerate(training_paths.items()):
            table = pandas.DataFrame(read_json(path)["history"]).astype(float)
            colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
            losses.plot(table.epoch, table.train_loss, color=colour, lw=0.9, alpha=0.5, ls=dash)
            losses.plot(table.epoch, table.validation_loss, color=colour, ls=dash)
            scores.plot(table.epoch, 100 * table.validation_f1, color=colour, label=model, ls=dash)
            if table.validation_f1.notna().any():
                best = table.validation_f1.idxmax()
                scores.plot(table.epoch[best], 100 * table.validation_f1[best], "o", color=colour, ms=4)
        losses.plot([], [], color=GREY, label="validation")
        losses.plot([], [], color=GREY, lw=0.9, alpha=0.5, label="training")
        losses.set(xlabel="epoch", ylabel="loss")
        scores.set(xlabel="epoch", ylabel="F1 on validation tiles, %", ylim=(0, 100))
        for axes in (losses, scores):
            if axes.get_legend_handles_labels()[0]:
                axes.legend()
            axes.xaxis.get_major_locator().set_params(integer=True)


def _scores_of(results):
    """Return the scores in percent of several targets together, and the number of their tiles."""
    labels = BatchAveragedMetrics()
    for result in results:
        labels.merge(result["labels"]["values"])
    row = {**_tile_counts([result["tiles"] for result in results]), **_percents(labels.compute())}
    if all("truth" in result for result in results):
        truth = TruthMetrics(results[0]["truth"]["counts"])
        for result in results:
            truth.merge(result["truth"]["counts"])
        row |= {f"truth_{name}": value for name, value in _percents(truth.compute()).items()}
    return row


def _tile_counts(counts):
    return {f"tiles_{key}": sum(count[key] for count in counts) for key in ("with_fractures", "without_fractures")}


def _percents(scores):
    return {name: math.nan if value is None else 100 * value for name, value in scores.items()}


def _target_table(table):
    """Return a table with one row for each model and target: scores against labels, then against truth if known."""
    chosen = table[table.target != "all"].dropna(axis="columns", how="all")
    names = {"tiles_with_fractures": "tiles with", "tiles_without_fractures": "tiles without", **_SHORT}
    names |= {f"truth_{long}": f"truth {short}" for long, short in _SHORT.items()}
    columns = {}
    for column in chosen.columns.drop(["batch_size", "best_epoch"]):
        hit = column.removeprefix("truth_").removesuffix("_hit")
        name = f"{hit} px hit" if column.endswith("_hit") else names.get(column, column)
        scored = column in _SCORES or column.startswith("truth_")
        columns[name] = [score_cell(value) if scored else str(value) for value in chosen[column]]
    return pandas.DataFrame(columns)


def score_cell(value: float | None) -> str:
    """Return a score in percent as the tables show it; "-" if it is not known."""
    return "-" if value is None or pandas.isna(value) else f"{value:.1f}"


def _markdown(table):
    lines = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _html(parts, title, notes):
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em;color:#222}"
        " table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
        " th{border-bottom:2px solid #222;vertical-align:bottom} td{border-bottom:1px solid #ddd}"
        " td,th{padding:.3em .5em;text-align:right} td:first-child,th:first-child{text-align:left}"
        " section{overflow-x:auto}"
    )
    tables = (
        f"<section><h2>{html.escape(heading)}</h2>{table.to_html(index=False, border=0)}</section>"
        for heading, table in parts
    )
    body = f"<h1>{html.escape(title)}</h1>{''.join(tables)}<p>{html.escape(notes)}</p>"
    return f'<!doctype html><meta charset="utf-8"><title>{html.escape(title)}</title><style>{style}</style>{body}\n'
