"""Depth of a target's fractures over their width."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator

from ...fractures.shadow_depth import AT_LEAST, MEASURED
from ...plots.style import COLOURS, GREY, saved_figure

if TYPE_CHECKING:
    import geopandas

RATIOS = (0.1, 0.2, 0.5, 1.0)


def depth_figure(paths: Sequence[str | Path], fractures: "geopandas.GeoDataFrame", title: str) -> None:
    """Draw the depth of fractures over their mean width: what was measured, and what is a lower bound.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write.
    fractures : geopandas.GeoDataFrame
        With ``mean_width_m``, ``depth_m`` and ``depth_kind`` (see `shadow_depth.shadow_depths`).
    title : str
    """
    with saved_figure(*paths, panel_inches=(4.2, 3.6)) as axes:
        axes.set_title(title, fontsize=9, fontweight="bold", parse_math=False)
        known = fractures[np.isfinite(fractures["depth_m"])]
        if not len(known):
            axes.axis("off")
            axes.text(0.5, 0.5, "no shadow of a wall on a floor was seen", ha="center", va="center", color=GREY)
            return
        low, high = known["mean_width_m"].min() / 1.3, known["mean_width_m"].max() * 1.8
        depths = known["depth_m"].clip(lower=0.1)
        shallow, deep = depths.min() / 1.5, depths.max() * 2.5
        axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(shallow, deep))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")
        for ratio in RATIOS:
            axes.plot(
                [low, high], [ratio * low, ratio * high], color=GREY, linewidth=0.7, linestyle=(0, (4, 2)), zorder=1
            )
            # The line leaves the picture at its right edge or at its upper one.
            end = min(high, deep / ratio)
            if end > low and ratio * end > shallow:
                axes.annotate(f"{ratio:g} × width", (end, ratio * end), (-4, -6), textcoords="offset points",
                              ha="right", va="center", fontsize=6, color=GREY, zorder=1.5,
                              bbox={"boxstyle": "square,pad=0.1", "color": "white"})  # fmt: skip
        looks = {
            MEASURED: ("o", COLOURS[0], "from the shadow on the floor"),
            AT_LEAST: ("^", COLOURS[1], "at least: no lit floor is seen"),
        }
        for kind, (marker, colour, label) in looks.items():
            part = known[known["depth_kind"] == kind]
            label = f"{label} ({len(part):,})".replace(",", "\u2009")
            axes.plot(part["mean_width_m"], part["depth_m"], marker, color=colour, markersize=3.5,
                      markeredgecolor="white", markeredgewidth=0.4, label=label)  # fmt: skip
        axes.set(xlabel="mean width, m", ylabel="depth, m")
        axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none")
