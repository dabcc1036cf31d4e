"""Results of a product's parts, kept beside it by what they were made of, so that no part is made twice."""

import errno
import io
import json
import logging
import os
import sqlite3
import struct
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from .checksums import new_sha256

# A killed job loses at most the parts of so many seconds.
_COMMIT_S = 1.0
# In bytes. Parts are some 100 kB, measures of a polygon some 1 kB.
_PAGE_SIZE = 16384
_TABLE = "CREATE TABLE parts (key BLOB PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL)"

log = logging.getLogger(__name__)


class PartStore:
    """SQLite file beside a product with the results of its parts; a context, open to several threads.

    A part's key is a digest of all that it depends on. What is there under a key is taken as it is, so that a product
    is the same whether its parts were there or not. Results are on the disk soon after they are made: a job that was
    killed goes on from there. A job that ends well deletes the parts that it did not ask for: the file holds no more
    than the product's parts. It is no output of a rule, since Snakemake deletes those before a job; without it, all
    parts are made again. A damaged file is made anew.

    Parameters
    ----------
    out_path : path
        The product.
    about : mapping
        What all parts depend on; plain values.

    Attributes
    ----------
    path : Path
        The file.
    taken, made : int
        Parts that were there, and that were put in.
    """

    def __init__(self, out_path: str | os.PathLike, about: Mapping):
        out_path = Path(out_path)
        self.path = out_path.with_name(f".{out_path.stem}.blocks")
        self._about = new_sha256(json.dumps(about, sort_keys=True).encode())
        self._asked, self._database, self._committed = set(), None, 0.0
        self._lock = threading.Lock()
        self.taken = self.made = 0

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._full_disk_told():
            try:
                self._open()
            # Some of SQLite's messages cite a damaged file, and are no text then.
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if _code_of(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                    raise
                log.warning("%s: damaged, or of an earlier version (%s); all parts are made anew", self.path, error)
                self._delete()
                self._open()
        return self

    def __exit__(self, kind, *_):
        empty = False
        try:
            if kind is None:
                with self._full_disk_told():
                    self._delete_idle()
                    self._database.commit()
                empty = self._database.execute("SELECT 1 FROM parts").fetchone() is None
            else:
                # What went wrong before is the news, not that its parts cannot be kept either.
                with suppress(sqlite3.Error):
                    self._database.commit()
        finally:
            self._database.close()
        if empty:
            self._delete()

    def key(self, *parts) -> bytes:
        """Key of a part, out of plain values and bytes that it depends on besides."""
        digest = self._about.copy()
        for part in parts:
            data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
            digest.update(struct.pack("<Q", len(data)))
            digest.update(data)
        return digest.digest()

    def __contains__(self, key):
        """Whether something whole is kept under a key."""
        return self._read(key) is not None

    def get(self, key: bytes) -> bytes | None:
        """What was kept under a key, or None."""
        data = self._read(key)
        return None if data is None else zlib.decompress(data)

    def put(self, key: bytes, data: bytes) -> None:
        """Keep bytes under a key."""
        data = zlib.compress(data, 1)
        row = key, _checksum(key, data), data
        with self._lock, self._full_disk_told():
            self._database.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", row)
            if time.monotonic() > self._committed + _COMMIT_S:
                self._database.commit()
                self._committed = time.monotonic()
            self._asked.add(key)
            self.made += 1

    def arrays(self, key: bytes, make: Callable[..., Mapping[str, np.ndarray]], *arguments) -> dict[str, np.ndarray]:
        """Arrays kept under a key; where there are none ``make(*arguments)``, which is kept."""
        found = self.get(key)
        if found is not None:
            return _unpacked(found)
        arrays = make(*arguments)
        self.put(key, _packed(arrays))
        return arrays

    def values(self, key: bytes, make: Callable, *arguments):
        """Plain values kept under a key as JSON; where there are none ``make(*arguments)``, which is kept."""
        found = self.get(key)
        if found is None:
            found = json.dumps(make(*arguments)).encode()
            self.put(key, found)
        return json.loads(found)

    def _open(self):
        """Open the file, or make it.

        Raises
        ------
        sqlite3.DatabaseError
            The file is damaged.
        """
        # One job writes a product, so no lock is needed; shared file systems of clusters do not always have them.
        self._database = sqlite3.connect(f"{self.path.resolve().as_uri()}?nolock=1", uri=True, check_same_thread=False)
        try:
            # No page is forced to the disk: SQLite repairs after a kill, checksums find what a power cut spoilt.
            for name, value in {
                "page_size": _PAGE_SIZE,
                "auto_vacuum": "FULL",
                "journal_mode": "DELETE",
                "synchronous": "OFF",
            }.items():
                self._database.execute(f"PRAGMA {name} = {value}")
            # Written each time: a file that cannot be written fails here, not at the first part.
            self._database.execute("PRAGMA user_version = 1")
            tables = self._database.execute("SELECT sql FROM sqlite_master WHERE type = 'table'").fetchall()
            if not tables:
                self._database.execute(_TABLE)
            elif tables != [(_TABLE,)]:
                raise sqlite3.DatabaseError("not the table of this version")
            (found,) = self._database.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
        except BaseException:
            self._database.close()
            raise

    def _delete_idle(self):
        """Delete the parts that nobody asked for."""
        keys = self._database.execute("SELECT key FROM parts").fetchall()
        self._database.executemany(
            "DELETE FROM parts WHERE key = ?", [row for row in keys if row[0] not in self._asked]
        )

    def _delete(self):
        # A journal without its file would be taken for the next one's.
        for path in (self.path, self.path.with_name(f"{self.path.name}-journal")):
            path.unlink(missing_ok=True)

    def _read(self, key):
        """Compressed bytes under a key; None where there are none, or others than were put in."""
        with self._lock:
            query = "SELECT checksum, CAST(data AS BLOB) FROM parts WHERE key = ?"
            checksum, data = self._database.execute(query, (key,)).fetchone() or (None, b"")
            if checksum != _checksum(key, data):
                return None
            if key not in self._asked:
                self._asked.add(key)
                self.taken += 1
        return data

    @contextmanager
    def _full_disk_told(self):
        """Raise OSError where SQLite finds no room, as any other file would."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if _code_of(error) != sqlite3.SQLITE_FULL:
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path)) from error


def _code_of(error):
    """SQLite's primary code of an error; the extended ones have it in their last byte."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF


def _checksum(key, data):
    return zlib.crc32(data, zlib.crc32(key))


def _packed(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _unpacked(data):
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return dict(archive)
