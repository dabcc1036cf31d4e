"""Decide which detections count as fractures, by the paper's filters; note why the others are rejected."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS

from ..core.errors import InputError
from ..maps.axial import axial_difference_deg, line_principal_axis, polygon_principal_axis
from ..maps.large_shapes import pieces_of
from ..maps.vectors import layers_of, read_vector
from .limits import MIN_AREA_M2

# Reasons of rejection. If several hold, the first one in this order is given.
SMALL, SEAM, OUTSIDE = "small", "seam", "outside"
REASONS = {
    SMALL: "smaller than the least area",
    SEAM: "lies along a seam of the mosaic",
    OUTSIDE: "outside the crater floor and the melt ponds",
}
BOUNDARY_LAYERS = ("floor", "ponds")
# A detection lies along a seam if at least this share of its area is close to the seam, and its axis points along the
# seam within this angle. The angle does not count for a detection that is less elongated than this.
SEAM_SHARE = 0.6
SEAM_ANGLE_DEG = 25.0
ELONGATED = 1.5
# A detection lies inside the floor and the ponds if at least this share of its area does.
INSIDE_SHARE = 0.5


def read_boundary(path: str | Path, crs: CRS) -> dict[str, gpd.GeoDataFrame]:
    """Read the outlines of crater floor and melt ponds.

    Parameters
    ----------
    path : path
        Vector file with a layer ``floor`` or ``ponds``, or both.
    crs : CRS
        CRS of the result.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        By layer name; a layer that the file lacks is empty.

    Raises
    ------
    InputError
        If the file is missing or damaged, lies on another body, or holds other shapes than polygons on the map.
    """
    present = layers_of(path)
    layers = {name: _areas(path, name, crs) for name in BOUNDARY_LAYERS if name in present}
    if not layers:
        layers = {"floor": _areas(path, "floor", crs)}
    return {name: layers.get(name, gpd.GeoDataFrame(geometry=[], crs=crs)) for name in BOUNDARY_LAYERS}


def _areas(path, name, crs):
    """Read a layer of polygons, without heights and without features that have no shape."""
    frame = read_vector(path, name, crs)
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)].reset_index(drop=True)
    frame.geometry = shapely.force_2d(frame.geometry.array)
    for shape in frame.geometry:
        if shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise InputError(path, f"layer '{name}' holds a {shape.geom_type}", "draw the outlines as polygons")
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            found = f"layer '{name}' holds a polygon off the map's projection, or without coordinates"
            raise InputError(path, found, "check its coordinates and its CRS")
    return frame


def filter_fractures(
    fractures: gpd.GeoDataFrame,
    min_area_m2: float = MIN_AREA_M2,
    seams: gpd.GeoDataFrame | None = None,
    floor: gpd.GeoDataFrame | None = None,
    seam_distance_m: float = 4.5,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Separate the detections that count as fractures from those that do not.

    A detection is rejected if it is smaller than `min_area_m2`, if it lies along a seam of the mosaic, or if more than
    half of it lies outside the crater floor and the melt ponds. It lies along a seam if most of it is close to the seam
    and both have nearly the same direction.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        With ``area_m2`` (see `measures.measure`).
    min_area_m2 : float
        Smaller detections are rejected.
    seams : geopandas.GeoDataFrame, optional
        Lines along which the mosaic's source image changes.
    floor : geopandas.GeoDataFrame, optional
        Polygons of floor and ponds; without any polygon, no place is outside.
    seam_distance_m : float
        Within this distance a place is close to a seam; by default 3 px of 1.5 m.

    Returns
    -------
    kept : geopandas.GeoDataFrame
    rejected : geopandas.GeoDataFrame
        With a further column ``reason``: one of `REASONS`.
    """
    reason = np.full(len(fractures), "", object)
    if floor is not None and len(floor):
        reason[_outside(fractures.geometry.values, floor.geometry.values)] = OUTSIDE
    if seams is not None and len(seams):
        reason[_along_seams(fractures.geometry.values, seams.geometry.values, seam_distance_m)] = SEAM
    reason[fractures["area_m2"].to_numpy() < min_area_m2] = SMALL
    kept = fractures[reason == ""].reset_index(drop=True)
    rejected = fractures[reason != ""].assign(reason=reason[reason != ""]).reset_index(drop=True)
    return kept, rejected


def renumbered(
    kept: gpd.GeoDataFrame, rejected: gpd.GeoDataFrame, centrelines: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Number fractures without gaps: first those that were kept, then those that were rejected.

    Groups are numbered anew, too, in the same order.

    Parameters
    ----------
    kept, rejected : geopandas.GeoDataFrame
        Results of `filter_fractures`, with ``fracture`` and ``group``.
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`.

    Returns
    -------
    kept, rejected, centrelines : geopandas.GeoDataFrame
        Copies with the new numbers.
    """
    old = np.concatenate([kept["fracture"], rejected["fracture"]]).astype(int)
    new = dict(zip(old.tolist(), range(1, len(old) + 1), strict=True))
    groups = {}
    for group in np.concatenate([kept["group"], rejected["group"]]).astype(int).tolist():
        groups.setdefault(group, len(groups) + 1)
    kept, rejected = (
        frame.assign(fracture=frame["fracture"].map(new).astype(int), group=frame["group"].map(groups).astype(int))
        for frame in (kept, rejected)
    )
    return kept, rejected, centrelines.assign(fracture=centrelines["fracture"].map(new).astype(int))


def _outside(polygons, areas):
    """Return the polygons of which less than `INSIDE_SHARE` lies in areas, bool (N,)."""
    inside, _ = pieces_of([shapely.union_all(shapely.make_valid(areas))])
    pieces, owner = pieces_of(polygons)
    index, other = shapely.STRtree(inside).query(pieces, predicate="intersects")
    common = shapely.area(shapely.intersection(pieces[index], inside[other]))
    return np.bincount(owner[index], common, len(polygons)) < INSIDE_SHARE * shapely.area(polygons)


def _along_seams(polygons, seams, distance_m):
    """Return which polygons lie along a seam, bool (N,)."""
    lines = _short_pieces(seams)
    tree = shapely.STRtree(lines)
    along = np.zeros(len(polygons), bool)
    polygon_index, line_index = tree.query(polygons, predicate="dwithin", distance=distance_m)
    indices, starts = np.unique(polygon_index, return_index=True)
    for index, close in zip(indices, np.split(lines[line_index], starts)[1:], strict=True):
        polygon = polygons[index]
        around = polygon.buffer(distance_m)
        near = shapely.get_parts(shapely.intersection(shapely.union_all(close), around))
        near = shapely.multilinestrings(near[shapely.length(near) > 0])
        share = polygon.intersection(near.buffer(distance_m, cap_style="flat")).area / polygon.area
        if share < SEAM_SHARE:
            continue
        axis, elongation = polygon_principal_axis(polygon)
        seam_axis, _ = line_principal_axis(near)
        along[index] = elongation < ELONGATED or axial_difference_deg(axis, seam_axis) <= SEAM_ANGLE_DEG
    return along


def _short_pieces(lines, vertices=64):
    """Cut lines in short pieces, so that a search near a polygon does not meet the whole of a long seam."""
    return np.array(
        [
            shapely.LineString(points[start : start + vertices + 1])
            for points in map(shapely.get_coordinates, shapely.get_parts(lines))
            for start in range(0, len(points) - 1, vertices)
        ],
        object,
    )
