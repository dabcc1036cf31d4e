"""Files from the future: the user's are told and left, results are brought to the present in their order."""

import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.run import clock

HOUR_S = 3600.0
# Of a result: a time long ago, seconds ago, or up to centuries ahead.
TIMES = st.lists(
    st.one_of(st.floats(-1e9, -10.0), st.floats(10.0, 1e5), st.floats(10.0, 7e9), st.just(500.0)), min_size=1
)


def written(path, ahead_s):
    """A file with a time so many seconds ahead."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    time_s = time.time() + ahead_s
    os.utime(path, (time_s, time_s), follow_symlinks=False)
    return path


@given(TIMES)
def test_results_come_to_the_present_in_their_order(ahead):
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results")
        files = [written(results / f"{place % 3}" / f"{place}.tif", ahead_s) for place, ahead_s in enumerate(ahead)]
        before = [path.stat().st_mtime for path in files]
        future = [ahead_s > 0 for ahead_s in ahead]
        told = clock.settle([], results, change=True)
        after = [path.stat().st_mtime for path in files]
        assert len(told) == any(future)
        assert max(after) <= time.time()
        for was, first in enumerate(before):
            assert future[was] or after[was] == first
            for other, second in enumerate(before):
                assert (after[was] < after[other]) == (first < second)
        assert clock.settle([], results, change=True) == []
        assert [path.stat().st_mtime for path in files] == after


def test_a_users_file_stays_as_it_is_and_is_told_in_one_line(tmp_path):
    paths = [written(tmp_path / name, 24 * HOUR_S) for name in ("labels.gpkg", "calibration/flat.cub", "a.yaml")]
    before = [path.stat().st_mtime_ns for path in paths]
    named = [paths[0], tmp_path / "calibration", paths[2], tmp_path / "none.IMG", ""]
    (line,) = clock.settle(named, tmp_path / "results", change=True)
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() + 24 * HOUR_S))
    assert line.startswith(f"{paths[0]} and 2 more files have times in the future (up to {day}")
    assert [path.stat().st_mtime_ns for path in paths] == before
    (line,) = clock.settle(paths[1:2], tmp_path / "results", change=True)
    assert line.startswith(f"{paths[1]} has a time in the future")


def test_a_dry_run_tells_and_changes_nothing(tmp_path):
    path = written(tmp_path / "results" / "map.png", HOUR_S)
    before = path.stat().st_mtime_ns
    assert clock.settle([], tmp_path / "results", change=False)
    assert path.stat().st_mtime_ns == before and list((tmp_path / "results").iterdir()) == [path]


def test_a_link_is_brought_to_the_present_and_not_what_it_leads_to(tmp_path):
    theirs = written(tmp_path / "isisdata" / "flat.cub", HOUR_S)
    link = tmp_path / "results" / "flat.cub"
    link.parent.mkdir()
    link.symlink_to(theirs)
    written(link, HOUR_S)
    before = theirs.stat().st_mtime_ns
    assert clock.settle([], tmp_path / "results", change=True)
    assert link.lstat().st_mtime <= time.time() and theirs.stat().st_mtime_ns == before


def test_what_was_saved_just_now_is_not_from_the_future(tmp_path):
    assert clock.settle([written(tmp_path / "labels.gpkg", 1.0)], tmp_path, change=True) == []


def test_the_clock_of_a_file_server_that_is_ahead_is_no_fault(tmp_path, monkeypatch):
    """Its files have its own times, however far this machine is behind."""
    path = written(tmp_path / "results" / "map.png", 0.0)
    late_ns = time.time_ns() - int(600e9)
    monkeypatch.setattr(clock.time, "time_ns", lambda: late_ns)
    assert clock.settle([path], tmp_path / "results", change=True) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_results_that_cannot_be_written_are_told(tmp_path):
    path = written(tmp_path / "results" / "map.png", HOUR_S)
    path.parent.chmod(0o500)
    try:
        assert clock.settle([], tmp_path / "results", change=True)
    finally:
        path.parent.chmod(0o700)
