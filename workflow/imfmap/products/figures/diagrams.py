"""Diagrams of a target's fractures: orientations, density, distances to the wall, and errors of measures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D

from ...labels.width_classes import WIDTH_CLASSES
from ...maps import qml_styles
from ...plots.cartography import INK, NO_DATA, graticule, halo, scale_bar
from ...plots.style import COLOURS, GREY, saved_figure
from .rose import EVEN_DASHES, MEAN_AXIS, draw_rose

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from ...fractures.boundary_distance import Distances
    from ...maps.ground_plane import MappedGround

# Even steps of lightness with every kind of colour vision, without the darkest, since outlines are dark.
DENSITY_RAMP = ListedColormap(qml_styles.colour_table("density") / 255, "density")
_MAP_INCHES = 4.6
DENSITY_LETTERS = 115
# A title may have two dollar signs, and means no formula by them.
_TITLE = {"fontsize": 9, "fontweight": "bold", "parse_math": False}


def rose_figure(paths: Sequence[str | Path], rose: Mapping[str, Any], title: str) -> None:
    """Draw a rose diagram. The area of a petal stands for the length of the fractures in its direction.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write.
    rose : mapping
        What `orientations.rose` returns.
    title : str
    """
    with saved_figure(*paths, panel_inches=(3.4, 3.7)) as axes:
        figure = axes.figure
        place = axes.get_subplotspec()
        axes.remove()
        axes = figure.add_subplot(place, projection="polar")
        draw_rose(axes, rose, with_scale=True)
        axes.set_title(title, pad=10, **_TITLE)
        words = "no fractures"
        if rose["mean_axis_deg"] is not None:
            words = f"mean axis {rose['mean_axis_deg']:.0f}°, strength {rose['strength']:.2f}"
        handles = [
            Line2D([], [], color=MEAN_AXIS, linewidth=1.3, label=words),
            Line2D([], [], color=INK, linewidth=0.9, linestyle=EVEN_DASHES, label="if all directions were alike"),
        ]
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=1,
            title=f"{sum(rose['length_km']):.1f} km of centrelines in bins of {rose['bin_deg']:g}°",
            title_fontsize=7.5,
        )


def density_figure(
    paths: Sequence[str | Path],
    bands: np.ndarray,
    mapped: "MappedGround",
    centrelines: "geopandas.GeoDataFrame",
    boundary: Mapping[str, "geopandas.GeoDataFrame"],
    radius_m: float,
    title: str,
    footer: str = "",
) -> None:
    """Draw a map of the length of fractures per area of ground.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write.
    bands : ndarray
        Bands that `density.density_map` returns; the first one (km per km2) is drawn.
    mapped : ground_plane.MappedGround
        Ground that the map covers.
    centrelines : geopandas.GeoDataFrame
    boundary : mapping of str to geopandas.GeoDataFrame
        Layers of polygons: ``floor``, ``ponds`` and ``candidates``, as far as they exist.
    radius_m : float
        Radius of the circle in which length is summed, metres.
    title : str
    footer : str
        Small print below the map (see `map_facts.small_print`), in lines of at most `DENSITY_LETTERS` letters.
    """
    grid = mapped.grid
    left, bottom, right, top = grid.bounds
    aspect = (top - bottom) / (right - left)
    width = _MAP_INCHES / max(1.0, aspect / 1.4)
    with saved_figure(*paths, panel_inches=(width + 1.0, width * aspect + 0.6)) as axes:
        axes.set_facecolor(NO_DATA)
        axes.grid(False)
        picture = axes.imshow(
            bands[0], extent=(left, right, bottom, top), cmap=DENSITY_RAMP, vmin=0, interpolation="bilinear"
        )
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)
        lines = [shapely.get_coordinates(line) for line in centrelines.geometry]
        axes.add_collection(LineCollection(lines, colors="white", linewidths=0.7, path_effects=halo(1.5, alpha=0.55)))
        handles = [Line2D([], [], color="white", linewidth=1, path_effects=halo(2, alpha=0.6), label="fractures")]
        for name, label, colour, dashes in (
            ("floor", "crater floor", "white", (0, (6, 3))),
            ("ponds", "melt ponds", COLOURS[4], "solid"),
            ("candidates", "candidate ponds", COLOURS[1], (0, (2, 1.2))),
        ):
            if len(boundary.get(name, ())):
                rings = [shapely.get_coordinates(ring) for ring in _outlines(boundary[name].geometry.values)]
                axes.add_collection(
                    LineCollection(
                        rings, colors=colour, linewidths=1.2, linestyles=[dashes], path_effects=halo(2.2, alpha=0.6)
                    )
                )
                handles.append(
                    Line2D([], [], color=colour, linestyle=dashes, path_effects=halo(2.2, alpha=0.5), label=label)
                )
        scale_bar(axes, grid, size=7.5)
        graticule(axes, grid, (max(2, round(width / 1.5)), max(2, round(width * aspect / 1.5))))
        axes.set_title(title, loc="left", **_TITLE)
        axes.set_xlabel(footer, loc="left", fontsize=5, color=GREY, linespacing=1.3)
        bar = axes.figure.colorbar(picture, ax=axes, fraction=0.045, pad=0.02)
        bar.set_label(f"length of fractures within {radius_m:g} m, km / km²")
        bar.outline.set_linewidth(0.5)
        axes.figure.legend(handles=handles, loc="outside lower left", ncols=4, facecolor="#8a8a90", labelcolor="white",
                           frameon=True, framealpha=1, edgecolor="none")  # fmt: skip


def distance_figure(paths: Sequence[str | Path], distances: "Distances | None", title: str) -> None:
    """Draw the distances of fractures to the wall, against those of random sets.

    The left panel has the share of the length within each distance. The right panel has the density at each distance.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write.
    distances : boundary_distance.Distances or None
        None if the map has no fractures or no wall: the figure then says so.
    title : str
    """
    with saved_figure(*paths, columns=2, panel_inches=(3.5, 2.9)) as (left, right):
        left.figure.suptitle(title, **_TITLE)
        if distances is None:
            for axes in (left, right):
                axes.axis("off")
            left.text(0.5, 0.5, "no fracture, or no wall, on the map", ha="center", va="center", color=GREY)
            return
        at = distances.distance_m
        left.fill_between(at, distances.low, distances.high, color=GREY, alpha=0.3, linewidth=0, label="95 % of them")
        left.plot(at, distances.expected, color=GREY, linestyle=(0, (4, 1.5)), label=f"{distances.sets} random sets")
        left.plot(at, distances.observed, color=COLOURS[1], label=f"fractures, {distances.length_km:.1f} km")
        left.set(xlabel="distance to the wall, m", ylabel="share of the length within it")
        left.set(xlim=(0, at[-1]), ylim=(0, 1.01))
        order = [2, 1, 0]
        handles, labels = left.get_legend_handles_labels()
        left.legend([handles[i] for i in order], [labels[i] for i in order], loc="lower right")
        edges = at[:: max(1, (len(at) - 1) // 12)]
        middles = (edges[1:] + edges[:-1]) / 2
        expected = np.diff(np.interp(edges, at, distances.expected))
        ratio = np.diff(np.interp(edges, at, distances.observed)) / np.maximum(expected, 1e-9)
        enough = expected > 0.002
        right.axhline(1.0, color=GREY, linestyle=(0, (4, 1.5)), linewidth=1.1)
        right.bar(middles[enough], ratio[enough] - 1, np.diff(edges)[enough] * 0.9, bottom=1, color=COLOURS[0])
        right.set(xlabel="distance to the wall, m", ylabel="length, as a multiple of the random", xlim=(0, at[-1]))
        right.set_title(
            f"mean {distances.observed_mean_m:.0f} m; random {distances.expected_mean_m:.0f} m "
            f"({distances.mean_range_m[0]:.0f}–{distances.mean_range_m[1]:.0f}); p = {distances.p_value:.3f}",
            fontsize=7,
        )


def error_figure(paths: Sequence[str | Path], table: "pd.DataFrame", counts: Mapping[str, int], title: str) -> None:
    """Draw the errors of measures by width class, for true fractures (drawn, then measured) and for mapped ones.

    Parameters
    ----------
    paths : sequence of str or Path
        Files to write.
    table : pandas.DataFrame
        What `measure_errors.error_table` returns.
    counts : mapping of str to int
        Counts that `measure_errors.truth_measures` returns.
    title : str
    """
    panels = {
        "length_percent": "length, %",
        "mean_width_m": "mean width, m",
        "max_width_m": "largest width, m",
        "local_width_m": "width along the way, m",
        "orientation_deg": "orientation, °",
    }
    with saved_figure(*paths, rows=2, columns=3, panel_inches=(2.75, 2.35)) as grid_of_axes:
        figure = grid_of_axes[0, 0].figure
        figure.suptitle(f"{title}: measured minus true", **_TITLE)
        *plots, last = grid_of_axes.ravel()
        for axes, (name, label) in zip(plots, panels.items(), strict=True):
            axes.axhline(0, color=INK, linewidth=0.7)
            for source, colour, marker, shift in (("drawn", GREY, "s", -0.14), ("mapped", COLOURS[1], "o", 0.14)):
                rows = table[(table["measure"] == name) & (table["source"] == source)].set_index("width_class")
                rows = rows.loc[[kind for kind in WIDTH_CLASSES if kind in rows.index]]
                places = np.array([WIDTH_CLASSES.index(kind) for kind in rows.index], float) + shift
                axes.errorbar(places, rows["bias"], rows["spread"], fmt=marker, color=colour, markersize=4,
                              elinewidth=1.2, capsize=2)  # fmt: skip
                for place, row in zip(places, rows.itertuples(), strict=True):
                    axes.annotate(f"{row.n:,}".replace(",", "\u2009"), (place, row.bias + row.spread), (0, 3),
                                  textcoords="offset points", ha="center", fontsize=5, color=colour)  # fmt: skip
            shown = [kind for kind in WIDTH_CLASSES if kind in set(table["width_class"])]
            axes.set_xticks(range(len(shown)), shown)
            axes.set(ylabel=label, xlim=(-0.5, max(len(shown), 1) - 0.5))
            axes.margins(y=0.14)
            axes.grid(False, axis="x")
        last.axis("off")
        others = counts["mapped"] - counts["pairs"] - counts["merged"] - counts["false"]
        words = (
            f"{counts['true']} true fractures,\n{counts['mapped']} mapped:\n"
            f"  {counts['pairs']} stand for one true fracture\n  {counts['merged']} hold several\n"
            f"  {others} hold a part of one\n  {counts['false']} lie on none"
        )
        handles = [
            Line2D(
                [], [], color=GREY, marker="s", markersize=4, linestyle="", label="true fractures, drawn and measured"
            ),
            Line2D([], [], color=COLOURS[1], marker="o", markersize=4, linestyle="", label="mapped fractures"),
        ]
        last.legend(handles=handles, loc="upper left", borderaxespad=0)
        last.text(0.02, 0.66, words, fontsize=7.5, va="top", linespacing=1.5, transform=last.transAxes)
        last.text(0.02, 0.02, "marks: median error; bars: half its 16th–84th\npercentile range; small figures: number",
                  fontsize=6.5, color=GREY, va="bottom", transform=last.transAxes)  # fmt: skip


def _outlines(polygons):
    return [ring for part in shapely.get_parts(polygons) for ring in (part.exterior, *part.interiors)]
