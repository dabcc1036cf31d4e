"""One run at a time in a folder, and a clean start after a run that was killed.

This lock replaces Snakemake's own (profiles/default turns that off), which does not say who holds it, so that the user
has to remove the lock of a dead run by hand. Here a run holds a lock of the system, which ends with the process. It
also leaves a mark that says who it is. The mark decides where the system has no locks, and about runs of other hosts.
"""

import atexit
import fcntl
import json
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.files import replacing
from ..core.processes import RUN_VARIABLE, identity, is_alive, name_of, named
from ..core.temporary import remove_leftovers
from .slurm import cancel_jobs_of

MARK = ".snakemake/imfmap_run.json"
# Snakemake's own locks, which a killed run leaves where another profile has turned them on.
_SNAKEMAKES_LOCKS = "locks/*.lock"
_TYPES = {"host": str, "boot": str, "pid": int, "born": str, "since": str}
_LONGEST_END_S = 10.0


def take(folder: str | Path = ".", unlock: bool = False) -> str | None:
    """Make this process the only run in a folder, until it ends.

    A run of this host that was killed may leave jobs that still write (here, or in Slurm). They would write the same
    files as this run, so they are ended. A process may take its folder twice, since another workflow may include this
    one twice as a module. A mark that no run of this folder wrote is no obstacle: that of a folder of which this one is
    a copy, or what is left of a mark after a power cut.

    Parameters
    ----------
    folder : str or Path
        Where Snakemake runs.
    unlock : bool
        True if the user says that a run on another host is dead. (This host cannot see that.)

    Returns
    -------
    str or None
        Name (`processes.name_of`) of the dead run that had the folder before; None if there is none.

    Raises
    ------
    InputError
        If another run is at work in the folder, or may be at work there on another host.
    """
    folder = Path(folder).resolve()
    mark = folder / MARK
    mark.parent.mkdir(exist_ok=True)
    me = identity()
    owner = _owner(mark, folder)
    if owner is not None and me.items() <= owner.items():
        return None
    lock = _locked(mark, folder, owner)
    try:
        # Another run may have ended since.
        owner = _owner(mark, folder)
        if owner is not None:
            _refuse_if_alive(folder, owner, me, unlock)
        found = mark.exists() or mark.is_symlink()
        if mark.is_dir() and not mark.is_symlink():
            shutil.rmtree(mark)
        mine = {**me, "since": time.strftime("%Y-%m-%d %H:%M:%S"), "folder": _place(folder)}
        with replacing(mark) as temporary:
            temporary.write_text(json.dumps(mine))
    except BaseException:
        if lock is not None:
            lock.close()
        raise
    atexit.register(_release, mark, folder, me, lock)
    if found:
        for left in mark.parent.glob(_SNAKEMAKES_LOCKS):
            left.unlink(missing_ok=True)
        _end_orphans(folder)
        cancel_jobs_of(folder)
    remove_leftovers(mark.parent, below=False)
    os.environ[RUN_VARIABLE] = name_of(me)
    return name_of(owner) if owner is not None else None


def _locked(mark, folder, owner):
    """Hold the system's lock on a mark; the system releases it when this process ends, however that happens.

    Returns
    -------
    file or None
        What holds the lock while it is open. None where the file system has no locks.
    """
    path = mark.with_suffix(".lock")
    # What is no file of this program's: a link would lead out of the folder, and a pipe would never open.
    if path.is_symlink() or (path.exists() and not path.is_file() and not path.is_dir()):
        path.unlink()
    try:
        file = open(path, "a")  # noqa: SIM115 (it stays open until the process ends)
    except IsADirectoryError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise _at_work(folder, owner) from None
    except OSError:
        file.close()
        return None
    return file


def _owner(mark, folder):
    """Return what a mark says of the run that wrote it in this very folder; None if there is no such mark."""
    try:
        # A pipe would never end.
        owner = json.loads(mark.read_bytes()) if mark.is_file() else None
    except (ValueError, RecursionError, FileNotFoundError):
        return None
    if not isinstance(owner, dict) or any(type(owner.get(key)) is not kind for key, kind in _TYPES.items()):
        return None
    if owner["pid"] <= 0:
        return None
    path, *number = owner["folder"] if isinstance(owner.get("folder"), list) and owner["folder"] else _place(folder)
    # A copy has another path and another number. A folder that was moved, or that is seen by another path, has not.
    is_copy = owner["host"] == identity()["host"] and path != str(folder) and number != _place(folder)[1:]
    return None if is_copy else owner


def _place(folder):
    """Return what tells a folder from its copies: its path, and its number on its file system."""
    status = folder.stat()
    return [str(folder), status.st_dev, status.st_ino]


def _refuse_if_alive(folder, owner, me, unlock):
    if owner["host"] != me["host"]:
        if unlock:
            return
        raise InputError(
            folder,
            f"a run on another host may be at work here ({_described(owner)}), and this host cannot see whether it is",
            f"look on {owner['host']} (ps {owner['pid']}); if it has ended, run once: snakemake --unlock",
        )
    if owner["boot"] == me["boot"] and is_alive(owner["pid"], owner["born"]):
        raise _at_work(folder, owner)


def _at_work(folder, owner):
    """Return the error to raise where another run is at work."""
    if owner is None:
        return InputError(folder, "another run is at work here", "wait until it ends, or stop it")
    return InputError(
        folder,
        f"another run is at work here ({_described(owner)})",
        f"wait until it ends, or stop it on {owner['host']}: kill {owner['pid']}",
    )


def _described(owner):
    return f"process {owner['pid']} on {owner['host']}, since {owner['since']}"


def _release(mark, folder, me, lock):
    if os.getpid() != me["pid"]:
        return
    owner = _owner(mark, folder)
    if owner is not None and me.items() <= owner.items():
        with suppress(OSError):
            mark.unlink(missing_ok=True)
    if lock is not None:
        lock.close()


def _end_orphans(folder):
    """End the jobs that dead runs left in a folder on this host."""
    import psutil  # here: Snakemake brings it, and conda environments of jobs lack it

    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            run = named(process.environ().get(RUN_VARIABLE, ""))
            if run is not None and _is_dead(run) and Path(process.cwd()) == folder:
                process.kill()
                left.append(process)
    end = time.monotonic() + _LONGEST_END_S
    while any(map(_is_running, left)) and time.monotonic() < end:
        time.sleep(0.02)


def _is_dead(run: Mapping[str, Any]) -> bool:
    """Whether a run of this host is dead."""
    me = identity()
    same = run["host"] == me["host"]
    return same and not (run["boot"] == me["boot"] and is_alive(run["pid"], run["born"]))


def _is_running(process):
    import psutil

    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
