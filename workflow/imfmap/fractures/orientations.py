"""Directions of fractures: those of the pieces of their centrelines, weighted by length."""

from typing import Any

import geopandas as gpd
import numpy as np
from pyproj import Geod

from ..maps.grids import MapGrid
from ..maps.large_shapes import even_places

BIN_DEG = 10.0
# Pieces are as long as the fracture is wide, but at least this many pixels of the map: the direction of a shorter piece
# would depend on the pixels.
PIECE_PX = 10


def directions(centrelines: gpd.GeoDataFrame, grid: MapGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return the directions and lengths of the pieces of centrelines.

    Parameters
    ----------
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`.
    grid : MapGrid
        Grid of the map that the fractures were found on.

    Returns
    -------
    axis_deg : ndarray
        (N,) clockwise from true north, 0..180.
    length_m : ndarray
        (N,) on the ground; their sum is the length of the lines.
    """
    lines = centrelines.geometry.values
    if not len(lines):
        return np.zeros(0), np.zeros(0)
    length_m = centrelines["length_m"].to_numpy(float)
    piece_m = np.maximum(centrelines["mean_width_m"].to_numpy(float), PIECE_PX * grid.resolution_m)
    count = np.maximum(1, np.rint(length_m / piece_m)).astype(int)
    ends, owner = even_places(lines, count, ends=True)
    lon, lat = grid.lonlat(*grid.rowcol(*ends.T))
    geod = Geod(a=grid.body.radius_m, b=grid.body.radius_m)
    same = np.diff(owner) == 0
    # As lists, since pyproj treats an array of one element as a number.
    ends = (values[same].tolist() for values in (lon[:-1], lat[:-1], lon[1:], lat[1:]))
    return np.asarray(geod.inv(*ends)[0]) % 180.0, np.repeat(length_m / count, count)


def rose(axis_deg: np.ndarray, length_m: np.ndarray) -> dict[str, Any]:
    """Return a rose diagram, the mean direction, and how strong it is.

    Parameters
    ----------
    axis_deg, length_m : ndarray
        (N,) see `directions`.

    Returns
    -------
    dict
        ``bin_deg``; ``length_km`` of each bin, the first from 0 (north) to 10 degrees; ``mean_axis_deg`` (0..180) and
        ``strength`` (0 for no common direction, 1 if all pieces have the same), from the mean of the doubled angles
        (Mardia & Jupp 2000). Both are None without fractures.
    """
    edges = np.arange(0.0, 180.0 + BIN_DEG, BIN_DEG)
    lengths, _ = np.histogram(np.asarray(axis_deg) % 180.0, edges, weights=length_m)
    total = float(np.sum(length_m))
    mean = np.sum(length_m * np.exp(2j * np.radians(axis_deg))) / total if total else None
    return {
        "bin_deg": BIN_DEG,
        "length_km": np.round(lengths / 1e3, 4).tolist(),
        "mean_axis_deg": None if mean is None else round(float(np.degrees(np.angle(mean)) / 2 % 180.0), 1),
        "strength": None if mean is None else round(float(abs(mean)), 3),
    }
