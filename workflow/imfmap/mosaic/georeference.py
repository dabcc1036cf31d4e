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
from ..maps.bodies import Body, body_of
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
        raise InputError(path, "has a place, but no CRS", _GIVE_CRS)
    if _coloured(source):
        raise InputError(path, "holds numbers of colours, no brightness", "make it grey by gdal_translate -expand gray")
    crs = crs_of(source)
    try:
        body = body_of(crs)
    except InputError as error:
        raise InputError(path, str(error), _GIVE_CRS) from None
    if body != grid.body:
        found = f"lies on {body.name}, the target on {grid.body.name}"
        raise InputError(path, found, "set the target's body, or give the mosaic's true CRS")
    corners = [
        source.transform * corner for corner in ((0, 0), (source.width, 0), (0, source.height), source.shape[::-1])
    ]
    x, y = np.array(corners).T
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
    if not _overlaps(x, y, crs, grid):
        unit = crs.axis_info[0].unit_name
        found = f"does not reach the target: its edges lie at {x.min():g}..{x.max():g}, {y.min():g}..{y.max():g} {unit}"
        raise InputError(path, found, "check lat and lon of the target, and the mosaic's CRS and units")


def _coloured(source):
    """Return whether the first band holds numbers of colours, and they are not the greys of the same numbers."""
    if source.colorinterp[0] != ColorInterp.palette:
        return False
    return any(colour[:3] != (index,) * 3 for index, colour in source.colormap(1).items())


def _overlaps(x, y, crs, grid):
    """Return whether a box of map coordinates holds any place of a grid."""
    rows, columns = np.meshgrid(*(np.linspace(-0.5, side - 0.5, 33) for side in grid.shape), indexing="ij")
    there_x, there_y = coordinate_transform(grid.crs, crs)(*grid.xy(rows, columns))
    period = period_of(crs)
    if period:
        there_x = x.min() + (there_x - x.min()) % period
    return bool(((there_x >= x.min()) & (there_x <= x.max()) & (there_y >= y.min()) & (there_y <= y.max())).any())


def coordinate_transform(source: CRS | RasterioCRS, target: CRS | RasterioCRS) -> Callable[..., tuple]:
    """Return a function from x, y on one map to x, y on another; the names of their bodies do not matter."""
    return Transformer.from_crs(without_datum(source), without_datum(target), always_xy=True).transform


def period_of(crs: CRS) -> float | None:
    """Return by how much x grows in one turn around the body; None on a map that does not repeat itself."""
    if crs.is_geographic:
        return 360.0
    proj = without_datum(crs)
    if "+proj=eqc" not in proj:
        return None
    lat_ts_deg = float((re.search(r"\+lat_ts=(\S+)", proj) or [0, 0])[1])
    unit_m = crs.axis_info[0].unit_conversion_factor
    return 2 * math.pi * crs.ellipsoid.semi_major_metre * math.cos(math.radians(lat_ts_deg)) / unit_m


def without_datum(crs: CRS | RasterioCRS) -> str:
    """Return a CRS as PROJ string, without the names of body and datum, which may keep PROJ from a transform."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return CRS.from_user_input(crs).to_proj4()


def pixel_m_of(source: rasterio.DatasetReader, body: Body) -> float:
    """Return the approximate width of a mosaic's pixels in metres."""
    pixel = abs(source.transform.a) or abs(source.transform.b)
    if source.crs.is_geographic:
        return pixel * math.radians(1) * body.radius_m
    return pixel * source.crs.linear_units_factor[1]
