"""Georeference of a raster from any source: checks, and transforms that ignore how it names body and datum."""

import math
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from pyproj import CRS, Transformer
from rasterio.crs import CRS as RasterioCRS
from rasterio.enums import ColorInterp

from ..core.errors import InputError
from ..maps.bodies import body_of
from ..maps.grids import crs_of

if TYPE_CHECKING:
    from ..maps.grids import MapGrid

_GIVE_CRS = (
    "set its CRS with gdal_edit.py -a_srs: IAU_2015:30100 (Moon), IAU_2015:19900 (Mercury), or the PROJ string of its "
    "map"
)

_WIDEST_TURNS = 2


def check_reference(source: rasterio.DatasetReader, path: str | Path, grid: "MapGrid") -> None:
    """Stop if a raster has no place on the target's body, does not reach the target, or holds no brightness.

    Parameters
    ----------
    source : rasterio dataset
    path : path
        File of the raster, for messages.
    grid : MapGrid
        The target's grid.

    Raises
    ------
    InputError
        If it does.
    """
    if source.gcps[0] and source.transform.is_identity:
        raise InputError(path, "is georeferenced by ground control points alone", "warp it to a map first (gdalwarp)")
    numbers = tuple(source.transform)[:6]
    if not np.isfinite(numbers).all():
        found = f"its transform is {tuple(map(float, numbers))}"
        raise InputError(path, found, f"set its corners (gdal_edit.py -a_ullr), and {_GIVE_CRS}")
    if source.transform.is_identity or not source.transform.determinant:
        raise InputError(path, "has no georeference", f"set its corners (gdal_edit.py -a_ullr), and {_GIVE_CRS}")
    if source.crs is None:
        raise InputError(path, "has coordinates, but no CRS", _GIVE_CRS)
    if _coloured(source):
        raise InputError(
            path, "holds numbers of a colour table, not brightness", "make it grey: gdal_translate -expand gray"
        )
    crs = crs_of(source)
    try:
        body = body_of(crs)
    except InputError as error:
        raise InputError(path, str(error), _GIVE_CRS) from None
    if body != grid.body:
        found = f"lies on {body.name}, the target on {grid.body.name}"
        raise InputError(path, found, "set the target's body, or give the mosaic's true CRS")
    x, y = _corners(source)
    if crs.is_geographic and (np.abs(y).max() > 90.01 or np.abs(x).max() > 540.0):
        found = f"its CRS is in degrees, but its edges lie at {x.min():g}..{x.max():g}, {y.min():g}..{y.max():g}"
        raise InputError(path, found, _GIVE_CRS)
    if crs.is_projected:
        # No map that is of use shows more than the body twice over.
        widest = _WIDEST_TURNS * 2 * math.pi * body.radius_m / crs.axis_info[0].unit_conversion_factor
        if not max(np.ptp(x), np.ptp(y)) <= widest:
            unit = crs.axis_info[0].unit_name
            size = f"{np.ptp(x):g} x {np.ptp(y):g} {unit}"
            found = f"is {size} large, and the way around {body.name} is {widest / _WIDEST_TURNS:g}"
            raise InputError(path, found, "check its pixel size and the units of its CRS")
    if not covered_places(source, grid).size:
        unit = crs.axis_info[0].unit_name
        found = f"does not reach the target: its edges lie at {x.min():g}..{x.max():g}, {y.min():g}..{y.max():g} {unit}"
        raise InputError(path, found, "check lat and lon of the target, and the raster's CRS and units")


