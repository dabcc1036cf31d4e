"""A figure sheet of one place at a finer and a coarser resolution: image, probability, fractures, and numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...labels.width_classes import WIDTH_BOUNDS_M, WIDTH_CLASSES
from ...maps import qml_styles
from ...maps.alignment import check_same_pixels
from ...maps.grids import MapGrid
from ...maps.probability_raster import decode
from ...maps.rasters import open_raster, read_window
from ...plots.cartography import FAINT, INK, NO_DATA, base_picture, scale_bar
from ...plots.style import COLOURS
from .insets import choose_inset_pairs
from .page import A4, MARGIN, SheetText, place_on_page, write_words
from .parts import draw_fractures, drawing, save
from .sheets import PNG_DPI, add_compass
from .sun_arrows import SunArrows

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

PAGE = A4[1], A4[0]
# Ground without fractures; the style of the probability is transparent there.
_DARK = 0.06
_BETWEEN, _BETWEEN_MAPS, _CAPTION = 0.05, 0.17, 0.24
_TOP = PAGE[1] - 1.3


@dataclass(frozen=True)
class MapShown:
    """One map of the place.

    Attributes
    ----------
    name : str
    mosaic, probability : str
        Paths.
    fractures : geopandas.GeoDataFrame
    own_picture : bool
        Whether its mosaic differs from that of the previous map, so that the sheet shows it.
    """

    name: str
    mosaic: str
    probability: str
    fractures: "geopandas.GeoDataFrame"
    own_picture: bool


def coarse_sheet(
    paths: Sequence[str | Path],
    maps: Sequence[MapShown],
    table: "pd.DataFrame",
    sources_path: str | Path,
    text: SheetText,
    azimuths_deg: Mapping[str, float] | None = None,
) -> None:
    """Draw the same places as each map shows them. The insets of the finest map (see `insets`) are these places.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write, ``.png`` or ``.pdf``.
    maps : sequence of MapShown
        Maps, the finest first.
    table : pandas.DataFrame
        Numbers of the maps: see `coarse_comparison.compare_maps`.
    sources_path : str or Path
        ``mosaic_sources.tif`` of the finest map.
    text : page.SheetText
    azimuths_deg : mapping of str to float, optional
        See `sun_arrows.SunArrows`.
    """
    with drawing(), open_raster(maps[0].mosaic) as mosaic, open_raster(sources_path) as sources:
        grid = MapGrid.of(mosaic)
        check_same_pixels(sources, grid, maps[0].mosaic)
        insets = choose_inset_pairs(maps[0].fractures, grid)
        suns = SunArrows(sources, azimuths_deg or {})
        figure = Figure(figsize=PAGE)
        write_words(figure, text, PAGE)
        columns = _columns(maps)
        side = columns[0][2]
        _headings(figure, maps, columns)
        for number, inset in enumerate(insets):
            top = _TOP - number * (side + _CAPTION + 0.06) - _CAPTION
            _caption(figure, top, inset)
            box = inset.complex.box(grid)
            for index, (left, part, _, shown) in enumerate(columns):
                axes = figure.add_axes(place_on_page(left, top - side, side, side, PAGE))
                _draw(axes, part, shown, box)
                if index == 0:
                    around = inset.complex.grid(grid)
                    scale_bar(axes, around, share=0.45, size=6.5)
                    add_compass(axes, around, suns.of(inset.complex), (1, 1), 0.3, 0.4)
        if insets:
            bottom = _TOP - len(insets) * (side + _CAPTION + 0.06)
            _colour_scale(figure, columns, bottom)
        else:
            words = "The finest map has no fractures: there is no place to look at closely."
            figure.text(MARGIN / PAGE[0], (_TOP - 0.4) / PAGE[1], words, fontsize=9, color=FAINT)
        _numbers(figure, table)
        _chart(figure, table)
        save(figure, paths, text.title, PNG_DPI)


def _columns(maps):
    """Return left edge (inches), kind, side (inches) and map of each column of pictures."""
    parts = [
        (part, shown)
        for shown in maps
        for part in (("image",) if shown.own_picture else ()) + ("probability", "fractures")
    ]
    gaps = [0.0] + [_BETWEEN if one[1] is other[1] else _BETWEEN_MAPS for one, other in pairwise(parts)]
    side = (PAGE[0] - 2 * MARGIN - sum(gaps)) / len(parts)
    side = min(side, 1.3)
    lefts = MARGIN + np.cumsum(gaps) + side * np.arange(len(parts))
    return [(left, part, side, shown) for left, (part, shown) in zip(lefts, parts, strict=True)]


def _headings(figure, maps, columns):
    for shown in maps:
        own = [column for column in columns if column[3] is shown]
        left, right = own[0][0], own[-1][0] + own[-1][2]
        y = _TOP + 0.24
        figure.text(left / PAGE[0], y / PAGE[1], shown.name, fontsize=10, fontweight="bold", va="center")
        line = [(_TOP + 0.12) / PAGE[1]] * 2
        figure.add_artist(Line2D([left / PAGE[0], right / PAGE[0]], line, color=FAINT, linewidth=0.6))
        for start, part, _, _ in own:
            figure.text(start / PAGE[0], (_TOP + 0.02) / PAGE[1], part, fontsize=7, color=FAINT, va="center")


def _caption(figure, top, inset):
    def write(x, words, **style):
        figure.text(x / PAGE[0], (top + 0.08) / PAGE[1], words, va="center", **style)

    write(MARGIN, inset.letter, fontsize=9, fontweight="bold")
    write(MARGIN + 0.16, f"{inset.title}: {inset.note}", fontsize=7.5, color=INK)


def _draw(axes, part, shown, box):
    """Draw one picture of one place."""
    left, bottom, right, top = box.bounds
    axes.set_facecolor(NO_DATA)
    with open_raster(shown.probability if part == "probability" else shown.mosaic) as dataset:
        grid = MapGrid.of(dataset)
        first_row, first_column = (int(np.floor(value + 0.5 + 1e-6)) for value in grid.rowcol(left, top))
        last_row, last_column = (int(np.ceil(value + 0.5 - 1e-6)) for value in grid.rowcol(right, bottom))
        window = first_row, first_column, last_row - first_row, last_column - first_column
        x, y = (float(value) for value in grid.xy(first_row - 0.5, first_column - 0.5))
        extent = (x, x + window[3] * grid.resolution_m, y - window[2] * grid.resolution_m, y)
        if part == "probability":
            picture = _probability_colours()(np.ma.masked_invalid(decode(read_window(dataset, *window))))
        else:
            picture = base_picture(dataset, window)
    axes.imshow(picture, extent=extent, interpolation="nearest")
    if part == "fractures":
        draw_fractures(axes, shown.fractures[shown.fractures.intersects(box)], filled=False, width=0.9)
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])


@cache
def _probability_colours():
    """Return the colours that QGIS and the viewer have for probabilities, over dark ground."""
    colours = qml_styles.colour_table("probability") / 255.0
    opaque = colours[:, :3] * colours[:, 3:] + _DARK * (1 - colours[:, 3:])
    return ListedColormap(opaque)


def _colour_scale(figure, columns, bottom):
    left = next(left for left, part, _, _ in columns if part == "probability")
    axes = figure.add_axes(place_on_page(left, bottom - 0.13, columns[0][2], 0.08, PAGE))
    axes.imshow(np.linspace(0, 1, 251)[np.newaxis], cmap=_probability_colours(), aspect="auto", extent=(0, 1, 0, 1))
    axes.set(yticks=[], xticks=[0, 0.5, 1], xticklabels=["0", "probability", "1"])
    axes.tick_params(length=2, width=0.5, labelsize=6.5, pad=1.5, color=FAINT)


def _numbers(figure, table):
    """Write the numbers of the maps as a table."""
    cells = {
        "fractures": table["fractures"].map("{:d}".format),
        "length,\nkm": table["length_km"].map("{:.1f}".format),
        "area,\nm\u00b2": table["area_m2"].map("{:.0f}".format),
        "median\nwidth, m": table["median_width_m"].map("{:.1f}".format),
        "largest,\nm\u00b2": table["largest_m2"].map("{:.0f}".format),
        "found\nagain, %": (100 * table["found_again"]).map("{:.0f}".format),
    }
    if "f1" in table:
        cells |= {"P, %": (100 * table["precision"]).map("{:.0f}".format)}
        cells |= {"R, %": (100 * table["recall"]).map("{:.0f}".format)}
        cells |= {"F1, %": (100 * table["f1"]).map("{:.0f}".format)}
    top, step = 1.75, 0.6
    rights = MARGIN + 1.75 + step * (1 + np.arange(len(cells)))

    def write(x, y, words, **style):
        figure.text(x / PAGE[0], y / PAGE[1], words, fontsize=7.5, va="center", **style)

    for right, (name, column) in zip(rights, cells.items(), strict=True):
        write(right, top, name, color=FAINT, ha="right", linespacing=1.1)
        for number, value in enumerate(column):
            write(right, top - 0.3 - 0.24 * number, "\u2013" if value == "nan" else value, ha="right")
    for number, name in enumerate(table["map"]):
        write(MARGIN, top - 0.3 - 0.24 * number, name, fontweight="bold")
    for y in (top - 0.17, top - 0.42 - 0.24 * (len(table) - 1)):
        ends = [MARGIN / PAGE[0], rights[-1] / PAGE[0]]
        figure.add_artist(Line2D(ends, [y / PAGE[1]] * 2, color=FAINT, linewidth=0.6))


def _chart(figure, table):
    """Draw the share of fractures that each map finds, by width class.

    The shares are of the true fractures if they are known, else of the fractures of the finest map.
    """
    truth = "true_found" in table
    name = "true_found" if truth else "found_again"
    rows = table if truth else table.iloc[1:]
    kinds = [kind for kind in WIDTH_CLASSES if rows[f"{name}_{kind}"].notna().any()]
    if not kinds:
        return
    axes = figure.add_axes(place_on_page(PAGE[0] - MARGIN - 2.75, 0.72, 2.75, 1.15, PAGE))
    width = 0.8 / len(rows)
    for number, (index, row) in enumerate(rows.iterrows()):
        positions = np.arange(len(kinds)) + (number - (len(rows) - 1) / 2) * width
        heights = [100 * np.nan_to_num(row[f"{name}_{kind}"]) for kind in kinds]
        axes.bar(positions, heights, 0.92 * width, color=COLOURS[index], label=row["map"])
    bounds = {kind: WIDTH_BOUNDS_M[kind] for kind in kinds}
    labels = [
        f"{kind}\n{low:g}+ m" if np.isinf(high) else f"{kind}\n{low:g}\u2013{high:g} m"
        for kind, (low, high) in bounds.items()
    ]
    axes.set_xticks(range(len(kinds)), labels)
    axes.set(ylim=(0, 105), yticks=[0, 50, 100])
    axes.tick_params(labelsize=6.5, length=2, width=0.5, pad=2)
    axes.spines[["top", "right"]].set_visible(False)
    title = "True fractures found, by width, %" if truth else "Fractures of the finest map found again, by width, %"
    axes.set_title(title, fontsize=7.5, loc="left", pad=14)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.98),
        ncols=len(rows),
        fontsize=6.5,
        frameon=False,
        handlelength=1,
        columnspacing=1,
        borderaxespad=0,
    )
