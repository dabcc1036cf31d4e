"""Checksums of files and of content, and that nothing else of the project hashes."""

import hashlib
import os

import pytest

from imfmap.core import checksums
from imfmap.core.checksums import Checksums, md5, md5_of_bytes, new_sha256, sha256, sha256_of_bytes
from tests.helpers.library import modules_with

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "M1L.IMG"
    path.write_bytes(CONTENT)
    return path


def test_no_other_module_hashes():
    assert modules_with("hashlib") == {"imfmap/core/checksums.py"}


def test_checksums_are_those_of_hashlib(file):
    assert sha256(file) == sha256_of_bytes(CONTENT) == hashlib.sha256(CONTENT).hexdigest()
    assert md5(file) == md5_of_bytes(CONTENT) == hashlib.md5(CONTENT).hexdigest()
    running = new_sha256(CONTENT[:7])
    running.update(CONTENT[7:])
    assert running.hexdigest() == sha256(file)


@pytest.mark.parametrize("chunk", [7, 100, 1 << 24])
@pytest.mark.parametrize(("first", "length"), [(0, 100), (100, 200), (13, 0), (10_000, None), (10_000, 9_999)])
def test_md5_of_a_part(file, monkeypatch, chunk, first, length):
    monkeypatch.setattr(checksums, "_CHUNK_BYTES", chunk)
    part = CONTENT[first:] if length is None else CONTENT[first : first + length]
    assert md5(file, first, length) == hashlib.md5(part).hexdigest()


def test_a_checksum_of_another_algorithm_is_kept_apart(file, tmp_path):
    os.utime(file, (1e9, 1e9))
    kept = Checksums(tmp_path)
    assert kept.known(file) is None
    assert (kept.of(file), kept.of(file, md5)) == (sha256(file), md5(file))
    assert (kept.known(file), kept.known(file, md5)) == (sha256(file), md5(file))
    file.write_bytes(CONTENT[1:])
    assert kept.known(file) is None
