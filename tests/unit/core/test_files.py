"""Files appear under their names only when they are whole, and what was there before stays till then."""

import errno
import os
import resource
import traceback

import pytest

from imfmap.core import files
from imfmap.core.files import replacing, replacing_folder, written_by_library


def test_what_was_there_stays_when_the_new_one_fails(tmp_path):
    path, folder = tmp_path / "a.txt", tmp_path / "viewer"
    path.write_text("before")
    folder.mkdir()
    (folder / "before").touch()
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), replacing_folder(folder) as new:
        (new / "half").touch()
        raise ZeroDivisionError
    assert path.read_text() == "before" and [each.name for each in folder.iterdir()] == ["before"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.txt", "viewer"]


def test_a_folder_that_cannot_get_its_name_leaves_the_old_one(tmp_path, monkeypatch):
    folder, replace = tmp_path / "viewer", os.replace
    folder.mkdir()
    (folder / "before").touch()

    def fails(source, target):
        if os.path.exists(os.path.join(source, "new")):
            raise OSError(errno.EIO, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", fails)
    with pytest.raises(OSError, match="Input/output"), replacing_folder(folder) as new:
        (new / "new").touch()
    assert [each.name for each in folder.iterdir()] == ["before"]
    assert [each.name for each in tmp_path.iterdir()] == ["viewer"]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """Some file systems tell only then that it does not fit: quotas, NFS."""
    (tmp_path / "a.txt").write_text("before")

    def fails(file):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(files.os, "fsync", fails)
    with pytest.raises(OSError, match="quota"), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "before" and len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def file_limit():
    """Files of this process may have 10 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("in_folder", [False, True])
def test_a_library_that_says_nothing_is_not_believed(tmp_path, file_limit, in_folder):
    path = tmp_path / "a.gpkg"
    with pytest.raises(OSError) as caught, written_by_library(tmp_path if in_folder else path):
        path.write_bytes(bytes(10_000))
    assert caught.value.errno == errno.EFBIG and str(path) in str(caught.value)
    assert path.stat().st_size == 10_000


def test_a_library_that_fails_in_its_own_words_gets_the_systems_reason(tmp_path, file_limit):
    path = tmp_path / "a.gpkg"
    with pytest.raises(OSError) as caught, written_by_library(path):
        path.write_bytes(bytes(10_000))
        raise RuntimeError("Write failed")
    assert caught.value.errno == errno.EFBIG and "Write failed" in "".join(traceback.format_exception(caught.value))


def test_a_whole_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "a.gpkg"
    with written_by_library(path):
        path.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    with written_by_library(tmp_path / "none"):
        pass
