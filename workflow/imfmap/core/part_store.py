"""Results of the parts of a product, kept in a file beside it, so that no part is made twice."""

import errno
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
from typing import Any

import numpy as np

from .checksums import new_sha256

# A job that is killed loses at most the parts of this many seconds.
_COMMIT_S = 1.0
# Bytes. Most parts have some 100 kB; the measures of a polygon have some 1 kB.
_PAGE_SIZE = 16384
# Bytes that are compressed together, and the share of its size that a chunk must fall below: numbers that are noise
# would take most of the time, and gain next to nothing.
_CHUNK, _WORTH_IT = 65536, 0.55
_TABLE = "CREATE TABLE parts (key BLOB PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL)"

# SQLite's codes of a file that is damaged, or of another version.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR)
# How SQLite calls a disk that is read-only, and files that this user may not write.
_CLOSED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)

log = logging.getLogger(__name__)


class PartStore:
    """SQLite file with the results of a product's parts. It is a context manager; several threads may use it.

    The key of a part is a digest of all that the part depends on. If a key is in the file, its result is used. So a
    product is the same whether its parts were in the file or not. Results are on disk soon after they are made, and a
    job that was killed goes on from them. A job that ends well deletes the parts that it did not use, so the file
    holds only parts of the product. The file is not an output of a rule, because Snakemake deletes outputs before a
    job. If it is missing or damaged, all parts are made again.

    Parameters
    ----------
    out_path : path
        The product.
    about : mapping
        All that every part depends on, as JSON values.

    Attributes
    ----------
    path : Path
        The SQLite file.
    taken, made : int
        Number of parts that were found in the file, and that were added to it.
    """

    def __init__(self, out_path: str | Path, about: Mapping[str, Any]):
        out_path = Path(out_path)
        self.path = out_path.with_name(f".{out_path.stem}.blocks")
        self._about = new_sha256(json.dumps(about, sort_keys=True).encode())
        self._used, self._database, self._committed = set(), None, 0.0
        self._lock = threading.Lock()
        self.taken = self.made = 0

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._full_disk_as_os_error():
            try:
                self._open()
            # SQLite may quote a damaged file in a message, which then cannot be decoded.
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                # Over a fault of the machine, no part is given up.
                if not self._is_damage(error):
                    raise
                log.warning("%s: is damaged, or of an earlier version (%s); all parts are made again", self.path, error)
                self._delete()
                self._open()
        return self

    def __exit__(self, kind, *_):
        empty = False
        try:
            if kind is None:
                with self._full_disk_as_os_error():
                    self._delete_unused()
                    self._database.commit()
                empty = self._database.execute("SELECT 1 FROM parts").fetchone() is None
            else:
                # The first error is the one to report, not that the parts cannot be kept.
                with suppress(sqlite3.Error):
                    self._database.commit()
        finally:
            self._database.close()
        if empty:
            self._delete()

    def key(self, *parts: Any) -> bytes:
        """Return the key of a part, from the further JSON values and bytes that it depends on."""
        digest = self._about.copy()
        for part in parts:
            data = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
            digest.update(struct.pack("<Q", len(data)))
            digest.update(data)
        return digest.digest()

    def __contains__(self, key):
        """Return whether an undamaged result is kept under a key."""
        return self._read(key) is not None

    def get(self, key: bytes) -> bytes | None:
        """Return the bytes kept under a key, or None."""
        data = self._read(key)
        return None if data is None else _unpressed(data)

    def put(self, key: bytes, data: bytes) -> None:
        """Keep bytes under a key."""
        data = _pressed(data)
        row = key, _checksum(key, data), data
        with self._lock, self._full_disk_as_os_error():
            self._database.execute("INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", row)
            if time.monotonic() > self._committed + _COMMIT_S:
                self._database.commit()
                self._committed = time.monotonic()
            self._used.add(key)
            self.made += 1

    def arrays(
        self, key: bytes, make: Callable[..., Mapping[str, np.ndarray]], *arguments: Any
    ) -> dict[str, np.ndarray]:
        """Return the arrays kept under a key. If there are none, call ``make(*arguments)`` and keep what it returns."""
        found = self.get(key)
        if found is not None:
            return _unpacked(found)
        arrays = make(*arguments)
        self.put(key, _packed(arrays))
        return arrays

    def values(self, key: bytes, make: Callable[..., Any], *arguments: Any) -> Any:
        """Return the JSON value kept under a key. If there is none, call ``make(*arguments)`` and keep its value."""
        found = self.get(key)
        if found is None:
            found = json.dumps(make(*arguments)).encode()
            self.put(key, found)
        return json.loads(found)

    def _open(self):
        """Open the file, or create it.

        Raises
        ------
        sqlite3.DatabaseError
            If the file is damaged.
        """
        # Only one job writes a product, so no lock is needed. Shared file systems of clusters may not have locks.
        self._database = sqlite3.connect(f"{self.path.resolve().as_uri()}?nolock=1", uri=True, check_same_thread=False)
        try:
            # No page is forced to the disk. SQLite repairs the file after a kill; checksums find damage by a power cut.
            for name, value in {
                "page_size": _PAGE_SIZE,
                "auto_vacuum": "FULL",
                "journal_mode": "DELETE",
                "synchronous": "OFF",
            }.items():
                self._database.execute(f"PRAGMA {name} = {value}")
            # This write makes a read-only file fail here, not at the first part.
            self._database.execute("PRAGMA user_version = 1")
            tables = self._database.execute("SELECT sql FROM sqlite_master WHERE type = 'table'").fetchall()
            if not tables:
                self._database.execute(_TABLE)
            elif tables != [(_TABLE,)]:
                raise sqlite3.DatabaseError("its table is not that of this version")
            (found,) = self._database.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(found)
        except BaseException:
            self._database.close()
            raise

    def _is_damage(self, error):
        """Return whether an error is of the file, not of the machine."""
        # A version in the header that SQLite does not know makes a file read-only, even if the user may write it.
        writable = os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        return _code_of(error) in _DAMAGE or _code_of(error) == sqlite3.SQLITE_READONLY and writable

    def _delete_unused(self):
        """Delete the parts that this job did not use."""
        keys = self._database.execute("SELECT key FROM parts").fetchall()
        self._database.executemany("DELETE FROM parts WHERE key = ?", [row for row in keys if row[0] not in self._used])

    def _delete(self):
        # SQLite would apply a journal that is left behind to the next file of this name.
        for path in (self.path, self.path.with_name(f"{self.path.name}-journal")):
            path.unlink(missing_ok=True)

    def _read(self, key):
        """Return the compressed bytes under a key; None if there are none, or if their checksum does not fit."""
        with self._lock:
            query = "SELECT checksum, CAST(data AS BLOB) FROM parts WHERE key = ?"
            checksum, data = self._database.execute(query, (key,)).fetchone() or (None, b"")
            if checksum != _checksum(key, data):
                return None
            if key not in self._used:
                self._used.add(key)
                self.taken += 1
        return data

    @contextmanager
    def _full_disk_as_os_error(self):
        """Raise OSError if the disk is full or read-only, as for any other file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            number = errno.ENOSPC if _code_of(error) == sqlite3.SQLITE_FULL else None
            if _code_of(error) in _CLOSED and os.statvfs(self.path.parent).f_flag & os.ST_RDONLY:
                number = errno.EROFS
            if number is None:
                raise
            raise OSError(number, os.strerror(number), str(self.path)) from error


def _code_of(error):
    """Return SQLite's primary code of an error: the last byte of its extended code."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF


