"""What training and evaluation write for people: the tables of the paper's form, the training curves, JSON."""

import html
import json
import math

import pandas
from matplotlib.figure import Figure

from .metrics import BatchAveragedMetrics, TruthMetrics
from .rasters import replacing

# What the paper calls its sets.
SET_OF_ROLE = {"validation": "Va2", "test": "Te"}
_SCORES = ("precision", "recall", "f1", "iou")
_PAPER_BLOCKS = (("Va1", ("P", "R", "F1")), ("Va2", ("IoU", "P", "R", "F1")), ("Te", ("P", "R", "F1", "IoU")))
_SHORT = {"precision": "P", "recall": "R", "f1": "F1", "iou": "IoU"}


def write_tables(training_paths, result_paths, csv_path, markdown_path, html_path):
    """Write the tables of the evaluation.

    Parameters
    ----------
    training_paths : mapping of str to path
        metrics.json of each model, by the model's name.
    result_paths : mapping of str to list of path
        Files of `evaluate` of each model.
    csv_path, markdown_path, html_path : path
        The CSV has one row for each model and set or target. The other two hold the paper's table (a row a model, all
        targets of a set together), then the targets one by one, against labels and, where known, exact truth.

    Returns
    -------
    pandas.DataFrame
        What the CSV holds; scores in percent.
    """
    rows = []
    for model, path in training_paths.items():
        report = _read_json(path)
        head = {"model": model, "batch_size": report["settings"]["batch_size"], "best_epoch": report["best_epoch"]}
        scores = {name: report["best"][f"validation_{name}"] for name in _SCORES}
        rows.append(
            {
                **head,
                "set": "Va1",
                "target": "all",
                **_tile_counts([report["tiles"]["validation"]]),
                **_percents(scores),
            }
        )
        results = [_read_json(result) for result in result_paths[model]]
        for role, name in SET_OF_ROLE.items():
            chosen = [result for result in results if result["role"] == role]
            for group, target in [([result], result["target"]) for result in chosen] + [(chosen, "all")] * bool(chosen):
                rows.append({**head, "set": name, "target": target, **_scores_of(group)})
    table = pandas.DataFrame(rows).round(2)
    with replacing(csv_path) as temporary:
        table.to_csv(temporary, index=False)
    parts = [
        ("The paper's metrics, against the labels (%)", _paper_table(table)),
        ("By target (%)", _target_table(table)),
    ]
    with replacing(markdown_path) as temporary:
        temporary.write_text("\n\n".join(f"## {title}\n\n{_markdown(part)}" for title, part in parts) + "\n")
    with replacing(html_path) as temporary:
        temporary.write_text(_html(parts))
    return table


def plot_curves(history, path):
    """Draw loss and validation scores over the epochs.

    Parameters
    ----------
    history : list of dict
        Of `training.train`.
    path : path
        PNG to write.
    """
    table = pandas.DataFrame(history)
    best = table.loc[table.validation_f1.idxmax()] if table.validation_f1.notna().any() else None
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    losses.plot(table.epoch, table.train_loss, color="0.55", label="training")
    losses.plot(table.epoch, table.validation_loss, color="black", label="validation")
    losses.set(xlabel="epoch", ylabel="loss")
    colours = {"precision": "tab:blue", "recall": "tab:orange", "f1": "black"}
    for name, colour in colours.items():
        scores.plot(table.epoch, 100 * table[f"validation_{name}"], color=colour, label=f"{_SHORT[name]}, validation")
        scores.plot(table.epoch, 100 * table[f"train_{name}"], color=colour, alpha=0.35, lw=1, ls="--")
    scores.plot([], [], color="0.6", lw=1, ls="--", label="training")
    if best is not None:
        scores.axvline(best.epoch, color="tab:red", lw=0.8)
        scores.set_title(f"best F1 {100 * best.validation_f1:.1f} % in epoch {best.epoch:.0f}", fontsize=10)
    scores.set(xlabel="epoch", ylabel="%", ylim=(0, 100))
    for axes in (losses, scores):
        axes.legend(frameon=False, fontsize=8)
        axes.grid(alpha=0.25)
        axes.xaxis.get_major_locator().set_params(integer=True)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=150)


def write_json(path, content):
    """Write a JSON file; numbers that are not finite become null."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(_finite(content), indent=1) + "\n")


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _read_json(path):
    with open(path) as file:
        return json.load(file)


def _scores_of(results):
    """Scores in percent of several targets taken together, and how many tiles they have."""
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


def _paper_table(table):
    """A row a model: its batch size, its best epoch, and the scores of each set as a whole."""
    rows = []
    for (model, batch_size, best_epoch), group in table.groupby(["model", "batch_size", "best_epoch"], sort=False):
        row = {"model": model, "batch": str(batch_size), "best epoch": str(best_epoch)}
        sets = group[group.target == "all"].set_index("set").rename(columns=_SHORT)
        for name, scores in _PAPER_BLOCKS:
            row |= {f"{name} {score}": _cell(sets[score].get(name)) for score in scores}
        rows.append(row)
    return pandas.DataFrame(rows)


def _target_table(table):
    """A row for each model and target: scores against labels, then against truth where it is known."""
    chosen = table[table.target != "all"].dropna(axis="columns", how="all")
    names = {"tiles_with_fractures": "tiles with", "tiles_without_fractures": "tiles without", **_SHORT}
    names |= {f"truth_{long}": f"truth {short}" for long, short in _SHORT.items()}
    columns = {}
    for column in chosen.columns.drop(["batch_size", "best_epoch"]):
        hit = column.removeprefix("truth_").removesuffix("_hit")
        name = f"{hit} px hit" if column.endswith("_hit") else names.get(column, column)
        scored = column in _SCORES or column.startswith("truth_")
        columns[name] = [_cell(value) if scored else str(value) for value in chosen[column]]
    return pandas.DataFrame(columns)


def _cell(value):
    return "-" if value is None or pandas.isna(value) else f"{value:.1f}"


def _markdown(table):
    lines = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _html(parts):
    style = (
        "body{font:15px sans-serif;margin:2em} table{border-collapse:collapse}"
        " td,th{border:1px solid #bbb;padding:.3em .6em;text-align:right}"
        " td:first-child,th:first-child{text-align:left}"
    )
    body = "".join(f"<h2>{html.escape(title)}</h2>{part.to_html(index=False, border=0)}" for title, part in parts)
    return f'<!doctype html><meta charset="utf-8"><title>Evaluation</title><style>{style}</style>{body}\n'
