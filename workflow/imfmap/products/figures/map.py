"""The map of a target: mosaic, fractures, and two places at pixel scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.figure import Figure

from ...maps.grids import MapGrid
from ...maps.rasters import open_raster
from ...plots.cartography import FAINT, NO_DATA, base_picture, compass, graticule, letter_box, scale_bar
from .insets import COMPLEX_PX, MOST_SHARED, densest, overlap, square
from .map_facts import small_print
from .panel import Layout, draw_legend, draw_numbers_and_rose
from .parts import draw_boundary, draw_fractures, drawing, save

if TYPE_CHECKING:
    import geopandas

    from ...maps.image_facts import ImageFacts


@dataclass(frozen=True)
class MapText:
    """Words on the map.

    Attributes
    ----------
    title : str
        The place.
    subtitle : str, optional
        What is shown; by default what `subtitle` returns.
    footer : str
        Model and credit, in small print.
    threshold : float, optional
        Probability from which on a pixel is fracture.
    """

    title: str
    subtitle: str | None = None
    footer: str = ""
    threshold: float | None = None


@dataclass(frozen=True)
class Inset:
    """A square window of the mosaic shown at pixel scale."""

    letter: str
    caption: str
    row: int
    column: int
    side_px: int


def map_figure(
    paths: Sequence[str | Path],
    mosaic_path: str | Path,
    fractures: "geopandas.GeoDataFrame",
    text: MapText,
    rose: Mapping[str, Any],
    boundary: Mapping[str, "geopandas.GeoDataFrame"] | None = None,
    images: "Sequence[ImageFacts]" = (),
) -> None:
    """Draw the map of a target.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write, ``.png`` or ``.pdf``.
    mosaic_path : str or Path
        8-bit mosaic, 0 for no data.
    fractures : geopandas.GeoDataFrame
        Fractures that were kept, with the columns of `measures.measure`; may be empty.
    text : MapText
    rose : mapping
        Rose diagram of the fractures' centrelines (see `orientations.rose`).
    boundary : mapping of str to geopandas.GeoDataFrame, optional
        Layers ``floor`` and ``ponds`` (see `accept.read_boundary`), and ``candidates`` for candidate ponds.
    images : sequence of image_facts.ImageFacts
        The mapped images; the map shows their Sun directions.
    """
    with drawing(), open_raster(mosaic_path) as mosaic:
        grid = MapGrid.of(mosaic)
        insets = choose_insets(fractures, grid)
        layout = Layout(grid.shape, len(insets))
        figure = Figure(figsize=layout.size)
        axes = figure.add_axes(layout.main)
        _draw_map(axes, layout, mosaic, grid, fractures, insets, boundary or {})
        bar_corner, compass_corner = _free_corners(layout, grid, fractures, insets)
        scale_bar(axes, grid, at_right=bool(bar_corner[0]))
        _draw_compass(figure, layout, grid, compass_corner, images)
        for number, inset in enumerate(insets):
            _draw_inset(figure, layout, number, mosaic, grid, fractures, inset)
        _draw_text(figure, layout, text, grid, images)
        draw_numbers_and_rose(figure, layout, fractures, rose)
        draw_legend(figure, layout, fractures, boundary or {}, images)
        save(figure, paths, text.title)


def choose_insets(fractures: "geopandas.GeoDataFrame", grid: MapGrid) -> list[Inset]:
    """Choose the insets of a map: the densest complex and the widest fracture.

    Returns
    -------
    list of Inset
        No, one or two insets, which lie on the grid. The second is left out if it would show the same place.
    """
    if not len(fractures):
        return []
    most = min(grid.shape)
    first, count = densest(fractures, grid)
    side = first.side_px
    caption = f"Densest complex, {count} fractures" if count > 1 else "The longest fracture"
    insets = [Inset("a", caption, first.row, first.column, side)]
    # The mean width is robust: one wide place, where two fractures have merged, says little.
    index = int(np.argmax(fractures["mean_width_m"].to_numpy(float)))
    widest = fractures.iloc[index]
    x, y = shapely.get_coordinates(shapely.maximum_inscribed_circle(widest.geometry))[0]
    middle_row, middle_column = (float(value) for value in grid.rowcol(x, y))
    left, bottom, right, top = widest.geometry.bounds
    extent = max(right - left, top - bottom) / grid.resolution_m
    side_b = int(min(side, max(COMPLEX_PX[0], 1.25 * extent), most))
    row, column = (float(value) for value in grid.rowcol(*shapely.get_coordinates(widest.geometry.centroid)[0]))
    second = square((middle_row + row) / 2, (middle_column + column) / 2, side_b, grid)
    second = Inset(
        "b", f"Widest fracture, {widest.mean_width_m:.0f} m wide on average", second.row, second.column, side_b
    )
    if overlap(second, insets[0]) <= MOST_SHARED:
        insets.append(second)
    return insets


def _box(inset, grid):
    return shapely.box(*grid.window(inset.row, inset.column, inset.side_px, inset.side_px).bounds)


def _draw_map(axes, layout, mosaic, grid, fractures, insets, boundary):
    left, bottom, right, top = grid.bounds
    axes.set_facecolor(NO_DATA)
    axes.imshow(base_picture(mosaic), extent=(left, right, bottom, top), interpolation="antialiased", zorder=1)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    draw_boundary(axes, boundary)
    draw_fractures(axes, fractures, filled=True)
    for inset in insets:
        x, y = grid.xy(inset.row + inset.side_px - 0.5, inset.column - 0.5)
        letter_box(axes, float(x), float(y), inset.side_px * grid.resolution_m, inset.letter)
    ticks = (max(2, round(extent / 2.2)) for extent in (layout.map_width, layout.map_height))
    graticule(axes, grid, tuple(ticks))


def _free_corners(layout, grid, fractures, insets):
    """Return the corners (across, up; 0 or 1) where the scale bar (in a lower corner) and the compass hide least."""
    left, bottom, right, top = grid.bounds
    side = layout.COMPASS + 0.2
    width, height = side / layout.map_width * (right - left), side / layout.map_height * (top - bottom)
    shown = np.array([*fractures.geometry, *(_box(inset, grid) for inset in insets)], object)

    def hidden(corner, wide, high):
        x, y = left + corner[0] * (right - left - wide), bottom + corner[1] * (top - bottom - high)
        return int(shapely.intersects(shown, shapely.box(x, y, x + wide, y + high)).sum())

    bar = min(((0, 0), (1, 0)), key=lambda corner: hidden(corner, 0.3 * (right - left), height / 2))
    others = [corner for corner in ((1, 1), (0, 1), (1, 0), (0, 0)) if corner != bar]
    return bar, min(others, key=lambda corner: hidden(corner, width, height))


def _draw_compass(figure, layout, grid, corner, images):
    side = layout.COMPASS + 0.2
    place = layout.place(
        layout.left + 0.1 + corner[0] * (layout.map_width - side),
        layout.top - layout.map_height + 0.1 + corner[1] * (layout.map_height - side),
        layout.COMPASS,
        layout.COMPASS,
    )
    compass(figure.add_axes(place, zorder=10), grid, sorted({round(image.sun_azimuth_deg) for image in images}))


def _draw_inset(figure, layout, number, mosaic, grid, fractures, inset):
    start, top = layout.column(number)
    window = grid.window(inset.row, inset.column, inset.side_px, inset.side_px)
    left, bottom, right, high = window.bounds
    picture = base_picture(mosaic, (inset.row, inset.column, inset.side_px, inset.side_px))
    near = fractures[fractures.intersects(_box(inset, grid))]
    figure.text(*layout.point(start, top - 0.13), inset.letter, fontsize=11, fontweight="bold", va="center")
    figure.text(*layout.point(start + 0.2, top - 0.13), inset.caption, fontsize=9, va="center")
    for column in (0, 1):
        place = start + column * (layout.inset + 0.1), top - 0.27 - layout.inset
        axes = figure.add_axes(layout.place(*place, layout.inset, layout.inset))
        axes.set_facecolor(NO_DATA)
        axes.imshow(picture, extent=(left, right, bottom, high), interpolation="nearest")
        if column:
            draw_fractures(axes, near, filled=False)
        axes.set(xlim=(left, right), ylim=(bottom, high), xticks=[], yticks=[])
        if not column:
            scale_bar(axes, window, share=0.4, size=7.5)


def _draw_text(figure, layout, text, grid, images):
    x = layout.MARGIN
    figure.text(*layout.point(x, layout.size[1] - 0.36), text.title, fontsize=21, fontweight="bold", va="center")
    figure.text(
        *layout.point(x, layout.size[1] - 0.72),
        text.subtitle or subtitle(grid, images),
        fontsize=10.5,
        color=FAINT,
        va="center",
    )
    small = small_print(grid, images, text.threshold, text.footer, layout.letters)
    figure.text(*layout.point(x, 0.32), small, fontsize=7, color=FAINT, va="bottom", linespacing=1.35)


def subtitle(grid: MapGrid, images: "Sequence[ImageFacts]" = ()) -> str:
    """Return what a figure shows: place, images, and resolution."""
    lon, lat = (float(value) for value in grid.lonlat(grid.shape[0] / 2, grid.shape[1] / 2))
    words = [
        "Impact melt fractures",
        f"{abs(lat):.2f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.2f}° {'E' if lon >= 0 else 'W'}",
    ]
    if images:
        incidences = sorted(round(image.incidence_deg) for image in images)
        angles = "–".join(f"{angle}" for angle in sorted({incidences[0], incidences[-1]}))
        words.append(f"{len(images)} image{'s' if len(images) > 1 else ''}, incidence {angles}°")
    return " · ".join([*words, f"{grid.resolution_m:g} m per pixel"])
