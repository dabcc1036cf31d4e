"""Processes that are alive, dead, or dead without anybody having asked."""

import os
import subprocess
import sys
import time

from hypothesis import given
from hypothesis import strategies as st

from imfmap.core import processes

SAYS_WHEN_BORN = (
    "import sys; sys.path[:0] = sys.argv[1:]; from imfmap.core.processes import identity; "
    "print(identity()['born'], flush=True); sys.stdin.read()"
)


def started():
    """A process that lives until its standard input closes, and when it was born."""
    command = [sys.executable, "-c", SAYS_WHEN_BORN, *sys.path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def test_a_killed_process_that_nobody_has_reaped_is_dead():
    process, born = started()
    assert processes.is_alive(process.pid, born)
    process.kill()
    end = time.monotonic() + 10
    while processes.is_alive(process.pid, born) and time.monotonic() < end:
        time.sleep(0.01)
    assert not processes.is_alive(process.pid, born)
    with open(f"/proc/{process.pid}/stat") as stat:
        assert stat.read().rpartition(")")[2].split()[0] == "Z"
    process.communicate()
    assert not processes.is_alive(process.pid, born)


def test_another_process_of_the_same_number_is_not_meant():
    me = processes.identity()
    assert processes.is_alive(me["pid"], me["born"])
    assert not processes.is_alive(me["pid"], str(int(me["born"]) - 1))


def test_a_process_that_may_not_be_looked_at_counts_as_alive(monkeypatch):
    monkeypatch.setattr(processes, "_state_and_birth", lambda pid: None if pid != os.getpid() else ("S", "1"))
    monkeypatch.setattr(processes.os, "kill", lambda *_: (_ for _ in ()).throw(PermissionError()))
    assert processes.is_alive(12345, "1")
    monkeypatch.setattr(processes.os, "kill", lambda *_: (_ for _ in ()).throw(ProcessLookupError()))
    assert not processes.is_alive(12345, "1")


@given(st.text(min_size=1), st.uuids(), st.integers(1, 2**70), st.integers(0))
def test_a_name_tells_who_it_was(host, boot, pid, born):
    process = {"host": host, "boot": str(boot), "pid": pid, "born": str(born)}
    assert processes.named(processes.name_of(process)) == process
    processes.is_alive(pid, str(born))


@given(st.text())
def test_any_other_word_names_nobody_or_somebody(word):
    found = processes.named(word)
    assert found is None or processes.named(processes.name_of(found)) == found
