"""Equal-area plane of true metres around a target, for any map projection; and the ground that a map covers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

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
from .large_shapes import pieces_of
from .probability_raster import NODATA
from .rasters import open_raster, read_window

_STRIP_PX = 1024
# Most cells along the longer side of a map for which the mapped share is kept.
_MOST_CELLS = 4096


class GroundPlane:
    """Lambert's azimuthal equal-area map around the middle of a grid.

    Areas are true. At a distance d from the middle, distances are wrong by (d / 2R)^2 / 2: 0.01 % at 50 km on the Moon.

    Parameters
    ----------
    grid : MapGrid

    Attributes
    ----------
    crs : pyproj.CRS
    """

    def __init__(self, grid: MapGrid):
        lon, lat = (float(value) for value in grid.lonlat((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2))
        conversion = LambertAzimuthalEqualAreaConversion(
            latitude_natural_origin=lat, longitude_natural_origin=lon, false_easting=0, false_northing=0
        )
        name = f"{grid.body.name.capitalize()} (2015) - Sphere / Equal area at {lon:.3f} E, {lat:.3f} N"
        self.crs = ProjectedCRS(conversion=conversion, geodetic_crs=grid.body.geographic, name=name)
        self._transformer = Transformer.from_crs(grid.crs, self.crs, always_xy=True)

    def from_map(self, geometries: Sequence[shapely.Geometry] | np.ndarray) -> np.ndarray:
        """Return geometries on the plane, from geometries in the map's CRS."""

        def across(points):
            return np.column_stack(self.places(*points.T))

        return shapely.transform(np.asarray(geometries, object), across)

    def places(self, x: float | np.ndarray, y: float | np.ndarray) -> tuple[float | np.ndarray, float | np.ndarray]:
        """Return x, y on the plane for x, y on the map, in metres."""
        return transformed(self._transformer, x, y)

    def to_map(self, x: float | np.ndarray, y: float | np.ndarray) -> tuple[float | np.ndarray, float | np.ndarray]:
        """Return x, y on the map for x, y on the plane, in metres."""
        return transformed(self._transformer, x, y, direction="INVERSE")


@dataclass(frozen=True)
class MappedGround:
    """The ground that a map covers.

    Attributes
    ----------
    grid : MapGrid
        Grid of cells. A cell is a square of whole pixels of the map.
    share : ndarray
        float32 (rows, columns), 0..1: the share of each cell that was mapped.
    """

    grid: MapGrid
    share: np.ndarray

    @cached_property
    def area_km2(self) -> np.ndarray:
        """Mapped ground of each cell in km2, (rows, columns)."""
        rows, columns = self.grid.shape
        # The scale varies slowly over the map, so it is interpolated from a coarse mesh.
        row, column = np.linspace(0, rows - 1, min(rows, 65)), np.linspace(0, columns - 1, min(columns, 65))
        mesh = np.stack(np.meshgrid(row, column, indexing="ij"), axis=-1)
        scale = np.abs(np.linalg.det(self.grid.ground_jacobians(*mesh.reshape(-1, 2).T))).reshape(mesh.shape[:2])
        places = np.meshgrid(
            np.linspace(0, len(row) - 1, rows), np.linspace(0, len(column) - 1, columns), indexing="ij"
        )
        return map_coordinates(scale, places, order=1, mode="nearest") * self.share * self.grid.resolution_m**2 / 1e6

    @property
    def total_km2(self) -> float:
        """Mapped ground of all cells in km2."""
        return float(self.area_km2.sum())

    def at(self, x: float | np.ndarray, y: float | np.ndarray) -> np.ndarray:
        """Return the mapped share of the cells at map x, y; 0 outside the map."""
        row, column = self.grid.rowcol(x, y)
        return map_coordinates(self.share, [row, column], order=0, mode="constant", cval=0.0)

    def within(self, polygons: gpd.GeoDataFrame) -> "MappedGround":
        """Return the mapped ground inside polygons. Cells whose centre is outside count nothing.

        Parameters
        ----------
        polygons : geopandas.GeoDataFrame
            Polygons in the map's CRS.
        """
        pieces, _ = pieces_of(polygons.geometry.values)
        if not len(pieces):
            return MappedGround(self.grid, np.zeros_like(self.share))
        inside = rasterize(pieces, self.grid.shape, transform=self.grid.transform, dtype="uint8")
        return MappedGround(self.grid, self.share * inside)


def mapped_ground(probability_path: str | Path, cell_m: float = 0.0) -> MappedGround:
    """Return the ground where a probability raster has data.

    Parameters
    ----------
    probability_path : path
        8-bit probability raster.
    cell_m : float
        Size of cells in map metres. It is rounded to whole pixels, and raised if a side would have over 4096 cells.

    Returns
    -------
    MappedGround
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


def areas_of(boundary: Mapping[str, gpd.GeoDataFrame], *names: str) -> gpd.GeoDataFrame:
    """Return layers of a boundary file as one frame, without empty polygons.

    Parameters
    ----------
    boundary : dict of str to geopandas.GeoDataFrame
        Layers by name, as `accept.read_boundary` returns them.
    *names : str
        The layers to take.
    """
    frames = [boundary[name] for name in names]
    geometries = np.concatenate([frame.geometry.values for frame in frames])
    filled = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    return gpd.GeoDataFrame(geometry=shapely.make_valid(geometries[filled]), crs=frames[0].crs)
