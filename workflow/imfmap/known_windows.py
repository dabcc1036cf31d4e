"""Windows that a network need not see again: their probabilities by what is on them, wherever they lie.

And blocks of the map that need not be blended again: their codes by the windows that reach into them.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tqdm import tqdm

from .mapblocks import READ_BLOCK, SCRATCH_ONE
from .windows import in_order


class KnownWindows:
    """Probabilities of a lattice's windows, out of a store as far as they are in it.

    Parameters
    ----------
    network : callable
        As of `windows.blend`.
    store : blockstore.BlockStore
        Open; its keys hold all that the network depends on, the number of windows in a batch included.
    batch_size : int
        The network always gets as many, the last ones empty: what it says of a window may depend in the last bit on
        how many it is given, not on which.
    """

    def __init__(self, network, store, batch_size):
        self._network, self._store, self._batch_size = network, store, batch_size
        self._keys, self._blocks = {}, {}

    def look(self, lattice, wanted, read, threads, title):
        """See to it that the store has the probabilities of all windows.

        Parameters
        ----------
        lattice : windows.Lattice
        wanted : ndarray
            bool (rows, columns): windows that hold data.
        read : callable
            ``read(v, u)`` gives the uint8 window at an upper left pixel; called from several threads.
        threads : int
        title : str
            Shown beside the progress bar.
        """
        corners = [lattice.corner(*index) for index in np.argwhere(wanted)]
        waiting = {}
        with (
            ThreadPoolExecutor(threads) as pool,
            tqdm(total=len(corners), desc=title, unit="window", mininterval=1) as bar,
        ):
            depth = 2 * self._batch_size + threads
            windows = in_order(pool, lambda corner: read(*corner), corners, depth)
            for corner, window in zip(corners, windows, strict=True):
                key = self._keys[corner] = self._store.key(window.tobytes())
                if key not in self._store:
                    waiting[key] = window
                if len(waiting) == self._batch_size:
                    self._ask(waiting)
                bar.update()
            if waiting:
                self._ask(waiting)

    def to_blend(self, lattice, wanted):
        """Windows of the blocks of the map that are not in the store.

        Parameters
        ----------
        lattice, wanted
            As `look`, which was called before.

        Returns
        -------
        ndarray
            bool (rows, columns)
        """
        windows = {}
        for index in map(tuple, np.argwhere(wanted)):
            v, u = lattice.corner(*index)
            last = lattice.size_px - 1
            for row in range(v // READ_BLOCK, (v + last) // READ_BLOCK + 1):
                for column in range(u // READ_BLOCK, (u + last) // READ_BLOCK + 1):
                    windows.setdefault((row * READ_BLOCK, column * READ_BLOCK), []).append(index)
        unknown = np.zeros_like(wanted)
        for (row, column), indices in windows.items():
            corners = [lattice.corner(*index) for index in indices]
            made_of = [[v - row, u - column, self._keys[v, u].hex()] for v, u in map(_plain, corners)]
            key = self._blocks[row, column] = self._store.key("block", lattice.size_px, lattice.step_px, made_of)
            if key not in self._store:
                unknown[tuple(np.transpose(indices))] = True
        return unknown

    def codes(self, block, make):
        """Codes uint8 of the block of the map at an upper left pixel; where there are none ``make(block)``."""
        return self._store.arrays(self._blocks[block], lambda: {"codes": make(block)})["codes"]

    def read(self, v, u):
        """Probabilities float32 (S, S), 0..1, of the window at an upper left pixel that was looked at."""
        return self._store.arrays(self._keys[v, u], dict)["probability"].astype(np.float32) / SCRATCH_ONE

    def _ask(self, waiting):
        """Have the network see windows by their keys, keep what it says, and empty the mapping."""
        windows = np.stack([*waiting.values()])
        empty = np.zeros((self._batch_size - len(windows), *windows.shape[1:]), windows.dtype)
        results = self._network(np.concatenate([windows, empty]))()
        for key, result in zip(waiting, results[: len(windows)], strict=True):
            self._store.arrays(key, _codes, result)
        waiting.clear()


def _plain(corner):
    return tuple(map(int, corner))


def _codes(result):
    return {"probability": np.rint(result * SCRATCH_ONE).astype(np.uint16)}
