"""Overlapping square windows at regular steps: a network's results on them, blended."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from tqdm import tqdm

from ..maps.window_reading import map_in_order
from ..tiles.cutting import stride_of
from .blending_numba import add_window, blended

if TYPE_CHECKING:
    from ..core.scratch import Scratch

# A kill costs at most so many seconds of work.
KEEP_EVERY_S = 30.0


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
    def covering(cls, v: int, u: int, height: int, width: int, size_px: int, overlap: float) -> Self:
        """Return the fewest windows that cover height x width pixels from (v, u) on.

        `overlap` is the share of their side (0..0.9) by which neighbouring windows overlap.
        """
        step = stride_of(size_px, overlap)
        rows, columns = (1 + max(0, -(-(extent - size_px) // step)) for extent in (height, width))
        return cls(v, u, rows, columns, size_px, step)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of pixels that the windows span."""
        return tuple((count - 1) * self.step_px + self.size_px for count in (self.rows, self.columns))

    def corner(self, i: int, j: int) -> tuple[int, int]:
        """Return the upper left pixel (v, u) of window (i, j)."""
        return self.v + i * self.step_px, self.u + j * self.step_px

    def weights(self) -> np.ndarray:
        """Return the weights of a window's pixels in the blend, float32 (S, S): they rise over the overlap."""
        distance = np.minimum(np.arange(self.size_px), np.arange(self.size_px)[::-1]) + 0.5
        ramp = np.clip(distance / max(self.size_px - self.step_px, 1), 0, 1)
        # The weight is never 0: pixels at the lattice's rim lie in one window only.
        smooth = np.maximum(ramp * ramp * (3 - 2 * ramp), 1e-4)
        return np.outer(smooth, smooth).astype(np.float32)


def blend(
    predictor: Callable[[np.ndarray], Callable[[], np.ndarray]],
    lattice: Lattice,
    wanted: np.ndarray,
    read: Callable[[int, int], np.ndarray],
    write: Callable[[int, int, np.ndarray], None],
    batch_size: int,
    threads: int,
    title: str,
    scratch: "Scratch | None" = None,
) -> None:
    """Run a network over a lattice's windows and blend the results.

    Parameters
    ----------
    predictor : callable
        Takes windows, uint8 (N, S, S), and returns a callable. That waits for the results and returns them, float32
        (N, S, S). So the next batch is computed while one is blended.
    lattice : Lattice
    wanted : ndarray
        bool (rows, columns): windows that hold data.
    read : callable
        ``read(v, u)`` returns the uint8 window at an upper left pixel; called from several threads.
    write : callable
        ``write(row, column, values)`` takes finished rows of the lattice's span and their upper left pixel. `values` is
        uint16 (see `blending_numba.blended`), from the first to the last column that has a window, and 0 where no
        window was wanted. Rows come in order. Rows without windows are left out. After a kill some rows come a second
        time.
    batch_size : int
    threads : int
        Number of windows that are read at a time.
    title : str
        Shown beside the progress bar.
    scratch : scratch.Scratch, optional
        Holds the state of the blend. After a kill, the blend continues from it, with the same result.
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


def predict_ahead(
    predictor: Callable[[np.ndarray], Callable[[], np.ndarray]], batches: Iterable[tuple[Any, np.ndarray]]
) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield a network's results for batches, in order; the next batch is computed meanwhile.

    Parameters
    ----------
    predictor : callable
        As for `blend`.
    batches : iterable of tuple
        Keys of the windows (anything; they are passed on), and the windows, uint8 (N, S, S).

    Yields
    ------
    tuple
        Keys of the windows, and results, float32 (N, S, S).
    """
    under_way = deque()
    for keys, windows in batches:
        under_way.append((keys, predictor(windows)))
        if len(under_way) > 1:
            keys, results = under_way.popleft()
            yield keys, results()
    for keys, results in under_way:
        yield keys, results()


class _Bands:
    """Rows that are being blended: sums of weighted results, and sums of weights."""

    def __init__(self, lattice, write):
        self._lattice, self._write = lattice, write
        self._weights = lattice.weights()
        self._total = np.zeros((lattice.size_px, lattice.shape[1]), np.float32)
        self._share = np.zeros_like(self._total)
        self._current = 0

    def state(self, first):
        """Return the state for `restore`, after `first` windows."""
        return {"total": self._total, "share": self._share, "current": self._current, "first": first}

    def restore(self, state):
        """Take over a state, or None; return the number of windows that it includes."""
        if state is None:
            return 0
        self._total, self._share = state["total"], state["share"]
        self._current = int(state["current"])
        return int(state["first"])

    def add(self, group, results):
        """Add the results (N, S, S) of the windows at indices (row, column), in the order of rows."""
        size, step = self._lattice.size_px, self._lattice.step_px
        for (i, j), result in zip(group, results, strict=True):
            while self._current < i:
                self.finish(step)
            columns = slice(j * step, j * step + size)
            add_window(self._total[:, columns], self._share[:, columns], self._weights, result)

    def finish(self, count):
        """Write the first `count` rows, between the outermost windows, and move on to the rows below."""
        size = self._lattice.size_px
        # Every window that was added so far and reaches into the band also reaches into its first row.
        columns = np.flatnonzero(self._share[0])
        if columns.size:
            part = slice(0, count), slice(columns[0], columns[-1] + 1)
            rows = blended(self._total[part], self._share[part])
            self._write(self._current * self._lattice.step_px, int(columns[0]), rows)
        for band in (self._total, self._share):
            band[: size - count] = band[count:]
            band[size - count :] = 0
        self._current += 1
