"""What the figures of a target share: style, drawing of fractures and boundaries on a map, writing of files."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path as Outline

from ...core.files import replacing
from ...plots.cartography import FAINT, INK, halo
from .panel import AREAS
from .width_colours import casing_colour, width_colours

if TYPE_CHECKING:
    import geopandas
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILL_ALPHA = 0.4
# By how much the dark casing is wider than the line that lies on it, points.
CASING = 1.3
AUTHOR = "imfmap, maps of impact melt fractures"
PDF_DPI = 300
PNG_DPI = 200

_STYLE = {
    "font.family": "DejaVu Sans",
    # A title may have two dollar signs, and means no formula by them.
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.6,
    "figure.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "imfmap",
}


def drawing() -> AbstractContextManager[None]:
    """Return a context in which Matplotlib draws in the style of these figures."""
    return matplotlib.rc_context(_STYLE)


def save(figure: "Figure", paths: Iterable[str | Path], title: str, png_dpi: float = PNG_DPI) -> None:
    """Write a figure as PNG and PDF, with title and author. The same figure gives the same bytes."""
    for path in paths:
        with replacing(path) as temporary:
            named = {"Title": title, "Author": AUTHOR}
            plain = named | ({"CreationDate": None} if temporary.suffix == ".pdf" else {"Software": None})
            dpi = PDF_DPI if temporary.suffix == ".pdf" else png_dpi
            figure.savefig(temporary, dpi=dpi, metadata=plain)


def draw_boundary(axes: "Axes", boundary: Mapping[str, "geopandas.GeoDataFrame"], width: float = 1.1) -> None:
    """Draw the outlines of the crater floor (dashed), of melt ponds and of candidate melt ponds (dotted).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    boundary : mapping of str to geopandas.GeoDataFrame
        Layers that `accept.read_boundary` returns, and ``candidates`` if there are some.
    width : float
        Width of the lines, points.
    """
    for name, (_, colour, style) in AREAS.items():
        if name in boundary and len(boundary[name]):
            lines = rings(boundary[name].geometry.values)
            around = halo(2 * width, alpha=0.45)
            outlines = LineCollection(
                lines, colors=colour, linewidths=width, linestyles=[style], path_effects=around, zorder=3
            )
            axes.add_collection(outlines)


def draw_fractures(axes: "Axes", fractures: "geopandas.GeoDataFrame", filled: bool, width: float = 1.3) -> None:
    """Draw the polygons of fractures in the colour of their mean width: light, inside a dark casing.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    fractures : geopandas.GeoDataFrame
        With ``mean_width_m``; may be empty.
    filled : bool
        Whether polygons are filled. Their outlines are drawn, too, since most polygons on a map are narrower than a
        pixel of the figure.
    width : float
        Width of the outlines if they are not filled, points.
    """
    if not len(fractures):
        return
    parts, owner = shapely.get_parts(fractures.geometry.values, return_index=True)
    paths = [Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings([part]))) for part in parts]
    colours = width_colours(fractures["mean_width_m"].to_numpy(float))[owner]
    line = 0.8 if filled else width
    casing = PathCollection(paths, facecolors="none", edgecolors=casing_colour(), linewidths=line + CASING, zorder=4)
    axes.add_collection(casing)
    if filled:
        # The fill is transparent, so that the fracture below it shows. Thin polygons show only their outline.
        fills = colours * [1, 1, 1, FILL_ALPHA]
        axes.add_collection(PathCollection(paths, facecolors=fills, edgecolors=colours, linewidths=line, zorder=5))
    else:
        axes.add_collection(PathCollection(paths, facecolors="none", edgecolors=colours, linewidths=line, zorder=5))


def rings(polygons: Iterable[shapely.Geometry]) -> list[np.ndarray]:
    """Return the closed rings of polygons, (N, 2) each. Holes run in the opposite sense to outlines."""
    return [
        shapely.get_coordinates(ring)
        for part in shapely.get_parts(shapely.normalize(polygons))
        for ring in (part.exterior, *part.interiors)
    ]
