"""Raster files: read with their grid, written whole or not at all."""

import os
from contextlib import contextmanager

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.windows import Window

from ..core.errors import InputError
from ..core.files import replacing
from .grids import MapGrid

BLOCK = 512
# GDAL would keep blocks in 5 % of the machine's memory, which on a large node is more than a job may have.
os.environ.setdefault("GDAL_CACHEMAX", "512")


@contextmanager
def open_raster(path):
    """Open a raster for reading.

    Raises
    ------
    InputError
        Where the file is missing or no raster.
    """
    try:
        dataset = rasterio.open(path)
    except RasterioIOError as error:
        raise InputError(
            path, f"cannot be opened as a raster ({error})", "check that the step before made it"
        ) from None
    with dataset:
        yield dataset


def read_raster(path, band=1):
    """Read one band.

    Returns
    -------
    tuple
        Array (rows, columns), MapGrid, tags (dict of str).
    """
    with open_raster(path) as dataset:
        return dataset.read(band), MapGrid.of(dataset), dataset.tags()


def read_grid(path):
    """MapGrid: that of a raster."""
    with open_raster(path) as dataset:
        return MapGrid.of(dataset)


def read_window(dataset, row, column, rows, columns, band=1, fill=None):
    """Read a window of an open dataset that may reach past its edges.

    Parameters
    ----------
    fill : number, optional
        Value outside the raster; by default the dataset's nodata, or 0.

    Returns
    -------
    ndarray
        (rows, columns), of the dataset's type.
    """
    if fill is None:
        fill = dataset.nodata if dataset.nodata is not None else 0
    # rasterio's own boundless reading goes around GDAL's block cache, and decodes a block again for every window.
    array = np.full((rows, columns), fill, dataset.dtypes[band - 1])
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + rows, dataset.height), min(column + columns, dataset.width)
    if top < bottom and left < right:
        inside = dataset.read(band, window=Window(left, top, right - left, bottom - top))
        array[top - row : bottom - row, left - column : right - column] = inside
    return array


@contextmanager
def create_raster(path, grid, dtype, bands=1, nodata=None, tags=None, overviews=True, descriptions=(), cloud=False):
    """Create a tiled, compressed GeoTIFF, to be filled by windows; it appears under its name only when whole.

    Parameters
    ----------
    path : path
    grid : MapGrid
    dtype : str
        NumPy type name.
    tags : dict, optional
        Metadata written to the file; values become text.
    overviews : bool or str
        Whether to build overviews, or the resampling to use ("nearest" for classes).
    descriptions : sequence of str
        Of the bands.
    cloud : bool
        Put the file in the order of a Cloud Optimized GeoTIFF, at the cost of writing it a second time.

    Yields
    ------
    rasterio.io.DatasetWriter
    """
    floating = np.issubdtype(np.dtype(dtype), np.floating)
    with replacing(path) as temporary:
        with rasterio.open(
            temporary,
            "w",
            driver="GTiff",
            height=grid.shape[0],
            width=grid.shape[1],
            count=bands,
            dtype=dtype,
            crs=grid.crs and grid.crs.to_wkt(),
            transform=grid.transform if grid.crs else None,
            nodata=nodata,
            tiled=True,
            blockxsize=BLOCK,
            blockysize=BLOCK,
            compress="zstd",
            zstd_level=1,
            predictor=3 if floating else 2,
            bigtiff="if_safer",
            # An image fills few of its target's blocks: the others take neither time nor space.
            sparse_ok=True,
        ) as dataset:
            dataset.update_tags(**{key: str(value) for key, value in (tags or {}).items()})
            for index, text in enumerate(descriptions, start=1):
                dataset.set_band_description(index, text)
            yield dataset
        if overviews:
            build_overviews(temporary, overviews if isinstance(overviews, str) else "average")
        if cloud:
            _order_for_cloud(temporary)


def _order_for_cloud(path):
    """Write a GeoTIFF anew as a Cloud Optimized one: header and overviews before the pixels."""
    with replacing(path) as ordered:
        rasterio.shutil.copy(
            path,
            ordered,
            driver="COG",
            blocksize=BLOCK,
            compress="zstd",
            level=1,
            predictor="yes",
            overviews="force_use_existing",
            bigtiff="if_safer",
            sparse_ok="true",
        )


def build_overviews(path, resampling):
    """Add overviews by powers of two, down to one block."""
    with rasterio.Env(SPARSE_OK_OVERVIEW="ON"), rasterio.open(path, "r+") as dataset:
        factors = []
        while max(dataset.shape) / (factors[-1] if factors else 1) > BLOCK:
            factors.append(2 * factors[-1] if factors else 2)
        if factors:
            dataset.build_overviews(factors, Resampling[resampling])


def write_raster(path, array, grid, nodata=None, tags=None, overviews=True):
    """Write an array (rows, columns) or (bands, rows, columns) whole."""
    bands = array[np.newaxis] if array.ndim == 2 else array
    with create_raster(path, grid, bands.dtype.name, len(bands), nodata, tags, overviews) as dataset:
        dataset.write(bands)
