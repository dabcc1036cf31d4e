import argparse
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.core.processes import identity
from imfmap.run import command_line, lock

LIBRARY = Path(lock.__file__).parents[2]
TAKE = f"import sys; sys.path.insert(0, {str(LIBRARY)!r}); from imfmap.run import lock; lock.take(); "


def run(folder, then):
    """Start a process that takes a folder and then does something."""
    return subprocess.Popen([sys.executable, "-c", TAKE + then], cwd=folder)


def marked(folder):
    """Wait until a folder is taken; what its mark says."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            return json.loads((folder / lock.MARK).read_text())
        except (OSError, ValueError):
            time.sleep(0.02)
    raise AssertionError("nobody took the folder")


def test_a_live_run_keeps_others_out_and_gives_the_folder_back(tmp_path):
    first = run(tmp_path, "import time; time.sleep(60)")
    try:
        assert marked(tmp_path)["pid"] == first.pid
        with pytest.raises(
            InputError, match=rf"another run is at work here \(process {first.pid} on .*kill {first.pid}"
        ):
            lock.take(tmp_path)
    finally:
        first.kill()
        first.wait()
    assert run(tmp_path, "").wait() == 0
    assert not (tmp_path / lock.MARK).exists()


def test_after_a_dead_run_its_jobs_end(tmp_path):
    job = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); "
    first = subprocess.Popen(
        [sys.executable, "-c", TAKE + job + "import time; time.sleep(60)"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    orphan = psutil.Process(int(first.stdout.readline()))
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        first.kill()
        first.wait()
        assert orphan.is_running()
        assert run(tmp_path, "").wait() == 0
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
        first.stdout.close()


def test_a_number_that_another_process_has_now_is_no_live_run(tmp_path):
    assert run(tmp_path, "import os; os._exit(0)").wait() == 0
    mark = tmp_path / lock.MARK
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "pid": os.getpid()}))
    assert run(tmp_path, "").wait() == 0


def test_a_run_of_another_host_cannot_be_judged(tmp_path):
    assert run(tmp_path, "import os; os._exit(0)").wait() == 0
    mark = tmp_path / lock.MARK
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "host": "node7"}))
    with pytest.raises(InputError, match=r"another host.*node7.*snakemake --unlock"):
        lock.take(tmp_path)
    unlock = TAKE.replace("take()", "take(unlock=True)")
    assert subprocess.run([sys.executable, "-c", unlock], cwd=tmp_path).returncode == 0
    assert not mark.exists()


def test_a_run_may_take_its_folder_twice(tmp_path):
    """As a module of another workflow, the Snakefile is read once for each `use rule`."""
    assert run(tmp_path, "lock.take()").wait() == 0
    assert not (tmp_path / lock.MARK).exists()


def test_of_many_runs_that_start_at_once_one_gets_the_folder(tmp_path):
    started = [run(tmp_path, "import time; time.sleep(5)") for _ in range(4)]
    assert sorted(process.wait(timeout=120) for process in started) == [0, 1, 1, 1]


def test_the_workflow_turns_snakemakes_own_lock_off(root):
    """Otherwise a killed run would leave one that the user has to remove."""
    assert yaml.safe_load((root / "profiles" / "default" / "config.yaml").read_text())["nolock"] is True


def zombie(folder):
    """A run that was killed, and that nobody has reaped: its parent does not ask."""
    first = run(folder, "import time; time.sleep(60)")
    marked(folder)
    first.kill()
    end = time.monotonic() + 10
    while psutil.Process(first.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < end:
        time.sleep(0.02)
    return first


def test_a_killed_run_that_nobody_has_reaped_is_dead(tmp_path):
    first = zombie(tmp_path)
    try:
        assert psutil.Process(first.pid).status() == psutil.STATUS_ZOMBIE
        assert run(tmp_path, "").wait() == 0
    finally:
        first.wait()


def test_a_run_before_a_restart_of_the_machine_is_dead(tmp_path):
    assert run(tmp_path, "import os; os._exit(0)").wait() == 0
    mark = tmp_path / lock.MARK
    mine = {**identity(), "since": "", "boot": "an earlier one"}
    mark.write_text(json.dumps(mine))
    assert run(tmp_path, "").wait() == 0


def test_a_copy_made_during_a_run_is_its_own_folder(tmp_path):
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    first = run(original, "import time; time.sleep(60)")
    try:
        marked(original)
        shutil.copytree(original, copy)
        assert run(copy, "").wait() == 0
        assert first.poll() is None
        assert run(original, "").wait() == 1, "and the original is still the first run's"
    finally:
        first.kill()
        first.wait()


def test_a_live_run_keeps_its_folder_even_if_its_mark_is_spoilt(tmp_path):
    first = run(tmp_path, "import time; time.sleep(60)")
    try:
        marked(tmp_path)
        (tmp_path / lock.MARK).write_bytes(b"")
        with pytest.raises(InputError, match="another run is at work here"):
            lock.take(tmp_path)
    finally:
        first.kill()
        first.wait()


def test_what_snakemake_locked_goes_with_a_dead_run(tmp_path):
    assert run(tmp_path, "import os; os._exit(0)").wait() == 0
    left = tmp_path / ".snakemake" / "locks" / "0.input.lock"
    left.parent.mkdir()
    for content in (None, b"", b"[]"):
        left.touch()
        if content is not None:
            (tmp_path / lock.MARK).write_bytes(content)
        assert run(tmp_path, "").wait() == 0
        assert not left.exists() and left.parent.exists()
    left.touch()
    assert run(tmp_path, "").wait() == 0
    assert left.exists(), "without a mark, it is another workflow's"


@pytest.fixture
def quiet(monkeypatch):
    """This process takes folders without a trace of it in itself."""
    monkeypatch.setattr(lock, "_end_orphans", lambda folder: None)
    monkeypatch.setattr(lock, "cancel_jobs_of", lambda folder: None)
    monkeypatch.setenv("IMFMAP_RUN", "")
    released = []
    monkeypatch.setattr(lock.atexit, "register", lambda *call: released.append(call))

    def release():
        while released:
            function, *arguments = released.pop()
            function(*arguments)

    return release


def decides(folder, release):
    """Whether a folder can be taken; anything but one line is a fault."""
    try:
        lock.take(folder)
    except InputError as error:
        assert "\n" not in str(error) and ";" in str(error)
        return False
    mark = json.loads((folder / lock.MARK).read_text())
    assert mark.items() >= identity().items()
    release()
    assert not (folder / lock.MARK).exists()
    return True


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("host", "boot", "pid", "born", "since", "folder")
MARKS = (
    st.binary()
    | st.sampled_from([b"", b"\0" * 200, b"[" * 100_000, b"{}", b"[]", b"5", b"null", b'"x"', b"\xff\xfe"])
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({}, optional={name: JSON for name in FIELDS}).map(lambda mark: json.dumps(mark).encode())
    | st.integers(0, 150).map(
        lambda cut: json.dumps({**identity(), "since": "x", "folder": ["x", 1, 2]}).encode()[:cut]
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=MARKS)
def test_any_bytes_in_the_place_of_a_mark_decide_and_raise_nothing_else(quiet, tmp_path, content):
    mark = tmp_path / lock.MARK
    mark.parent.mkdir(exist_ok=True)
    mark.write_bytes(content)
    taken = decides(tmp_path, quiet)
    try:
        host = json.loads(content)["host"]
    except (ValueError, TypeError, KeyError, RecursionError):
        host = None
    assert taken or (isinstance(host, str) and host != identity()["host"])


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "loop"])
def test_anything_in_the_place_of_a_mark_is_no_obstacle(quiet, tmp_path, kind):
    mark = tmp_path / lock.MARK
    mark.parent.mkdir()
    if kind == "folder":
        mark.mkdir()
        (mark / "x").touch()
    elif kind == "pipe":
        os.mkfifo(mark)
    else:
        mark.symlink_to(mark if kind == "loop" else tmp_path / "elsewhere")
    assert decides(tmp_path, quiet)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "loop", "socket"])
def test_anything_in_the_place_of_the_lock_is_no_obstacle(quiet, tmp_path, kind):
    path = (tmp_path / lock.MARK).with_suffix(".lock")
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with closing(socket.socket(socket.AF_UNIX)) as server:
            server.bind(os.path.relpath(path))
    else:
        path.symlink_to(path if kind == "loop" else tmp_path / "elsewhere")
    assert decides(tmp_path, quiet)
    assert not (tmp_path / "elsewhere").exists()


def test_the_mark_is_on_the_disk_before_it_has_its_name(quiet, tmp_path, monkeypatch):
    """A power cut would leave an empty one."""
    synced, before = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.readlink(f"/proc/self/fd/{file}")) or before(file))
    assert decides(tmp_path, quiet)
    assert len(synced) == 1 and "imfmap_run" in synced[0]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = argparse.Namespace(nolock=False, unlock=False, executor=None, profile=None)
    error = OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path / ".snakemake"))
    monkeypatch.setattr(lock, "take", lambda **_: (_ for _ in ()).throw(error))
    with pytest.raises(InputError, match="the disk is read-only"):
        command_line.begin_run(command, tmp_path / "results")
