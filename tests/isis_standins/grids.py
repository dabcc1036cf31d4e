"""Maps, their edges put where ISIS puts them."""

import math

import numpy as np
from affine import Affine
from pyproj import CRS

from imfmap.engines.isis.commands import PROJECTIONS
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid


def union(grids):
    """Smallest grid that holds others."""
    edges = np.array([grid.bounds for grid in grids])
    bounds = (*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0))
    return MapGrid.covering(grids[0].crs, bounds, grids[0].resolution_m)


def map_grid(mapping, given):
    """Grid of the part of a map that a command asks for.

    ISIS puts the upper left corner on the pixel that it falls in, and rounds the size to whole pixels.
    """
    name = next(ours for ours, theirs in PROJECTIONS.items() if theirs == str(mapping["ProjectionName"]).upper())
    lat, lon = float(mapping.get("CenterLatitude", 0.0)), float(mapping["CenterLongitude"])
    crs = body(mapping["TargetName"]).projected(name, lat, lon)
    west, east, south, north = (float(given[side]) for side in ("minlon", "maxlon", "minlat", "maxlat"))
    lons, lats = np.meshgrid(np.linspace(west, east, 361), np.linspace(south, north, 99))
    x, y = body(mapping["TargetName"]).to_lonlat(crs).transform(lons, lats, direction="INVERSE")
    resolution = mapping["PixelResolution"]
    resolution = float(getattr(resolution, "value", resolution))
    left, top = math.floor(x.min() / resolution), math.ceil(y.max() / resolution)
    samples = int((x.max() / resolution - left) + 0.5)
    lines = int((top - y.min() / resolution) + 0.5)
    transform = Affine(resolution, 0.0, left * resolution, 0.0, -resolution, top * resolution)
    return MapGrid(CRS.from_user_input(crs), transform, (lines, samples))
