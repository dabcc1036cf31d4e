"""How many fractures there are where: their length and number over the mapped ground around every place."""

import numpy as np
import shapely
from scipy.ndimage import map_coordinates
from scipy.signal import oaconvolve

from ..maps.rasters import create_raster

# Cells a radius.
CELLS = 10
BANDS = ("fracture length, km per km2", "fractures, per km2")
RADIUS_TAG = "IMF_DENSITY_RADIUS_M"
# Nothing is said of places around which less than this share of the circle is mapped.
LEAST_SHARE = 0.1


def density_map(centrelines, mapped, plane, radius_m):
    """Density of fractures in the circle around every cell, over the ground that is mapped in it.

    Parameters
    ----------
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`; the longest path of a fracture places it as a whole.
    mapped : ground_plane.MappedGround
    plane : ground_plane.GroundPlane
    radius_m : float
        Of the circle, on the ground.

    Returns
    -------
    ndarray
        float32 (2, rows, columns) on the grid of `mapped`: km of fractures with their branches, and number of
        fractures, per km2; NaN where nothing is mapped, or less than a tenth of the circle.
    """
    cell_m = radius_m / CELLS
    x, y, cells = _cells(mapped.grid, plane, cell_m)
    row, column = mapped.grid.rowcol(*plane.to_map(x, y))
    # Between the cells' middles evenly, so that the two meshes make no pattern; beyond the last ones as they are.
    reach = [np.clip(place, -0.5, extent - 0.5) for place, extent in zip((row, column), mapped.grid.shape, strict=True)]
    inside = (row == reach[0]) & (column == reach[1])
    share = np.where(inside, map_coordinates(mapped.share, reach, order=1, mode="nearest"), 0.0)
    lines = shapely.segmentize(plane.from_map(centrelines.geometry.values), cell_m / 2)
    points, owner = shapely.get_coordinates(lines, return_index=True)
    same = np.diff(owner) == 0
    length = np.hypot(*np.diff(points, axis=0).T)[same]
    # A branch counts with less than its whole line, see `measures.measure`.
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


def write_density(path, bands, mapped, radius_m):
    """Write the bands of `density_map` as COG; the tag `IMF_DENSITY_RADIUS_M` holds the radius."""
    tags = {RADIUS_TAG: f"{radius_m:g}"}
    with create_raster(
        path, mapped.grid, "float32", 2, nodata=np.nan, tags=tags, descriptions=BANDS, cloud=True
    ) as dataset:
        dataset.write(bands.astype(np.float32))


def _cells(grid, plane, cell_m):
    """x, y of the cells of the plane that hold a grid, and their edges in y and x."""
    # On a coarse mesh of places, edges among them.
    mesh = np.meshgrid(*(np.linspace(-0.5, extent - 0.5, 65) for extent in grid.shape), indexing="ij")
    across, up = (
        np.arange(places.min(), places.max() + cell_m, cell_m)
        for places in plane.places(*grid.xy(*(indices.ravel() for indices in mesh)))
    )
    x, y = np.meshgrid((across[1:] + across[:-1]) / 2, (up[1:] + up[:-1]) / 2)
    return x, y, (up, across)


def _disc(radius):
    """Disc of a radius in cells, soft by a cell at its rim, so that its area is right."""
    steps = np.arange(-radius - 1, radius + 2)
    return np.clip(radius + 0.5 - np.hypot(*np.meshgrid(steps, steps)), 0.0, 1.0)


def _on_map(bands, mapped, plane, cells):
    """Bands of the plane's cells on the map's, where something is mapped."""
    rows, columns = np.nonzero(mapped.share > 0)
    out = np.full((len(bands), *mapped.share.shape), np.nan, np.float32)
    if not len(rows):
        return out
    x, y = plane.places(*mapped.grid.xy(rows, columns))
    place = [(value - edges[0]) / (edges[1] - edges[0]) - 0.5 for value, edges in ((y, cells[0]), (x, cells[1]))]
    for band, values in zip(out, bands, strict=True):
        band[rows, columns] = map_coordinates(values, place, order=1, mode="nearest")
    return out
