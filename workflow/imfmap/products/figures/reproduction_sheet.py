"""A figure of our maps beside published ones: what both have, and what one has alone."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ...maps.grids import MapGrid
from ...maps.rasters import open_raster
from ...plots.cartography import FAINT, INK, base_picture, graticule, halo, scale_bar
from .map_facts import reference_words
from .parts import drawing, rings, save

if TYPE_CHECKING:
    from ...scoring.published_comparison import BesidePublished

# Blue and orange are told apart by all kinds of colour vision. What both have is light.
COLOURS = {"both maps": "#ffffff", "ours alone": "#ff9d2e", "published alone": "#4aa8ff"}
# Inches: the width of a place, the space around its map, and above and below all of them.
_WIDTH, _SIDE, _HEAD, _FOOT = 6.4, 0.35, 0.95, 1.15
_LETTERS = 130


@dataclass(frozen=True)
class PlaceShown:
    """One place of the figure.

    Attributes
    ----------
    title : str
    mosaic : str
        Path of our 8-bit mosaic.
    found : published_comparison.BesidePublished
    """

    title: str
    mosaic: str
    found: "BesidePublished"


def reproduction_sheet(paths: Sequence[str | Path], places: Sequence[PlaceShown]) -> None:
    """Draw the places beside each other.

    Parameters
    ----------
    paths : sequence of path
        Files to write, ``.png`` or ``.pdf``.
    places : sequence of PlaceShown
    """
    title = "Our maps beside the published ones"
    with drawing():
        width, side = _WIDTH * len(places), _WIDTH - 2 * _SIDE
        height = side + _HEAD + _FOOT
        figure = Figure(figsize=(width, height))
        figure.text(_SIDE / width, 1 - 0.3 / height, title, fontsize=15, fontweight="bold", va="center")
        for number, place in enumerate(places):
            box = (number * _WIDTH + _SIDE) / width, _FOOT / height, side / width, side / height
            with open_raster(place.mosaic) as mosaic:
                grid = MapGrid.of(mosaic)
                axes = figure.add_axes(box)
                left, bottom, right, top = grid.bounds
                axes.imshow(base_picture(mosaic), extent=(left, right, bottom, top))
            for name, frame in shapes_by_map(place.found).items():
                outlines = rings(frame.geometry)
                if outlines:
                    axes.add_collection(
                        PolyCollection(
                            outlines,
                            facecolors="none",
                            edgecolors=COLOURS[name],
                            linewidths=0.8,
                            path_effects=halo(2.0),
                        )
                    )
            axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
            graticule(axes, grid, (3, 3))
            scale_bar(axes, grid)
            axes.set_title(place.title, fontsize=11, color=INK, loc="left", parse_math=False)
            words = textwrap.fill(reference_words(grid), _LETTERS)
            figure.text(box[0], 0.62 / height, words, fontsize=6, color=FAINT, va="center")
        handles = [
            Patch(facecolor="#555555", edgecolor=colour, linewidth=1.6, label=name) for name, colour in COLOURS.items()
        ]
        figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False, fontsize=9)
        save(figure, paths, title)


def shapes_by_map(found: "BesidePublished") -> Mapping:
    """Return the polygons that both maps have (ours of them), and those that one has alone."""
    return {
        "both maps": found.ours[found.ours["matched"]],
        "ours alone": found.ours[~found.ours["matched"]],
        "published alone": found.published[~found.published["matched"]],
    }
