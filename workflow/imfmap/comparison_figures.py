"""Figures of a comparison: each as PNG and PDF, half a journal's page wide, every model in its own colour and mark."""

import numpy as np

from .plotting import COLOURS, DASHES, GREY, MARKERS, drawn
from .tally import KINDS
from .widths import WIDTH_BOUNDS_PX

NAMES = ("precision_recall", "recall_by_width", "recall_by_incidence", "false_objects", "reliability")
_GRID = np.linspace(0.005, 0.995, 199)


def draw_all(models, folder):
    """Draw all figures.

    Parameters
    ----------
    models : dict of str to list of Scores
        Scores of each seed, by the model's name.
    folder : path
        Where the files of `NAMES` go. Figures that there is nothing to draw in are drawn empty, with a word why.
    """
    for name in NAMES:
        with drawn(folder / f"{name}.png", folder / f"{name}.pdf") as axes:
            _DRAWN[name](axes, models)


def _precision_recall(axes, models):
    """Mean over seeds of the precision at equal recall, the seeds' range, and the point of the map's threshold."""
    _f1_lines(axes)
    for (name, seeds), look in zip(models.items(), _looks(), strict=False):
        curves = np.array([_precision_at(scores, _GRID) for scores in seeds])
        seen = np.isfinite(curves).all(axis=0)
        recall, curves = _GRID[seen], curves[:, seen]
        axes.plot(100 * recall, 100 * curves.mean(axis=0), color=look["color"], ls=look["ls"])
        axes.plot([], [], **look, ms=5, label=name)
        if len(seeds) > 1:
            band = 100 * curves.min(axis=0), 100 * curves.max(axis=0)
            axes.fill_between(100 * recall, *band, color=look["color"], alpha=0.18, lw=0)
        points = [scores.pixel_scores(scores.threshold) for scores in seeds]
        at = [100 * np.mean([point[key] for point in points]) for key in ("recall", "precision")]
        axes.plot(*at, look["marker"], color=look["color"], ms=5, mec="white", mew=0.6, clip_on=False, zorder=3)
    axes.set(xlabel="recall of fracture pixels, %", ylabel="precision, %", xlim=(0, 100), ylim=(0, 100))
    axes.grid(visible=False)
    _legend(axes)


def _f1_lines(axes):
    """Lines of equal F1, with their value at the right end."""
    for f1 in (0.2, 0.4, 0.6, 0.8):
        recall = np.linspace(f1 / 2 + 1e-3, 1.0, 300)
        axes.plot(100 * recall, 100 * f1 * recall / (2 * recall - f1), color="#d0d0d0", lw=0.7, zorder=0)
        label = f"F1 {100 * f1:.0f}" if f1 == 0.8 else f"{100 * f1:.0f}"
        axes.text(101, 100 * f1 / (2 - f1), label, color=GREY, fontsize=6.5, va="center")


def _precision_at(scores, recall):
    """Precision at given recalls, between thresholds by straight lines; NaN where no threshold above 0 reaches one."""
    _, precision, reached = scores.precision_recall()
    known = np.isfinite(precision) & np.isfinite(reached)
    known[0] = False
    precision, reached = precision[known][::-1], reached[known][::-1]
    if not len(reached):
        return np.full(len(recall), np.nan)
    return np.interp(recall, reached, precision, right=np.nan)


def _recall_by_width(axes, models):
    classes = [name for name in WIDTH_BOUNDS_PX if any(_known(models, "recall_by_width", name))]
    _by_class(axes, models, "recall_by_width", classes)
    names = [f"{name}\n{_bounds(*WIDTH_BOUNDS_PX[name])}" for name in classes]
    axes.set_xticks(range(len(classes)), names)
    axes.set(xlabel="true width class, px of 1.5 m", ylabel="recall of fracture pixels, %", ylim=(0, 100))


def _recall_by_incidence(axes, models):
    every = [scores.recall_by_incidence() for seeds in models.values() for scores in seeds]
    bins = sorted({name for found in every for name in found}, key=lambda name: int(name.split("-")[0]))
    _by_class(axes, models, "recall_by_incidence", bins)
    axes.set_xticks(range(len(bins)), [name.replace("-", "\u2013") for name in bins])
    axes.set(xlabel="incidence, degrees", ylabel="recall of fracture pixels, %", ylim=(0, 100))
    if not bins:
        _empty(axes, "no map of a single image")


