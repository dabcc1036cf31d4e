"""Which detections count as fractures: the paper's filters, with the reason of each rejection."""

import geopandas as gpd
import numpy as np
import shapely

from ..maps.axial import axial_difference_deg, line_principal_axis, polygon_principal_axis
from ..maps.vectors import layers_of, read_vector
from .limits import MIN_AREA_M2

# Reasons, in the order in which they are given where several hold.
SMALL, SEAM, OUTSIDE = "small", "seam", "outside"
REASONS = {
    SMALL: "smaller than the least area",
    SEAM: "lies along a seam of the mosaic",
    OUTSIDE: "outside the crater floor and the melt ponds",
}
BOUNDARY_LAYERS = ("floor", "ponds")
SEAM_SHARE = 0.6
SEAM_ANGLE_DEG = 25.0
ELONGATED = 1.5
INSIDE_SHARE = 0.5


def read_boundary(path, crs):
    """Crater floor and melt ponds.

    Parameters
    ----------
    path : path
        Vector file with a layer ``floor`` or ``ponds``, or both.
    crs : CRS
        CRS to bring them to.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        By layer name; a layer that the file lacks is empty.

    Raises
    ------
    InputError
        For a missing file, or one on another body.
    """
    there = layers_of(path)
    layers = {name: read_vector(path, name, crs) for name in BOUNDARY_LAYERS if name in there}
    if not layers:
        layers = {"floor": read_vector(path, "floor", crs)}
    return {name: layers.get(name, gpd.GeoDataFrame(geometry=[], crs=crs)) for name in BOUNDARY_LAYERS}


def filter_fractures(fractures, min_area_m2=MIN_AREA_M2, seams=None, floor=None, seam_distance_m=4.5):
    """Keep what may be a fracture.

    A detection is rejected where it is smaller than `min_area_m2`; where it lies along a seam of the mosaic, that
    is, where most of it is close to a seam and both point the same way; or where most of it lies outside the crater
    floor and the melt ponds.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        With ``area_m2`` (see `measures.measure`).
    min_area_m2 : float
    seams : geopandas.GeoDataFrame, optional
        Lines where the mosaic's source changes.
    floor : geopandas.GeoDataFrame, optional
        Polygons of floor and ponds; without any polygon, nothing is rejected by it.
    seam_distance_m : float
        How close is close: by default 3 px of 1.5 m.

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


def _outside(polygons, areas):
    inside = shapely.union_all(shapely.make_valid(areas))
    shapely.prepare(inside)
    outside = ~shapely.covers(inside, polygons)
    partly = np.flatnonzero(outside & shapely.intersects(inside, polygons))
    share = shapely.area(shapely.intersection(inside, polygons[partly])) / shapely.area(polygons[partly])
    outside[partly] = share < INSIDE_SHARE
    return outside


def _along_seams(polygons, seams, distance_m):
    """bool (N,): polygons that lie along a seam."""
    lines = _chopped(seams)
    tree = shapely.STRtree(lines)
    along = np.zeros(len(polygons), bool)
    polygon_index, line_index = tree.query(polygons, predicate="dwithin", distance=distance_m)
    for index in np.unique(polygon_index):
        polygon = polygons[index]
        around = polygon.buffer(distance_m)
        near = shapely.get_parts(
            shapely.intersection(shapely.union_all(lines[line_index[polygon_index == index]]), around)
        )
        near = shapely.multilinestrings(near[shapely.length(near) > 0])
        share = polygon.intersection(near.buffer(distance_m, cap_style="flat")).area / polygon.area
        if share < SEAM_SHARE:
            continue
        axis, elongation = polygon_principal_axis(polygon)
        seam_axis, _ = line_principal_axis(near)
        along[index] = elongation < ELONGATED or axial_difference_deg(axis, seam_axis) <= SEAM_ANGLE_DEG
    return along


def _chopped(lines, vertices=64):
    """Lines in short pieces, so that a search near a polygon need not walk along all of a seam."""
    return np.array(
        [
            shapely.LineString(points[start : start + vertices + 1])
            for points in map(shapely.get_coordinates, shapely.get_parts(lines))
            for start in range(0, len(points) - 1, vertices)
        ],
        object,
    )
