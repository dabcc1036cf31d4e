"""One run at a time in a folder, and a clean start after one that was killed.

Snakemake's own lock does not say whose it is, so that one left by a dead run must be removed by hand. Here a run leaves
a mark that names its host and process; a dead process of this host is told from a live one by the time it started.
"""

import atexit
import fcntl
import json
import os
import shutil
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import InputError
from .slurm import cancel_jobs_of

MARK = ".snakemake/imfmap_run.json"
# All jobs of a run inherit this; it finds those that outlived it.
_VARIABLE = "IMFMAP_RUN"


def take(folder=".", unlock=False):
    """Make this process the only run in a folder, until it ends.

    A run of this host that was killed leaves Snakemake's lock, and perhaps jobs that still write (here, or in Slurm):
    the lock is removed and the jobs are ended. They would write the same files as this run.

    Parameters
    ----------
    folder : str or Path
        Where Snakemake runs.
    unlock : bool
        The user says that a run of another host is dead, which cannot be seen from here.

    Raises
    ------
    InputError
        Where a run is at work, or may be on another host.
    """
    folder = Path(folder).resolve()
    mark = folder / MARK
    mark.parent.mkdir(exist_ok=True)
    me = {"host": socket.gethostname(), **_identity(os.getpid()), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    with _one_at_a_time(mark):
        owner = _owner(mark)
        if owner is not None:
            _refuse_if_alive(folder, owner, me, unlock)
            for lock in (mark.parent / "locks").glob("*.lock"):
                lock.unlink(missing_ok=True)
        mark.write_text(json.dumps(me))
    atexit.register(_release, mark, me)
    if owner is not None:
        _end_processes(_name(owner))
        cancel_jobs_of(folder)
    os.environ[_VARIABLE] = _name(me)


def remove_parts(results):
    """Remove half-written files that killed jobs left in a folder of results (`rasters.replacing` names them)."""
    for path in Path(results).rglob(".*.part*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _identity(pid):
    """What tells a process from a later one of the same number; an empty dict where there is no such process."""
    with suppress(OSError):
        # proc(5): the 22nd field is the time the process started, in ticks since the machine did.
        born = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return {"pid": pid, "born": born, "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip()}
    return {}


def _name(run):
    return f"{run['host']}.{run['boot']}.{run['pid']}.{run['born']}"


@contextmanager
def _one_at_a_time(mark):
    """Keep two runs of this host that start at once from judging the same mark."""
    with open(mark.with_suffix(".lock"), "w") as file:
        with suppress(OSError):  # a file system that knows no locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _owner(mark):
    with suppress(OSError, ValueError):
        return json.loads(mark.read_text())
    return None


def _refuse_if_alive(folder, owner, me, unlock):
    run = f"process {owner['pid']} on {owner['host']}, since {owner['since']}"
    if owner["host"] != me["host"]:
        if unlock:
            return
        raise InputError(
            folder, f"a run of another host is at work here ({run})", "if it is dead, say so first: snakemake --unlock"
        )
    found = _identity(owner["pid"])
    if found and found.items() <= owner.items():
        raise InputError(
            folder, f"another run is at work here ({run})", f"wait until it ends, or stop it: kill {owner['pid']}"
        )


def _release(mark, me):
    if _owner(mark) == me and os.getpid() == me["pid"]:
        mark.unlink(missing_ok=True)


def _end_processes(run):
    """End what is left of a dead run on this host."""
    import psutil  # Snakemake brings it; jobs in conda environments do not need it

    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(_VARIABLE) == run:
                process.kill()
                left.append(process)
    psutil.wait_procs(left, timeout=10)
