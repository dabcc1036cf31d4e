"""The map grid of a target."""

from collections.abc import Mapping
from typing import Any

from .bodies import body
from .grids import MapGrid

EXTENT_IN_DIAMETERS = 1.1
# The settings of a target that decide its map grid.
PLACE_KEYS = ("body", "lat", "lon", "diameter_km", "extent_km", "projection", "resolution_m", "standard_parallel_deg")


def target_grid(target: Mapping[str, Any]) -> MapGrid:
    """Return the map grid of a target.

    An equirectangular map has its central meridian at the target, and its standard parallel, too, unless the config
    sets another. So it is true to scale there. A polar map is centred on the pole; the target's meridian is vertical.

    Parameters
    ----------
    target : dict
        An entry of ``targets`` in the config with all defaults filled in, or only its `PLACE_KEYS`.

    Returns
    -------
    MapGrid
    """
    width_km, height_km = extent_km(target)
    crs = body(target["body"]).projected(
        target["projection"], target["lat"], target["lon"], target.get("standard_parallel_deg")
    )
    return MapGrid.centred(crs, target["lon"], target["lat"], 1000 * width_km, 1000 * height_km, target["resolution_m"])


def extent_km(target: Mapping[str, Any]) -> tuple[float, float]:
    """Return width and height of a target's map in km; `target` as for `target_grid`."""
    return tuple(target.get("extent_km") or [EXTENT_IN_DIAMETERS * target["diameter_km"]] * 2)
