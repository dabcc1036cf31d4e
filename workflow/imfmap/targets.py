"""A target's place on its body, as a map grid."""

from .bodies import body
from .grids import MapGrid

EXTENT_IN_DIAMETERS = 1.1


def target_grid(target, processing):
    """Map grid of a target.

    An equirectangular map has its standard parallel and central meridian at the target, so that it is true to
    scale there; the polar projection is centred on the pole with the target's meridian up or down.

    Parameters
    ----------
    target : dict
        One completed entry of ``targets`` in the config: lat, lon, diameter_km, body, optionally extent_km,
        projection and resolution_m.
    processing : dict
        The completed ``processing`` section, for the defaults of projection and resolution_m.

    Returns
    -------
    MapGrid
    """
    width_km, height_km = target.get("extent_km") or [EXTENT_IN_DIAMETERS * target["diameter_km"]] * 2
    projection = target.get("projection", processing["projection"])
    crs = body(target["body"]).projected(projection, target["lat"], target["lon"])
    resolution_m = target.get("resolution_m", processing["resolution_m"])
    return MapGrid.centred(crs, target["lon"], target["lat"], 1000 * width_km, 1000 * height_km, resolution_m)