def _checksum(key, data):
    return zlib.crc32(data, zlib.crc32(key))


def _pressed(data):
    """Return bytes chunk by chunk: a number, and the chunk; compressed (a number below 0) where that gains enough."""
    parts = []
    for start in range(0, len(data), _CHUNK):
        chunk = data[start : start + _CHUNK]
        sample = b"".join(chunk[first : first + 256] for first in range(0, len(chunk), _CHUNK // 8))
        if len(_compressed(sample)) < _WORTH_IT * len(sample):
            chunk = _compressed(chunk)
            parts += struct.pack("<i", -len(chunk)), chunk
        else:
            parts += struct.pack("<i", len(chunk)), chunk
    return b"".join(parts)


def _compressed(data):
    # In numbers of a network nothing repeats but runs. A search for more takes twice the time and gains nothing.
    press = zlib.compressobj(1, wbits=-zlib.MAX_WBITS, strategy=zlib.Z_RLE)
    return press.compress(data) + press.flush()


def _unpressed(data):
    parts, start = [], 0
    while start < len(data):
        (size,) = struct.unpack_from("<i", data, start)
        start += 4
        chunk = data[start : start + abs(size)]
        parts.append(zlib.decompress(chunk, wbits=-zlib.MAX_WBITS) if size < 0 else chunk)
        start += abs(size)
    return b"".join(parts)


def _packed(arrays):
    """Return arrays as bytes: first all first bytes of an array's numbers, then all second bytes, and so on.

    The high bytes of 16-bit probabilities repeat, the low ones are noise.
    """
    about = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    text = json.dumps(about).encode()
    planes = [
        np.ascontiguousarray(array.reshape(-1).view(np.uint8)[place :: array.itemsize])
        for array in arrays.values()
        for place in range(array.itemsize)
    ]
    return b"".join([struct.pack("<I", len(text)), text, *planes])


def _unpacked(data):
    (size,) = struct.unpack_from("<I", data)
    arrays, start = {}, 4 + size
    for name, dtype, shape in json.loads(data[4:start]):
        array = np.empty(shape, dtype)
        for place in range(array.itemsize):
            array.reshape(-1).view(np.uint8)[place :: array.itemsize] = np.frombuffer(data, np.uint8, array.size, start)
            start += array.size
        arrays[name] = array
    return arrays
