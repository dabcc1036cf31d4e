"""Shape models: heights of a body's surface, read from a GeoTIFF."""

from pathlib import Path

import numpy as np
from rasterio.windows import Window

from ..core.errors import InputError
from ..maps.bodies import body_of
from ..maps.geometry import lonlat_of, sphere_intersection
from ..maps.grids import MapGrid
from ..maps.rasters import open_raster

_ITERATIONS = 50
_TOLERANCE_KM = 1e-6


class ShapeModel:
    """Heights above the body's sphere, bilinear between the pixels of a raster.

    Parameters
    ----------
    path : path
        Raster with one band of heights above the sphere, or of radii. If the median is above half the body's radius,
        the values are radii. They are in metres, or in kilometres if the unit of the band says so. Scale and offset
        of the band are applied.

    Raises
    ------
    InputError
        If the raster is missing, cannot be read, has no CRS of a known body, lies askew, or has no valid height.
    """

    def __init__(self, path: str | Path):
        self.path = path
        with open_raster(path) as dataset:
            self._grid = MapGrid.of(dataset)
            try:
                radius_m = body_of(self._grid.crs).radius_m
            except InputError as error:
                raise InputError(path, str(error), "give a GeoTIFF of heights with an IAU CRS") from None
            self._period = _period(self._grid.crs)
            factor = 1000.0 if str(dataset.units[0]).lower() in ("km", "kilometer", "kilometers", "kilometre") else 1.0
            self._scale, self._offset = factor * dataset.scales[0], factor * dataset.offsets[0]
            decimated = dataset.read(1, out_shape=(min(dataset.height, 1024), min(dataset.width, 1024)), masked=True)
        heights_m = self._to_metres(decimated.astype(float).filled(np.nan))
        if not np.isfinite(heights_m).any():
            raise InputError(path, "holds no valid height", "check its nodata value")
        if np.nanmedian(heights_m) > radius_m / 2.0:
            self._offset -= radius_m
            heights_m -= radius_m
        self.lowest_m, self.highest_m = float(np.nanmin(heights_m)), float(np.nanmax(heights_m))

    def _to_metres(self, values):
        return values * self._scale + self._offset

    def height_m(self, lon_deg: float | np.ndarray, lat_deg: float | np.ndarray) -> np.ndarray:
        """Return heights in metres at longitudes and latitudes (arrays broadcast); NaN where the model has none."""
        lon_deg, lat_deg = np.broadcast_arrays(np.asarray(lon_deg, float), np.asarray(lat_deg, float))
        row, column = self._rowcol(lon_deg, lat_deg)
        rows, columns = self._grid.shape
        # The outer half pixel lies on the raster, too. There, the value of the outer pixel holds.
        inside = (row >= -0.5) & (row <= rows - 0.5) & (column >= -0.5) & (column <= columns - 0.5)
        heights_m = np.full(lon_deg.shape, np.nan)
        if not inside.any():
            return heights_m
        row, column = np.clip(row[inside], 0, rows - 1), np.clip(column[inside], 0, columns - 1)
        first_row, first_column = int(row.min()), int(column.min())
        window = Window(first_column, first_row, int(column.max()) + 2 - first_column, int(row.max()) + 2 - first_row)
        with open_raster(self.path) as dataset:
            values = dataset.read(1, window=window, masked=True).astype(float).filled(np.nan)
        heights_m[inside] = _bilinear(self._to_metres(values), row - first_row, column - first_column)
        return heights_m

    def intersect(self, origin: np.ndarray, look: np.ndarray, radius_km: float) -> np.ndarray:
        """Return where lines of sight meet the surface.

        The search begins with a sphere of height 0. Each step takes the sphere with the height at the point found
        before, until the height does not change.

        Parameters
        ----------
        origin, look : ndarray
            (..., 3) Starting point in km, and direction of unit length, both body-fixed.
        radius_km : float
            Radius of the body's sphere.

        Returns
        -------
        ndarray
            (..., 3) body-fixed points in km; NaN where there is none, or the search does not converge (grazing views).
        """
        height_km = np.zeros(np.broadcast_shapes(origin.shape, look.shape)[:-1])
        for _ in range(_ITERATIONS):
            point = sphere_intersection(origin, look, radius_km + height_km)
            found_km = self.height_m(*lonlat_of(point)) / 1000.0
            change_km = np.abs(found_km - height_km)
            height_km = found_km
            if not (change_km > _TOLERANCE_KM).any():
                return point
        return np.where((change_km > _TOLERANCE_KM)[..., None], np.nan, point)

    def _rowcol(self, lon_deg, lat_deg):
        row, column = self._grid.rowcol_of_lonlat((lon_deg + 180.0) % 360.0 - 180.0, lat_deg)
        row, column = np.asarray(row, float), np.asarray(column, float)
        if self._period is not None:
            period = self._period / self._grid.resolution_m
            column = np.where(column < -0.5, column + period, column)
            column = np.where(column > self._grid.shape[1] - 0.5, column - period, column)
        return row, column


def _period(crs):
    """Return the map units once around the body, for cylindrical maps (which may begin anywhere); else None."""
    if crs.is_geographic:
        return 360.0
    conversion = crs.coordinate_operation
    if not conversion.method_name.startswith(("Equidistant Cylindrical", "Equirectangular")):
        return None
    parallel = next((term.value for term in conversion.params if "parallel" in term.name), 0.0)
    return 2.0 * np.pi * crs.ellipsoid.semi_major_metre * np.cos(np.radians(parallel))


def _bilinear(values, row, column):
    row0 = np.minimum(row.astype(int), values.shape[0] - 1)
    column0 = np.minimum(column.astype(int), values.shape[1] - 1)
    row1, column1 = np.minimum(row0 + 1, values.shape[0] - 1), np.minimum(column0 + 1, values.shape[1] - 1)
    b, a = row - row0, column - column0
    upper = (1 - a) * values[row0, column0] + a * values[row0, column1]
    lower = (1 - a) * values[row1, column0] + a * values[row1, column1]
    return (1 - b) * upper + b * lower
