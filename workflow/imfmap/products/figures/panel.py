"""The page of a map figure, and the panel beside the map: numbers, widths, orientations, legend."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.lines import Line2D

from ...plots.cartography import FAINT, INK, SUN, nice_below

if TYPE_CHECKING:
    import geopandas
    from matplotlib.figure import Figure
    from matplotlib.projections.polar import PolarAxes

    from ...maps.image_facts import ImageFacts

# The upper part of Matplotlib's plasma: even steps of lightness, clear with every kind of colour vision, never grey.
RAMP = LinearSegmentedColormap.from_list("fractures", matplotlib.colormaps["plasma"](np.linspace(0.42, 1.0, 256)))
# Areas by name: their label, and the colour and dashes of their outlines.
AREAS = {
    "floor": ("crater floor", "#ffffff", (0, (5, 2.5))),
    "ponds": ("melt ponds", "#7fd4ff", "solid"),
    "candidates": ("candidate melt ponds", "#7fd4ff", (0, (1.2, 1.2))),
}


class Layout:
    """Places on the page, in inches from its lower left corner.

    Beside the map, or below a wide one, stand columns of one width: the insets, and a panel of numbers.
    """

    MARGIN, GAP, SIDE, TITLE, FOOT, INSET = 0.45, 0.4, 4.5, 0.95, 0.75, 2.2
    INSET_STEP, PANEL = 2.62, 3.95
    COMPASS = 0.95

    def __init__(self, shape: tuple[int, int], insets: int):
        """Lay out a page.

        Parameters
        ----------
        shape : tuple of int
            Rows and columns of the map.
        insets : int
            Number of insets.
        """
        aspect = shape[0] / shape[1]
        self.wide = aspect < 0.6
        if self.wide:
            width = 3 * self.SIDE + 2 * self.GAP
            body = width * aspect + self.GAP + self.PANEL
            page = width
        else:
            width = 9.3 if aspect <= 1.1 else max(10.2 / aspect, 2.5)
            body = max(width * aspect, insets * self.INSET_STEP + self.PANEL)
            page = width + self.GAP + self.SIDE
        self.insets = insets
        self.size = (page + 2 * self.MARGIN, self.TITLE + body + self.FOOT)
        self.top = self.size[1] - self.TITLE
        self.map_width, self.map_height = width, width * aspect
        self.main = self.place(self.MARGIN, self.top - self.map_height, self.map_width, self.map_height)

    def place(self, left: float, bottom: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Convert a rectangle in inches to fractions of the page, which Matplotlib needs."""
        return left / self.size[0], bottom / self.size[1], width / self.size[0], height / self.size[1]

    def point(self, left: float, bottom: float) -> tuple[float, float]:
        """Convert a point in inches to fractions of the page."""
        return left / self.size[0], bottom / self.size[1]

    def column(self, number: int) -> tuple[float, float]:
        """Return left and top of an inset (inches), or of the panel, which comes after the last inset."""
        if self.wide:
            return self.MARGIN + number * (self.SIDE + self.GAP), self.top - self.map_height - self.GAP
        return self.MARGIN + self.map_width + self.GAP, self.top - number * self.INSET_STEP

    @property
    def panel(self) -> tuple[float, float]:
        """tuple of float: left and top of the panel of numbers, inches."""
        return self.column(self.insets)


def width_norm(fractures: "geopandas.GeoDataFrame") -> LogNorm:
    """Return a logarithmic colour scale over the middle 96 % of the mean widths."""
    widths = fractures["mean_width_m"].to_numpy(float) if len(fractures) else np.array([5.0])
    low, high = np.percentile(widths, (2, 98))
    return LogNorm(max(0.1, min(low, high / 1.5)), max(high, 1.5 * low, 0.2))


def draw_numbers(figure: "Figure", layout: Layout, fractures: "geopandas.GeoDataFrame") -> None:
    """Write the main numbers of the map: count, total length and median width of fractures."""
    left, top = layout.panel
    if not len(fractures):
        figure.text(*layout.point(left, top - 0.3), "No fractures found", fontsize=16, fontweight="bold", va="center")
        return
    length_m = float(fractures["total_length_m"].sum())
    length = f"{length_m / 1000:.1f} km" if length_m >= 1000 else f"{length_m:.0f} m"
    numbers = (
        (f"{len(fractures):,}".replace(",", "\u2009"), "fracture" if len(fractures) == 1 else "fractures"),
        (length, "total length"),
        (f"{fractures['mean_width_m'].median():.1f} m", "median width"),
    )
    y = top - 0.3
    for index, (number, name) in enumerate(numbers):
        x = left + index * layout.SIDE / 3
        figure.text(*layout.point(x, y), number, fontsize=17, fontweight="bold", va="center")
        figure.text(*layout.point(x, y - 0.3), name, fontsize=8.5, color=FAINT, va="center")


