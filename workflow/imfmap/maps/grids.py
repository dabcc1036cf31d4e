"""Map grids: a CRS, an affine transform and a shape. Grids are snapped, so images of a target share pixels."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from ..core.errors import InputError
from .bodies import Body, body_of

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

_GIVE_CRS = "set the CRS of its map on the body, such as IAU_2015:30100 (gdal_edit.py -a_srs)"


@dataclass(frozen=True)
class MapGrid:
    """A north-up raster grid.

    Attributes
    ----------
    crs : pyproj.CRS
        Projected CRS in metres; None for an image in its own geometry.
    transform : affine.Affine
        From (column, row) to map x, y in metres. Here (0, 0) is the outer corner of the upper left pixel.
    shape : tuple of int
        Rows, columns.
    """

    crs: CRS | None
    transform: Affine
    shape: tuple[int, int]

    @classmethod
    def centred(
        cls, crs: CRS | str, lon_deg: float, lat_deg: float, width_m: float, height_m: float, resolution_m: float
    ) -> Self:
        """Return the grid around a place. Its edges are whole multiples of the resolution."""
        x, y = lonlat_to_map(crs, lon_deg, lat_deg)
        return cls.covering(crs, (x - width_m / 2, y - height_m / 2, x + width_m / 2, y + height_m / 2), resolution_m)

    @classmethod
    def covering(cls, crs: CRS | str, bounds: tuple[float, float, float, float], resolution_m: float) -> Self:
        """Return the smallest snapped grid that covers map bounds (left, bottom, right, top) in metres."""
        left, bottom, right, top = (edge / resolution_m for edge in bounds)
        # A bound may miss a whole number of pixels by rounding. That must not add a row or column.
        left, bottom = math.floor(left + 1e-6), math.floor(bottom + 1e-6)
        right, top = math.ceil(right - 1e-6), math.ceil(top - 1e-6)
        transform = Affine(resolution_m, 0.0, left * resolution_m, 0.0, -resolution_m, top * resolution_m)
        return cls(CRS.from_user_input(crs), transform, (max(1, top - bottom), max(1, right - left)))

    @classmethod
    def like(cls, grid: Any) -> Self:
        """Return the grid of anything with `crs`, `transform` and `shape`. A `MapGrid` is returned as it is.

        Raises
        ------
        InputError
            If the transform is rotated or its pixels are not square, or if pyproj does not understand the CRS.
        """
        if isinstance(grid, cls):
            return grid
        transform = Affine(*tuple(grid.transform)[:6])
        if transform.b or transform.d or transform.a <= 0 or not math.isclose(transform.a, -transform.e, rel_tol=1e-9):
            raise InputError("grid", f"its transform is {tuple(transform)[:6]}", "use a north-up grid of square pixels")
        try:
            crs = CRS.from_user_input(grid.crs)
        except CRSError as error:
            raise InputError(
                "grid", f"its CRS is not understood ({error})", "give a projected CRS of the body"
            ) from None
        return cls(crs, transform, tuple(map(int, grid.shape)))

    @classmethod
    def unplaced(cls, shape: tuple[int, int]) -> Self:
        """Return the grid of an image in its own geometry: lines and samples, without a CRS."""
        return cls(None, Affine.identity(), shape)

    @classmethod
    def of(cls, dataset: "DatasetReader") -> Self:
        """Return the grid of an open rasterio dataset.

        Raises
        ------
        InputError
            Naming the file: if it has no CRS, or one that is not understood, or if its rows and columns do not run
            along the axes of the map.
        """
        crs = crs_of(dataset)
        transform = dataset.transform
        numbers = tuple(transform)[:6]
        if not np.isfinite(numbers).all() or transform.b or transform.d or transform.a <= 0 or not transform.e:
            found = f"its transform is {tuple(map(float, numbers))}"
            raise InputError(dataset.name, found, "give a raster whose rows run along the map (gdalwarp makes one)")
        return cls(crs, transform, dataset.shape)

    @property
    def resolution_m(self) -> float:
        """Pixel size in map metres."""
        return self.transform.a

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in map metres."""
        left, top = self.transform * (0, 0)
        right, bottom = self.transform * (self.shape[1], self.shape[0])
        return left, bottom, right, top

    @cached_property
    def body(self) -> Body:
        """The body that the grid lies on."""
        return body_of(self.crs)

    @cached_property
    def _lonlat(self):
        return self.body.to_lonlat(self.crs)

    def xy(self, row: float | np.ndarray, column: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return map x, y in metres of pixel coordinates. Whole numbers are pixel centres; arrays broadcast."""
        row, column = np.asarray(row, float) + 0.5, np.asarray(column, float) + 0.5
        return self.transform.c + self.transform.a * column, self.transform.f + self.transform.e * row

    def rowcol(self, x: float | np.ndarray, y: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return fractional row, column of map x, y in metres. Whole numbers are pixel centres."""
        column = (np.asarray(x, float) - self.transform.c) / self.transform.a - 0.5
        row = (np.asarray(y, float) - self.transform.f) / self.transform.e - 0.5
        return row, column

    def lonlat(
        self, row: float | np.ndarray, column: float | np.ndarray
    ) -> tuple[float | np.ndarray, float | np.ndarray]:
        """Return longitude (-180..180) and latitude in degrees at pixel coordinates; inf off the body."""
        return transformed(self._lonlat, *np.broadcast_arrays(*self.xy(row, column)))

    def rowcol_of_lonlat(
        self, lon_deg: float | np.ndarray, lat_deg: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return fractional row, column of longitudes and latitudes; inf where the projection does not reach."""
        return self.rowcol(*transformed(self._lonlat, lon_deg, lat_deg, direction="INVERSE"))

    def window(self, row: int, column: int, rows: int, columns: int) -> "MapGrid":
        """Return the grid of a window, cut at the lower and right edge of this grid.

        Parameters
        ----------
        row, column : int
            Upper left pixel of the window.
        rows, columns : int
            Size of the window before it is cut.
        """
        rows, columns = min(rows, self.shape[0] - row), min(columns, self.shape[1] - column)
        return MapGrid(self.crs, self.transform * Affine.translation(column, row), (rows, columns))

    def blocks(self, size: int) -> Iterator[tuple[int, int, "MapGrid"]]:
        """Yield (row, column, grid) of windows of at most size x size pixels, row by row."""
        for row in range(0, self.shape[0], size):
            for column in range(0, self.shape[1], size):
                yield row, column, self.window(row, column, size, size)

    def ground_jacobians(self, row: float | np.ndarray, column: float | np.ndarray) -> np.ndarray:
        """Return matrices from map metres (x, y) to true ground metres (east, north) at pixel coordinates.

        Parameters
        ----------
        row, column : float or ndarray
            (N,)

        Returns
        -------
        ndarray
            (N, 2, 2). A pole has no east; there, east is that of the meridian of 0 degrees.
        """
        row, column = np.atleast_1d(np.asarray(row, float)), np.atleast_1d(np.asarray(column, float))
        reach_px = 32.0
        lon, lat = (np.radians(values) for values in self.lonlat(row, column))
        east = np.stack([-np.sin(lon), np.cos(lon), np.zeros_like(lon)], axis=-1)
        north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)

        def per_map_metre(d_row, d_column):
            ahead, behind = (
                _unit_vectors(*self.lonlat(row + sign * d_row, column + sign * d_column)) for sign in (1, -1)
            )
            return (ahead - behind) * self.body.radius_m / (2 * reach_px * self.resolution_m)

        along = np.stack([per_map_metre(0, reach_px), per_map_metre(-reach_px, 0)], axis=-1)
        return np.stack([east, north], axis=-2) @ along


def crs_of(dataset: "DatasetReader") -> CRS:
    """Return the CRS of an open rasterio dataset as pyproj's.

    Raises
    ------
    InputError
        Naming the file, if it has none, or one that is not understood.
    """
    try:
        wkt = dataset.crs.to_wkt() if dataset.crs is not None else ""
        if wkt:
            return _crs_of_wkt(wkt)
    except (CRSError, ValueError) as error:  # rasterio's own CRSError is a ValueError
        raise InputError(dataset.name, f"its CRS is not understood ({error})", _GIVE_CRS) from None
    raise InputError(dataset.name, "has no CRS", _GIVE_CRS)


@lru_cache(maxsize=32)
def _crs_of_wkt(wkt):
    """Return the CRS of a WKT text. It is cached: PROJ takes milliseconds, and all images of a target have the same."""
    return CRS.from_wkt(wkt)


def transformed(
    transformer: Transformer, x: float | np.ndarray, y: float | np.ndarray, **options: Any
) -> tuple[float | np.ndarray, float | np.ndarray]:
    """Transform numbers or arrays. An array of one element stays an array, which pyproj does not do by itself."""
    if np.ndim(x) and np.size(x) == 1:
        return tuple(
            np.full(np.shape(x), value) for value in transformer.transform(np.ravel(x)[0], np.ravel(y)[0], **options)
        )
    return transformer.transform(x, y, **options)


def _unit_vectors(lon_deg, lat_deg):
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def lonlat_to_map(
    crs: CRS | str, lon_deg: float | np.ndarray, lat_deg: float | np.ndarray
) -> tuple[float | np.ndarray, float | np.ndarray]:
    """Return map x, y in metres of a place."""
    return body_of(crs).to_lonlat(crs).transform(lon_deg, lat_deg, direction="INVERSE")
