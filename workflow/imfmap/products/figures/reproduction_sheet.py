"""A figure of our maps beside published ones: what both have, and what one has alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ...maps.grids import MapGrid
from ...maps.rasters import open_raster
from ...plots.cartography import INK, base_picture, scale_bar
from .parts import drawing, rings, save

if TYPE_CHECKING:
    from ...scoring.published_comparison import BesidePublished

# Blue and orange are told apart by all kinds of colour vision. What both have is light.
COLOURS = {"both maps": "#ffffff", "ours alone": "#ff9d2e", "published alone": "#4aa8ff"}
_WIDTH, _HEAD, _FOOT = 6.4, 0.5, 0.55


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
        height = _WIDTH + _HEAD + _FOOT
        figure = Figure(figsize=(_WIDTH * len(places), height))
        for number, place in enumerate(places):
            box = (number + 0.02) / len(places), _FOOT / height, 0.96 / len(places), _WIDTH / height
            with open_raster(place.mosaic) as mosaic:
                grid = MapGrid.of(mosaic)
                axes = figure.add_axes(box)
                left, bottom, right, top = grid.bounds
                axes.imshow(base_picture(mosaic), extent=(left, right, bottom, top))
            for name, frame in shapes_by_map(place.found).items():
                outlines = rings(frame.geometry)
                if outlines:
                    axes.add_collection(
                        PolyCollection(outlines, facecolors="none", edgecolors=COLOURS[name], linewidths=0.7)
                    )
            axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[], aspect="equal")
            scale_bar(axes, grid)
            axes.set_title(place.title, fontsize=11, color=INK, loc="left")
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
