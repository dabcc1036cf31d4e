"""Figure sheets on A4, as in the paper: a target at crater, complex and pixel scale, and what was rejected."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ...fractures.accept import REASONS
from ...maps.alignment import check_same_pixels
from ...maps.grids import MapGrid
from ...maps.rasters import open_raster
from ...plots.cartography import (
    FAINT,
    NO_DATA,
    base_picture,
    compass,
    graticule,
    halo,
    letter_box,
    scale_bar,
    sun_handle,
)
from .insets import Square, choose_inset_pairs, square
from .page import A4, MARGIN, SheetText, notes_height, place_on_page, write_words
from .panel import area_handles, draw_widths
from .parts import draw_boundary, draw_fractures, drawing, rings, save
from .rose import draw_rose
from .sun_arrows import SunArrows

if TYPE_CHECKING:
    import geopandas
    from matplotlib.axes import Axes
    from rasterio.io import DatasetReader

    from .base_map import BaseMap

PNG_DPI = 220
# Okabe & Ito (2008): clear with every kind of colour vision.
OUTLINE = "#E69F00"
_MOST_PX = 1600
_OVERVIEW, _SIDE = 4.5, 2.4
_COLUMNS, _GAP = 3, 0.14
# Number of examples in a row and, in inches: space between them, their side, height of a row, a heading, head and foot.
_EXAMPLES, _BETWEEN = 6, 0.1
_EXAMPLE = (A4[0] - 2 * MARGIN - (_EXAMPLES - 1) * _BETWEEN) / _EXAMPLES
_ROW, _HEADING, _HEAD, _FOOT = _EXAMPLE + 0.3, 0.6, 1.25, 0.75
_EXAMPLE_PX = (40, 220)


def overview_sheet(
    paths: Sequence[str | Path],
    mosaic_path: str | Path,
    sources_path: str | Path,
    fractures: "geopandas.GeoDataFrame",
    text: SheetText,
    rose: Mapping[str, Any],
    boundary: Mapping[str, "geopandas.GeoDataFrame"] | None = None,
    azimuths_deg: Mapping[str, float] | None = None,
    base_map: "BaseMap | None" = None,
) -> None:
    """Draw a target at three scales.

    The upper part shows the crater: the mosaic (over a base map if there is one) with floor, ponds and fractures. The
    lower part shows the insets (see `insets.choose_inset_pairs`) at complex scale and at pixel scale, with north and
    the Sun of the image that is shown.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write, ``.png`` or ``.pdf``.
    mosaic_path, sources_path : str or Path
        8-bit mosaic, 0 for no data, and the raster of the image that each pixel came from.
    fractures : geopandas.GeoDataFrame
        Fractures that were kept (see `measures.measure`); may be empty.
    text : SheetText
    rose : mapping
        Rose diagram of the fractures' centrelines (see `orientations.rose`).
    boundary : mapping of str to geopandas.GeoDataFrame, optional
        Layers ``floor`` and ``ponds``, and ``candidates`` for candidate ponds.
    azimuths_deg : mapping of str to float, optional
        See `SunArrows`.
    base_map : base_map.BaseMap, optional
        What lies around and below the mosaic.
    """
    with drawing(), open_raster(mosaic_path) as mosaic, open_raster(sources_path) as sources:
        grid = MapGrid.of(mosaic)
        check_same_pixels(sources, grid, mosaic_path)
        suns = SunArrows(sources, azimuths_deg or {})
        insets = choose_inset_pairs(fractures, grid)
        # Without fractures there is no place to look at closely, and the page ends below the map.
        page = A4 if insets else (A4[0], _OVERVIEW + 2.0)
        figure = Figure(figsize=page)
        write_words(figure, text, page)
        top = page[1] - 1.02 - notes_height(text)
        bottom = _draw_overview(figure, page, top, mosaic, grid, fractures, insets, boundary or {}, suns, base_map)
        _draw_side(figure, page, top, fractures, rose, boundary or {}, suns)
        bottom = min(bottom, top - 3.9) - 0.68
        for number, inset in enumerate(insets):
            _draw_inset(figure, number, bottom, inset, mosaic, grid, fractures, boundary or {}, suns)
        save(figure, paths, text.title, PNG_DPI)


def rejected_sheet(
    paths: Sequence[str | Path],
    mosaic_path: str | Path,
    sources_path: str | Path,
    rejected: "geopandas.GeoDataFrame",
    text: SheetText,
    azimuths_deg: Mapping[str, float] | None = None,
) -> None:
    """Draw rejected detections by reason: the largest ones of each, since a wrong rejection of these matters most.

    Parameters
    ----------
    paths, mosaic_path, sources_path, text, azimuths_deg
        See `overview_sheet`.
    rejected : geopandas.GeoDataFrame
        With ``reason``, ``area_m2`` and ``confidence``; may be empty.
    """
    with drawing(), open_raster(mosaic_path) as mosaic, open_raster(sources_path) as sources:
        grid = MapGrid.of(mosaic)
        check_same_pixels(sources, grid, mosaic_path)
        suns = SunArrows(sources, azimuths_deg or {})
        # A reason without examples gets no heading, but a word in the last line.
        found = set(rejected["reason"])
        reasons = [*(reason for reason in REASONS if reason in found), *sorted(found - set(REASONS))]
        absent = [reason for reason in REASONS if reason not in found]
        counts = {reason: int((rejected["reason"] == reason).sum()) for reason in reasons}
        seen = sum(count > 0 for count in counts.values())
        # The free part of the page is divided among the reasons that have examples.
        free = A4[1] - _HEAD - _FOOT - _HEADING * len(reasons)
        most = max(1, int(free / max(seen, 1) / _ROW)) if seen else 0
        rows = {reason: min(most, -(-count // _EXAMPLES)) for reason, count in counts.items()}
        last = _HEADING if absent else 0.0
        page = A4[0], _HEAD + _FOOT + last + sum(_HEADING + _ROW * lines for lines in rows.values())
        figure = Figure(figsize=page)
        write_words(figure, text, page)
        top = page[1] - _HEAD
        for reason in reasons:
            members = rejected[rejected["reason"] == reason]
            _draw_reason(figure, page, top, reason, members, rows[reason], mosaic, grid, suns)
            top -= _HEADING + _ROW * rows[reason]
        if absent:
            words = f"no detections were rejected as {' or '.join(absent)}".replace("_", " ").capitalize()
            figure.text(MARGIN / page[0], top / page[1], words, fontsize=8, color=FAINT, va="center")
        save(figure, paths, text.title, PNG_DPI)


def _draw_overview(figure, page, top, mosaic, grid, fractures, insets, boundary, suns, base_map):
    """Draw the crater, and return the lower edge of the picture in inches."""
    whole = base_map.grid if base_map else grid
    aspect = whole.shape[0] / whole.shape[1]
    width, height = (_OVERVIEW, _OVERVIEW * aspect) if aspect <= 1 else (_OVERVIEW / aspect, _OVERVIEW)
    axes = figure.add_axes(place_on_page(MARGIN + 0.12, top - height, width - 0.12, height - 0.12 * aspect, page))
    axes.set_facecolor(NO_DATA)
    left, bottom, right, high = whole.bounds
    if base_map:
        axes.imshow(base_map.picture, extent=(left, right, bottom, high), zorder=0, interpolation="antialiased")
    own = grid.bounds
    extent = (own[0], own[2], own[1], own[3])
    axes.imshow(base_picture(mosaic, most_pixels=_MOST_PX), extent=extent, zorder=1, interpolation="antialiased")
    if base_map:
        axes.add_patch(
            Rectangle(own[:2], own[2] - own[0], own[3] - own[1], fill=False, edgecolor="white", linewidth=0.7, zorder=2)
        )
    axes.set(xlim=(left, right), ylim=(bottom, high), aspect="equal")
    draw_boundary(axes, boundary)
    draw_fractures(axes, fractures, filled=True)
    for inset in insets:
        around = inset.complex.grid(grid).bounds
        letter_box(axes, around[0], around[1], around[2] - around[0], inset.letter)
    graticule(axes, whole, (3, 3))
    shown = np.array([*fractures.geometry, *(inset.complex.box(grid) for inset in insets)], object)
    corner = _free_corner(axes, shown, 0.2, taken=(0, 0))
    scale_bar(axes, whole, size=8)
    add_compass(axes, grid, suns.all(), corner, 0.19, 0.85)
    return top - height


def _draw_side(figure, page, top, fractures, rose, boundary, suns):
    """Draw the panel beside the crater: numbers, colour scale of widths, rose diagram, legend."""
    left = MARGIN + _OVERVIEW + 0.27
    x = left / page[0]
    numbers = [(f"{len(fractures):,}".replace(",", "\u2009"), "fracture" if len(fractures) == 1 else "fractures")]
    if len(fractures):
        length_m, area_m2 = (float(fractures[name].sum()) for name in ("total_length_m", "area_m2"))
        widths = fractures["mean_width_m"]
        low, high = np.percentile(widths, (5, 95))
        numbers += [
            (f"{length_m / 1000:.1f} km" if length_m >= 1000 else f"{length_m:.0f} m", "total length"),
            (f"{area_m2 / 1e6:.2f} km\u00b2" if area_m2 >= 1e5 else f"{area_m2:.0f} m\u00b2", "total area"),
            (f"{widths.median():.1f} m", f"median width, 9 of 10 from {low:.1f} to {high:.1f} m"),
        ]
    for index, (number, name) in enumerate(numbers):
        y = top - 0.15 - 0.48 * index
        figure.text(x, y / page[1], number, fontsize=15, fontweight="bold", va="center")
        figure.text(x, (y - 0.21) / page[1], name, fontsize=7.5, color=FAINT, va="center")
    if len(fractures):
        axes = figure.add_axes(place_on_page(left, top - 2.42, _SIDE, 0.46, page))
        draw_widths(axes, fractures)
        axes.tick_params(labelsize=5)
        box = place_on_page(left + 0.14, top - _OVERVIEW - 0.06, 0.85, 0.85, page)
        draw_rose(figure.add_axes(box, projection="polar"), rose)
        words = "directions of\ncentrelines\n(area: length)"
        y = (top - _OVERVIEW + 0.36) / page[1]
        figure.text(x + 1.36 / page[0], y, words, fontsize=7.5, color=FAINT, va="center", linespacing=1.4)
    inset_boxes = Rectangle((0, 0), 1, 1, fill=False, edgecolor="white", linewidth=1.1, label="places below")
    handles = [*area_handles(boundary), *([inset_boxes] if len(fractures) else [])]
    if suns.all():
        handles.append(sun_handle())
    if not handles:
        return
    legend = figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(x, (top - 2.8) / page[1]),
        fontsize=7.5,
        facecolor="#5a5a5f",
        edgecolor="none",
        labelcolor="white",
        borderaxespad=0,
        handlelength=2.2,
        framealpha=1,
    )
    legend.get_frame().set_boxstyle("round", pad=0.2, rounding_size=0.3)


def _draw_inset(figure, number, top, inset, mosaic, grid, fractures, boundary, suns):
    side = (A4[0] - 2 * MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
    left = MARGIN + number * (side + _GAP)
    figure.text(left / A4[0], (top + 0.24) / A4[1], inset.letter, fontsize=11, fontweight="bold", va="center")
    figure.text((left + 0.18) / A4[0], (top + 0.24) / A4[1], inset.title, fontsize=9, fontweight="bold", va="center")
    figure.text((left + 0.18) / A4[0], (top + 0.09) / A4[1], inset.note, fontsize=7.5, color=FAINT, va="center")
    for row, window in enumerate((inset.complex, inset.pixels)):
        bottom = top - side - row * (side + 0.08)
        axes = figure.add_axes(place_on_page(left, bottom, side, side))
        around = draw_window(axes, mosaic, grid, window)
        near = fractures[fractures.intersects(window.box(grid))]
        if row == 0:
            draw_boundary(axes, boundary, 0.9)
        draw_fractures(axes, near, filled=False)
        if row == 0:
            inner = inset.pixels.grid(grid).bounds
            spot = Rectangle(inner[:2], inner[2] - inner[0], inner[3] - inner[1], fill=False, edgecolor="white")
            spot.set(linewidth=0.9, zorder=7, path_effects=halo(2.0))
            axes.add_patch(spot)
        scale_bar(axes, around, share=0.4, size=7.5)
        taken = np.array([*near.geometry, *([inset.pixels.box(grid)] if row == 0 else [])], object)
        add_compass(axes, around, suns.of(window), _free_corner(axes, taken, 0.24, taken=(0, 0)), 0.24, 0.5)


def _draw_reason(figure, page, top, reason, members, rows, mosaic, grid, suns):
    """Draw heading and examples of one reason."""
    words = REASONS.get(reason, reason.replace("_", " "))

    def write(x, y, words, **style):
        figure.text(x / page[0], y / page[1], words, va="center", **style)

    write(MARGIN, top, reason.replace("_", " ").capitalize(), fontsize=11, fontweight="bold")
    summary = f"{words}: {len(members) or 'no'} detection{'' if len(members) == 1 else 's'}"
    most = rows * _EXAMPLES
    if len(members) > most:
        summary += f", of which the {most} largest"
    write(MARGIN, top - 0.2, summary, fontsize=8, color=FAINT)
    order = np.argsort(-members["area_m2"].to_numpy(float), kind="stable")[:most]
    for number, index in enumerate(order):
        member = members.iloc[index]
        left = MARGIN + number % _EXAMPLES * (_EXAMPLE + _BETWEEN)
        bottom = top - 0.36 - _EXAMPLE - number // _EXAMPLES * _ROW
        bounds = member.geometry.bounds
        extent_px = max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / grid.resolution_m
        row, column = grid.rowcol((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
        window = square(row, column, int(np.clip(1.7 * extent_px, *_EXAMPLE_PX)), grid)
        axes = figure.add_axes(place_on_page(left, bottom, _EXAMPLE, _EXAMPLE, page))
        around = draw_window(axes, mosaic, grid, window)
        draw_outline(axes, member.geometry)
        scale_bar(axes, around, share=0.4, size=6)
        add_compass(axes, around, suns.of(window), (1, 1), 0.3, 0.38)
        confidence = "" if np.isnan(member.confidence) else f", p {member.confidence:.2f}"
        words = f"no. {member.fracture}, {member.area_m2:.0f} m\u00b2{confidence}"
        write(left, bottom - 0.1, words, fontsize=6.5)


def draw_window(
    axes: "Axes", mosaic: "DatasetReader", grid: MapGrid, window: Square, picture: np.ndarray | None = None
) -> MapGrid:
    """Draw a square of a mosaic (or another picture of it) pixel by pixel, and return the grid of the square."""
    around = window.grid(grid)
    left, bottom, right, top = around.bounds
    if picture is None:
        picture = base_picture(mosaic, (window.row, window.column, window.side_px, window.side_px))
    axes.set_facecolor(NO_DATA)
    axes.imshow(picture, extent=(left, right, bottom, top), interpolation="nearest")
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    return around


def draw_outline(axes: "Axes", geometry: shapely.Geometry, colour: str = OUTLINE, width: float = 1.1) -> None:
    """Draw the outline of one shape."""
    for ring in rings([geometry]):
        axes.plot(*ring.T, color=colour, linewidth=width, path_effects=halo(1.8 * width, alpha=0.5), zorder=5)


def _free_corner(axes, shapes, share, taken):
    """Return the corner (across, up; 0 or 1) of axes where a mark hides least.

    `share` is the size of the mark as a share of the axes' sides; `taken` is a corner that is not free.
    """
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    width, height = share * (right - left), share * (top - bottom)

    def hidden(corner):
        x, y = left + corner[0] * (right - left - width), bottom + corner[1] * (top - bottom - height)
        return int(shapely.intersects(shapes, shapely.box(x, y, x + width, y + height)).sum()) if len(shapes) else 0

    return min([corner for corner in ((1, 1), (0, 1), (1, 0), (0, 0)) if corner != taken], key=hidden)


def add_compass(
    axes: "Axes", grid: MapGrid, azimuths_deg: Sequence[float], corner: tuple[int, int], share: float, size: float
) -> None:
    """Draw north and the Sun in a corner of axes.

    `corner` is (across, up), 0 or 1. `share` is the width of the compass as a share of the axes' sides.
    """
    room = 0.01
    x, y = (room + value * (1 - share - 2 * room) for value in corner)
    compass(axes.inset_axes((x, y, share, share), zorder=9), grid, azimuths_deg, size)
