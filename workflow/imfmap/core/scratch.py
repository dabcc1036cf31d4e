"""Intermediate results of a long job, kept beside its output. A job that was killed goes on from them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .files import replacing


class Scratch:
    """Hidden folder beside an output, kept while the output is made. It is a context manager.

    If the key differs from that of the last try, the folder is emptied at the start. If the job ends well, the folder
    is removed. If the job fails or is killed, the folder stays for the next try, provided that a state was saved.

    Parameters
    ----------
    out_path : path
        The output.
    key : mapping
        All that the output depends on, as JSON values.
    """

    def __init__(self, out_path: str | Path, key: Mapping[str, Any]):
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

    def path(self, name: str) -> Path:
        """Return the path of a file in the folder."""
        return self.folder / name

    @property
    def _state_path(self):
        return self.folder / "kept.npz"

    def save_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Save arrays. They replace those that were saved before."""
        with replacing(self._state_path) as temporary:
            np.savez(temporary, **arrays)

    def load_state(self) -> dict[str, np.ndarray] | None:
        """Return the arrays that were saved last, or None."""
        if not self._state_path.exists():
            return None
        with np.load(self._state_path) as archive:
            return dict(archive)


class RowFile:
    """Raster of plain pixels in a file. Pixels that were not written are 0. Only windows are held in memory.

    Parameters
    ----------
    path : path
        The file. It is created if there is none of the right size.
    shape : tuple of int
        Rows, columns.
    dtype : dtype
    """

    def __init__(self, path: str | Path, shape: tuple[int, int], dtype: str | type | np.dtype):
        self.path, self.shape, self.dtype = Path(path), tuple(map(int, shape)), np.dtype(dtype)
        size = self.shape[0] * self.shape[1] * self.dtype.itemsize
        if not self.path.exists() or self.path.stat().st_size != size:
            with open(self.path, "wb") as file:
                file.truncate(size)

    def write(self, row: int, column: int, values: np.ndarray) -> None:
        """Write pixels (rows, columns); `row` and `column` are those of the upper left one."""
        # A memory map is not used here: on a full disk it ends the process without a message.
        pixels = np.ascontiguousarray(values, self.dtype)
        # Whole lines lie one behind the other.
        parts = [pixels] if pixels.shape[1] == self.shape[1] else pixels
        with open(self.path, "r+b", buffering=0) as file:
            for number, part in enumerate(parts, start=row):
                file.seek((number * self.shape[1] + column) * self.dtype.itemsize)
                _write_all(file, part)

    def __call__(self, row: int, column: int, rows: int, columns: int) -> np.ndarray:
        """Return the pixels of a window; 0 beyond the edges. Several threads may call it."""
        top, left = max(row, 0), max(column, 0)
        bottom, right = min(row + rows, self.shape[0]), min(column + columns, self.shape[1])
        if (top, left, bottom, right) == (row, column, row + rows, column + columns):
            return np.array(np.memmap(self.path, self.dtype, "r", shape=self.shape)[top:bottom, left:right])
        result = np.zeros((rows, columns), self.dtype)
        if top < bottom and left < right:
            pixels = np.memmap(self.path, self.dtype, "r", shape=self.shape)
            result[top - row : bottom - row, left - column : right - column] = pixels[top:bottom, left:right]
        return result


def _write_all(file, pixels):
    """Write an array to an unbuffered file, which may take only a part at a time."""
    data = memoryview(pixels).cast("B")
    while data:
        data = data[file.write(data) :]
