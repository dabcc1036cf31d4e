"""Faults of the machine end in one line, however a library wraps them."""

import errno
import os
import sqlite3
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core import machine_faults
from imfmap.core.errors import InputError, SetupError
from imfmap.core.files import replacing
from imfmap.core.machine_faults import explained, fault_in, is_of_machine, told

NUMBERS = sorted({number for fault in machine_faults.FAULTS for number in fault.numbers})
# What libraries and programs say.
SAID = {
    "failed to execute insert : database or disk is full": "no room is left",
    "attempt to write a readonly database": "may not read or write",
    "disk I/O error": "the disk or the network file system fails",
    "unable to write to file </torch_12_3>: No space left on device (28)": "shared memory",
    "**ERROR** Unable to write. No space left on device": "no room is left",
    "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes": "memory is used up",
    "CUDA out of memory. Tried to allocate 2.00 GiB": "memory is used up",
    "DataLoader worker (pid 12) is killed by signal: Killed.": "memory is used up",
    "process 1 terminated with signal SIGKILL": "memory is used up",
    "TIFFAppendToStrip:Write error at scanline 0": "could not be written",
    "TIFFWriteDirectoryTagData:IO error writing tag data": "could not be written",
    "Could not add feature to layer at index 3: Cannot write feature": "could not be written",
    "Failed to commit transaction": "could not be written",
}


def of(number):
    return OSError(number, os.strerror(number), "results/x/a.tif")


def wrapped(error, how):
    """An error as a library would raise it."""
    if how == "plain":
        return error
    try:
        try:
            raise error
        except type(error):
            if how == "from":
                raise RuntimeError("it failed") from error
            if how == "from None":
                raise RuntimeError("it failed") from None
            raise RuntimeError("it failed")  # noqa: B904 (as libraries do)
    except RuntimeError as outer:
        return ExceptionGroup("several", [outer]) if how == "group" else outer


@pytest.mark.parametrize("how", ["plain", "from", "from None", "while handled", "group"])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_the_system_is_found_behind_any_error(number, how):
    line = explained(wrapped(of(number), how), "results")
    fault = next(fault for fault in machine_faults.FAULTS if number in fault.numbers)
    if how in ("from None", "while handled", "group") and not fault.cause:
        # A file that may not be read, and that somebody asked for in vain, does not explain a bug.
        assert line is None
    else:
        assert isinstance(line, SetupError) and fault.found in str(line) and str(line).endswith(fault.remedy)
        assert "\n" not in str(line) and "results/x" in str(line)


@pytest.mark.parametrize("said", SAID)
def test_words_of_libraries_are_known(said):
    for error in (RuntimeError(said), wrapped(sqlite3.OperationalError(said), "from")):
        assert SAID[said] in str(explained(error, "results"))


def test_what_a_program_said_on_its_standard_error_counts():
    error = subprocess.CalledProcessError(1, ["mosaic"], stderr=b"I/O ERROR: No space left on device")
    assert "no room is left" in str(explained(error, "results"))


def test_no_memory_is_told():
    for error in (MemoryError(), np._core._exceptions._ArrayMemoryError((10**9,), np.dtype(float))):
        assert "the memory is used up" in str(explained(error, "results"))


def test_no_temporary_folder_is_told():
    error = FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/none']")
    assert "set TMPDIR" in str(explained(error, "results"))


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyError("x"), OSError(errno.ENOENT, "no file"), OSError()])
def test_a_bug_stays_a_bug(error):
    assert explained(error, "results") is None
    with pytest.raises(type(error)), told("results"):
        raise error


@given(st.text(), st.sampled_from(NUMBERS))
def test_any_words_make_one_line(text, number):
    line = explained(OSError(number, text, text.replace("\0", "")), "results")
    assert isinstance(line, SetupError) and len(str(line).splitlines()) <= 1
    explained(RuntimeError(text), "results")
    fault_in(text)


def test_the_room_is_looked_at_before_the_half_file_goes(tmp_path, monkeypatch):
    """Afterwards there is room again, and the line would tell of it."""
    path = tmp_path / "a.pt"

    def usage(folder):
        half = any(file.stat().st_size for file in tmp_path.iterdir())
        return SimpleNamespace(free=4096 if half else 10**9)

    monkeypatch.setattr(machine_faults.shutil, "disk_usage", usage)
    line = rf"{tmp_path}: no room is left .*\(0\.0 MB free on /.*; it failed\)"
    with pytest.raises(SetupError, match=line), told(tmp_path), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError("it failed")
    assert list(tmp_path.iterdir()) == []


def test_two_files_name_the_one_that_was_written(tmp_path):
    error = OSError(errno.ENOSPC, "No space left on device", "/source/a", None, str(tmp_path / "b"))
    assert str(tmp_path) in str(explained(error, "results")) and "/source" not in str(explained(error, "results"))


def test_bad_input_is_the_machines_fault_only_for_its_cause():
    """An image is not left out because too many files were open."""
    for number in (errno.EMFILE, errno.EIO, errno.ENOSPC):
        try:
            try:
                raise of(number)
            except OSError as error:
                raise InputError("a.tif", f"cannot be opened ({error})") from None
        except InputError as bad:
            assert is_of_machine(bad) and isinstance(explained(bad, "results"), SetupError)
    for error in (InputError("a.tif", "No space left on device"), InputError("a.tif", "is no raster")):
        assert not is_of_machine(error) and explained(error, "results") is None
    try:
        try:
            raise of(errno.EACCES)
        except OSError:
            raise InputError("a.tif", "cannot be opened") from None
    except InputError as bad:
        assert not is_of_machine(bad)
