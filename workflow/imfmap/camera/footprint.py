"""Footprint of an image on a map, and directions on the map."""

from typing import TYPE_CHECKING

import numpy as np
from shapely import MultiPoint, Polygon

if TYPE_CHECKING:
    from pyproj import CRS

    from ..maps.grids import MapGrid
    from .model import CameraModel
    from .shape_model import ShapeModel

_STEP_DEG = 1e-3


def footprint(camera: "CameraModel", crs: "CRS | str", height_m: "float | ShapeModel" = 0.0) -> Polygon:
    """Return the outline of an image on a map.

    Parameters
    ----------
    camera : model.CameraModel
    crs : CRS
        CRS of the map.
    height_m : float or shape_model.ShapeModel
        Metres above the sphere.

    Returns
    -------
    shapely.Polygon
        In map metres; empty if no pixel is on the map.
    """
    along = np.linspace(0.5, camera.lines + 0.5, 65)
    across = np.linspace(0.5, camera.samples + 0.5, 17)
    line = np.concatenate([along, np.full(17, along[-1]), along[::-1], np.full(17, along[0])])
    sample = np.concatenate([np.full(65, across[0]), across, np.full(65, across[-1]), across[::-1]])
    x, y = camera.body.to_lonlat(crs).transform(*camera.image_to_ground(line, sample, height_m), direction="INVERSE")
    points = np.column_stack([x, y])
    points = points[np.isfinite(points).all(axis=1)]
    outline = Polygon(points) if len(points) >= 4 else Polygon()
    return outline if outline.is_valid else MultiPoint(points).convex_hull


def map_azimuth_deg(grid: "MapGrid", lon_deg: float, lat_deg: float, ground_azimuth_deg: float) -> float:
    """Return the direction on a map of a direction on the ground.

    Parameters
    ----------
    grid : MapGrid
    lon_deg, lat_deg : float
        The place on the ground.
    ground_azimuth_deg : float
        Clockwise from north.

    Returns
    -------
    float
        Clockwise from the grid's up, 0..360.
    """
    step, azimuth, lat = np.radians(_STEP_DEG), np.radians(ground_azimuth_deg), np.radians(lat_deg)
    there_lat = np.arcsin(np.sin(lat) * np.cos(step) + np.cos(lat) * np.sin(step) * np.cos(azimuth))
    there_lon = np.radians(lon_deg) + np.arctan2(
        np.sin(azimuth) * np.sin(step) * np.cos(lat), np.cos(step) - np.sin(lat) * np.sin(there_lat)
    )
    row, column = grid.rowcol_of_lonlat(lon_deg, lat_deg)
    there_row, there_column = grid.rowcol_of_lonlat(np.degrees(there_lon), np.degrees(there_lat))
    return float(np.degrees(np.arctan2(there_column - column, row - there_row)) % 360.0)
