"""A target's place on its body, as a map grid."""

from .bodies import body
from .grids import MapGrid

EXTENT_IN_DIAMETERS = 1.1
# What of a target's settings says where its map lies.
PLACE_KEYS = ("body", "lat", "lon", "diameter_km", "extent_km", "projection", "resolution_m", "standard_parallel_deg")


def target_grid(target):
    """Map grid of a target.

    An equirectangular map has its standard parallel (unless the config chooses another) and central meridian at the
    target, so that it is true to scale there; the polar projection is centred on the pole with the target's meridian
    up or down.

    Parameters
    ----------
    target : dict
        One completed entry of ``targets`` in the config, or of it just `PLACE_KEYS`.

    Returns
    -------
    MapGrid
    """
    width_km, height_km = target.get("extent_km") or [EXTENT_IN_DIAMETERS * target["diameter_km"]] * 2
    crs = body(target["body"]).projected(
        target["projection"], target["lat"], target["lon"], target.get("standard_parallel_deg")
    )
    return MapGrid.centred(crs, target["lon"], target["lat"], 1000 * width_km, 1000 * height_km, target["resolution_m"])
