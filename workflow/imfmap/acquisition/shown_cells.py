"""The cells of a place that images show: the place is divided into cells on a local equal-area map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.features import rasterize
from scipy.sparse import csr_array
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from .footprints import LocalMap

CELLS = 100_000


@dataclass(frozen=True)
class ShownCells:
    """Which cells each image shows, and which images show each cell.

    Attributes
    ----------
    by_image, by_cell : csr_array
        Matrix (images, cells) and its transpose. A stored entry means that the image shows the cell.
    """

    by_image: csr_array
    by_cell: csr_array

    @classmethod
    def of(cls, cells: Sequence[np.ndarray], total: int) -> Self:
        """Return the matrices of lists of cells, one list an image."""
        starts = np.concatenate([[0], np.cumsum([len(each) for each in cells])])
        indices = np.concatenate([*cells, np.empty(0, np.int32)])
        by_image = csr_array((np.ones(len(indices), np.int8), indices, starts), shape=(len(cells), total))
        return cls(by_image, by_image.T.tocsr())

    @property
    def total(self) -> int:
        """Number of cells of the place."""
        return self.by_image.shape[1]

    @property
    def counts(self) -> np.ndarray:
        """Number of cells that each image shows, (images,)."""
        return np.diff(self.by_image.indptr).astype(np.int64)

    def cells(self, row: int) -> np.ndarray:
        """Cells that an image shows."""
        return self.by_image.indices[self.by_image.indptr[row] : self.by_image.indptr[row + 1]]

    def images(self, cells: np.ndarray) -> np.ndarray:
        """Number of these cells that each image shows, (images,)."""
        return np.bincount(self.by_cell[cells].indices, minlength=self.by_image.shape[0])

    def times(self, rows: Iterable[int]) -> np.ndarray:
        """Number of these images that show each cell, (cells,)."""
        times = np.zeros(self.total, np.int32)
        for row in rows:
            times[self.cells(row)] += 1
        return times


def shown_cells(footprints: Sequence[BaseGeometry | None], aoi: Polygon | MultiPolygon) -> ShownCells:
    """Return which cells of an area of interest each image shows.

    Parameters
    ----------
    footprints, aoi
        As for `choose_images`.
    """
    local = LocalMap.about(aoi)
    area = local.project(aoi)
    left, bottom, right, top = area.bounds
    size = np.sqrt(area.area / CELLS)
    rows, columns = int(np.ceil((top - bottom) / size)), int(np.ceil((right - left) / size))
    to_map = Affine(size, 0.0, left, 0.0, -size, top)
    found = []
    with rasterio.Env():
        inside = rasterize([area], (rows, columns), transform=to_map, dtype="uint8").astype(bool)
        number = np.cumsum(inside.ravel(), dtype=np.int32).reshape(inside.shape) - 1
        shapes = local.project(np.array([Polygon() if outline is None else outline for outline in footprints]))
        for shape, bounds in zip(np.atleast_1d(shapes), shapely.bounds(shapes), strict=True):
            window = _window(bounds, left, top, size, inside.shape)
            if window is None:
                found.append(np.empty(0, np.int32))
                continue
            part = rasterize(
                [shape],
                (window[0].stop - window[0].start, window[1].stop - window[1].start),
                transform=to_map * Affine.translation(window[1].start, window[0].start),
                dtype="uint8",
            ).astype(bool)
            found.append(number[window][part & inside[window]])
    return ShownCells.of(found, int(inside.sum()))


def _window(bounds, left, top, size, shape):
    """Rows and columns (slices) of a raster that an outline may touch; None where there are none."""
    west, south, east, north = bounds
    if np.isnan(west):
        return None
    rows = slice(max(0, int((top - north) / size)), min(shape[0], int((top - south) / size) + 1))
    columns = slice(max(0, int((west - left) / size)), min(shape[1], int((east - left) / size) + 1))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None
