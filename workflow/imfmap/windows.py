"""Overlapping windows over rasters of any size: cut, processed in batches by several threads, blended."""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import rasterio
from tqdm import tqdm

from .rasters import read_window


@dataclass(frozen=True)
class Lattice:
    """Square windows at regular steps.

    Attributes
    ----------
    v, u : int
        Upper left pixel of the first window.
    rows, columns : int
        Number of windows.
    size_px, step_px : int
        Side of a window, and distance from one to the next.
    """

    v: int
    u: int
    rows: int
    columns: int
    size_px: int
    step_px: int

    @classmethod
    def covering(cls, v, u, height, width, size_px, overlap):
        """Fewest windows from (v, u) on that cover height x width pixels and overlap by a share of their side."""
        step = max(1, round(size_px * (1 - overlap)))
        rows, columns = (1 + max(0, -(-(extent - size_px) // step)) for extent in (height, width))
        return cls(v, u, rows, columns, size_px, step)

    @property
    def shape(self):
        """tuple of int: pixels that the windows span, rows and columns."""
        return tuple((count - 1) * self.step_px + self.size_px for count in (self.rows, self.columns))

    def corner(self, i, j):
        """Upper left pixel of window (i, j)."""
        return self.v + i * self.step_px, self.u + j * self.step_px

    def weights(self):
        """Weights of a window's pixels in the blend, float32 (S, S): rising from the edges over the overlap."""
        distance = np.minimum(np.arange(self.size_px), np.arange(self.size_px)[::-1]) + 0.5
        ramp = np.clip(distance / max(self.size_px - self.step_px, 1), 0, 1)
        # The very edge keeps a trace of weight: at the lattice's rim it is all there is.
        smooth = np.maximum(ramp * ramp * (3 - 2 * ramp), 1e-4)
        return np.outer(smooth, smooth).astype(np.float32)


def blend(network, lattice, wanted, read, write, batch_size, threads, title):
    """Run a network over a lattice's windows and blend the results.

    Parameters
    ----------
    network : callable
        uint8 (N, S, S) to float32 (N, S, S).
    lattice : Lattice
    wanted : ndarray
        bool (rows, columns): windows that hold data.
    read : callable
        ``read(v, u)`` gives the uint8 window at an upper left pixel; called from several threads.
    write : callable
        ``write(row, values)`` takes finished rows of the lattice's span, from its row ``row`` on; float32, 0 where no
        window was wanted. Rows come in order; those without windows do not come.
    batch_size : int
    threads : int
        How many windows are read at a time.
    title : str
        Shown beside the progress bar.
    """
    size, step = lattice.size_px, lattice.step_px
    weights = lattice.weights()
    total = np.zeros((size, lattice.shape[1]), np.float32)
    share = np.zeros_like(total)
    indices = [tuple(index) for index in np.argwhere(wanted)]
    current = 0

    def finish(count):
        row = current * step
        if share.any():
            write(row, total[:count] / np.maximum(share[:count], 1e-9))
        for band in (total, share):
            band[: size - count] = band[count:]
            band[size - count :] = 0

    with (
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=len(indices), desc=title, unit="window", mininterval=1) as bar,
    ):
        depth = 2 * batch_size + threads
        windows = in_order(pool, lambda index: read(*lattice.corner(*index)), indices, depth)
        for start in range(0, len(indices), batch_size):
            group = indices[start : start + batch_size]
            results = network(np.stack([next(windows) for _ in group]))
            for (i, j), result in zip(group, results, strict=True):
                while current < i:
                    finish(step)
                    current += 1
                columns = slice(j * step, j * step + size)
                total[:, columns] += weights * result
                share[:, columns] += weights
            bar.update(len(group))
    finish(size)


class SharedReader:
    """Windows of a raster for several threads: GDAL's datasets serve one at a time."""

    def __init__(self, path):
        self._dataset = rasterio.open(path)
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._dataset.close()

    def __call__(self, row, column, rows, columns):
        with self._lock:
            return read_window(self._dataset, row, column, rows, columns, fill=0)


def in_order(pool, function, items, depth):
    """Results of `function` over `items` in order, at most `depth` of them under way."""
    pending = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) >= depth:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()
