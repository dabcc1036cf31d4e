"""Results of a product's parts, kept beside it by what they were made of, so that no part is made twice."""

import io
import json
import os
import struct
import threading
import zlib
from pathlib import Path

import numpy as np

from .checksums import new_sha256
from .files import replacing

_MAGIC = b"imfmap parts 1\n"
# Key, checksum of the content, its length.
_HEAD = struct.Struct("<32sIQ")


class BlockStore:
    """File beside a product with the results of its parts; a context, open to several threads.

    A part's key is a digest of all that it depends on. What is there under a key is taken as it is, so that a product
    is the same whether its parts were there or not. Results are on the disk as soon as they are made: a job that was
    killed goes on from there. At a good end what this time was not asked for goes: the file holds no more than the
    product's parts. It is no output of a rule, since Snakemake deletes those before a job; without it, all parts are
    made again.

    Parameters
    ----------
    out_path : path
        The product.
    about : mapping
        What all parts depend on; plain values.

    Attributes
    ----------
    taken, made : int
        Parts that were there, and that were put in.
    """

    def __init__(self, out_path, about):
        out_path = Path(out_path)
        self.path = out_path.with_name(f".{out_path.stem}.blocks")
        self._about = new_sha256(json.dumps(about, sort_keys=True).encode())
        self._places, self._asked, self._file = {}, {}, None
        self._lock = threading.Lock()
        self.taken = self.made = 0

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "a+b")  # noqa: SIM115 (closed at the end of the context)
        end = self._scan()
        if end < os.fstat(self._file.fileno()).st_size:
            self._file.truncate(end)
        if end == 0:
            self._file.write(_MAGIC)
            self._file.flush()
        return self

    def __exit__(self, kind, *_):
        try:
            if self._records == 0 or (kind is None and not self._asked):
                self.path.unlink(missing_ok=True)
            elif kind is None and len(self._asked) < self._records:
                self._compact()
        finally:
            self._file.close()

    def key(self, *parts):
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

    def get(self, key):
        """What was kept under a key (bytes), or None."""
        data = self._read(key)
        return None if data is None else zlib.decompress(data)

    def _read(self, key):
        place = self._places.get(key)
        if place is None:
            return None
        start, length, checksum = place
        data = os.pread(self._file.fileno(), length, start)
        if len(data) < length or zlib.crc32(data) != checksum:
            del self._places[key]
            return None
        if key not in self._asked:
            self._asked[key] = None
            self.taken += 1
        return data

    def put(self, key, data):
        """Keep bytes under a key."""
        data = zlib.compress(data, 1)
        checksum = zlib.crc32(data)
        with self._lock:
            start = self._file.seek(0, os.SEEK_END) + _HEAD.size
            self._file.write(_HEAD.pack(key, checksum, len(data)) + data)
            self._file.flush()
            self._places[key] = start, len(data), checksum
            self._asked[key] = None
            self._records += 1
            self.made += 1

    def arrays(self, key, make, *arguments):
        """Arrays (mapping of ndarray) kept under a key; where there are none ``make(*arguments)``, which is kept."""
        found = self.get(key)
        if found is not None:
            return _unpacked(found)
        arrays = make(*arguments)
        self.put(key, _packed(arrays))
        return arrays

    def values(self, key, make, *arguments):
        """Plain values kept under a key as JSON; where there are none ``make(*arguments)``, which is kept."""
        found = self.get(key)
        if found is None:
            found = json.dumps(make(*arguments)).encode()
            self.put(key, found)
        return json.loads(found)

    def _scan(self):
        """Note where each record lies; the end of the last whole one."""
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(0)
        self._records = 0
        if self._file.read(len(_MAGIC)) != _MAGIC:
            return 0
        end = len(_MAGIC)
        while end + _HEAD.size <= size:
            self._file.seek(end)
            key, checksum, length = _HEAD.unpack(self._file.read(_HEAD.size))
            if end + _HEAD.size + length > size:
                break
            self._places[key] = end + _HEAD.size, length, checksum
            self._records += 1
            end += _HEAD.size + length
        return end

    def _compact(self):
        """Write the file anew with what was asked for."""
        with replacing(self.path) as temporary, open(temporary, "wb") as file:
            file.write(_MAGIC)
            for key in self._asked:
                start, length, checksum = self._places[key]
                file.write(_HEAD.pack(key, checksum, length))
                file.write(os.pread(self._file.fileno(), length, start))


def _packed(arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _unpacked(data):
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return dict(archive)
