"""Draw the figures of a comparison, as PNG and PDF, half a journal page wide, each model in its own colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..labels.width_classes import CLASS_PIXEL_M, WIDTH_BOUNDS_PX
from ..plots.style import COLOURS, DASHES, GREY, MARKERS, PANEL_INCHES, saved_figure
from .counts import KINDS
from .scores import AT_INCIDENCES, Scores

_GRID = np.linspace(0.005, 0.995, 199)
_LABELS = {"color": "black", "marker": "*", "ls": "none", "ms": 7, "mec": "white", "mew": 0.5, "label": "weak labels"}
_NOTE_PT = 6.5


@dataclass
class Row:
    """A row of the comparison's table, drawn in one colour, dash and mark.

    Attributes
    ----------
    name : str
        Name in the legend.
    model : str
        Name of the model; rows of one model have the same colour.
    seeds : list of Scores
        Scores of each seed.
    sun_offset_deg : float or None
        Error of the Sun's direction that a Sun-aware model was given; None in comparisons without such errors.
    """

    name: str
    model: str
    seeds: list
    sun_offset_deg: float | None = None


def draw_all(rows: Sequence[Row], folder: Path, labels: Scores | None = None) -> None:
    """Draw all figures for which there are data.

    Parameters
    ----------
    rows : list of Row
    folder : path
        Folder of the files, PNG and PDF: ``precision_recall``, ``recall_by_width``, ``false_objects``, ``reliability``
        and, if maps are of single images, ``by_incidence``. If the rows differ by the error of the Sun's direction,
        only ``sun_error`` is drawn.
    labels : Scores, optional
        Scores of the weak labels themselves.
    """
    looks, pair = _looks(rows), {"rows": 2, "sharex": True}
    if any(row.sun_offset_deg is not None for row in rows):
        with _page(folder, "sun_error", 4.0, len({row.model for row in rows}) / 2, **pair) as axes:
            _sun_error(axes, rows, looks)
        return
    with _page(folder, "precision_recall", 2.6, (len(rows) + 1) / 2) as axes:
        _precision_recall(axes, rows, looks, labels)
    with _page(folder, "recall_by_width", 2.6, (len(rows) + 1) / 2) as axes:
        _recall_by_width(axes, rows, looks, labels)
    if rows[0].seeds[0].by_incidence():
        with _page(folder, "by_incidence", 4.0, len(rows) / 2, **pair) as axes:
            _by_incidence(axes, rows, looks)
    with _page(folder, "false_objects", 0.6 + 0.33 * len(rows), 3) as axes:
        _false_objects(axes, rows)
    with _page(folder, "reliability", 3.4, len(rows) + 1, height_ratios=(3.2, 1), **pair) as axes:
        _reliability(axes, rows, looks)


def _page(folder, name, height_inches, legend_lines, rows=1, **layout):
    """Open a figure whose height fits its panels (`height_inches` in all) and the lines of its legend."""
    height = (height_inches + 0.15 * (2 + legend_lines)) / rows
    layout |= {"rows": rows, "panel_inches": (PANEL_INCHES[0], height)}
    return saved_figure(folder / f"{name}.png", folder / f"{name}.pdf", **layout)


def _looks(rows):
    """Return the look of each row: the colour is the model's; dash and mark are those of the model's n-th row."""
    models = list(dict.fromkeys(row.model for row in rows))
    looks = []
    for number, row in enumerate(rows):
        model = models.index(row.model)
        turn = sum(other.model == row.model for other in rows[:number]) + model // len(COLOURS)
        look = {"color": COLOURS[model % len(COLOURS)], "ls": DASHES[turn % len(DASHES)]}
        looks.append(look | {"marker": MARKERS[(model + turn) % len(MARKERS)]})
    return looks


# --- precision and recall ---


def precision_curve(seeds: Sequence[Scores]) -> tuple[np.ndarray, np.ndarray]:
    """Return the precision of each seed at many recalls, see `Scores.hits_at_recall`.

    Parameters
    ----------
    seeds : list of Scores

    Returns
    -------
    tuple of ndarray
        recall (n,) and precision (seeds, n), 0..1, up to the largest recall that all seeds reach.
    """
    curves = np.array([[scores.hits_at_recall(recall)["precision"] for recall in _GRID] for scores in seeds])
    reached = np.isfinite(curves).all(axis=0)
    return _GRID[reached], curves[:, reached]


def _precision_recall(axes, rows, looks, labels):
    """Draw the mean over seeds of the precision at equal recall, their range, and the point at the map's threshold."""
    _f1_lines(axes)
    for row, look in zip(rows, looks, strict=True):
        recall, curves = precision_curve(row.seeds)
        axes.plot(100 * recall, 100 * curves.mean(axis=0), color=look["color"], ls=look["ls"])
        axes.plot([], [], **look, ms=5, label=row.name)
        if len(row.seeds) > 1:
            band = 100 * curves.min(axis=0), 100 * curves.max(axis=0)
            axes.fill_between(100 * recall, *band, color=look["color"], alpha=0.18, lw=0)
        axes.plot(*_point(row.seeds), look["marker"], color=look["color"], ms=5, mec="white", mew=0.6, zorder=3)
    if labels:
        axes.plot(*_point([labels]), **_LABELS, zorder=3)
    axes.set(xlabel="recall of fracture pixels, %", ylabel="precision, %", xlim=(0, 100), ylim=(0, 100))
    axes.grid(visible=False)
    threshold = rows[0].seeds[0].threshold
    _legend(axes, f"{_means(rows, 'lines')}\nmarks: at probability {threshold:g}; grey lines: equal F1")


