"""What the figures of a target share: their style, fractures and boundaries drawn on a map, files written whole."""

import matplotlib
import shapely
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path

from ...core.files import replacing
from ...plots.cartography import FAINT, INK, halo
from .panel import AREAS, RAMP

FILL_ALPHA = 0.65
PDF_DPI = 300
PNG_DPI = 200

_STYLE = {
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.6,
    "figure.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "sun_aligned",
}


def drawing():
    """Context in which Matplotlib draws in the style of these figures."""
    return matplotlib.rc_context(_STYLE)


def save(figure, paths, png_dpi=PNG_DPI):
    """Write a figure as PNG and PDF; the same figure has the same bytes."""
    for path in paths:
        with replacing(path) as temporary:
            plain = {"CreationDate": None} if temporary.suffix == ".pdf" else {"Software": None}
            dpi = PDF_DPI if temporary.suffix == ".pdf" else png_dpi
            figure.savefig(temporary, dpi=dpi, metadata=plain)


def draw_boundary(axes, boundary, width=1.1):
    """Outlines of crater floor (dashed), melt ponds and, dotted, candidates for such.

    `boundary` is as `accept.read_boundary` gives it, with ``candidates`` where there are some.
    """
    for name, (_, colour, style) in AREAS.items():
        if name in boundary and len(boundary[name]):
            lines = rings(boundary[name].geometry.values)
            around = halo(2 * width, alpha=0.45)
            outlines = LineCollection(
                lines, colors=colour, linewidths=width, linestyles=[style], path_effects=around, zorder=3
            )
            axes.add_collection(outlines)


def draw_fractures(axes, fractures, norm, filled, width=1.3):
    """Polygons in the colour of their width; on a map also as strokes, or most would be thinner than a pixel."""
    if not len(fractures):
        return
    parts, owner = shapely.get_parts(fractures.geometry.values, return_index=True)
    paths = [Path.make_compound_path(*(Path(ring, closed=True) for ring in rings([part]))) for part in parts]
    colours = RAMP(norm(fractures["mean_width_m"].to_numpy(float)))[owner]
    if filled:
        casing = PathCollection(paths, facecolors="none", edgecolors=(0, 0, 0, 0.55), linewidths=1.7, zorder=4)
        axes.add_collection(casing)
        # The fill lets the fracture itself be seen; where there is hardly room for one, the stroke is all there is.
        fills = colours * [1, 1, 1, FILL_ALPHA]
        axes.add_collection(PathCollection(paths, facecolors=fills, edgecolors=colours, linewidths=0.8, zorder=5))
    else:
        axes.add_collection(PathCollection(paths, facecolors="none", edgecolors=colours, linewidths=width, zorder=5))


def rings(polygons):
    """Closed rings of polygons, holes wound against their outlines."""
    return [
        shapely.get_coordinates(ring)
        for part in shapely.get_parts(shapely.normalize(polygons))
        for ring in (part.exterior, *part.interiors)
    ]
