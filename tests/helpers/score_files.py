"""Invented scores of models."""

import json

import numpy as np
from matplotlib.colors import to_hex

from imfmap.labels.truth_classes import CLASSES
from imfmap.labels.width_classes import WIDTH_CLASSES
from imfmap.scoring.counts import KINDS
from imfmap.scoring.scores import Scores


def score_file(path, good, incidence_deg=50.0, area_km2=2.0, threshold=0.5, target="floor", product="M1L", unseen=0):
    """Write the scores of a model that gives fractures about the probability `good`, and ridges half of it.

    `unseen` of the 1000 fracture pixels have no probability.
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


def line(axes, colour, kind="-"):
    """Return the points of a line of a colour in percent: `kind` is its mark, or its dash if it has no marks."""
    lines = [
        one.get_xydata()
        for one in axes.lines
        if to_hex(one.get_color()).upper() == colour
        and kind in (one.get_linestyle() + one.get_marker(), one.get_marker())
    ]
    return max(lines, key=len)
