"""All hashing of this project: checksums of files and of bytes.

`Checksums` keeps the checksums of files. One is computed again only when the file's size, a time of it or its place on
the disk has changed. The time of the last change of the file's entry is among them: no program can set that one back.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .errors import InputError
from .files import replacing
from .jsonfiles import read_json, write_json

if TYPE_CHECKING:
    import numpy as np

FOLDER = ".checksums"
# The list of a folder's files and their checksums, in the form of `sha256sum`.
FOLDER_SUMS = "SHA256SUMS"
# A coarse clock does not show that a file changed twice within one tick. So the checksum of a file younger than this
# is not kept.
_SETTLED_S = 2.0
_CHUNK_BYTES = 1 << 24
_STATE = ("size", "ino", "mtime_ns", "ctime_ns")


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_folder_sums(folder: str | Path) -> None:
    """Write the list of a folder's files with the SHA-256 of each, so that ``sha256sum -c SHA256SUMS`` checks them.

    Other rules take the list as input: a folder has no checksum. Hidden files do not count.

    Parameters
    ----------
    folder : str or Path
        The list is written to its file `FOLDER_SUMS`.
    """
    folder = Path(folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    seen = [name for name in names if name != FOLDER_SUMS and not name.rpartition("/")[2].startswith(".")]
    with replacing(folder / FOLDER_SUMS) as temporary:
        temporary.write_text("".join(f"{sha256(folder / name)}  {name}\n" for name in seen))


def listed_folder(path: str | Path) -> Path:
    """Return the folder whose list of files a path is (`write_folder_sums`); any other path as it is."""
    path = Path(path)
    return path.parent if path.name == FOLDER_SUMS else path


def md5(path: str | Path, first: int = 0, length: int | None = None) -> str:
    """Return the MD5 of a file as hexadecimal text. The PDS gives MD5 checksums for its products.

    Parameters
    ----------
    path : path
    first : int
        Number of bytes to skip at the start of the file.
    length : int, optional
        Number of bytes to read; by default up to the end of the file.

    Returns
    -------
    str
    """
    digest = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        file.seek(first)
        while length is None or length > 0:
            chunk = file.read(_CHUNK_BYTES if length is None else min(length, _CHUNK_BYTES))
            if not chunk:
                break
            digest.update(chunk)
            length = None if length is None else length - len(chunk)
    return digest.hexdigest()


def sha256_of_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return new_sha256(content).hexdigest()


def md5_of_bytes(content: "bytes | np.ndarray") -> str:
    """Return the MD5 of bytes, or of an array of bytes, as hexadecimal text."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def new_sha256(content: bytes = b"") -> "hashlib._Hash":
    """Start a SHA-256 with some bytes; its `update` adds bytes, its `copy` makes an independent digest."""
    return hashlib.sha256(content)


class Checksums:
    """Checksums of files, kept in a hidden folder.

    Parameters
    ----------
    folder : path
        Folder of a target or a run. The checksums are kept in its subfolder `FOLDER`.
    keep : bool
        Whether new checksums are kept. A dry run only uses those that are there.
    """

    def __init__(self, folder: str | Path, keep: bool = True):
        self._folder, self._keep = Path(folder) / FOLDER, keep

    @classmethod
    def of_run(cls, run: str | Path, path: str | Path) -> Self:
        """Return where the checksum of a file is kept: with its target, or with the run if it is elsewhere.

        Parameters
        ----------
        run : path
            Folder of the run.
        path : path
            File of the run, or any other.
        """
        parts = Path(path).relative_to(run).parts if Path(path).is_relative_to(run) else ()
        return cls(Path(run) / parts[0] if len(parts) > 1 else run)

    def of(
        self,
        path: str | Path,
        algorithm: Callable[[str | Path], str] = sha256,
        parts: Sequence[str | Path] | None = None,
    ) -> str:
        """Return the checksum of a file, and keep it if the disk has room for it.

        Parameters
        ----------
        path : path
        algorithm : callable
            `sha256`, `md5`, or another function that takes the path.
        parts : sequence of path, optional
            All files that `algorithm` reads; by default the file alone.

        Returns
        -------
        str
        """
        known = self.known(path, algorithm, parts)
        if known:
            return known
        state, before_s = _state(path, parts), time.time()
        checksum = algorithm(path)
        newest_s = max((file["ctime_ns"] for file in state), default=0) / 1e9
        if self._keep and before_s - newest_s > _SETTLED_S:
            with suppress(OSError):
                write_json(self._entry(path, algorithm), {"state": state, "checksum": checksum}, indent=None)
        return checksum

    def known(
        self,
        path: str | Path,
        algorithm: Callable[[str | Path], str] = sha256,
        parts: Sequence[str | Path] | None = None,
    ) -> str | None:
        """Return the checksum that was kept for a file; None if there is none, or if the file has changed since."""
        try:
            entry = read_json(self._entry(path, algorithm))
            return entry["checksum"] if entry["state"] == _state(path, parts) else None
        except (InputError, OSError, KeyError, TypeError):
            return None

    def _entry(self, path, algorithm):
        folder, name = os.path.split(path)
        place = sha256_of_bytes(os.path.join(_real_folder(os.path.abspath(folder)), name).encode())[:12]
        return self._folder / f"{name}.{place}.{algorithm.__name__}.json"


@lru_cache(maxsize=1024)
def _real_folder(folder):
    """Path of a folder without links. (It costs a call to the file system for each part of the path.)"""
    return os.path.realpath(folder)


def _state(path, parts):
    """What changes when one of the files does."""
    files = [path] if parts is None else parts
    found = [(Path(file).name, os.stat(file)) for file in files]
    return [{"name": name} | {key: getattr(status, f"st_{key}") for key in _STATE} for name, status in found]
