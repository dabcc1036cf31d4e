"""Checksums of files, each computed once: kept as long as the file's size and time stay what they were."""

import hashlib
import time
from pathlib import Path

from .errors import InputError
from .jsonfiles import read_json, write_json

FOLDER = ".checksums"
# A file may change once more within the same tick of a coarse clock: so young a one is not trusted to stay.
_SETTLED_S = 2.0


def sha256(path):
    """SHA-256 of a file, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def md5(path):
    """MD5 of a file, as hexadecimal text: what the PDS lists of its products."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


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
        place = hashlib.sha256(str(Path(path).resolve()).encode()).hexdigest()[:12]
        return self._folder / f"{Path(path).name}.{place}.{algorithm.__name__}.json"


def _state(about):
    return [about.st_size, about.st_mtime_ns]
