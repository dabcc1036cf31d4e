"""Overlapping square windows at regular steps: a network's results on them, blended."""

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ..maps.window_reading import map_in_order
from ..tiles.cutting import stride_of

# Seconds of work that a kill may cost.
KEEP_EVERY_S = 30.0


# Stands for the sum of weights where there is no window.
LEAST_SHARE = 1e-9


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
        step = stride_of(size_px, overlap)
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


def blend(predictor, lattice, wanted, read, write, batch_size, threads, title, scratch=None):
    """Run a network over a lattice's windows and blend the results.

    Parameters
    ----------
    predictor : callable
        Takes windows, uint8 (N, S, S), and gives a callable, which waits for the results and gives them, float32
        (N, S, S): the next batch is under way while one is blended.
    lattice : Lattice
    wanted : ndarray
        bool (rows, columns): windows that hold data.
    read : callable
        ``read(v, u)`` gives the uint8 window at an upper left pixel; called from several threads.
    write : callable
        ``write(row, column, values)`` takes finished rows of the lattice's span, from an upper left pixel on, as far as
        there are windows in them; float32, 0 where no window was wanted. Rows come in order; those without windows do
        not come. After a kill some come again.
    batch_size : int
    threads : int
        How many windows are read at a time.
    title : str
        Shown beside the progress bar.
    scratch : scratch.Scratch, optional
        Where to keep how far it has come, and to go on from, to the same result.
    """
    indices = [tuple(index) for index in np.argwhere(wanted)]
    bands = _Bands(lattice, write)
    first = bands.restore(scratch.load_state()) if scratch else 0
    kept = time.monotonic()
    with (
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=len(indices), initial=first, desc=title, unit="window", mininterval=1) as bar,
    ):
        depth = 2 * batch_size + threads
        windows = map_in_order(pool, lambda index: read(*lattice.corner(*index)), indices[first:], depth)
        starts = range(first, len(indices), batch_size)
        groups = (indices[start : start + batch_size] for start in starts)
        batches = ((group, np.stack([next(windows) for _ in group])) for group in groups)
        for group, results in predict_ahead(predictor, batches):
            bands.add(group, results)
            first += len(group)
            bar.update(len(group))
            if scratch and time.monotonic() - kept >= KEEP_EVERY_S:
                scratch.save_state(bands.state(first))
                kept = time.monotonic()
    bands.finish(lattice.size_px)


def predict_ahead(predictor, batches):
    """What a network says of batches, in order, each while the next is under way.

    Parameters
    ----------
    predictor : callable
        As of `blend`.
    batches : iterable of tuple
        Whose they are, and windows, uint8 (N, S, S).

    Yields
    ------
    tuple
        Whose they are, and results, float32 (N, S, S).
    """
    under_way = deque()
    for whose, windows in batches:
        under_way.append((whose, predictor(windows)))
        if len(under_way) > 1:
            whose, results = under_way.popleft()
            yield whose, results()
    for whose, results in under_way:
        yield whose, results()


class _Bands:
    """The rows of windows that are being blended: sums of weighted results and of weights."""

    def __init__(self, lattice, write):
        self._lattice, self._write = lattice, write
        self._weights = lattice.weights()
        self._total = np.zeros((lattice.size_px, lattice.shape[1]), np.float32)
        self._share = np.zeros_like(self._total)
        self._current = 0

    def state(self, first):
        """What `restore` wants, `first` windows being in."""
        return {"total": self._total, "share": self._share, "current": self._current, "first": first}

    def restore(self, state):
        """Number of windows that are in already."""
        if state is None:
            return 0
        self._total, self._share = state["total"], state["share"]
        self._current = int(state["current"])
        return int(state["first"])

    def add(self, group, results):
        """Results (N, S, S) of the windows at indices (row, column), in the order of rows."""
        size, step = self._lattice.size_px, self._lattice.step_px
        for (i, j), result in zip(group, results, strict=True):
            while self._current < i:
                self.finish(step)
            columns = slice(j * step, j * step + size)
            self._total[:, columns] += self._weights * result
            self._share[:, columns] += self._weights

    def finish(self, count):
        """Write the first `count` rows, as far as there are windows, and go on to those below."""
        size = self._lattice.size_px
        columns = np.flatnonzero(self._share.any(axis=0))
        if columns.size:
            part = slice(0, count), slice(columns[0], columns[-1] + 1)
            rows = self._total[part] / np.maximum(self._share[part], LEAST_SHARE)
            self._write(self._current * self._lattice.step_px, int(columns[0]), rows)
        for band in (self._total, self._share):
            band[: size - count] = band[count:]
            band[size - count :] = 0
        self._current += 1
