"""Body-fixed vectors: points, lines of sight, and the angles between them. In kilometres and degrees."""

import numpy as np


def point_of(lon_deg: float | np.ndarray, lat_deg: float | np.ndarray, radius_km: float | np.ndarray) -> np.ndarray:
    """Return body-fixed points (..., 3) in km of longitudes, latitudes and radii; arrays broadcast."""
    lon, lat = np.radians(np.asarray(lon_deg, float)), np.radians(np.asarray(lat_deg, float))
    parts = (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))
    return np.stack(np.broadcast_arrays(*(radius_km * part for part in parts)), axis=-1)


def lonlat_of(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return longitude (0..360) and planetocentric latitude in degrees of body-fixed points (..., 3)."""
    x, y, z = np.moveaxis(point, -1, 0)
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))


def separation_deg(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the angle between vectors (..., 3) in degrees. It is exact for small angles, too."""
    cross = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.degrees(np.arctan2(cross, np.sum(first * second, axis=-1)))


def azimuth_deg(
    lon_deg: float | np.ndarray,
    lat_deg: float | np.ndarray,
    to_lon_deg: float | np.ndarray,
    to_lat_deg: float | np.ndarray,
) -> float | np.ndarray:
    """Return the direction of the great circle from one place to another, clockwise from north, 0..360."""
    lon, lat, to_lon, to_lat = (np.radians(angle) for angle in (lon_deg, lat_deg, to_lon_deg, to_lat_deg))
    east = np.sin(to_lon - lon) * np.cos(to_lat)
    north = np.cos(lat) * np.sin(to_lat) - np.sin(lat) * np.cos(to_lat) * np.cos(to_lon - lon)
    return np.degrees(np.arctan2(east, north)) % 360.0


def sphere_intersection(origin: np.ndarray, look: np.ndarray, radius_km: float | np.ndarray) -> np.ndarray:
    """Return where lines of sight first meet a sphere around the body's centre.

    Parameters
    ----------
    origin, look : ndarray
        (..., 3) Starting point in km, and direction of unit length.
    radius_km : float or ndarray

    Returns
    -------
    ndarray
        (..., 3) km; NaN where the line of sight misses the sphere or looks away from it.
    """
    half = np.sum(origin * look, axis=-1)
    discriminant = half * half - np.sum(origin * origin, axis=-1) + np.asarray(radius_km) ** 2
    distance = -half - np.sqrt(np.where(discriminant >= 0.0, discriminant, np.nan))
    return origin + np.where(distance > 0.0, distance, np.nan)[..., None] * look
