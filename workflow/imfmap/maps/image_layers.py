"""Projected images as layers of a mosaic. They are read by windows of the target's grid; empty parts are skipped."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
from rasterio.errors import RasterBlockError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from .alignment import offset_on
from .grids import MapGrid
from .image_facts import ImageFacts
from .rasters import open_raster


def by_window(images: "Iterable[ImageLayer]", size: int) -> dict[tuple[int, int], list[int]]:
    """Return the images that may have data on each window of a target's grid.

    Parameters
    ----------
    images : iterable
        Each with a method ``windows(size)``, as `ImageLayer` has it.
    size : int
        Side of the windows in pixels, as for `MapGrid.blocks`.

    Returns
    -------
    dict
        Places of the images in `images`, by row and column of a window's first pixel.
    """
    there = {}
    for number, image in enumerate(images):
        for corner in image.windows(size):
            there.setdefault(corner, []).append(number)
    return there


class ImageLayer:
    """A projected image whose pixels are pixels of a target's grid. Several threads may read it, one at a time.

    Attributes
    ----------
    product : str
    path : path
    offset : tuple of int
        Row and column of its upper left pixel on the target's grid.
    """

    def __init__(self, dataset: DatasetReader, product: str, path: str | Path, offset: tuple[int, int]):
        self._dataset, self.product, self.path, self.offset = dataset, product, path, offset
        self._filled, self._reading = FilledBlocks(dataset), Lock()

    @classmethod
    @contextmanager
    def open(cls, path: str | Path, grid: MapGrid) -> Iterator[Self]:
        """Open a projected image.

        Raises
        ------
        InputError
            If the file is not a projected image, or its pixels do not fit the grid.
        """
        with open_raster(path) as dataset:
            offset = offset_on(dataset, grid, "the target's map", "project it onto the target's grid")
            yield cls(dataset, ImageFacts.from_tags(dataset.tags(), path).product, path, offset)

    def read(self, row: int, column: int, rows: int, columns: int) -> np.ndarray | None:
        """Read a window of the target's grid: (rows, columns) float32, NaN for no data; None if all is without data."""
        first_row, first_column = row - self.offset[0], column - self.offset[1]
        top, left = max(first_row, 0), max(first_column, 0)
        bottom = min(first_row + rows, self._dataset.height)
        right = min(first_column + columns, self._dataset.width)
        if not self._filled.any(top, bottom, left, right):
            return None
        window = Window(left, top, right - left, bottom - top)
        with self._reading:
            inside = self._dataset.read(1, window=window, out_dtype="float32")
        if self._dataset.nodata is not None and not np.isnan(self._dataset.nodata):
            inside[inside == self._dataset.nodata] = np.nan
        if inside.shape == (rows, columns):
            return inside
        pixels = np.full((rows, columns), np.nan, np.float32)
        pixels[top - first_row : bottom - first_row, left - first_column : right - first_column] = inside
        return pixels

    def windows(self, size: int) -> list[tuple[int, int]]:
        """Return the windows of the target's grid on which the image may have data.

        Parameters
        ----------
        size : int
            Side of the windows in pixels, as for `MapGrid.blocks`.

        Returns
        -------
        list of tuple
            Row and column of the windows' first pixels, row by row.
        """
        return self._filled.windows(self.offset, size)


class FilledBlocks:
    """Which blocks of a raster are stored. A sparse GeoTIFF does not store empty blocks."""

    def __init__(self, dataset: DatasetReader):
        self._height, self._width = dataset.block_shapes[0]
        self._shape = dataset.shape
        self._filled = np.ones((-(-dataset.height // self._height), -(-dataset.width // self._width)), bool)
        if dataset.driver == "GTiff":
            for row, column in np.ndindex(self._filled.shape):
                try:
                    dataset.block_size(1, row, column)
                except RasterBlockError:
                    self._filled[row, column] = False

    def windows(self, offset: tuple[int, int], size: int) -> list[tuple[int, int]]:
        """Return the windows of a larger grid that hold pixels of stored blocks, row by row.

        Parameters
        ----------
        offset : tuple of int
            Row and column of the raster's first pixel on the grid.
        size : int
            Side of the windows.
        """
        sides = (self._height, self._width)
        first = [offset[axis] + index * sides[axis] for axis, index in enumerate(np.nonzero(self._filled))]
        last = [
            np.minimum(start + side, offset[axis] + extent) - 1
            for axis, (start, side, extent) in enumerate(zip(first, sides, self._shape, strict=True))
        ]
        found = set()
        for top, left, bottom, right in zip(*first, *last, strict=True):
            rows, columns = range(top // size, bottom // size + 1), range(left // size, right // size + 1)
            found.update((row * size, column * size) for row in rows for column in columns if row >= 0 and column >= 0)
        return sorted(found)

    def any(self, top: int, bottom: int, left: int, right: int) -> bool:
        """Return whether a stored block has pixels of a window; False for an empty window.

        Parameters
        ----------
        top, bottom, left, right : int
            First row and the row after the last one, and so the columns. The window must lie on the raster.
        """
        if top >= bottom or left >= right:
            return False
        rows = slice(top // self._height, -(-bottom // self._height))
        return bool(self._filled[rows, left // self._width : -(-right // self._width)].any())
