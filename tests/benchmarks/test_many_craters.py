"""The benchmark of many craters, in small: all is planned and made, and then nothing is to be done."""

import re
import sys

import pytest
from whole_moon import IMAGE_JOBS, RUN_JOBS, TARGET_JOBS


def test_each_crater_has_its_own_name():
    from many_craters import crater_name

    names = {crater_name(number) for number in range(2**16)}
    assert len(names) == 2**16 and all(re.fullmatch("[a-z]{8,12}", name) for name in names)


def test_each_crater_is_in_one_run():
    from many_craters import _shards

    for targets, count in ((7, 3), (1000, 20), (2, 2), (5, 1)):
        runs = [list(run) for run in _shards(targets, count)]
        assert sum(runs, []) == list(range(targets)) and len(runs) == count and all(runs)


@pytest.mark.slow
def test_craters_are_made_and_then_nothing_is_to_be_done(monkeypatch, capsys):
    import many_craters

    monkeypatch.setattr(sys, "argv", ["many_craters.py", "run", "again", "--targets", "2", "--images", "2"])
    many_craters.main()
    rows = re.findall(r"^\| (\w+), 2 targets \| (\d+) \|", capsys.readouterr().out, re.MULTILINE)
    jobs = {case: int(count) for case, count in rows}
    assert jobs["run"] == 2 * (2 * IMAGE_JOBS + TARGET_JOBS) + RUN_JOBS
    assert jobs["again"] == 0
