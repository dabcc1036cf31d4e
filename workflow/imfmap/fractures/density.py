"""Density of fractures: their length and number per mapped area around every place."""

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from scipy.ndimage import map_coordinates
from scipy.signal import oaconvolve

from ..core.limits import MOST_DENSITY_CELLS, check_limit
from ..maps.rasters import create_raster
from .limits import CELLS

if TYPE_CHECKING:
    from ..maps.ground_plane import GroundPlane, MappedGround

BANDS = ("fracture length, km per km2", "fractures, per km2")
RADIUS_TAG = "IMF_DENSITY_RADIUS_M"
# The density is NaN where less than this share of the circle is mapped.
LEAST_SHARE = 0.1


def density_map(
    centrelines: gpd.GeoDataFrame, mapped: "MappedGround", plane: "GroundPlane", radius_m: float
) -> np.ndarray:
    """Return the density of fractures in the circle around every cell, per mapped area of the circle.

    Parameters
    ----------
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`. A fracture is counted at the middle of its longest path.
    mapped : ground_plane.MappedGround
    plane : ground_plane.GroundPlane
    radius_m : float
        Radius of the circle, on the ground.

    Returns
    -------
    ndarray
        float32 (2, rows, columns) on the grid of `mapped`, per km2: length of fractures with their branches in km, and
        number of fractures. NaN where the cell is not mapped, or less than a tenth of the circle is.
    """
    cell_m = radius_m / CELLS
    x, y, cells = _cells(mapped.grid, plane, cell_m)
    row, column = mapped.grid.rowcol(*plane.to_map(x, y))
    # Interpolate linearly between the middles of cells, so that the two meshes make no pattern. Beyond the outermost
    # middles the share is that of the outermost cell.
    reach = [np.clip(place, -0.5, extent - 0.5) for place, extent in zip((row, column), mapped.grid.shape, strict=True)]
    inside = (row == reach[0]) & (column == reach[1])
    share = np.where(inside, map_coordinates(mapped.share, reach, order=1, mode="nearest"), 0.0)
    lines = shapely.segmentize(plane.from_map(centrelines.geometry.values), cell_m / 2)
    points, owner = shapely.get_coordinates(lines, return_index=True)
    same = np.diff(owner) == 0
    length = np.hypot(*np.diff(points, axis=0).T)[same]
    # The length of a branch is less than that of its line, see `measures.measure`.
    counted = centrelines["length_m"].to_numpy(float) / np.maximum(shapely.length(lines), 1e-9)
    length *= counted[owner[1:][same]]
    middles = ((points[1:] + points[:-1]) / 2)[same]
    whole = lines[centrelines["line"].to_numpy() == 0]
    centres = shapely.get_coordinates(shapely.line_interpolate_point(whole, 0.5, normalized=True))
    disc = _disc(CELLS)
    ground = np.maximum(oaconvolve(share, disc, mode="same") * cell_m**2, 0.0)
    known = ground >= LEAST_SHARE * np.pi * radius_m**2
    bands = []
    for places, weights in ((middles, length / 1e3), (centres, None)):
        total, _, _ = np.histogram2d(places[:, 1], places[:, 0], bins=cells, weights=weights)
        around = np.maximum(oaconvolve(total, disc, mode="same"), 0.0)
        bands.append(np.where(known, around / np.maximum(ground, 1e-9) * 1e6, np.nan))
    return _on_map(np.stack(bands), mapped, plane, cells)


def write_density(path: str | Path, bands: np.ndarray, mapped: "MappedGround", radius_m: float) -> None:
    """Write the bands of `density_map` as a COG; the tag `IMF_DENSITY_RADIUS_M` holds the radius."""
    tags = {RADIUS_TAG: f"{radius_m:g}"}
    with create_raster(
        path, mapped.grid, "float32", 2, nodata=np.nan, tags=tags, descriptions=BANDS, cloud=True
    ) as dataset:
        dataset.write(bands.astype(np.float32))


def _cells(grid, plane, cell_m):
    """Return x, y of the plane's cells that cover a grid, and the edges of these cells in y and x."""
    # The extent of the grid on the plane, from a coarse mesh of places that includes the grid's edges.
    mesh = np.meshgrid(*(np.linspace(-0.5, extent - 0.5, 65) for extent in grid.shape), indexing="ij")
    sides = plane.places(*grid.xy(*(indices.ravel() for indices in mesh)))
    cells = np.prod([np.ptp(places) / cell_m for places in sides])
    remedy = "give a larger radius"
    check_limit(cells, MOST_DENSITY_CELLS, "mapping.density_radius_m", "cells in the density map", remedy)
    across, up = (np.arange(places.min(), places.max() + cell_m, cell_m) for places in sides)
    x, y = np.meshgrid((across[1:] + across[:-1]) / 2, (up[1:] + up[:-1]) / 2)
    return x, y, (up, across)


def _disc(radius):
    """Return a disc of a radius in cells. Its rim is one cell wide and falls from 1 to 0, so that the area is right."""
    steps = np.arange(-radius - 1, radius + 2)
    return np.clip(radius + 0.5 - np.hypot(*np.meshgrid(steps, steps)), 0.0, 1.0)


def _on_map(bands, mapped, plane, cells):
    """Return the bands, interpolated from the plane's cells to the map's cells that are mapped."""
    rows, columns = np.nonzero(mapped.share > 0)
    out = np.full((len(bands), *mapped.share.shape), np.nan, np.float32)
    if not len(rows):
        return out
    x, y = plane.places(*mapped.grid.xy(rows, columns))
    place = [(value - edges[0]) / (edges[1] - edges[0]) - 0.5 for value, edges in ((y, cells[0]), (x, cells[1]))]
    for band, values in zip(out, bands, strict=True):
        band[rows, columns] = map_coordinates(values, place, order=1, mode="nearest")
    return out
