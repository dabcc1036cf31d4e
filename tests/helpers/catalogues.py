"""Simulated catalogues of NAC footprints: swaths of a polar orbiter. Most of them only touch the place."""

import numpy as np
import shapely
from pyproj import Geod

MOON = Geod(a=1737400, b=1737400)


def swath(lon_deg, lat_deg, heading_deg, width_m, length_m):
    """Return the corners (longitude 0..360, latitude) of a swath around a place."""
    corners = []
    for along, across in ((0.5, 0.5), (0.5, -0.5), (-0.5, -0.5), (-0.5, 0.5)):
        lon, lat, back = MOON.fwd(lon_deg, lat_deg, heading_deg, along * length_m)
        side = 90.0 if along > 0 else -90.0
        lon, lat, _ = MOON.fwd(lon, lat, back + 180.0 + (side if along > 0 else -side), across * width_m)
        corners.append((lon % 360.0, lat))
    return corners


def catalogue(count, lat_deg, lon_deg, radius_m, seed):
    """Return the outlines of swaths around a place, their Suns (unit vectors) and their resolutions.

    Two thirds of the Suns lie within a few degrees of one direction, the others anywhere.
    """
    rng = np.random.default_rng(seed)
    rings, suns, resolutions = [], [], []
    for _ in range(count):
        lon, lat, _ = MOON.fwd(lon_deg, lat_deg, rng.uniform(0, 360), radius_m * 1.6 * np.sqrt(rng.uniform()))
        resolution = rng.uniform(0.5, 1.2)
        length = 1000 * rng.choice([6.0, 12.0, 26.0])
        rings.append(swath(lon, lat, rng.normal(0.0, 4.0), 5064 * resolution, length))
        angle = np.radians([rng.normal(40.0, 4.0), rng.normal(5.0, 2.0)])
        if rng.uniform() > 2 / 3:
            angle = np.radians([rng.uniform(-60.0, 60.0), rng.normal(0.0, 20.0)])
        suns.append([np.cos(angle[1]) * np.cos(angle[0]), np.cos(angle[1]) * np.sin(angle[0]), np.sin(angle[1])])
        resolutions.append(resolution)
    return rings, np.array(suns), np.array(resolutions)


def greedy(shown, least, most):
    """Return the greedy choice of rows of a matrix (images, cells). In a tie, the first row is chosen."""
    covered, chosen = np.zeros(shown.shape[1], bool), []
    while len(chosen) < most:
        gains = (shown & ~covered).sum(axis=1)
        best = int(np.argmax(gains))
        if gains[best] < least:
            break
        covered |= shown[best]
        chosen.append(best)
    return chosen


def cells_shown(shapes, area, size_m):
    """Return which cells of an area each shape covers, by the cells' centres: bool (shapes, cells)."""
    left, bottom, right, top = area.bounds
    x, y = np.meshgrid(np.arange(left + size_m / 2, right, size_m), np.arange(bottom + size_m / 2, top, size_m))
    inside = shapely.contains_xy(area, x, y)
    x, y = x[inside], y[inside]
    return np.array([shapely.contains_xy(shape, x, y) for shape in shapes])
