"""Projected images as layers of a mosaic: read by windows of the target's grid, empty parts passed over."""

from contextlib import contextmanager

import numpy as np
from rasterio.errors import RasterBlockError
from rasterio.windows import Window

from .errors import InputError
from .grids import MapGrid
from .products import ImageFacts
from .rasters import open_raster

PRODUCTS_TAG = "IMF_PRODUCTS"


class Layer:
    """A projected image on a target's pixels.

    Attributes
    ----------
    product : str
    """

    def __init__(self, dataset, product, row, column):
        self._dataset, self.product, self._row, self._column = dataset, product, row, column
        self._block, self._filled = dataset.block_shapes[0], _filled_blocks(dataset)

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
            offset = grid.offset_of(MapGrid.of(dataset))
            if offset is None:
                raise InputError(path, "does not lie on the target's pixels", "project it onto the target's grid")
            yield cls(dataset, ImageFacts.from_tags(dataset.tags(), path).product, *offset)

    def read(self, row, column, rows, columns):
        """Window of the target's grid as (rows, columns) float32, NaN for no data; None where the image has none."""
        first_row, first_column = row - self._row, column - self._column
        top, left = max(first_row, 0), max(first_column, 0)
        bottom = min(first_row + rows, self._dataset.height)
        right = min(first_column + columns, self._dataset.width)
        if top >= bottom or left >= right or not self._any_filled(top, bottom, left, right):
            return None
        inside = self._dataset.read(1, window=Window(left, top, right - left, bottom - top), out_dtype="float32")
        if self._dataset.nodata is not None and not np.isnan(self._dataset.nodata):
            inside[inside == self._dataset.nodata] = np.nan
        if inside.shape == (rows, columns):
            return inside
        pixels = np.full((rows, columns), np.nan, np.float32)
        pixels[top - first_row : bottom - first_row, left - first_column : right - first_column] = inside
        return pixels

    def _any_filled(self, top, bottom, left, right):
        height, width = self._block
        return self._filled[top // height : -(-bottom // height), left // width : -(-right // width)].any()


def _filled_blocks(dataset):
    """Which blocks of a raster are stored: sparse GeoTIFFs leave empty ones out."""
    height, width = dataset.block_shapes[0]
    filled = np.ones((-(-dataset.height // height), -(-dataset.width // width)), bool)
    if dataset.driver == "GTiff":
        for row, column in np.ndindex(filled.shape):
            try:
                dataset.block_size(1, row, column)
            except RasterBlockError:
                filled[row, column] = False
    return filled
