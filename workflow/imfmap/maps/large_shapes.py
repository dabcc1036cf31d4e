"""Polygons and lines of very many points, in a form in which their cost grows no faster than their points.

Many tools look at every point of a polygon each time: to draw one row of pixels, to find one distance, to intersect it
with one other shape. A polygon with a million points, met a thousand times, would then take hours. Its pieces do not:
an index finds the few that matter. Likewise, Shapely walks a line from its start for every place that it is asked for.
"""

from collections.abc import Sequence

import numpy as np
import shapely

MOST_POINTS = 256
# A piece that still has more points after so many cuts (such as hundreds of edges that meet in one place) stays.
_MOST_CUTS = 40
_SAME_AREA = 1e-9


def pieces_of(
    polygons: Sequence[shapely.Geometry] | np.ndarray, most_points: int = MOST_POINTS
) -> tuple[np.ndarray, np.ndarray]:
    """Cut polygons, by halves of their bounding boxes, until no piece has more than `most_points` points.

    Parameters
    ----------
    polygons : sequence of shapely.Polygon or shapely.MultiPolygon
        One with few points is its own piece, unchanged. An empty one has no piece.
    most_points : int

    Returns
    -------
    pieces : ndarray
        object (P,). They share edges, and no area. They follow the order of the polygons.
    owner : ndarray
        int (P,) the polygon's place in `polygons`.
    """
    pieces = np.asarray(polygons, object)
    owner = np.arange(len(pieces))
    done = []
    for _ in range(_MOST_CUTS):
        filled = ~(shapely.is_missing(pieces) | shapely.is_empty(pieces))
        large = filled & (shapely.get_num_coordinates(pieces) > most_points)
        done.append((pieces[filled & ~large], owner[filled & ~large]))
        pieces, owner = pieces[large], owner[large]
        if not len(pieces):
            break
        pieces, owner = _halves(pieces), np.concatenate([owner, owner])
    done.append((pieces, owner))
    pieces, owner = (np.concatenate(parts) for parts in zip(*done, strict=True))
    # The quick cut may leave a ring that touches itself.
    for index in np.flatnonzero(~shapely.is_valid(pieces)):
        pieces[index] = _area_of(shapely.make_valid(pieces[index]))
    order = np.argsort(owner, kind="stable")
    return pieces[order], owner[order]


def places_along(line: shapely.LineString, shares: np.ndarray) -> np.ndarray:
    """Return places along a line.

    Parameters
    ----------
    line : shapely.LineString
    shares : ndarray
        (N,) of the line's length, 0..1.

    Returns
    -------
    ndarray
        (N, 2) x, y.
    """
    points = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    at = np.asarray(shares, float) * along[-1]
    return np.stack([np.interp(at, along, axis) for axis in points.T], axis=-1)


def even_places(lines: np.ndarray, counts: np.ndarray, ends: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return places at even steps along lines.

    Parameters
    ----------
    lines : ndarray
        object (L,) of shapely.LineString.
    counts : ndarray
        int (L,) number of steps of each line, at least 1.
    ends : bool
        Whether the places are the ends of the steps (one more than steps), not their middles.

    Returns
    -------
    places : ndarray
        (N, 2) x, y.
    owner : ndarray
        int (N,) the line of each place.
    """
    places = [
        places_along(line, np.arange(count + 1) / count if ends else (np.arange(count) + 0.5) / count)
        for line, count in zip(lines, counts, strict=True)
    ]
    owner = np.repeat(np.arange(len(lines)), np.asarray(counts, int) + ends)
    return np.concatenate([np.zeros((0, 2)), *places]), owner


def _halves(polygons):
    """Return the first halves of polygons, then the second ones: cut across the longer side of their bounds."""
    left, bottom, right, top = shapely.bounds(polygons).T
    wide = right - left >= top - bottom
    middle_x, middle_y = np.where(wide, (left + right) / 2, right), np.where(wide, top, (bottom + top) / 2)
    boxes = (
        np.stack([left, bottom, middle_x, middle_y], axis=-1),
        np.stack([np.where(wide, middle_x, left), np.where(wide, bottom, middle_y), right, top], axis=-1),
    )
    halves = [
        np.array([_area_of(shapely.clip_by_rect(polygon, *box)) for polygon, box in zip(polygons, each, strict=True)])
        for each in boxes
    ]
    # This quick cut may fail where edges lie on the cut. Then the slow one is right.
    area = shapely.area(polygons)
    failed = np.abs(shapely.area(halves[0]) + shapely.area(halves[1]) - area) > _SAME_AREA * area
    for half, each in zip(halves, boxes, strict=True):
        exact = shapely.intersection(shapely.make_valid(polygons[failed]), shapely.box(*each[failed].T))
        half[failed] = [_area_of(geometry) for geometry in exact]
    return np.concatenate(halves)


def _area_of(geometry):
    """Return the polygons of a geometry, without the points and lines at which it only touches a box."""
    if geometry.geom_type != "GeometryCollection":
        return geometry if shapely.get_dimensions(geometry) == 2 else shapely.Polygon()
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])
