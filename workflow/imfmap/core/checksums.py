"""All hashing of this project: checksums of files and of content.

`Checksums` keeps those of files, so that each is computed once as long as the file's size and time stay the same.
"""

import hashlib
import time
from pathlib import Path

from .errors import InputError
from .jsonfiles import read_json, write_json

FOLDER = ".checksums"
# A file may change once more within the same tick of a coarse clock: so young a one is not trusted to stay.
_SETTLED_S = 2.0
_CHUNK_BYTES = 1 << 24


def sha256(path):
    """SHA-256 of a file, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def md5(path, first=0, length=None):
    """MD5 of a file, as hexadecimal text: the checksum that the PDS gives for its products.

    Parameters
    ----------
    path : path
    first : int
        Bytes before the part that counts.
    length : int, optional
        Bytes of the part that counts; by default all to the end of the file.

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


def sha256_of_bytes(content):
    """SHA-256 of bytes, as hexadecimal text."""
    return new_sha256(content).hexdigest()


def md5_of_bytes(content):
    """MD5 of bytes or of an array of bytes, as hexadecimal text."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def new_sha256(content=b""):
    """Running SHA-256 that begins with some bytes; `update` adds more, `copy` branches off."""
    return hashlib.sha256(content)


class Checksums:
    """Checksums of files, kept in a hidden folder.

    Parameters
    ----------
    folder : path
        That of a target or a run; they are kept in its `FOLDER`.
    """

    def __init__(self, folder):
        self._folder = Path(folder) / FOLDER

    def of(self, path, algorithm=sha256):
        """Checksum of a file.

        Parameters
        ----------
        path : path
        algorithm : callable
            `sha256` or `md5`.

        Returns
        -------
        str
        """
        known = self.known(path, algorithm)
        if known:
            return known
        found = algorithm(path)
        about = Path(path).stat()
        if time.time() - about.st_mtime > _SETTLED_S:
            write_json(self._entry(path, algorithm), {"state": _state(about), "checksum": found}, indent=None)
        return found

    def known(self, path, algorithm=sha256):
        """A file's checksum where it needs no reading, else None."""
        try:
            entry = read_json(self._entry(path, algorithm))
            return entry["checksum"] if entry["state"] == _state(Path(path).stat()) else None
        except (InputError, OSError, KeyError, TypeError):
            return None

    def _entry(self, path, algorithm):
        place = sha256_of_bytes(str(Path(path).resolve()).encode())[:12]
        return self._folder / f"{Path(path).name}.{place}.{algorithm.__name__}.json"


def _state(about):
    return [about.st_size, about.st_mtime_ns]
