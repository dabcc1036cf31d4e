"""The page of a map figure, and the panel beside the map: numbers, widths, orientations, legend."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from ...labels.width_classes import WIDTH_CLASSES
from ...plots.cartography import FAINT, INK, sun_handle
from .rose import draw_rose
from .width_colours import casing_colour, class_bounds_m, class_colours, class_of

if TYPE_CHECKING:
    import geopandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...maps.image_facts import ImageFacts

# Areas by name: their label, and the colour and dashes of their outlines.
AREAS = {
    "floor": ("crater floor", "#ffffff", (0, (5, 2.5))),
    "ponds": ("melt ponds", "#7fd4ff", "solid"),
    "candidates": ("candidate melt ponds", "#7fd4ff", (0, (1.2, 1.2))),
}


class Layout:
    """Places on a page of A3, in inches from its lower left corner.

    Beside the map, or below a wide one, stand columns of one width: the insets, and a panel of numbers. The page stands
    upright if that gives a larger map. The column ends at the right margin, and the map is in the middle of the rest.
    """

    MARGIN, GAP, TITLE, FOOT = 0.5, 0.4, 0.95, 1.15
    PANEL, COMPASS = 3.95, 0.95
    PAGES = ((16.54, 11.69), (11.69, 16.54))
    # Least and largest width of a column; what an inset is higher than its pictures.
    LEAST_SIDE, LARGEST_SIDE, CAPTION = 4.5, 5.5, 0.42
    # Letters of the small print in an inch.
    LETTERS = 16.7

    def __init__(self, shape: tuple[int, int], insets: int):
        """Lay out a page.

        Parameters
        ----------
        shape : tuple of int
            Rows and columns of the map.
        insets : int
            Number of insets.
        """
        self.insets, aspect = insets, shape[0] / shape[1]
        (self.map_width, self.wide), self.size = max(
            ((self._map_on(page, aspect), page) for page in self.PAGES), key=lambda one: one[0][0]
        )
        self.map_height = self.map_width * aspect
        self.top = self.size[1] - self.TITLE
        across, high = self._room(self.size)
        if self.wide:
            spare = most = (across - insets * self.GAP) / (insets + 1)
        else:
            spare = across - self.GAP - self.map_width
            most = 2 * ((high - self.PANEL) / insets - self.CAPTION) + 0.1 if insets else self.LARGEST_SIDE
        self.side = max(self.LEAST_SIDE, min(spare, most, self.LARGEST_SIDE))
        # Two pictures beside each other.
        self.inset = (self.side - 0.1) / 2
        self.left = self.MARGIN + (0 if self.wide else (spare - self.side) / 2)
        self.main = self.place(self.left, self.top - self.map_height, self.map_width, self.map_height)

    def _room(self, page):
        """Return width and height between title, small print and margins."""
        return page[0] - 2 * self.MARGIN, page[1] - self.TITLE - self.FOOT

    def _map_on(self, page, aspect):
        """Return the width of the map on a page, and whether the columns stand below it."""
        across, high = self._room(page)
        columns = (self.insets + 1) * (self.LEAST_SIDE + self.GAP) - self.GAP
        if across * aspect < high - self.GAP - self.PANEL and columns <= across:
            return across, True
        # Ticks and their degrees stand below the map.
        return min(across - self.GAP - self.LEAST_SIDE, (high - 0.25) / aspect), False

    def place(self, left: float, bottom: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Convert a rectangle in inches to fractions of the page, which Matplotlib needs."""
        return left / self.size[0], bottom / self.size[1], width / self.size[0], height / self.size[1]

    def point(self, left: float, bottom: float) -> tuple[float, float]:
        """Convert a point in inches to fractions of the page."""
        return left / self.size[0], bottom / self.size[1]

    def column(self, number: int) -> tuple[float, float]:
        """Return left and top of an inset (inches), or of the panel, which comes after the last inset."""
        if self.wide:
            return self.MARGIN + number * (self.side + self.GAP), self.top - self.map_height - self.GAP
        return self.size[0] - self.MARGIN - self.side, self.top - number * (self.inset + self.CAPTION)

    @property
    def letters(self) -> int:
        """int: letters of the small print that fit between the margins."""
        return int(self.LETTERS * self._room(self.size)[0])

    @property
    def panel(self) -> tuple[float, float]:
        """tuple of float: left and top of the panel of numbers, inches."""
        return self.column(self.insets)


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
        x = left + index * layout.side / 3
        figure.text(*layout.point(x, y), number, fontsize=17, fontweight="bold", va="center")
        figure.text(*layout.point(x, y - 0.3), name, fontsize=8.5, color=FAINT, va="center")


def draw_widths(axes: "Axes", fractures: "geopandas.GeoDataFrame") -> None:
    """Draw the number of fractures in each width class, in the colour of the class: legend and histogram in one."""
    bounds = class_bounds_m()
    counts = np.bincount(class_of(fractures["mean_width_m"].to_numpy(float)), minlength=len(bounds))
    places = np.arange(len(bounds))
    tallest = max(1, counts.max())
    # A class without fractures keeps a low bar, since the bars are the legend.
    heights = np.maximum(counts, 0.06 * tallest)
    axes.bar(places, heights, 0.86, color=class_colours(), edgecolor=casing_colour(), linewidth=0.9)
    for place, count, height in zip(places, counts, heights, strict=True):
        text = f"{count:,}".replace(",", "\u2009")
        axes.annotate(text, (place, height), (0, 2), textcoords="offset points", ha="center", fontsize=7, color=INK)
    limits = [
        f"under {bounds[1]:g}",
        *(f"{low:g}–{high:g}" for low, high in zip(bounds[1:-1], bounds[2:], strict=True)),
    ]
    names = zip([*limits, f"from {bounds[-1]:g}"], WIDTH_CLASSES, strict=True)
    axes.set_xticks(places, [f"{limit} m\n{name}" for limit, name in names])
    axes.set(xlim=(-0.5, len(bounds) - 0.5), ylim=(0, 1.2 * tallest), yticks=[])
    axes.tick_params(length=0, labelsize=6.5, labelcolor=INK, pad=2)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)


def draw_numbers_and_rose(
    figure: "Figure", layout: Layout, fractures: "geopandas.GeoDataFrame", rose: Mapping[str, Any]
) -> None:
    """Draw the panel of a map with fractures: their numbers, widths and directions."""
    draw_numbers(figure, layout, fractures)
    if not len(fractures):
        return
    left, top = layout.panel
    draw_widths(figure.add_axes(layout.place(left, top - 1.85, layout.side - 0.05, 1.0)), fractures)
    figure.text(*layout.point(left, top - 2.3), "fractures by mean width", fontsize=8.5, color=FAINT, va="center")
    side = 1.25
    place = layout.place(left + 0.1, top - 2.7 - side, side, side)
    draw_rose(figure.add_axes(place, projection="polar"), rose)


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
        handles.append(sun_handle(len(images)))
    left, top = layout.panel[0], layout.panel[1] - 0.6
    if len(fractures):
        left, top = layout.panel[0] + 1.75, layout.panel[1] - 2.62
        words = "directions of the centrelines\n(area of a petal: length)"
        figure.text(*layout.point(left, top - 1.2), words, fontsize=8.5, color=FAINT, va="center", linespacing=1.4)
    if handles:
        axes = figure.add_axes(layout.place(left, top - 0.8, layout.side - 1.8, 0.8))
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
