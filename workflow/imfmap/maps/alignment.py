"""The one check that two rasters have the same pixels: the same CRS, transform and shape."""

from dataclasses import replace

import numpy as np
from rasterio.io import DatasetReader

from ..core.errors import InputError
from .grids import MapGrid

# Pixels count as the same if their places differ by less than this share of a pixel.
ALIGNED_PX = 0.01
_REMEDY = "make both again for one target"


def check_same_pixels(dataset: DatasetReader, grid: MapGrid, of: str, remedy: str = _REMEDY) -> None:
    """Refuse a raster whose pixels are not exactly those of a grid.

    Parameters
    ----------
    dataset : rasterio.io.DatasetReader
        The open raster.
    grid : MapGrid
        The pixels that it must have.
    of : str or path
        Owner of the grid, for the message: a file, or words such as "the target's map".
    remedy : str
        What the user can do.

    Raises
    ------
    InputError
        If the pixels differ. The message says which of CRS, transform and shape differs.
    """
    offset = offset_on(dataset, grid, of, remedy)
    if offset != (0, 0):
        _refuse(dataset, f"its transform {_pixels_text(dataset)} is not that of {of}, {_pixels_text(grid)}", remedy)
    if tuple(dataset.shape) != tuple(grid.shape):
        sizes = [" x ".join(map(str, one.shape)) for one in (dataset, grid)]
        _refuse(dataset, f"its shape, {sizes[0]} pixels, is not that of {of}, {sizes[1]}", remedy)


def offset_on(dataset: DatasetReader, grid: MapGrid, of: str, remedy: str = _REMEDY) -> tuple[int, int]:
    """Return the place of a raster on a grid. The raster may be a part of the grid, or reach past it.

    Parameters
    ----------
    dataset, grid, of, remedy
        As for `check_same_pixels`.

    Returns
    -------
    tuple of int
        Row and column of the raster's first pixel on the grid.

    Raises
    ------
    InputError
        If the pixels do not fit. The message says which of CRS and transform differs.
    """
    if dataset.crs is None:
        _refuse(dataset, f"it has no CRS; that of {of} is {grid.crs.name}", remedy)
    own = MapGrid.of(dataset)
    if not same_crs(own, grid):
        other = own.crs.name if own.crs.name != grid.crs.name else "of the same name, but with other parameters"
        _refuse(dataset, f"its CRS ({other}) is not that of {of} ({grid.crs.name})", remedy)
    rows, columns = np.array([0, own.shape[0] - 1, 0]), np.array([0, 0, own.shape[1] - 1])
    offsets = np.subtract(grid.rowcol(*own.xy(rows, columns)), (rows, columns))
    offset = np.rint(offsets[:, 0])
    if not np.abs(offsets - offset[:, None]).max() < ALIGNED_PX:
        _refuse(
            dataset, f"its transform {_pixels_text(own)} does not fit the pixels of {of}, {_pixels_text(grid)}", remedy
        )
    return tuple(offset.astype(int).tolist())


def same_crs(one: MapGrid, other: MapGrid) -> bool:
    """Return whether two grids have the same CRS: places have the same map coordinates in both.

    Texts are not compared, because a GeoTIFF may describe the CRS that it was given in another way.

    Parameters
    ----------
    one, other : MapGrid
        Their CRS are compared at places of the second grid.
    """
    if one.crs == other.crs:
        return True
    try:
        if one.body != other.body:
            return False
    except InputError:
        return False
    rows, columns = (grid.ravel() for grid in np.meshgrid(*(np.linspace(0, side - 1, 5) for side in other.shape)))
    places = np.array(other.lonlat(rows, columns))
    there = np.isfinite(places).all(axis=0)
    found = np.array(replace(other, crs=one.crs).rowcol_of_lonlat(*places[:, there]))
    return there.any() and bool(np.abs(found - (rows[there], columns[there])).max() < ALIGNED_PX)


def _refuse(dataset, found, remedy):
    raise InputError(dataset.name, found, remedy)


def _pixels_text(grid):
    a, _, left, _, e, top = tuple(grid.transform)[:6]
    return f"({a:g} x {-e:g} m a pixel from x {left:.10g}, y {top:.10g})"
