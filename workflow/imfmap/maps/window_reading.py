"""Read windows of a raster in several threads, and take results of threads in order."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Self

import numpy as np

from .rasters import opened_raster, read_window


class SharedReader:
    """Reader of windows of a raster for several threads.

    All threads share one handle and read one after another. So a block that was decoded for one of them is in GDAL's
    cache for all of them, and for those that come later. The blocks of one window are decoded by GDAL's own threads
    (its setting ``GDAL_NUM_THREADS``).

    Parameters
    ----------
    path : path
    fill : number
        Value of pixels outside the raster.
    """

    def __init__(self, path: str | Path, fill: float):
        self._path, self._fill = path, fill
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._dataset = opened_raster(self._path)
        return self

    def __exit__(self, *_):
        self._dataset.close()

    def __call__(self, row: int, column: int, rows: int, columns: int) -> np.ndarray:
        """Return the pixels (rows, columns) of a window."""
        with self._lock:
            return read_window(self._dataset, row, column, rows, columns, fill=self._fill)


def map_in_order(pool: Executor, function: Callable[[Any], Any], items: Iterable[Any], depth: int) -> Iterator[Any]:
    """Yield the results of `function` for `items`, in order. At most `depth` items are worked on at a time."""
    pending = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) >= depth:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
