"""What a long job keeps beside its output, so that after a kill it goes on from there."""

import json
import shutil
from pathlib import Path

import numpy as np

from .files import replacing


class Scratch:
    """Hidden folder beside an output, for the time that it is made; a context.

    What was kept for other inputs is removed at the start. At the end the folder goes; after a kill, or an error on
    the way, it stays once something was kept in it for the next try.

    Parameters
    ----------
    out_path : path
    key : mapping
        All that decides what is made; plain values.
    """

    def __init__(self, out_path, key):
        out_path = Path(out_path)
        self.folder = out_path.with_name(f".{out_path.stem}.scratch")
        self._key = json.dumps(key, sort_keys=True)

    def __enter__(self):
        key_path = self.folder / "key.json"
        if not key_path.exists() or key_path.read_text() != self._key:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            with replacing(key_path) as temporary:
                temporary.write_text(self._key)
        return self

    def __exit__(self, kind, *_):
        if kind is None or not self._state_path.exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        """Path: of a file in the folder."""
        return self.folder / name

    @property
    def _state_path(self):
        return self.folder / "kept.npz"

    def save_state(self, arrays):
        """Keep arrays (mapping of ndarray) in place of those kept before."""
        with replacing(self._state_path) as temporary:
            np.savez(temporary, **arrays)

    def load_state(self):
        """What was kept last, or None."""
        if not self._state_path.exists():
            return None
        with np.load(self._state_path) as archive:
            return dict(archive)


class RowFile:
    """Plain pixels in a file; 0 where none were written. Memory holds what is asked for.

    Parameters
    ----------
    path : path
        Made, or opened as it is.
    shape : tuple of int
        Rows, columns.
    dtype : dtype
    """

    def __init__(self, path, shape, dtype):
        self.path, self.shape, self.dtype = Path(path), tuple(map(int, shape)), np.dtype(dtype)
        size = self.shape[0] * self.shape[1] * self.dtype.itemsize
        if not self.path.exists() or self.path.stat().st_size != size:
            with open(self.path, "wb") as file:
                file.truncate(size)

    def write(self, row, column, values):
        """Write pixels (rows, columns) from an upper left one on."""
        # Not through a memory map: on a full disk that ends the process without a word.
        with open(self.path, "r+b") as file:
            for number, pixels in enumerate(np.ascontiguousarray(values, self.dtype), start=row):
                file.seek((number * self.shape[1] + column) * self.dtype.itemsize)
                file.write(pixels.tobytes())

    def __call__(self, row, column, rows, columns):
        """Pixels of a window, which may reach past the edges; 0 there. Serves several threads."""
        result = np.zeros((rows, columns), self.dtype)
        top, left = max(row, 0), max(column, 0)
        bottom, right = min(row + rows, self.shape[0]), min(column + columns, self.shape[1])
        if top < bottom and left < right:
            pixels = np.memmap(self.path, self.dtype, "r", shape=self.shape)
            result[top - row : bottom - row, left - column : right - column] = pixels[top:bottom, left:right]
        return result
