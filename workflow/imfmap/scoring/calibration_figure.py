"""Draw how a calibrated model keeps its word, and what it finds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..plots.style import COLOURS, DASHES, GREY, saved_figure

_NAMES = {"one image": "every image alone", "fused": "all images, fused"}
_INCIDENCE_DEG, _IMAGES = 60, (1, 4)
_ANGLES_DEG = (90, 45, 0)


def calibration_figure(path: str | Path, report: Mapping[str, Any], chances: pd.DataFrame | None) -> None:
    """Draw the reliability before and after calibration on places left out, and the chance to find a fracture.

    Parameters
    ----------
    path : path
        Picture to write.
    report : mapping
        Of `calibrated_model.fit_model`.
    chances : pandas.DataFrame or None
        Of `completeness_fit.chance_table`; without it that panel stays empty.
    """
    with saved_figure(path, columns=3) as axes:
        for panel, (kind, name) in zip(axes, _NAMES.items(), strict=False):
            panel.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
            for number, when in enumerate(("before", "after")):
                bins = [row for row in report["left_out"][kind][when] if row["counted"]]
                panel.plot(
                    [row["probability"] for row in bins],
                    [row["fractures"] for row in bins],
                    marker="o",
                    markersize=3,
                    color=COLOURS[number],
                    label=f"{when} calibration",
                )
            panel.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability", ylabel="share of fractures", title=name)
            panel.legend(loc="upper left")
        panel = axes[2]
        panel.set(xlabel="true width, m", ylabel="chance to find it", ylim=(0, 1), title="on places like these")
        if chances is None:
            return
        for colour, angle_deg in zip(COLOURS, _ANGLES_DEG, strict=False):
            for dash, images in zip(DASHES, _IMAGES, strict=False):
                part = chances[
                    (chances["incidence_deg"] == _INCIDENCE_DEG)
                    & (chances["sun_to_strike_deg"] == angle_deg)
                    & (chances["images"] == images)
                ]
                label = f"Sun {angle_deg} deg to strike, {images} image{'s' if images > 1 else ''}"
                panel.plot(part["width_m"], part["number"], color=colour, linestyle=dash, label=label)
                if images == _IMAGES[0]:
                    panel.fill_between(
                        part["width_m"], part["number_low"], part["number_high"], color=colour, alpha=0.15
                    )
        panel.set_xscale("log")
        panel.set_xticks([2, 3, 5, 10, 20], labels=["2", "3", "5", "10", "20"])
        panel.legend(loc="lower right", fontsize=5.5)
