"""Windows that a network need not see again: their probabilities by what is on them, wherever they lie.

And blocks of the map that need not be blended again: their codes by the windows that reach into them.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tqdm import tqdm

from ..maps.window_reading import in_order
from .lattice import LEAST_SHARE, one_ahead
from .map_blocks import READ_BLOCK, SCRATCH_ONE


class KnownWindows:
    """Probabilities of a lattice's windows, out of a store as far as they are in it.

    Parameters
    ----------
    network : callable
        As of `windows.blend`.
    store : part_store.PartStore
        Open; its keys hold all that the network depends on, the number of windows in a batch included.
    lattice : windows.Lattice
    batch_size : int
        The network always gets as many, the last ones empty: what it says of a window may depend in the last bit on
        how many it is given, not on which.
    """

    def __init__(self, network, store, lattice, batch_size):
        self._network, self._store, self._lattice, self._batch_size = network, store, lattice, batch_size
        self._weights = lattice.weights()
        # By corners: keys of windows; keys of blocks, with the corners of the windows that reach into them.
        self._keys, self._blocks = {}, {}

    def look(self, wanted, read, threads, title):
        """See to it that the store has the probabilities of all windows.

        Parameters
        ----------
        wanted : ndarray
            bool (rows, columns): windows that hold data.
        read : callable
            ``read(v, u)`` gives the uint8 window at an upper left pixel; called from several threads.
        threads : int
        title : str
            Shown beside the progress bar.
        """

        def keyed(corner):
            window = read(*corner)
            return corner, self._store.key(window.tobytes()), window

        corners = [tuple(map(int, self._lattice.corner(*index))) for index in np.argwhere(wanted)]
        with (
            ThreadPoolExecutor(threads) as pool,
            tqdm(total=len(corners), desc=title, unit="window", mininterval=1) as bar,
        ):
            windows = in_order(pool, keyed, corners, 2 * self._batch_size + threads)
            batches = one_ahead(self._network, self._unknown(windows, bar))
            # The last ones of a batch that was filled up have no key.
            found = (item for keys, results in batches for item in zip(keys, results, strict=False))
            for _ in in_order(pool, self._keep, found, 2 * self._batch_size):
                pass
        self._note_blocks(corners)

    def _unknown(self, windows, bar):
        """Batches of windows that the store has not: their keys, and uint8 (N, S, S)."""
        come, waiting = set(), {}
        for corner, key, window in windows:
            self._keys[corner] = key
            if key not in come and key not in self._store:
                waiting[key] = window
            come.add(key)
            if len(waiting) == self._batch_size:
                yield [*waiting], np.stack([*waiting.values()])
                waiting = {}
            bar.update()
        if waiting:
            empty = [np.zeros_like(window)] * (self._batch_size - len(waiting))
            yield [*waiting], np.stack([*waiting.values(), *empty])

    def _keep(self, item):
        key, result = item
        self._store.arrays(key, lambda: {"probability": np.rint(result * SCRATCH_ONE).astype(np.uint16)})

    def _note_blocks(self, corners):
        last = self._lattice.size_px - 1
        windows = {}
        for v, u in corners:
            for row in range(v // READ_BLOCK, (v + last) // READ_BLOCK + 1):
                for column in range(u // READ_BLOCK, (u + last) // READ_BLOCK + 1):
                    windows.setdefault((row * READ_BLOCK, column * READ_BLOCK), []).append((v, u))
        for (row, column), within in windows.items():
            made_of = [[v - row, u - column, self._keys[v, u].hex()] for v, u in within]
            key = self._store.key("block", self._lattice.size_px, self._lattice.step_px, made_of)
            self._blocks[row, column] = key, within

    def codes(self, block, make):
        """Codes uint8 of the block of the map at an upper left pixel; where there are none ``make(block)``."""
        return self._store.arrays(self._blocks[block][0], lambda: {"codes": make(block)})["codes"]

    def blended(self, block):
        """Probabilities uint16, 0..`SCRATCH_ONE`, of the block of the map at an upper left pixel; after `look`."""
        total = np.zeros((READ_BLOCK, READ_BLOCK), np.float32)
        share = np.zeros_like(total)
        for v, u in self._blocks[block][1]:
            window = self._store.arrays(self._keys[v, u], dict)["probability"].astype(np.float32) / SCRATCH_ONE
            # Of the block the pixels under the window, and of the window those on the block.
            starts = v - block[0], u - block[1]
            under = tuple(slice(max(start, 0), start + self._lattice.size_px) for start in starts)
            on = tuple(slice(max(-start, 0), READ_BLOCK - start) for start in starts)
            total[under] += (self._weights * window)[on]
            share[under] += self._weights[on]
        return np.rint(total / np.maximum(share, LEAST_SHARE) * SCRATCH_ONE).astype(np.uint16)