def draw_widths(figure: "Figure", layout: Layout, fractures: "geopandas.GeoDataFrame", norm: LogNorm) -> None:
    """Draw the colour scale of widths, and a histogram of the widths above it."""
    if not len(fractures):
        return
    left, bottom = layout.panel[0], layout.panel[1] - 1.9
    axes = figure.add_axes(layout.place(left, bottom, layout.SIDE - 0.05, 0.13))
    axes.imshow(np.linspace(0, 1, 256)[np.newaxis], cmap=RAMP, aspect="auto", extent=(0, 1, 0, 1))
    ticks = _log_ticks(norm.vmin, norm.vmax)
    axes.set_xticks([float(norm(tick)) for tick in ticks], [f"{tick:g}" for tick in ticks])
    axes.set_yticks([])
    axes.tick_params(length=2.5, width=0.6, color=FAINT, labelsize=7.5, labelcolor=INK, pad=2)
    figure.text(*layout.point(left, bottom - 0.33), "mean width, m", fontsize=8.5, color=FAINT, va="center")
    axes = figure.add_axes(layout.place(left, bottom + 0.15, layout.SIDE - 0.05, 0.75))
    places = np.clip(norm(fractures["mean_width_m"].to_numpy(float)), 0, 1)
    counts, edges = np.histogram(places, bins=24, range=(0, 1))
    axes.bar(edges[:-1], counts, np.diff(edges) * 0.9, align="edge", color=RAMP((edges[:-1] + edges[1:]) / 2))
    axes.set(xlim=(0, 1), ylim=(0, max(1, counts.max()) * 1.02))
    axes.axis("off")


def draw_rose(figure: "Figure", layout: Layout, fractures: "geopandas.GeoDataFrame") -> None:
    """Draw the rose diagram of orientations, weighted by length; north is up."""
    if not len(fractures):
        return
    side = 1.35
    left, bottom = layout.panel[0], layout.panel[1] - 2.55 - side
    rose(figure.add_axes(layout.place(left, bottom, side, side), projection="polar"), fractures)


def rose(axes: "PolarAxes", fractures: "geopandas.GeoDataFrame") -> None:
    """Draw orientations on polar axes, clockwise from north. The area of a petal stands for the length of fractures."""
    step = 15.0
    shares, edges = np.histogram(
        fractures["orientation_deg"] % 180.0, np.arange(0, 180.1, step), weights=fractures["total_length_m"]
    )
    angles = np.radians(np.concatenate([edges[:-1], edges[:-1] + 180.0]) + step / 2)
    axes.bar(angles, np.sqrt(np.tile(shares, 2)), np.radians(step) * 0.92, color=RAMP(0.25), linewidth=0)
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    axes.set_xticks(np.radians([0, 90, 180, 270]), ["N", "E", "S", "W"])
    axes.set_yticks([])
    axes.tick_params(labelsize=7.5, labelcolor=FAINT, pad=-3)
    axes.spines["polar"].set_visible(False)
    axes.grid(color=FAINT, linewidth=0.3, alpha=0.5)


def draw_legend(
    figure: "Figure",
    layout: Layout,
    fractures: "geopandas.GeoDataFrame",
    boundary: Mapping[str, "geopandas.GeoDataFrame"],
    images: "Sequence[ImageFacts]",
) -> None:
    """Draw the legend of outlines and Sun arrows, and the note on the rose diagram."""
    handles = area_handles(boundary)
    if images:
        label = "towards the Sun" if len(images) == 1 else f"towards the Sun, {len(images)} images"
        handles.append(
            Line2D([], [], color=SUN, marker="o", markersize=6, markeredgecolor="#7a5200", linewidth=1.1, label=label)
        )
    left, top = layout.panel[0], layout.panel[1] - 0.6
    if len(fractures):
        left, top = layout.panel[0] + 1.75, layout.panel[1] - 2.62
        words = "orientation by length\n(area of a petal)"
        figure.text(*layout.point(left, top - 1.2), words, fontsize=8.5, color=FAINT, va="center", linespacing=1.4)
    if handles:
        axes = figure.add_axes(layout.place(left, top - 0.8, layout.SIDE - 1.8, 0.8))
        axes.axis("off")
        legend = axes.legend(
            handles=handles,
            loc="upper left",
            fontsize=8.5,
            facecolor="#5a5a5f",
            edgecolor="none",
            labelcolor="white",
            borderaxespad=0,
            handlelength=2.4,
            framealpha=1,
        )
        legend.get_frame().set_boxstyle("round", pad=0.2, rounding_size=0.3)


def area_handles(boundary: Mapping[str, "geopandas.GeoDataFrame"]) -> list[Line2D]:
    """Return the legend entries of the areas that are drawn."""
    return [
        Line2D([], [], color=colour, linestyle=style, linewidth=1.3, label=label)
        for name, (label, colour, style) in AREAS.items()
        if len(boundary.get(name, ()))
    ]


def _log_ticks(low, high):
    ticks = [factor * power for power in (0.1, 1.0, 10.0, 100.0) for factor in (1, 2, 3, 5, 7)]
    ticks = [tick for tick in ticks if low <= tick <= high]
    return ticks or [nice_below(high)]
