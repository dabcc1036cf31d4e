"""One run at a time in a folder, and a clean start after a run that was killed.

This lock replaces Snakemake's own (profiles/default turns that off), which does not say who holds it, so that the user
has to remove the lock of a dead run by hand. Here a run leaves a mark with its host and process. The time at which the
process started tells a live process of this host from a dead one.
"""

import atexit
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
# All jobs of a run inherit this variable, so that jobs that outlive their run can be found.
_VARIABLE = "IMFMAP_RUN"


def take(folder: str | Path = ".", unlock: bool = False) -> None:
    """Make this process the only run in a folder, until it ends.

    A run of this host that was killed may leave jobs that still write (here, or in Slurm). They would write the same
    files as this run, so they are ended. A process may take its folder twice, since another workflow may include this
    one twice as a module.

    Parameters
    ----------
    folder : str or Path
        Where Snakemake runs.
    unlock : bool
        True if the user says that a run on another host is dead. (This host cannot see that.)

    Raises
    ------
    InputError
        If another run is at work in the folder, or may be at work there on another host.
    """
    folder = Path(folder).resolve()
    mark = folder / MARK
    mark.parent.mkdir(exist_ok=True)
    process = {"host": socket.gethostname(), **_identity(os.getpid())}
    me = {**process, "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    with _one_at_a_time(mark):
        owner = _owner(mark)
        if owner is not None:
            if process.items() <= owner.items():
                return
            _refuse_if_alive(folder, owner, me, unlock)
        mark.write_text(json.dumps(me))
    atexit.register(_release, mark, me)
    if owner is not None:
        _end_processes(_name(owner))
        cancel_jobs_of(folder)
    os.environ[_VARIABLE] = _name(me)


def remove_parts(results: str | Path) -> None:
    """Remove half-written files that killed jobs left in a folder of results (`files.replacing` names them)."""
    for path in Path(results).rglob(".*.part*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _identity(pid):
    """Return what distinguishes a process from a later one with the same number; empty if it does not exist."""
    with suppress(OSError):
        # proc(5): the 22nd field is the start of the process, in ticks since the machine started.
        born = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return {"pid": pid, "born": born, "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip()}
    return {}


def _name(run):
    return f"{run['host']}.{run['boot']}.{run['pid']}.{run['born']}"


@contextmanager
def _one_at_a_time(mark):
    """Let only one process at a time read and write a mark: two runs of this host may start at once."""
    from filelock import FileLock  # here: each job of a run reads this module, and needs no lock

    lock = FileLock(mark.with_suffix(".lock"))
    with suppress(OSError, NotImplementedError):  # a file system without locks
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


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
            folder, f"a run on another host is at work here ({run})", "if it is dead, first run: snakemake --unlock"
        )
    living = _identity(owner["pid"])
    if living and living.items() <= owner.items():
        raise InputError(
            folder, f"another run is at work here ({run})", f"wait until it ends, or stop it: kill {owner['pid']}"
        )


def _release(mark, me):
    if _owner(mark) == me and os.getpid() == me["pid"]:
        mark.unlink(missing_ok=True)


def _end_processes(run):
    """End the jobs that a dead run left on this host."""
    import psutil  # here: Snakemake brings it, and conda environments of jobs lack it

    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(_VARIABLE) == run:
                process.kill()
                left.append(process)
    psutil.wait_procs(left, timeout=10)
