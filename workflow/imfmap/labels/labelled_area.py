"""The area of a target that a person has labelled. What lies outside was not looked at, and teaches nothing."""

from pathlib import Path

import geopandas
import numpy as np
import rasterio.features
import shapely
from pyproj import CRS

from ..core.errors import InputError
from ..maps.grids import MapGrid
from ..maps.large_shapes import pieces_of
from ..maps.vectors import crs_fault, layers_of, read_as_drawn
from .truth_classes import NOT_LABELLED

LAYER = "labelled"
_POLYGONS = ("Polygon", "MultiPolygon")


class LabelledArea:
    """The labelled area on a map.

    Parameters
    ----------
    path : path
        Label file.
    crs : CRS
        CRS of the map.

    Raises
    ------
    InputError
        If the layer `labelled` holds other shapes than polygons, broken ones, or lies on another body.
    """

    def __init__(self, path: str | Path, crs: CRS):
        self._shapes = None
        name = next((name for name in layers_of(path) if name.lower() == LAYER), None)
        table = None if name is None else read_as_drawn(path, name)
        if table is None or not len(table):
            return
        fault = crs_fault(table.crs, crs)
        if fault:
            raise InputError(f"{path}: layer {name}", *fault)
        shapes = shapely.force_2d(table.geometry.array)
        for fid, shape in zip(table.index, shapes, strict=True):
            sound = shape is not None and not shape.is_empty and shape.geom_type in _POLYGONS and shape.is_valid
            if not sound or not np.isfinite(shapely.get_coordinates(shape)).all():
                found = "is no sound polygon"
                raise InputError(f"{path}: layer {name}, feature {fid}", found, "draw it again or delete it")
        on_map = geopandas.GeoSeries(shapes, crs=table.crs).to_crs(crs)
        self._shapes = pieces_of(on_map.values)[0]
        self._index = shapely.STRtree(self._shapes)

    @property
    def is_whole(self) -> bool:
        """Whether the whole target counts as labelled, since the file has no such area."""
        return self._shapes is None

    def touches(self, shapes: np.ndarray) -> np.ndarray:
        """Return, for each shape on the map, whether it touches the area: bool (shapes,)."""
        touched = np.full(len(shapes), self.is_whole)
        if not self.is_whole:
            touched[self._index.query(shapes, predicate="intersects")[0]] = True
        return touched

    def mark(self, mask: np.ndarray, grid: MapGrid) -> np.ndarray:
        """Return a mask of labels with `NOT_LABELLED` at the pixels whose centre lies outside the area.

        Parameters
        ----------
        mask : ndarray
            uint8 (rows, columns).
        grid : MapGrid
            Its grid.
        """
        if self.is_whole:
            return mask
        near = self._shapes[np.sort(self._index.query(shapely.box(*grid.bounds)))]
        if not len(near):
            return np.full_like(mask, NOT_LABELLED)
        inside = rasterio.features.rasterize(near, grid.shape, transform=grid.transform, dtype="uint8")
        return np.where(inside, mask, np.uint8(NOT_LABELLED))
