"""Rasters that somebody else made: which of their pixels are data, and their warp onto a target's grid."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import MaskFlags, Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from ..maps.grids import MapGrid, crs_of
from ..maps.rasters import BLOCK, create_raster, naming_file
from .georeference import coordinate_transform, ground_pixel_m, period_of, without_datum

NO_VALID_PIXEL = ("has no valid pixel on the target", "check its nodata value and its place")
_WINDOW_PX = 4 * BLOCK
# Sources are averaged if their pixels are finer than this share of the target's, else resampled by cubic convolution.
_MUCH_FINER = 0.6
# ISIS marks pixels without data by values near the end of a type's range.
_ISIS_SPECIAL = {"float32": -3.4e38, "float64": -1.7e308, "int16": -32752}
_CORNER_PX = 8
# Places along each side of a grid; between them, and for the resampling, a part has this margin: pixels, and a share.
_LATTICE, _MARGIN_PX, _MARGIN = 65, 32, 0.1


class ForeignPixels:
    """Pixels of the first band of a raster that somebody else made.

    No data is what the raster's mask says (nodata value, alpha, mask band), NaN, ISIS's special values, and `nodata`. A
    raster without a mask may still have a frame without data. Its value is taken from the corners: a corner of 8 x 8
    equal pixels is no data if they are 0, negative, or the largest value of their integer type. If no corner is like
    that, 0 is no data in unsigned integers.

    Parameters
    ----------
    source : rasterio dataset
    nodata : float, optional
        A value that is no data, whatever the file says.
    part : rasterio.windows.Window, optional
        Part of the raster that is read, such as `part_on`; by default all. Windows count from its corner.
    """

    def __init__(self, source: rasterio.DatasetReader, nodata: float | None = None, part: Window | None = None):
        self._source = source
        self.dtype = np.dtype(source.dtypes[0])
        self._part = part or Window(0, 0, source.width, source.height)
        self.shape = self._part.height, self._part.width
        self._scale, self._offset = source.scales[0], source.offsets[0]
        self._nodata = {float(nodata)} if nodata is not None else set()
        if MaskFlags.all_valid in source.mask_flag_enums[0] and nodata is None:
            self._nodata = set(_corner_values(source))
            if not self._nodata and np.issubdtype(self.dtype, np.unsignedinteger):
                self._nodata = {0.0}
        # If nothing but another value stands for no data, 0 is a brightness.
        self.zero_is_data = 0.0 not in {source.nodata, *self._nodata}

    @property
    def found_nodata(self) -> list[float]:
        """Values that are no data although the raster's mask does not say so."""
        return sorted(self._nodata - {self._source.nodata})

    def masked(self, window: Window | None = None, shape: tuple[int, int] | None = None) -> np.ma.MaskedArray:
        """Read a window in the raster's own type; pixels without data are masked.

        Parameters
        ----------
        window : rasterio.windows.Window, optional
            By default the whole part.
        shape : tuple of int, optional
            Rows, columns to read it with (nearest neighbours); by default its own.
        """
        left, top = self._part.col_off, self._part.row_off
        if window is None:
            window = self._part
        else:
            window = Window(left + window.col_off, top + window.row_off, window.width, window.height)
        pixels = self._source.read(1, window=window, out_shape=shape, resampling=Resampling.nearest, masked=True)
        empty = np.ma.getmaskarray(pixels) | np.isin(pixels.data, list(self._nodata))
        if self.dtype.name in _ISIS_SPECIAL:
            empty |= pixels.data <= _ISIS_SPECIAL[self.dtype.name]
        return np.ma.masked_array(pixels.data, empty)

    def values(self, window: Window | None = None, shape: tuple[int, int] | None = None) -> np.ndarray:
        """Read a window as float32, by the scale and offset of the band, NaN for no data; see `masked`."""
        pixels = self.masked(window, shape)
        values = (pixels.data * self._scale + self._offset).astype(np.float32)
        return np.where(np.ma.getmaskarray(pixels) | ~np.isfinite(values), np.float32(np.nan), values)

    def write_copy(self, path: str | Path, read: Callable[[Window], np.ndarray], dtype: str, nodata: float) -> None:
        """Write the part on its own pixels, with the values that `read` returns for each window."""
        grid = MapGrid(crs_of(self._source), self._source.window_transform(self._part), self.shape)
        with create_raster(path, grid, dtype, nodata=nodata, overviews=False) as copy:
            for window in windows(self.shape):
                copy.write(read(window), 1, window=window)


def _corner_values(source):
    """Yield the values that fill a corner of a raster and stand for no data."""
    side = min(_CORNER_PX, *source.shape)
    ends = [np.iinfo(source.dtypes[0]).max] if np.issubdtype(np.dtype(source.dtypes[0]), np.integer) else []
    for row in (0, source.height - side):
        for column in (0, source.width - side):
            corner = source.read(1, window=Window(column, row, side, side))
            value = float(corner[0, 0])
            if (corner == corner[0, 0]).all() and (value <= 0 or value in ends):
                yield value


