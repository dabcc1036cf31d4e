"""A plane of true metres around a target, whatever its map's projection, and what of it was mapped."""

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from pyproj import Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion
from rasterio.features import rasterize
from scipy.ndimage import map_coordinates

from .grids import MapGrid, transformed
from .probability_raster import NODATA
from .rasters import open_raster, read_window

_STRIP_PX = 1024
# Shares of coverage are kept by cells; a longer side of the map has no more than this many.
_MOST_CELLS = 4096


class GroundPlane:
    """Lambert's azimuthal equal-area map around the middle of a grid.

    Areas are true; distances to (d / 2R)^2 / 2 of them, 0.01 % at 50 km from the middle on the Moon.

    Parameters
    ----------
    grid : MapGrid

    Attributes
    ----------
    crs : pyproj.CRS
    """

    def __init__(self, grid):
        lon, lat = (float(value) for value in grid.lonlat((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2))
        conversion = LambertAzimuthalEqualAreaConversion(
            latitude_natural_origin=lat, longitude_natural_origin=lon, false_easting=0, false_northing=0
        )
        name = f"{grid.body.name.capitalize()} (2015) - Sphere / Equal area at {lon:.3f} E, {lat:.3f} N"
        self.crs = ProjectedCRS(conversion=conversion, geodetic_crs=grid.body.geographic, name=name)
        self._transformer = Transformer.from_crs(grid.crs, self.crs, always_xy=True)

    def from_map(self, geometries):
        """Geometries of the map's CRS on the plane."""

        def across(points):
            return np.column_stack(self.places(*points.T))

        return shapely.transform(np.asarray(geometries, object), across)

    def places(self, x, y):
        """x, y on the plane of map x, y."""
        return transformed(self._transformer, x, y)

    def to_map(self, x, y):
        """Map x, y of places on the plane."""
        return transformed(self._transformer, x, y, direction="INVERSE")


@dataclass(frozen=True)
class MappedGround:
    """The ground that a map covers.

    Attributes
    ----------
    grid : MapGrid
        Cells of whole pixels of the map.
    share : ndarray
        float32 (rows, columns), 0..1: mapped part of each cell.
    """

    grid: MapGrid
    share: np.ndarray

    @cached_property
    def area_km2(self):
        """ndarray: (rows, columns) mapped ground of each cell."""
        rows, columns = self.grid.shape
        # The scale varies slowly over the map: by a coarse mesh of places.
        row, column = np.linspace(0, rows - 1, min(rows, 65)), np.linspace(0, columns - 1, min(columns, 65))
        mesh = np.stack(np.meshgrid(row, column, indexing="ij"), axis=-1)
        scale = np.abs(np.linalg.det(self.grid.ground_jacobians(*mesh.reshape(-1, 2).T))).reshape(mesh.shape[:2])
        places = np.meshgrid(
            np.linspace(0, len(row) - 1, rows), np.linspace(0, len(column) - 1, columns), indexing="ij"
        )
        return map_coordinates(scale, places, order=1, mode="nearest") * self.share * self.grid.resolution_m**2 / 1e6

    @property
    def total_km2(self):
        """float"""
        return float(self.area_km2.sum())

    def at(self, x, y):
        """Mapped share of the cells at places of the map; 0 outside of it."""
        row, column = self.grid.rowcol(x, y)
        return map_coordinates(self.share, [row, column], order=0, mode="constant", cval=0.0)

    def within(self, polygons):
        """The part of it that lies in polygons, by whole cells.

        Parameters
        ----------
        polygons : geopandas.GeoDataFrame
            On the map's CRS.
        """
        if not len(polygons):
            return MappedGround(self.grid, np.zeros_like(self.share))
        inside = rasterize(polygons.geometry.values, self.grid.shape, transform=self.grid.transform, dtype="uint8")
        return MappedGround(self.grid, self.share * inside)


def mapped_ground(probability_path, cell_m=0.0):
    """What of a map holds a probability, read in strips.

    Parameters
    ----------
    probability_path : path
        8-bit probability raster.
    cell_m : float
        Size of the cells wanted, in map metres; whole pixels, and no more than some thousand cells a side.

    Returns
    -------
    Mapped
    """
    with open_raster(probability_path) as dataset:
        grid = MapGrid.of(dataset)
        size = max(1, round(cell_m / grid.resolution_m), -(-max(grid.shape) // _MOST_CELLS))
        rows, columns = (-(-extent // size) for extent in grid.shape)
        share = np.zeros((rows, columns), np.float32)
        height = max(1, _STRIP_PX // size)
        for first in range(0, rows, height):
            count = min(height, rows - first)
            codes = read_window(dataset, first * size, 0, count * size, columns * size, fill=NODATA)
            valid = (codes != NODATA).reshape(count, size, columns, size)
            share[first : first + count] = valid.mean(axis=(1, 3), dtype=np.float32)
    return MappedGround(MapGrid(grid.crs, grid.transform * Affine.scale(size), (rows, columns)), share)


def areas_of(boundary, *names):
    """The layers of a boundary together, as one frame; polygons that are empty are none.

    Parameters
    ----------
    boundary : dict of str to geopandas.GeoDataFrame
        See `accept.read_boundary`.
    """
    frames = [boundary[name] for name in names]
    geometries = np.concatenate([frame.geometry.values for frame in frames])
    there = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    return gpd.GeoDataFrame(geometry=shapely.make_valid(geometries[there]), crs=frames[0].crs)
