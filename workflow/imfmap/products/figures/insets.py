"""Insets of a map: windows that show its fractures closely. The same fractures always give the same windows.

* The densest complex: the square around the centroid of a fracture that holds the greatest length of fractures. (Of
  more than 10000 fractures, squares around the longest 10000 are compared.) At pixel scale, its longest fracture is
  shown.
* The largest fracture: the one with the greatest area. At pixel scale it is shown where it is widest.
* The thinnest long fracture: the one with the least mean width. Only fractures of at least the median length count,
  since the width of a short fracture is uncertain. At pixel scale its middle is shown.

If a fracture lies where another inset is, the next one by area or width is shown instead, and the title says
"elsewhere". If several fractures or squares are equal, the first one counts.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import KDTree

if TYPE_CHECKING:
    import geopandas

    from ...maps.grids import MapGrid

COMPLEX_PX = (96, 320)
PIXEL_PX = 64
# Share of the shorter side of a map.
_COMPLEX_SHARE = 0.2
_MOST_SQUARES = 10_000
# Of more fractures, one that lies apart from the other insets is not looked for.
_MOST_TRIED = 1000
# Insets that share more than this part of the smaller one show the same place.
MOST_SHARED = 0.5


@dataclass(frozen=True)
class Square:
    """A square window of a grid: its first row and column, and its side in pixels."""

    row: int
    column: int
    side_px: int

    def box(self, grid: "MapGrid") -> shapely.Polygon:
        """Return the outline of the square on the map."""
        return shapely.box(*self.grid(grid).bounds)

    def grid(self, grid: "MapGrid") -> "MapGrid":
        """Return the part of the grid in the square."""
        return grid.window(self.row, self.column, self.side_px, self.side_px)


@dataclass(frozen=True)
class InsetPair:
    """The two windows of an inset, at complex scale and at pixel scale.

    Attributes
    ----------
    letter : str
    title, note : str
        What the inset shows, in words and in numbers.
    complex, pixels : Square
        Windows at complex scale and at pixel scale. The second one lies within the first one if it is small enough.
    """

    letter: str
    title: str
    note: str
    complex: Square
    pixels: Square


def square(row: float, column: float, side_px: float, grid: "MapGrid") -> Square:
    """Return a square around a place, moved to lie on the grid; its side is at most the grid's shorter side."""
    side_px = int(min(side_px, *grid.shape))
    first = (
        int(np.clip(round(float(middle)) - side_px // 2, 0, extent - side_px))
        for middle, extent in zip((row, column), grid.shape, strict=True)
    )
    return Square(*first, side_px)


def densest(fractures: "geopandas.GeoDataFrame", grid: "MapGrid") -> tuple[Square, int]:
    """Return the square with the greatest length of fractures, and the number of fractures that it touches.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        At least one fracture, with ``total_length_m``.
    grid : MapGrid
    """
    centres = shapely.get_coordinates(shapely.centroid(fractures.geometry.values))
    positions = np.column_stack(grid.rowcol(*centres.T))
    side = int(min(COMPLEX_PX[1], max(COMPLEX_PX[0], _COMPLEX_SHARE * min(grid.shape))))
    lengths = fractures["total_length_m"].to_numpy(float)
    middles = np.sort(np.argsort(-lengths, kind="stable")[:_MOST_SQUARES])
    tree = KDTree(positions)

    def inside_of(middle):
        return tree.query_ball_point(positions[middle], side / 2, p=np.inf, return_sorted=True)

    inside = inside_of(max(middles, key=lambda middle: lengths[inside_of(middle)].sum()))
    window = square(*positions[inside].mean(axis=0), side, grid)
    return window, int(fractures.intersects(window.box(grid)).sum())


def choose_inset_pairs(fractures: "geopandas.GeoDataFrame", grid: "MapGrid") -> list[InsetPair]:
    """Return the insets of a map, from the densest complex to the thinnest fracture.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        With ``area_m2``, ``total_length_m``, ``mean_width_m``, ``max_width_m``; may be empty.
    grid : MapGrid

    Returns
    -------
    list of InsetPair
        Three, or none if there are no fractures; fewer if all fractures lie in one place.
    """
    if not len(fractures):
        return []
    around, count = densest(fractures, grid)
    inside = fractures[fractures.intersects(around.box(grid))]
    longest = inside.iloc[int(np.argmax(inside["total_length_m"].to_numpy(float)))]
    side_m = around.side_px * grid.resolution_m
    words = f"{count} fractures" if count > 1 else "1 fracture"
    spot = _middle(longest.geometry.intersection(around.box(grid)))
    first = InsetPair("a", "Densest complex", f"{words} in {_metres(side_m)}", around, _pixels(spot, grid))

    def largest(fracture):
        spot = shapely.get_coordinates(shapely.maximum_inscribed_circle(fracture.geometry))[0]
        note = f"{_area(fracture.area_m2)}, {fracture.mean_width_m:.0f} m wide on average"
        return _inset("Largest fracture", note, fracture, around, spot, grid)

    def thinnest(fracture):
        note = f"{fracture.mean_width_m:.1f} m wide on average, {_metres(fracture.total_length_m)} long"
        return _inset("Thinnest long fracture", note, fracture, around, _middle(fracture.geometry), grid)

    lengths = fractures["total_length_m"].to_numpy(float)
    long = fractures[lengths >= np.median(lengths)]
    insets = [first]
    for make, ordered in (
        (largest, fractures.sort_values("area_m2", ascending=False, kind="stable")),
        (thinnest, long.sort_values("mean_width_m", kind="stable")),
    ):
        inset = _first_apart(make, ordered, insets)
        if inset:
            insets.append(inset)
    letters = zip("abc", insets, strict=False)
    return [replace(inset, letter=letter) for letter, inset in letters]


def _inset(title, note, fracture, around, spot, grid):
    return InsetPair("", title, note, _around(fracture.geometry, around.side_px, grid), _pixels(spot, grid))


def _first_apart(make, ordered, insets):
    """Return the inset of the first of the fractures that shows another place than the given insets; None if all do."""
    for place in range(min(len(ordered), _MOST_TRIED)):
        inset = make(ordered.iloc[place])
        if all(overlap(inset.complex, other.complex) <= MOST_SHARED for other in insets):
            return replace(inset, title=f"{inset.title} elsewhere") if place else inset
    return None


def overlap(one: Square, other: Square) -> float:
    """Return the shared part of two squares, as a share of the smaller one's area."""
    sides = [
        min(first + one.side_px, second + other.side_px) - max(first, second)
        for first, second in ((one.row, other.row), (one.column, other.column))
    ]
    return max(sides[0], 0) * max(sides[1], 0) / min(one.side_px, other.side_px) ** 2


def _around(geometry, side_px, grid):
    """Return a square at complex scale around a fracture: as wide as it needs, up to three times the usual side."""
    left, bottom, right, top = geometry.bounds
    extent_px = max(right - left, top - bottom) / grid.resolution_m
    row, column = grid.rowcol((left + right) / 2, (bottom + top) / 2)
    return square(row, column, min(max(side_px, 1.2 * extent_px), 3 * side_px), grid)


def _pixels(spot, grid):
    row, column = grid.rowcol(*spot)
    return square(row, column, PIXEL_PX, grid)


def _middle(geometry):
    """Return a point within a shape, near its middle."""
    largest = max(shapely.get_parts(geometry), key=lambda part: (part.area, part.length))
    return shapely.get_coordinates(largest.representative_point())[0]


def _metres(length_m):
    return f"{length_m / 1000:.2g} km" if length_m >= 1000 else f"{length_m:.0f} m"


def _area(area_m2):
    return f"{area_m2 / 1e6:.2g} km\u00b2" if area_m2 >= 1e4 else f"{area_m2:.0f} m\u00b2"
