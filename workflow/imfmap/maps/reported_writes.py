"""Files that GDAL writes through Python, so that no write that fails is lost.

On a full disk, GDAL closes a file and builds overviews without an error, so that rasterio cannot raise one. Here Python
makes the writes of a raster, notes the errors of the system, and raises the first one.
"""

import inspect
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
from rasterio.io import DatasetWriter

from ..core.files import written_by_library


@contextmanager
def open_for_writing(path: str | Path, mode: str = "w", **profile: Any) -> Iterator[DatasetWriter]:
    """Open a raster with `rasterio.open` to write it.

    Parameters
    ----------
    path : path
    mode : str
        "w" or "r+".
    **profile
        Further arguments of `rasterio.open`.

    Yields
    ------
    rasterio.io.DatasetWriter

    Raises
    ------
    OSError
        The first error of a write, when the block ends, or instead of what GDAL made of it.
    """
    failed: list[OSError] = []

    def opener(path, mode="rb"):
        mode = mode if "b" in mode else f"{mode}b"
        return open(path, mode) if mode == "rb" else _File(path, mode, failed)

    # ISIS's environment may have a rasterio before 1.4, which has no openers.
    with_opener = {"opener": opener} if "opener" in inspect.signature(rasterio.open).parameters else {}
    try:
        with written_by_library(path), rasterio.open(path, mode, **with_opener, **profile) as dataset:
            yield dataset
    finally:
        if failed:
            raise failed[0]


class _File(io.FileIO):
    """File that notes errors instead of raising them: they would get lost in GDAL, with a traceback.

    Parameters
    ----------
    name, mode : str
    failed : list of OSError
        The errors are added to it.
    """

    def __init__(self, name, mode, failed):
        self._failed = failed
        try:
            super().__init__(name, mode)
        except OSError as error:
            failed.append(error)
            raise

    def write(self, data):
        view, done = memoryview(data).cast("B"), 0
        try:
            while done < len(view):
                done += super().write(view[done:])
        except OSError as error:
            self._failed.append(OSError(error.errno, error.strerror, self.name))
        return done

    def truncate(self, size=None):
        try:
            return super().truncate(size)
        except OSError as error:
            self._failed.append(OSError(error.errno, error.strerror, self.name))
            return self.tell()

    def close(self):
        try:
            super().close()
        except OSError as error:
            self._failed.append(OSError(error.errno, error.strerror, self.name))
