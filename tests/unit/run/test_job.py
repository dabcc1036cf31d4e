"""A job on a full disk: one clear line, and nothing that may be cut short passes for whole."""

import errno
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from imfmap.core import machine_faults
from imfmap.core.checksums import FOLDER_SUMS
from imfmap.core.errors import InputError
from imfmap.run import job, job_records, left_out


@pytest.fixture
def snakemake(tmp_path):
    """What a script sees of its job."""
    return SimpleNamespace(
        rule="mosaic", log=[str(tmp_path / "mosaic.log")], input=[], output=[str(tmp_path / "mosaic.tif")], params={}
    )


@pytest.fixture
def full(monkeypatch):
    monkeypatch.setattr(machine_faults.shutil, "disk_usage", lambda folder: SimpleNamespace(free=4096))


def run(snakemake, error=None):
    with job.job(snakemake):
        if error is not None:
            raise error


def assert_told(capsys, snakemake, folder=None):
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    folder = folder or os.path.dirname(snakemake.output[0])
    assert said[0].startswith(f"imfmap: mosaic: {folder}: no room is left on the disk (")
    assert said[0].endswith("; make room and run again")


def test_an_error_of_the_system_is_one_line(snakemake, capsys):
    for number in (errno.ENOSPC, errno.EDQUOT):
        with pytest.raises(SystemExit, match="1"):
            run(snakemake, OSError(number, os.strerror(number)))
        assert_told(capsys, snakemake)


def test_a_record_that_finds_no_room_is_one_line(snakemake, capsys, monkeypatch, tmp_path):
    def fails(path, text):
        with open(path, "w") as file:
            file.write(text[:20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = tmp_path / "logs" / "mosaic"
    folder.mkdir(parents=True)
    snakemake.log, snakemake.wildcards, snakemake.threads = [str(folder / "floor.log")], {}, 1
    monkeypatch.setattr(job_records.Path, "write_text", fails)
    with pytest.raises(SystemExit, match="1"):
        run(snakemake)
    assert_told(capsys, snakemake, tmp_path / "provenance" / "jobs" / "mosaic")
    assert not any(path.is_file() for path in (tmp_path / "provenance").rglob("*"))
    monkeypatch.undo()
    run(snakemake)
    assert job_records.record_path(snakemake.log[0]).exists()


def test_a_mark_that_finds_no_room_is_one_line(snakemake, capsys, monkeypatch):
    def fails(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    snakemake.params["allow_missing"] = True
    monkeypatch.setattr(left_out, "write_mark", fails)
    with pytest.raises(SystemExit, match="1"):
        run(snakemake, InputError("image.tif", "cannot be opened"))
    assert_told(capsys, snakemake)


def test_a_library_that_fails_in_its_own_words_is_one_line(snakemake, full, capsys):
    with pytest.raises(SystemExit, match="1"):
        run(snakemake, RuntimeError("Write failed. See previous exception for details."))
    assert_told(capsys, snakemake)


def test_no_memory_is_one_line(snakemake, capsys):
    with pytest.raises(SystemExit, match="1"):
        run(snakemake, MemoryError())
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "the memory is used up; give the job more memory" in said[0]


def test_no_image_is_left_out_over_too_many_open_files(snakemake, capsys, tmp_path):
    snakemake.params["allow_missing"] = True
    with pytest.raises(SystemExit, match="1"), job.job(snakemake):
        try:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        except OSError:
            raise InputError("image.tif", "cannot be opened") from None
    assert "too many files are open" in capsys.readouterr().err
    assert not (tmp_path / "mosaic.tif").exists()


def test_no_image_is_left_out_for_want_of_room(snakemake, full, tmp_path):
    snakemake.params["allow_missing"] = True
    with pytest.raises(SystemExit, match="1"):
        run(snakemake, InputError("image.tif", "cannot be opened"))
    assert not (tmp_path / "mosaic.tif").exists()


def test_a_bug_keeps_its_traceback(snakemake):
    with pytest.raises(ZeroDivisionError):
        run(snakemake, ZeroDivisionError())


def test_a_job_lists_the_files_of_the_folder_that_it_made(snakemake, tmp_path):
    folder = tmp_path / "stac"
    snakemake.output = [str(folder), str(folder / FOLDER_SUMS)]
    with job.job(snakemake):
        folder.mkdir()
        (folder / "collection.json").write_text("{}")
    assert (folder / FOLDER_SUMS).read_text().endswith("  collection.json\n")
    (folder / FOLDER_SUMS).unlink()
    with pytest.raises(SystemExit):
        run(snakemake, InputError("image.tif", "cannot be opened"))
    assert not (folder / FOLDER_SUMS).exists()


@pytest.mark.parametrize("library", ["fontTools.subset", "matplotlib.font_manager", "rasterio.env", "PIL"])
def test_a_log_holds_what_this_library_says_and_warnings_of_others(snakemake, library):
    with job.job(snakemake) as logger:
        logger.info("own words")
        logging.getLogger("imfmap.maps").info("words of a module")
        logging.getLogger(library).info("chatter")
        logging.getLogger(library).warning("a warning")
    said = Path(snakemake.log[0]).read_text()
    assert "own words" in said and "words of a module" in said and "a warning" in said and "chatter" not in said
