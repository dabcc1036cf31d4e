"""Checksums of files and of content, and that nothing else of the project hashes."""

import hashlib
import os
import shutil
import subprocess
import time

import pytest

from imfmap.core import checksums
from imfmap.core.checksums import (
    FOLDER_SUMS,
    Checksums,
    listed_folder,
    md5,
    md5_of_bytes,
    new_sha256,
    sha256,
    sha256_of_bytes,
    write_folder_sums,
)
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


def test_a_checksum_of_another_algorithm_is_kept_apart(file, tmp_path, monkeypatch):
    settle(monkeypatch)
    kept = Checksums(tmp_path)
    assert kept.known(file) is None
    assert (kept.of(file), kept.of(file, md5)) == (sha256(file), md5(file))
    assert (kept.known(file), kept.known(file, md5)) == (sha256(file), md5(file))
    file.write_bytes(CONTENT[1:])
    assert kept.known(file) is None


def settle(monkeypatch):
    """Let some time pass: the checksum of a file that has just changed is not kept."""
    now = time.time
    monkeypatch.setattr(checksums.time, "time", lambda: now() + 10)


def test_the_checksum_of_a_file_that_has_just_changed_is_not_kept(file, tmp_path):
    """It may change once more without a sign of it. A time that was set back does not make it older."""
    kept = Checksums(tmp_path / "kept")
    for time_ns in (file.stat().st_mtime_ns, 10**18):
        os.utime(file, ns=(time_ns, time_ns))
        assert kept.of(file) == sha256(file) and kept.known(file) is None


def test_a_checksum_is_computed_once_until_the_file_changes(file, tmp_path, monkeypatch):
    reads = []

    def counted(path):
        reads.append(path)
        return sha256(path)

    settle(monkeypatch)
    kept = Checksums(tmp_path / "kept")
    assert [kept.of(file, counted) for _ in range(3)] == [sha256(file)] * 3 and len(reads) == 1
    for count, change in enumerate((os.utime, lambda path: path.chmod(0o600), lambda path: path.write_bytes(b"")), 2):
        time.sleep(0.02)
        change(file)
        assert kept.known(file, counted) is None
        assert [kept.of(file, counted) for _ in range(3)] == [sha256(file)] * 3 and len(reads) == count


def test_other_content_of_the_same_size_and_time_is_seen(file, tmp_path, monkeypatch):
    """As `cp -p` of an older version gives it."""
    settle(monkeypatch)
    kept, before = Checksums(tmp_path / "kept"), file.stat()
    old = kept.of(file)
    time.sleep(0.02)
    file.write_bytes(CONTENT[::-1])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert kept.known(file) is None
    assert kept.of(file) == sha256(file) != old


def test_a_checksum_is_told_although_it_cannot_be_kept(file, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    settle(monkeypatch)
    monkeypatch.setattr(checksums, "write_json", full)
    assert Checksums(file.parent).of(file) == sha256(file)


def test_a_checksum_is_kept_with_its_target_or_its_run(file, tmp_path, monkeypatch):
    settle(monkeypatch)
    run = tmp_path / "results" / "r"
    (run / "floor").mkdir(parents=True)
    for path, kept in ((file, run), (run / "catalog.json", run), (run / "floor" / "map.png", run / "floor")):
        path.touch()
        Checksums.of_run(run, path).of(path)
        assert list((kept / checksums.FOLDER).glob(f"{path.name}.*"))


@pytest.fixture
def folder(tmp_path):
    """A folder with files in it, in a folder below, and with names that need care."""
    folder = tmp_path / "viewer"
    (folder / "tiles" / "0").mkdir(parents=True)
    for name in ("index.html", "tiles/0/1 2.png", "tiles/ö.png", ".snakemake_timestamp", "tiles/.hidden"):
        (folder / name).write_text(name)
    return folder


def test_the_list_of_a_folder_is_that_of_sha256sum(folder):
    write_folder_sums(folder)
    write_folder_sums(folder)
    text = (folder / FOLDER_SUMS).read_text()
    assert [line.split("  ")[1] for line in text.splitlines()] == ["index.html", "tiles/0/1 2.png", "tiles/ö.png"]
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--strict", FOLDER_SUMS], cwd=folder, check=True, capture_output=True)


def test_the_list_tells_each_change_and_no_copy(folder, tmp_path):
    def listed(path):
        write_folder_sums(path)
        return (path / FOLDER_SUMS).read_text()

    first = listed(folder)
    assert listed(shutil.copytree(folder, tmp_path / "copy")) == first
    (folder / ".snakemake_timestamp").write_text("later")
    assert listed(folder) == first
    changes = [
        lambda: (folder / "index.html").write_text("other"),
        lambda: (folder / "tiles" / "new.png").touch(),
        lambda: (folder / "tiles" / "new.png").rename(folder / "tiles" / "newer.png"),
        lambda: (folder / "tiles" / "newer.png").unlink(),
    ]
    for change in changes[:3]:
        change()
        text = listed(folder)
        assert text != first
        first = text
    changes[3]()
    assert listed(folder) != first


def test_a_list_stands_for_its_folder(folder):
    assert listed_folder(folder / FOLDER_SUMS) == listed_folder(str(folder)) == folder
    assert listed_folder(folder / "index.html") == folder / "index.html"