def _point(seeds):
    """Return recall and precision at the threshold, in percent, mean over seeds."""
    points = [scores.pixel_scores(scores.threshold) for scores in seeds]
    return [[100 * np.mean([point[key] for point in points])] for key in ("recall", "precision")]


def _f1_lines(axes):
    """Draw lines of equal F1, with their value at the right end."""
    for f1 in (0.2, 0.4, 0.6, 0.8):
        recall = np.linspace(f1 / 2 + 1e-3, 1.0, 300)
        axes.plot(100 * recall, 100 * f1 * recall / (2 * recall - f1), color="#d0d0d0", lw=0.7, zorder=0)
        label = f"F1 {100 * f1:.0f}" if f1 == 0.8 else f"{100 * f1:.0f}"
        axes.text(101, 100 * f1 / (2 - f1), label, color=GREY, fontsize=_NOTE_PT, va="center")


# --- by class ---


def _recall_by_width(axes, rows, looks, labels):
    number = rows[0].seeds[0].object_scores()["fractures_by_width"]
    classes = [name for name in WIDTH_BOUNDS_PX if number[name]]
    found = [[scores.recall_by_width(scores.threshold) for scores in row.seeds] for row in rows]
    _by_class(axes, rows, looks, found, classes)
    if labels:
        recall = labels.recall_by_width()
        # In each class one short line across all models.
        values = [100 * recall[name] for name in classes]
        axes.hlines(values, np.arange(len(classes)) - 0.4, np.arange(len(classes)) + 0.4, color="black", lw=0.9, ls=":")
        axes.plot([], [], color="black", lw=0.9, ls=":", label="weak labels")
    bounds = [_bounds(*WIDTH_BOUNDS_PX[name]) for name in classes]
    ticks = [f"{name}\n{px}\nn = {number[name]}" for name, px in zip(classes, bounds, strict=True)]
    axes.set_xticks(range(len(classes)), ticks)
    axes.set(
        xlabel=f"true width, px of {CLASS_PIXEL_M:g} m; number of fractures",
        ylabel="recall of fracture pixels, %",
        ylim=(0, 100),
    )
    _legend(axes, f"{_means(rows, lines='lines')}; at probability {rows[0].seeds[0].threshold:g}")


