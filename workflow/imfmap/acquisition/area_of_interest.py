"""The area of interest that a search has to cover, in longitude and latitude."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from ..core.errors import InputError
from ..maps.target_grid import target_grid
from ..maps.vectors import read_as_drawn
from .footprints import LocalMap, canonical_footprint

_STEPS = 64
_REMEDY = "give a polygon as WKT in degrees, or a GeoJSON, GeoPackage or shapefile with polygons"


def area_of_interest(target: Mapping[str, Any]) -> Polygon | MultiPolygon:
    """Return the outline of the area of interest.

    Parameters
    ----------
    target : mapping
        `target_grid.PLACE_KEYS` of a target. If its search has a polygon, ``polygon``: WKT, or the path of a vector
        file.

    Returns
    -------
    Polygon or MultiPolygon
        The polygon, or the outline of the target's map if there is none, in the form that `footprints` describes.

    Raises
    ------
    InputError
        Where the polygon cannot be read, is no polygon, or lies outside the globe.
    """
    return _polygon(target["polygon"]) if target.get("polygon") else _map_outline(target)


def _map_outline(target):
    grid = target_grid(target)
    rows, columns = (np.linspace(-0.5, size - 0.5, _STEPS) for size in grid.shape)
    row = np.concatenate([np.full(_STEPS, rows[0]), rows, np.full(_STEPS, rows[-1]), rows[::-1]])
    column = np.concatenate([columns, np.full(_STEPS, columns[-1]), columns[::-1], np.full(_STEPS, columns[0])])
    lon, lat = grid.lonlat(row, column)
    local = LocalMap(target["lon"], target["lat"], target["body"])
    # On the map about its centre, the outline is a simple polygon, also near the poles and the seam.
    x, y = local.to_map(lon, lat)
    seen = np.isfinite(x) & np.isfinite(y)
    return local.lonlat(Polygon(np.column_stack([x[seen], y[seen]])).buffer(0))


def _polygon(given):
    text = given.strip()
    if text.upper().startswith(("POLYGON", "MULTIPOLYGON")):
        where = f"search.polygon '{text[:40]}'"
        try:
            outline = shapely.force_2d(shapely.from_wkt(text))
        except shapely.errors.GEOSException as error:
            raise InputError(where, f"is no WKT ({error})", _REMEDY) from None
    else:
        where = given
        try:
            frame = read_as_drawn(given)
            if frame.crs is not None and frame.crs.is_projected:
                frame = frame.to_crs(frame.crs.geodetic_crs)
            outline = shapely.union_all(shapely.force_2d(frame.geometry.array))
        except InputError:
            raise
        except Exception as error:  # drivers raise errors of many types
            raise InputError(where, f"cannot be read as a polygon ({str(error)[:80]})", _REMEDY) from None
    if not isinstance(outline, (Polygon, MultiPolygon)) or outline.is_empty:
        raise InputError(where, f"is a {outline.geom_type}, not a polygon", _REMEDY)
    lon, lat = np.abs(shapely.get_coordinates(outline)).T
    if not (lat.max() <= 90 and lon.max() <= 540):
        raise InputError(where, "lies outside the globe", "write longitude, then latitude, in degrees")
    if not outline.is_valid:
        raise InputError(where, f"is no valid polygon ({shapely.is_valid_reason(outline)})", _REMEDY)
    try:
        return canonical_footprint(outline)
    except ValueError as error:
        raise InputError(where, f"is no outline on a sphere ({str(error)[:80]})", _REMEDY) from None
