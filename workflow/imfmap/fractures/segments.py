"""Segments of fractures: the pieces of their centrelines between junctions and tips.

A network of cracks is one polygon on one map and several on another. Its segments are the same on both, so that counts,
lengths and directions of different maps can be compared by them.
"""

import json

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod
from shapely.ops import substring

from ..maps.bodies import body_of

NAMES = ("fracture", "segment", "length_m", "mean_width_m", "orientation_deg")
_KINDS = (int, int, float, float, float)
# Junctions closer together than so many widths of the line are one: a skeleton draws a slanting cross as two forks.
ONE_JUNCTION = 2.0


def segments_of(centrelines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut centrelines at the junctions of their fractures.

    A branch ends on the line that it joins, and cuts that line there. Junctions that are closer together than
    `ONE_JUNCTION` widths are one: two cracks that cross make four segments. A junction closer to an end of a line than
    half of the line's width cuts nothing off.

    Parameters
    ----------
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`, in any order.

    Returns
    -------
    geopandas.GeoDataFrame
        ``fracture``; ``segment``, from 1 in each fracture; ``length_m``, which adds up to the fracture's total length;
        ``mean_width_m``, the median of the line's width profile along the segment; ``orientation_deg`` from end to end,
        clockwise from north, 0..180.
    """
    rows, lines = [], []
    for fracture, own in centrelines.groupby("fracture", sort=True):
        number = 0
        for row, junctions in zip(own.itertuples(), _junctions(own), strict=True):
            distance, width = (np.array(json.loads(text)) for text in (row.distances_m, row.widths_m))
            edges = [0.0, *junctions, 1.0]
            for start, end in zip(edges[:-1], edges[1:], strict=True):
                inside = (distance >= start * row.length_m) & (distance <= end * row.length_m)
                number += 1
                mean_width_m = float(np.median(width[inside])) if inside.any() else row.mean_width_m
                rows.append((fracture, number, (end - start) * row.length_m, mean_width_m))
                lines.append(substring(row.geometry, start, end, normalized=True))
    values = [*zip(*rows, strict=True)] if rows else [()] * 4
    values.append(_orientations_deg(lines, centrelines.crs))
    columns = {name: np.array(list(value), kind) for name, value, kind in zip(NAMES, values, _KINDS, strict=True)}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(lines, dtype="geometry"), crs=centrelines.crs)


def _junctions(own):
    """Return for each line of a fracture the places where others end on it, as shares of its length, rising."""
    geometries = own.geometry.to_numpy()
    cuts = [[] for _ in geometries]
    for branch in np.flatnonzero(own["line"].to_numpy() > 0):
        end = shapely.Point(shapely.get_coordinates(geometries[branch])[-1])
        # A line is traced before the branches that join it.
        earlier = np.flatnonzero(own["line"].to_numpy() < own["line"].iloc[branch])
        parent = earlier[np.argmin(shapely.distance(geometries[earlier], end))]
        cuts[parent].append(shapely.line_locate_point(geometries[parent], end, normalized=True))
    shares = own["mean_width_m"].to_numpy() / np.maximum(own["length_m"].to_numpy(), 1e-9)
    return [_merged(np.sort(places), share) for places, share in zip(cuts, shares, strict=True)]


def _merged(places, width):
    """Return rising places on a line (0..1) without those near its ends; close neighbours become one."""
    places = places[(places > width / 2) & (places < 1 - width / 2)] if len(places) else np.zeros(0)
    if not len(places):
        return []
    return [
        float(group.mean()) for group in np.split(places, np.flatnonzero(np.diff(places) > ONE_JUNCTION * width) + 1)
    ]


def _orientations_deg(lines, crs):
    if not lines:
        return np.zeros(0)
    ends = np.array([shapely.get_coordinates(line)[[0, -1]] for line in lines])
    body = body_of(crs)
    lon, lat = body.to_lonlat(crs).transform(ends[..., 0], ends[..., 1])
    geod = Geod(a=body.radius_m, b=body.radius_m)
    # As lists, since pyproj treats an array of one element as a number.
    return (
        np.asarray(geod.inv(*(values.tolist() for values in (lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])))[0]) % 180.0
    )