def _by_incidence(axes, rows, looks):
    """Draw average precision, and the share of ridge pixels that are hit at equal recall, by incidence."""
    precision, ridges = axes
    bins = rows[0].seeds[0].by_incidence()
    parts = [[scores.by_incidence() for scores in row.seeds] for row in rows]

    def of_each(figure):
        return [[{name: figure(part) for name, part in seed.items()} for seed in seeds] for seeds in parts]

    _by_class(precision, rows, looks, of_each(lambda part: part.average_precision()), list(bins))
    _by_class(ridges, rows, looks, of_each(lambda part: part.hits_at_recall(AT_INCIDENCES)["ridge"]), list(bins))
    precision.set(ylabel="average precision, %", ylim=(0, None))
    ridges.set(ylabel=f"ridge px hit at R {100 * AT_INCIDENCES:.0f} %", ylim=(0, None))
    ticks = [f"{name.replace('-', chr(0x2013))}\n{_count(part)}" for name, part in bins.items()]
    ridges.set_xticks(range(len(bins)), ticks)
    ridges.set_xlabel("incidence, degrees; images and places")
    _legend(precision, _means(rows, lines="lines"))


def _count(scores):
    images, places = (f"{n} {word}{'s' * (n > 1)}" for n, word in ((scores.maps, "image"), (scores.places, "place")))
    return f"{images}\n{places}"


def _by_class(axes, rows, looks, found, classes):
    """Draw mean and range over seeds in each class, in percent, rows side by side; `found`: dicts by row and seed."""
    offsets = np.linspace(-0.3, 0.3, len(rows)) if len(rows) > 1 else [0.0]
    for row, look, offset, seeds in zip(rows, looks, offsets, found, strict=True):
        values = 100 * np.array([[seed[key] for key in classes] for seed in seeds])
        place = np.arange(len(classes)) + offset
        axes.vlines(place, values.min(axis=0), values.max(axis=0), color=look["color"], lw=1.2)
        mean = values.mean(axis=0)
        axes.plot(place, mean, look["marker"], color=look["color"], ms=4.5, label=row.name, clip_on=False, zorder=3)
    axes.set_xlim(-0.5, len(classes) - 0.5)
    axes.grid(axis="x", visible=False)


def _sun_error(axes, rows, looks):
    """Draw scores over the error of the Sun's direction that models were given."""
    figures = (
        ("average precision, %", lambda scores: scores.average_precision()),
        (
            f"ridge px hit at R {100 * AT_INCIDENCES:.0f} %",
            lambda scores: scores.hits_at_recall(AT_INCIDENCES)["ridge"],
        ),
    )
    models = {row.model: look for row, look in reversed(list(zip(rows, looks, strict=True)))}
    for panel, (label, figure) in zip(axes, figures, strict=True):
        for name in reversed(models):
            values = [
                (row.sun_offset_deg, [100 * figure(scores) for scores in row.seeds])
                for row in rows
                if row.model == name
            ]
            offsets = [offset for offset, _ in values]
            mean, low, high = (np.array([of(seeds) for _, seeds in values]) for of in (np.mean, np.min, np.max))
            look = models[name] | {"ls": "-"}
            if offsets == [None]:
                panel.axhline(mean[0], color=look["color"], ls=DASHES[1], label=f"{name} (not Sun-aware)")
                panel.axhspan(low[0], high[0], color=look["color"], alpha=0.12, lw=0)
            else:
                panel.plot(offsets, mean, **look, ms=4.5, label=name, clip_on=False)
                panel.fill_between(offsets, low, high, color=look["color"], alpha=0.18, lw=0)
        panel.set(ylabel=label, ylim=(0, None))
    offsets = sorted({row.sun_offset_deg for row in rows if row.sun_offset_deg is not None})
    axes[1].set_xticks(offsets)
    axes[1].set_xlabel("error of the Sun's direction, degrees")
    _legend(axes[0], _means(rows))


# --- false objects and reliability ---


