"""Keep the network's results for windows, and the blended blocks of the map, from one run to the next.

The key of a window is its pixels, wherever it lies. The key of a block is the windows that reach into it.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from ..maps.window_reading import map_in_order
from .blending_numba import add_kept_window, as_kept, blended
from .lattice import Lattice, predict_ahead
from .map_blocks import READ_BLOCK

if TYPE_CHECKING:
    from ..core.part_store import PartStore


class WindowCache:
    """Probabilities of a lattice's windows; those that a store has are not computed again.

    Parameters
    ----------
    predictor : callable
        As for `lattice.blend`.
    store : part_store.PartStore
        Open. Its keys must include all that the network's result depends on, also the batch size.
    lattice : lattice.Lattice
    batch_size : int
        Windows in a batch. The last batch is filled up with empty windows, because the last bit of a result may depend
        on the size of the batch (not on the other windows in it).
    """

    def __init__(
        self,
        predictor: Callable[[np.ndarray], Callable[[], np.ndarray]],
        store: "PartStore",
        lattice: Lattice,
        batch_size: int,
    ):
        self._predictor, self._store, self._lattice, self._batch_size = predictor, store, lattice, batch_size
        self._weights = lattice.weights()
        # By upper left pixel: keys of windows; keys of blocks, with the corners of the windows that reach into them.
        self._keys, self._blocks = {}, {}

    def fill(self, wanted: np.ndarray, read: Callable[[int, int], np.ndarray], threads: int, title: str) -> None:
        """Compute the probabilities of the windows that the store does not have yet.

        Parameters
        ----------
        wanted : ndarray
            bool (rows, columns): windows that hold data.
        read : callable
            ``read(v, u)`` returns the uint8 window at an upper left pixel; called from several threads.
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
            windows = map_in_order(pool, keyed, corners, 2 * self._batch_size + threads)
            batches = predict_ahead(self._predictor, self._new_batches(windows, bar))
            # Empty windows, which fill up the last batch, have no key.
            new = (item for keys, results in batches for item in zip(keys, results, strict=False))
            for _ in map_in_order(pool, self._keep, new, 2 * self._batch_size):
                pass
        self._note_blocks(corners)

    def _new_batches(self, windows, bar):
        """Yield batches of the windows that the store does not have: their keys, and the windows, uint8 (N, S, S)."""
        met, waiting = set(), {}
        for corner, key, window in windows:
            self._keys[corner] = key
            if key not in met and key not in self._store:
                waiting[key] = window
            met.add(key)
            if len(waiting) == self._batch_size:
                yield [*waiting], np.stack([*waiting.values()])
                waiting = {}
            bar.update()
        if waiting:
            empty = [np.zeros_like(window)] * (self._batch_size - len(waiting))
            yield [*waiting], np.stack([*waiting.values(), *empty])

    def _keep(self, item):
        key, result = item
        self._store.arrays(key, lambda: {"probability": as_kept(result)})

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

    def codes(self, block: tuple[int, int], make: Callable[[tuple[int, int]], np.ndarray]) -> np.ndarray:
        """Return the uint8 codes of a block (upper left pixel on the map); call ``make(block)`` if none are kept."""
        return self._store.arrays(self._blocks[block][0], lambda: {"codes": make(block)})["codes"]

    def blended(self, block: tuple[int, int]) -> np.ndarray:
        """Return the blended probabilities of a block (upper left pixel), after `fill`: uint16."""
        total = np.zeros((READ_BLOCK, READ_BLOCK), np.float32)
        share = np.zeros_like(total)
        for v, u in self._blocks[block][1]:
            window = self._store.arrays(self._keys[v, u], dict)["probability"]
            # Slices of the common pixels: in the block, and in the window.
            starts = v - block[0], u - block[1]
            under = tuple(slice(max(start, 0), start + self._lattice.size_px) for start in starts)
            on = tuple(slice(max(-start, 0), READ_BLOCK - start) for start in starts)
            add_kept_window(total[under], share[under], self._weights[on], window[on])
        return blended(total, share)
