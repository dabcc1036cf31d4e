"""Projected images as layers of a mosaic: read by windows of the target's grid, empty parts passed over."""

from contextlib import contextmanager

import numpy as np
from rasterio.errors import RasterBlockError
from rasterio.windows import Window

from .alignment import offset_on
from .image_facts import ImageFacts
from .rasters import open_raster


class ImageLayer:
    """A projected image on a target's pixels.

    Attributes
    ----------
    product : str
    path : path
    offset : tuple of int
        Row and column of its first pixel on the target's grid.
    """

    def __init__(self, dataset, product, path, offset):
        self._dataset, self.product, self.path, self.offset = dataset, product, path, offset
        self._filled = FilledBlocks(dataset)

    @classmethod
    @contextmanager
    def open(cls, path, grid):
        """Open a projected image.

        Raises
        ------
        InputError
            Where it is none, or its pixels are not the grid's.
        """
        with open_raster(path) as dataset:
            offset = offset_on(dataset, grid, "the target's map", "project it onto the target's grid")
            yield cls(dataset, ImageFacts.from_tags(dataset.tags(), path).product, path, offset)

    def read(self, row, column, rows, columns):
        """Window of the target's grid as (rows, columns) float32, NaN for no data; None where the image has none."""
        first_row, first_column = row - self.offset[0], column - self.offset[1]
        top, left = max(first_row, 0), max(first_column, 0)
        bottom = min(first_row + rows, self._dataset.height)
        right = min(first_column + columns, self._dataset.width)
        if not self._filled.any(top, bottom, left, right):
            return None
        inside = self._dataset.read(1, window=Window(left, top, right - left, bottom - top), out_dtype="float32")
        if self._dataset.nodata is not None and not np.isnan(self._dataset.nodata):
            inside[inside == self._dataset.nodata] = np.nan
        if inside.shape == (rows, columns):
            return inside
        pixels = np.full((rows, columns), np.nan, np.float32)
        pixels[top - first_row : bottom - first_row, left - first_column : right - first_column] = inside
        return pixels

    def reaches(self, row, column, rows, columns):
        """Whether the image may have data in a window of the target's grid."""
        row, column = row - self.offset[0], column - self.offset[1]
        bottom, right = min(row + rows, self._dataset.height), min(column + columns, self._dataset.width)
        return self._filled.any(max(row, 0), bottom, max(column, 0), right)


class FilledBlocks:
    """Which blocks of a raster are stored: sparse GeoTIFFs leave empty ones out."""

    def __init__(self, dataset):
        self._height, self._width = dataset.block_shapes[0]
        self._filled = np.ones((-(-dataset.height // self._height), -(-dataset.width // self._width)), bool)
        if dataset.driver == "GTiff":
            for row, column in np.ndindex(self._filled.shape):
                try:
                    dataset.block_size(1, row, column)
                except RasterBlockError:
                    self._filled[row, column] = False

    def any(self, top, bottom, left, right):
        """Whether a block is stored that has pixels of a window, which lies on the raster; False of an empty one."""
        if top >= bottom or left >= right:
            return False
        rows = slice(top // self._height, -(-bottom // self._height))
        return bool(self._filled[rows, left // self._width : -(-right // self._width)].any())