def _false_objects(axes, rows):
    """Draw one bar per row: false objects per square kilometre, in parts by what they lie on."""
    kinds = [kind for kind in KINDS if kind != "fracture"]
    colours = dict(zip(kinds, (*COLOURS[:6], "#c4c4c4"), strict=True))
    objects = [[scores.object_scores() for scores in row.seeds] for row in rows]
    rates = {
        kind: np.array([np.mean([one["false_by_kind_per_km2"].get(kind, 0.0) for one in seeds]) for seeds in objects])
        for kind in kinds
    }
    names, left = [row.name.replace(", ", ",\n") for row in rows], np.zeros(len(rows))
    for kind, values in rates.items():
        if values.any():
            # The edge is thin, so that it does not hide a small part.
            axes.barh(names, values, left=left, color=colours[kind], edgecolor="white", lw=0.3, height=0.62, label=kind)
            left = left + values
    totals = [[one["false_per_km2"] for one in seeds] for seeds in objects]
    ends = np.array([max(seeds) for seeds in totals])
    for number, seeds in enumerate(totals):
        if len(seeds) > 1:
            # Below the bar, so that it does not hide a part.
            axes.plot([min(seeds), max(seeds)], [number + 0.38] * 2, "|-", color=GREY, lw=0.8, ms=3, zorder=3)
        axes.text(left[number], number, f" {_short(np.mean(seeds))}", va="center", fontsize=7)
    axes.set(xlabel="false objects per km²", xlim=(0, 1.2 * max(ends.max(), 1e-3)))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelsize=7)
    axes.grid(axis="y", visible=False)
    if left.any():
        _legend(axes, _means(rows, "bars", "lines"), columns=4, handlelength=1.2)
    else:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", color=GREY)


def _reliability(axes, rows, looks):
    """Draw the share of fracture pixels over the predicted probability, in ten bins, and the pixels in each bin."""
    shares, numbers = axes
    shares.plot([0, 100], [0, 100], color=GREY, lw=0.9, ls=DASHES[1], label="perfectly calibrated")
    for row, look in zip(rows, looks, strict=True):
        bins = [scores.reliability() for scores in row.seeds]
        pixels = sum(count for _, _, count in bins)
        seen = pixels > 0
        mean, frequency = (
            100 * sum(np.nan_to_num(one[part]) * one[2] for one in bins)[seen] / pixels[seen] for part in (0, 1)
        )
        error = np.mean([scores.calibration_error() for scores in row.seeds])
        shares.plot(mean, frequency, **look, ms=4, label=f"{row.name} (ECE {100 * error:.1f} %)")
        numbers.plot(mean, pixels[seen] / pixels.sum() * 100, **look, ms=3, lw=1.0)
    shares.set(ylabel="share of fracture pixels, %", xlim=(0, 100), ylim=(0, 100))
    numbers.set(xlabel="predicted probability, %", ylabel="pixels, %", yscale="log", ylim=(0.01, 200))
    numbers.set_yticks([0.01, 1, 100], ["0.01", "1", "100"])
    numbers.minorticks_off()
    zeros = np.mean([scores.base_rate() for scores in rows[0].seeds])
    _legend(shares, f"{_means(rows, None)}; ECE of a map of zeros: {100 * zeros:.1f} %", columns=1)


# --- shared by the figures ---


def _means(rows, means="marks", lines="bands"):
    """Return the legend's note on means and ranges over seeds."""
    count = max(len(row.seeds) for row in rows)
    if count == 1:
        return "one seed"
    return f"{count} seeds together" if means is None else f"{means}: mean of {count} seeds; {lines}: their range"


def _legend(axes, note, columns=2, **options):
    """Draw the legend above the panel, where it hides nothing, with a note on marks and lines in small print."""
    legend = axes.figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside upper center",
        ncols=columns,
        columnspacing=1.2,
        title=note,
        **options,
    )
    legend.get_title().set(fontsize=_NOTE_PT, color=GREY, multialignment="center")


def _short(number):
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def _bounds(low, high):
    return f"{low:g}\u2013{high:g}" if np.isfinite(high) else f"{low:g}+"
