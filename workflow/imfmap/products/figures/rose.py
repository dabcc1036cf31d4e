"""The rose diagram of a target, the same in every figure: lengths of centrelines by direction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...plots.cartography import FAINT, INK, halo
from ...plots.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.projections.polar import PolarAxes

PETAL, MEAN_AXIS = COLOURS[0], COLOURS[1]
EVEN_DASHES = (0, (4, 2))


def draw_rose(axes: "PolarAxes", rose: Mapping[str, Any], with_scale: bool = False) -> None:
    """Draw a rose diagram on polar axes, clockwise from north. The area of a petal stands for length.

    Parameters
    ----------
    axes : matplotlib.projections.polar.PolarAxes
    rose : mapping
        What `orientations.rose` returns.
    with_scale : bool
        Whether lengths and angles are written, and the circle of even directions is drawn.
    """
    lengths, step = np.array(rose["length_km"]), np.radians(rose["bin_deg"])
    largest = max(float(lengths.max()), 1e-3)
    starts = np.arange(2 * len(lengths)) * step
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.bar(starts, np.sqrt(np.tile(lengths, 2)), step, align="edge", color=PETAL, alpha=0.85,
             edgecolor="white", linewidth=0.7 if with_scale else 0.4)  # fmt: skip
    reach = 1.04 * np.sqrt(largest)
    axes.set_ylim(0, reach)
    axes.spines["polar"].set_visible(False)
    if rose["mean_axis_deg"] is not None:
        axis = np.radians(rose["mean_axis_deg"])
        for turn in (0, np.pi):
            axes.plot([axis + turn] * 2, [0, reach], color=MEAN_AXIS, linewidth=1.3 if with_scale else 1.0)
    if not with_scale:
        axes.set_xticks(np.radians([0, 90, 180, 270]), ["N", "E", "S", "W"])
        axes.set_yticks([])
        axes.tick_params(labelsize=7.5, labelcolor=FAINT, pad=-3)
        axes.grid(color=FAINT, linewidth=0.3, alpha=0.5)
        return
    even = float(lengths.sum()) / len(lengths)
    around = np.linspace(0, 2 * np.pi, 361)
    axes.plot(around, np.full_like(around, np.sqrt(even)), color=INK, linewidth=0.9, linestyle=EVEN_DASHES)
    rings = _rings(largest)
    axes.set_rgrids(np.sqrt(rings), [])
    for ring in rings:
        axes.text(np.radians(285), np.sqrt(ring), f"{ring:g} km", fontsize=6.5, ha="center", va="center",
                  path_effects=halo(2, "white", 0.9))  # fmt: skip
    names = {0: "N", 90: "E", 180: "S", 270: "W", 30: "30°", 60: "60°", 120: "120°", 150: "150°"}
    axes.set_thetagrids(np.arange(0, 360, 30), [names.get(angle, "") for angle in range(0, 360, 30)], fontsize=8)
    axes.tick_params(pad=0)


def _rings(largest):
    """Return two or three round lengths for the rings of a rose."""
    power = 10.0 ** np.floor(np.log10(largest))
    ring = max(factor * power for factor in (0.1, 0.2, 0.5, 1, 2, 5) if factor * power <= largest)
    return [ring / 4, ring] if largest < 2 * ring else [ring / 2, ring, 2 * ring]