def covered_places(source: rasterio.DatasetReader, grid: "MapGrid") -> np.ndarray:
    """Return places on a grid that lie inside a raster: of a lattice of 33 x 33 on the grid, and of one on the raster.

    With both, a raster is found that is far smaller than the grid, and one that is far larger.

    Returns
    -------
    ndarray
        (N, 2) row and column on the grid; whole numbers are pixel centres.
    """
    crs, size = crs_of(source), np.array([source.width, source.height])
    on_grid = _lattice(grid.shape) - 0.5
    x, y = (np.array(values) for values in coordinate_transform(grid.crs, crs)(*grid.xy(*on_grid.T)))
    period, left = period_of(crs), _corners(source)[0].min()
    if period:
        x = left + (x - left) % period
    with np.errstate(invalid="ignore"):
        there = np.array(~source.transform * (x, y)).T
        on_grid = on_grid[((there >= 0) & (there <= size)).all(axis=1)]
        column, row = _lattice(size).T
        x, y = coordinate_transform(crs, grid.crs)(*(source.transform * (column, row)))
        there = np.array(grid.rowcol(x, y)).T
        on_raster = there[((there >= -0.5) & (there <= np.array(grid.shape) - 0.5)).all(axis=1)]
    return np.concatenate([on_grid, on_raster])


def _lattice(size):
    """Return 33 x 33 points (N, 2) from 0 to a size, both ends included."""
    sides = (np.linspace(0, side, 33) for side in size)
    return np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 2)


def _corners(source):
    """Return x and y of the four corners of a raster, in its CRS."""
    size = source.width, source.height
    return np.array([source.transform * corner for corner in ((0, 0), (size[0], 0), (0, size[1]), size)]).T


def _coloured(source):
    """Return whether the first band holds numbers of colours, and they are not the greys of the same numbers."""
    if source.colorinterp[0] != ColorInterp.palette:
        return False
    return any(colour[:3] != (index,) * 3 for index, colour in source.colormap(1).items())


def coordinate_transform(source: CRS | RasterioCRS, target: CRS | RasterioCRS) -> Callable[..., tuple]:
    """Return a function from x, y on one map to x, y on another; the names of their bodies do not matter."""
    return Transformer.from_crs(without_datum(source), without_datum(target), always_xy=True).transform


def period_of(crs: CRS) -> float | None:
    """Return by how much x grows in one turn around the body; None on a map that does not repeat itself."""
    if crs.is_geographic:
        return 360.0
    if not re.search(r"\+proj=(eqc|merc|cea|mill)\b", without_datum(crs)):
        return None
    # On these maps x is the longitude, times a factor.
    to_map = Transformer.from_crs(without_datum(crs.geodetic_crs), without_datum(crs), always_xy=True).transform
    west_x, east_x = to_map([-1.0, 1.0], [0.0, 0.0])[0]
    return 180.0 * (east_x - west_x)


def without_datum(crs: CRS | RasterioCRS) -> str:
    """Return a CRS as PROJ string, without the names of body and datum, which may keep PROJ from a transform."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return CRS.from_user_input(crs).to_proj4()


def ground_pixel_m(source: rasterio.DatasetReader, grid: "MapGrid") -> float:
    """Return the side of a raster's pixels on the ground, in metres, where the raster lies on a grid.

    It is the root of a pixel's area at the middle of `covered_places`: maps in degrees, Mercator maps and the like have
    another scale at every latitude.

    Raises
    ------
    InputError
        If the raster does not reach the grid.
    """
    places = covered_places(source, grid)
    if not len(places):
        raise InputError(source.name, "does not reach the target", "check its CRS and its place")
    row, column = places[np.linalg.norm(places - places.mean(axis=0), axis=1).argmin()]
    to_source = coordinate_transform(grid.crs, crs_of(source))
    # A step of a target's pixel up and one to the right, in pixels of the raster.
    x, y = to_source(*grid.xy(row + np.array([0.5, -0.5, 0.0, 0.0]), column + np.array([0.0, 0.0, -0.5, 0.5])))
    across, along = ~source.transform * (np.array(x), np.array(y))
    steps = np.array([[across[1] - across[0], across[3] - across[2]], [along[1] - along[0], along[3] - along[2]]])
    ground_m2 = grid.resolution_m**2 * abs(np.linalg.det(grid.ground_jacobians(row, column)[0]))
    return float(np.sqrt(ground_m2 / abs(np.linalg.det(steps))))
