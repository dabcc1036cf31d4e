"""Images that a run goes on without: marks, tables, and what of it a job does by itself."""

import logging
import os
import time
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio

from imfmap.core.errors import InputError, SetupError
from imfmap.run.job import job
from imfmap.run.left_out import read_left_out, read_mark, write_left_out, write_mark
from imfmap.run.summary import failures, write_failures


@pytest.fixture(autouse=True)
def quiet_logging():
    """What a job does to the root logger goes with the test."""
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    yield
    logging.basicConfig(handlers=handlers, level=level, force=True)


def test_a_mark_is_a_raster_that_says_why(tmp_path):
    for name in ("a.tif", "a.cub"):
        write_mark(tmp_path / name, "isis_spice", "M1L: no kernel")
        assert read_mark(tmp_path / name) == ("isis_spice", "M1L: no kernel")
        with rasterio.open(tmp_path / name) as dataset:
            assert np.isnan(dataset.read()).all()


def test_other_files_are_no_marks(tmp_path):
    (tmp_path / "edr.IMG").write_bytes(b"PDS_VERSION_ID = PDS3\r\n")
    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", width=2, height=2, count=1, dtype="uint8"):
        pass
    assert [read_mark(tmp_path / name) for name in ("edr.IMG", "a.tif", "missing.tif")] == [None] * 3
    (tmp_path / "cut.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:20])
    assert read_mark(tmp_path / "cut.tif") is None


def test_a_survey_names_who_is_missing(tmp_path):
    (tmp_path / "M1L.tif").write_bytes(b"an image")
    write_mark(tmp_path / "M2R.tif", "project_edr", "M2R.IMG: lies in shadow, all of it")
    images = {product: tmp_path / f"{product}.tif" for product in ("M1L", "M2R")}
    write_left_out(images, tmp_path / "left_out.csv")
    assert (tmp_path / "left_out.csv").read_text() == (
        'product,step,reason\nM2R,project_edr,"M2R.IMG: lies in shadow, all of it"\n'
    )
    assert read_left_out(tmp_path / "left_out.csv") == ["M2R"]
    del images["M1L"]
    with pytest.raises(InputError, match="no image of the target is left; M2R: project_edr: M2R.IMG: lies in shadow"):
        write_left_out(images, tmp_path / "none.csv")
    assert not (tmp_path / "none.csv").exists()


def task(folder, inputs=(), **params):
    """What Snakemake hands a script, as far as a job looks at it."""
    return SimpleNamespace(
        rule="project_edr",
        input=[str(folder / name) for name in inputs],
        output=[str(folder / "out.tif")],
        log=[str(folder / "job.log")],
        params=params,
    )


def test_a_job_whose_image_fails_marks_its_output_where_that_is_allowed(tmp_path):
    with job(task(tmp_path, allow_missing=True)):
        raise InputError("M1L.IMG", "is cut short")
    assert read_mark(tmp_path / "out.tif") == ("project_edr", "M1L.IMG: is cut short")
    assert " WARNING left out: project_edr: M1L.IMG: is cut short" in (tmp_path / "job.log").read_text()


@pytest.mark.parametrize(("error", "allowed"), [(InputError, False), (SetupError, True)])
def test_a_job_that_may_leave_nothing_out_or_whose_setup_is_at_fault_fails(tmp_path, capsys, error, allowed):
    with pytest.raises(SystemExit) as ended, job(task(tmp_path, allow_missing=allowed)):
        raise error("M1L.IMG", "is cut short")
    assert ended.value.code == 1 and not (tmp_path / "out.tif").exists()
    assert capsys.readouterr().err == "imfmap: project_edr: M1L.IMG: is cut short\n"


def test_a_job_passes_a_mark_on_without_its_body(tmp_path):
    write_mark(tmp_path / "in.cub", "isis_spice", "no kernel")
    with pytest.raises(SystemExit) as ended, job(task(tmp_path, ["in.cub"], allow_missing=True)):
        raise AssertionError("the body ran")
    assert ended.value.code == 0 and read_mark(tmp_path / "out.tif") == ("isis_spice", "no kernel")


def test_failures_are_read_out_of_the_logs_of_this_run(tmp_path):
    for rule, lines in {
        "isis_spice": "2026-01-01 12:00:00,1 INFO begun\n2026-01-01 12:00:01,5 ERROR M1.cub: no kernel\n",
        "isis_echo": "2026-01-01 12:00:00,1 INFO done\n",
        "old": "2026-01-01 12:00:01,5 ERROR of another run\n",
    }.items():
        (tmp_path / "logs" / rule).mkdir(parents=True)
        (tmp_path / "logs" / rule / "floor.M1.log").write_text(lines)
    now = time.time()
    os.utime(tmp_path / "logs" / "old" / "floor.M1.log", (now - 99, now - 99))
    failed = failures(tmp_path, now - 50)
    assert failed == [("isis_spice", "floor.M1", "M1.cub: no kernel")]
    assert any("isis_spice of floor.M1: M1.cub: no kernel" in line for line in write_failures(tmp_path, failed))
    assert (tmp_path / "failed.csv").read_text() == "step,of,reason\nisis_spice,floor.M1,M1.cub: no kernel\n"
    assert write_failures(tmp_path / "none", []) == []
