"""Overlapping windows over rasters of any size: cut, processed in batches by several threads, blended."""

import threading
from collections import deque

import rasterio

from .rasters import read_window


class SharedReader:
    """Windows of a raster for several threads at once, each with a handle of its own, as GDAL wants it.

    Parameters
    ----------
    path : path
    fill : number
        Stands for pixels outside the raster.
    """

    def __init__(self, path, fill):
        self._path, self._fill = path, fill
        self._own, self._lock, self._opened = threading.local(), threading.Lock(), []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for dataset in self._opened:
            dataset.close()

    def __call__(self, row, column, rows, columns):
        """Pixels (rows, columns) of a window."""
        if not hasattr(self._own, "dataset"):
            self._own.dataset = rasterio.open(self._path)
            with self._lock:
                self._opened.append(self._own.dataset)
        return read_window(self._own.dataset, row, column, rows, columns, fill=self._fill)


def map_in_order(pool, function, items, depth):
    """Results of `function` over `items` in order, at most `depth` of them under way."""
    pending = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) >= depth:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
