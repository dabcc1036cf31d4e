"""The benchmark of waiting threads: its policies reach the processes, and its table tells them apart."""

import subprocess

import pytest
import threads_under_load


def test_each_policy_reaches_its_process(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    seen = []

    def run(command, env, **_):
        seen.append(env.get("OMP_WAIT_POLICY"))
        return subprocess.CompletedProcess(command, 0, stdout="0.5 1.5")

    monkeypatch.setattr(subprocess, "run", run)
    found = threads_under_load.measure(busy=1, threads=2, steps=2, rounds=2)
    # OpenMP's own, then ours, by turns.
    assert seen == [None, "passive"] * 2
    assert list(found.values()) == [[0.5, 1.5] * 2] * 2


def test_the_table_has_the_ratio_of_the_medians():
    spin, sleep = threads_under_load.POLICIES
    row = threads_under_load.report({1: {spin: [1.0, 3.0, 9.0], sleep: [1.0, 1.5, 2.0]}}).splitlines()[-1]
    assert row == "| 1 | 3.00 s, at most 9.00 s | 1.50 s, at most 2.00 s | 2.00 |"


@pytest.mark.slow
def test_steps_are_timed():
    assert len(threads_under_load.step_seconds(threads=1, steps=1)) == 1