def windows(shape: tuple[int, int]) -> Iterator[Window]:
    """Yield windows that cover a raster of a shape, row by row."""
    for row in range(0, shape[0], _WINDOW_PX):
        for column in range(0, shape[1], _WINDOW_PX):
            yield Window(column, row, min(_WINDOW_PX, shape[1] - column), min(_WINDOW_PX, shape[0] - row))


def part_on(source: rasterio.DatasetReader, grid: MapGrid) -> Window:
    """Return the part of a raster that shows a grid, with a margin.

    So a corner of a mosaic of a whole body costs no more than a mosaic of that corner.

    Parameters
    ----------
    source : rasterio dataset
        Raster that passed `georeference.check_reference`.
    grid : MapGrid

    Returns
    -------
    rasterio.windows.Window
        The whole raster where a place of the grid is not on its map.
    """
    whole = Window(0, 0, source.width, source.height)
    rows, columns = np.meshgrid(*(np.linspace(-0.5, side - 0.5, _LATTICE) for side in grid.shape), indexing="ij")
    x, y = map(np.asarray, coordinate_transform(grid.crs, crs_of(source))(*grid.xy(rows, columns)))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return whole
    size, found = np.array([source.width, source.height]), []
    for turn in _turns(source, grid):
        places = np.stack(~source.transform * (x - turn, y)).reshape(2, -1)
        low, high = places.min(axis=1), places.max(axis=1)
        margin = _MARGIN_PX + _MARGIN * (high - low)
        low, high = np.floor(low - margin).clip(0, size), np.ceil(high + margin).clip(0, size)
        if (low < high).all():
            found.append((low, high))
    if not found:
        return whole
    left, top = np.min([low for low, _ in found], axis=0).astype(int)
    right, bottom = np.max([high for _, high in found], axis=0).astype(int)
    return Window(int(left), int(top), int(right - left), int(bottom - top))


def warped_turns(source: rasterio.DatasetReader, grid: MapGrid, stack: ExitStack) -> list[WarpedVRT]:
    """Warp a raster onto a grid, once for every turn around the body at which it may cover the grid.

    Parameters
    ----------
    source : rasterio dataset
        Raster that passed `georeference.check_reference`.
    grid : MapGrid
    stack : contextlib.ExitStack
        Context that closes the warped rasters.

    Returns
    -------
    list of rasterio.vrt.WarpedVRT
        The first covers the grid's middle. The others, one turn around the body away, fill its gaps.
    """
    finer = ground_pixel_m(source, grid) < _MUCH_FINER * grid.resolution_m
    resampling = Resampling.average if finer else Resampling.cubic
    return [stack.enter_context(_warped(source, grid, turn, resampling)) for turn in _turns(source, grid)]


def first_valid(rasters: list[WarpedVRT], window: Window) -> np.ndarray:
    """Read a window of the first raster; fill its gaps from the others."""
    values = rasters[0].read(1, window=window)
    for other in rasters[1:]:
        valid = np.isfinite(values) if values.dtype.kind == "f" else values > 0
        if valid.all():
            break
        values = np.where(valid, values, other.read(1, window=window))
    return values


def _turns(source, grid):
    """Return the shifts, by whole turns around the body, at which a raster may cover the target."""
    crs = crs_of(source)
    period = period_of(crs)
    if not period:
        return [0.0]
    middle_x, _ = coordinate_transform(grid.crs, crs)(
        *(float(value) for value in grid.xy(grid.shape[0] / 2, grid.shape[1] / 2))
    )
    source_x, _ = source.transform * (source.width / 2, source.height / 2)
    nearest = round((middle_x - source_x) / period)
    if abs(source.transform.a) * source.width < period / 2:
        return [nearest * period]
    # If the edge of a global mosaic crosses the target, the mosaic's other end is needed as well.
    return [turn * period for turn in (nearest, nearest - 1, nearest + 1)]


def _warped(source, grid, turn, resampling):
    """Warp a raster, shifted in x, onto the target's grid."""
    nodata = source.nodata
    if nodata is None:
        nodata = 0 if np.issubdtype(np.dtype(source.dtypes[0]), np.unsignedinteger) else np.nan
    warped = WarpedVRT(
        source,
        src_crs=without_datum(crs_of(source)),
        src_transform=Affine.translation(turn, 0) * source.transform,
        crs=without_datum(grid.crs),
        transform=grid.transform,
        height=grid.shape[0],
        width=grid.shape[1],
        nodata=nodata,
        src_nodata=nodata,
        resampling=resampling,
    )
    warped.read = naming_file(warped.read, source.name)
    return warped