def _by_class(axes, models, method, classes):
    """Mean and range over seeds in each class, the models side by side."""
    offsets = np.linspace(-0.25, 0.25, len(models)) if len(models) > 1 else [0.0]
    for (name, seeds), look, offset in zip(models.items(), _looks(), offsets, strict=False):
        found = [getattr(scores, method)(scores.threshold) for scores in seeds]
        values = 100 * np.array([[one.get(key, np.nan) for key in classes] for one in found])
        place = np.arange(len(classes)) + offset
        if len(classes):
            axes.vlines(place, values.min(axis=0), values.max(axis=0), color=look["color"], lw=1.2)
            mean = values.mean(axis=0)
            axes.plot(place, mean, look["marker"], color=look["color"], ms=5, label=name, clip_on=False, zorder=3)
    axes.set_xlim(-0.5, max(len(classes), 1) - 0.5)
    axes.grid(axis="x", visible=False)
    _legend(axes)


def _false_objects(axes, models):
    """False objects per square kilometre, a bar a model, in parts by what they lie on."""
    kinds = [kind for kind in KINDS if kind != "fracture"]
    colours = dict(zip(kinds, (*COLOURS[:6], "#c4c4c4"), strict=True))
    names = list(models)
    rates = {
        name: {
            kind: np.mean([scores.object_scores()["false_by_kind_per_km2"].get(kind, 0.0) for scores in seeds])
            for kind in kinds
        }
        for name, seeds in models.items()
    }
    drawn_kinds = [kind for kind in kinds if any(rates[name][kind] > 0 for name in names)]
    left = np.zeros(len(names))
    for kind in drawn_kinds:
        values = np.array([rates[name][kind] for name in names])
        axes.barh(names, values, left=left, color=colours[kind], edgecolor="white", lw=0.7, height=0.62, label=kind)
        left += values
    for number, name in enumerate(names):
        totals = [scores.object_scores()["false_per_km2"] for scores in models[name]]
        axes.text(left[number], number, f" {_short(np.mean(totals))}", va="center", fontsize=7)
    axes.set(xlabel="false objects per km²", xlim=(0, 1.12 * max(left.max(initial=0), 1e-3)))
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    if drawn_kinds:
        _legend(axes, columns=4, handlelength=1.2)
    else:
        _empty(axes, "none")


def _reliability(axes, models):
    """Share of fracture pixels among those of a probability, over that probability, in ten bins."""
    axes.plot([0, 100], [0, 100], color=GREY, lw=0.9, ls=DASHES[1])
    white = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    axes.text(50, 50, "as often as said", color=GREY, ha="center", va="center", rotation=35, fontsize=6.5, bbox=white)
    for (name, seeds), look in zip(models.items(), _looks(), strict=False):
        pixels = sum(scores.reliability()[2] for scores in seeds)
        both = [
            np.nansum([scores.reliability()[part] * scores.reliability()[2] for scores in seeds], axis=0)
            for part in (0, 1)
        ]
        seen = pixels > 0
        mean, frequency = (100 * part[seen] / pixels[seen] for part in both)
        error = np.mean([scores.calibration_error() for scores in seeds])
        axes.plot(
            mean, frequency, color=look["color"], ls=look["ls"], marker=look["marker"], ms=4,
            label=f"{name} (ECE {100 * error:.1f} %)",
        )  # fmt: skip
    axes.set(xlabel="probability said, %", ylabel="fracture pixels among them, %", xlim=(0, 100), ylim=(0, 100))
    _legend(axes, columns=1)


_DRAWN = dict(
    zip(NAMES, (_precision_recall, _recall_by_width, _recall_by_incidence, _false_objects, _reliability), strict=True)
)


def _looks():
    """Colour, dash and mark of one model after another; no two share all three."""
    for round_ in range(len(DASHES)):
        for number, colour in enumerate(COLOURS):
            yield {"color": colour, "ls": DASHES[round_], "marker": MARKERS[(number + round_) % len(MARKERS)]}


def _legend(axes, columns=2, **options):
    """Legend above the panel, where it hides nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.figure.legend(loc="outside upper center", ncols=columns, columnspacing=1.2, **options)


def _short(number):
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def _known(models, method, key):
    return [
        np.isfinite(getattr(scores, method)(scores.threshold)[key]) for seeds in models.values() for scores in seeds
    ]


def _bounds(low, high):
    return f"{low:g}\u2013{high:g}" if np.isfinite(high) else f"{low:g}+"


def _empty(axes, why):
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=GREY)
