import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from imfmap.core.errors import InputError
from imfmap.run import lock

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


def test_half_written_files_go(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".map.123.part.tif").touch()
    (tmp_path / "a" / ".viewer.123.part").mkdir()
    (tmp_path / "a" / "map.tif").touch()
    lock.remove_parts(tmp_path)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["map.tif"]
