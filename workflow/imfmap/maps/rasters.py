"""Read raster files with their grids, and write them whole or not at all."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.enums import Resampling
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import DatasetReader, DatasetWriter
from rasterio.windows import Window

from ..core.errors import InputError
from ..core.files import replacing, written_by_library
from ..core.limits import MOST_RASTER_PIXELS, check_limit
from .file_parts import check_sources
from .grids import MapGrid
from .reported_writes import open_for_writing

BLOCK = 512
# GDAL's own cache takes 5 % of the machine's memory. On a large node that is more than a job may have.
os.environ.setdefault("GDAL_CACHEMAX", "512")
# A raster is a file: none that is read leads GDAL into a network, by what it says inside.
os.environ.setdefault("GDAL_SKIP", "HTTP WMS WMTS WCS")
os.environ.setdefault("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", "none")


@contextmanager
def open_raster(path: str | Path, driver: str | None = None) -> Iterator[DatasetReader]:
    """Open a raster for reading, and close it; see `opened_raster`.

    Raises
    ------
    InputError
        As `opened_raster`; and where pixels cannot be read, since the file is cut or damaged.
    """
    with opened_raster(path, driver) as dataset:
        yield dataset


def opened_raster(path: str | Path, driver: str | None = None) -> DatasetReader:
    """Return a raster, open for reading. Errors of its reads name the file, too.

    Parameters
    ----------
    path : path
    driver : str, optional
        GDAL's name of the only format that the file may have; by default any.

    Raises
    ------
    InputError
        If the file is missing, is not a raster, has no band, has more pixels than can be, or holds complex numbers; or
        if it is a VRT with sources that are no files.
    """
    check_sources(path)
    try:
        dataset = rasterio.open(path, driver=driver)
    except (RasterioError, OSError, ValueError, TypeError) as error:
        raise InputError(
            path, f"cannot be opened as a raster ({error})", "check that the step before made it"
        ) from None
    try:
        _check(dataset, path)
    except InputError:
        dataset.close()
        raise
    for name in ("read", "read_masks", "dataset_mask"):
        setattr(dataset, name, naming_file(getattr(dataset, name), path))
    return dataset


def _check(dataset, path):
    """Refuse a raster that no step can use."""
    if not dataset.count:
        raise InputError(path, "has no band of pixels", "give a raster with one, such as a GeoTIFF")
    remedy = "give the part that the target shows (gdal_translate)"
    check_limit(dataset.width * dataset.height, MOST_RASTER_PIXELS, path, "pixels", remedy)
    if any(kind.startswith("complex") for kind in dataset.dtypes):
        raise InputError(path, "holds complex numbers", "give a raster of real numbers")


def naming_file(read: Callable[..., Any], path: str | Path) -> Callable[..., Any]:
    """Return a function that reads pixels, with errors that name the file: GDAL's often do not."""

    def reading(*arguments, **options):
        try:
            return read(*arguments, **options)
        except RasterioIOError as error:
            said = str(error.__cause__ or error)
            raise InputError(path, f"cannot be read, it is cut or damaged ({said})", "get it again") from None

    return reading


def read_raster(path: str | Path, band: int = 1) -> tuple[np.ndarray, MapGrid, dict[str, str]]:
    """Read one band of a raster.

    Returns
    -------
    tuple
        Array (rows, columns), MapGrid, tags (dict of str).
    """
    with open_raster(path) as dataset:
        return dataset.read(band), MapGrid.of(dataset), dataset.tags()


def read_grid(path: str | Path) -> MapGrid:
    """Return the grid of a raster."""
    with open_raster(path) as dataset:
        return MapGrid.of(dataset)


def read_window(
    dataset: DatasetReader, row: int, column: int, rows: int, columns: int, band: int = 1, fill: float | None = None
) -> np.ndarray:
    """Read a window of an open dataset. The window may reach past the edges of the dataset.

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
    # Boundless reading of rasterio does not use GDAL's block cache: it decodes a block again for every window.
    top, left = max(row, 0), max(column, 0)
    bottom, right = min(row + rows, dataset.height), min(column + columns, dataset.width)
    inside = None
    if top < bottom and left < right:
        inside = dataset.read(band, window=Window(left, top, right - left, bottom - top))
        if inside.shape == (rows, columns):
            return inside
    array = np.full((rows, columns), fill, dataset.dtypes[band - 1])
    if inside is not None:
        array[top - row : bottom - row, left - column : right - column] = inside
    return array


@contextmanager
def create_raster(
    path: str | Path,
    grid: MapGrid,
    dtype: str,
    bands: int = 1,
    nodata: float | None = None,
    tags: Mapping[str, Any] | None = None,
    overviews: bool | str = True,
    descriptions: Sequence[str] = (),
    cloud: bool = False,
) -> Iterator[DatasetWriter]:
    """Create a tiled, compressed GeoTIFF to write windows to. It appears under its name only when it is whole.

    Parameters
    ----------
    path : path
    grid : MapGrid
    dtype : str
        NumPy type name.
    tags : dict, optional
        Metadata written to the file; values become text.
    overviews : bool or str
        Whether to build overviews; or their resampling, such as "nearest" for classes. True means "average".
    descriptions : sequence of str
        Descriptions of the bands.
    cloud : bool
        Whether to make it a Cloud Optimized GeoTIFF. Then the file is written twice, the first time uncompressed.

    Yields
    ------
    rasterio.io.DatasetWriter
    """
    floating = np.issubdtype(np.dtype(dtype), np.floating)
    with replacing(path) as temporary:
        with open_for_writing(
            temporary,
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
            bigtiff="if_safer",
            # An image fills few blocks of its target. Empty blocks then take neither time nor space.
            sparse_ok=True,
            # A file that is written a second time is compressed then.
            **({} if cloud else {"compress": "zstd", "zstd_level": 1, "predictor": 3 if floating else 2}),
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
    """Write a GeoTIFF again as a Cloud Optimized one, which has header and overviews before the pixels."""
    with replacing(path) as ordered, written_by_library(ordered):
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


def build_overviews(path: str | Path, resampling: str) -> None:
    """Add overviews that are smaller by powers of two, until one fits into a block."""
    with rasterio.Env(SPARSE_OK_OVERVIEW="ON"), open_for_writing(path, "r+") as dataset:
        factors = []
        while max(dataset.shape) / (factors[-1] if factors else 1) > BLOCK:
            factors.append(2 * factors[-1] if factors else 2)
        if factors:
            dataset.build_overviews(factors, Resampling[resampling])


def write_raster(
    path: str | Path,
    array: np.ndarray,
    grid: MapGrid,
    nodata: float | None = None,
    tags: Mapping[str, Any] | None = None,
    overviews: bool | str = True,
) -> None:
    """Write an array (rows, columns) or (bands, rows, columns) as a GeoTIFF; see `create_raster`."""
    bands = array[np.newaxis] if array.ndim == 2 else array
    with create_raster(path, grid, bands.dtype.name, len(bands), nodata, tags, overviews) as dataset:
        dataset.write(bands)
