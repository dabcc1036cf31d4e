"""Who a process is: on this machine, on another one, alive or dead."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

# All jobs of a run inherit this variable. It names the run, so that what a dead run left can be found.
RUN_VARIABLE = "IMFMAP_RUN"
# proc(5): states of a process that has ended. Nobody has asked yet how (Z), or it is being removed (X, x).
_ENDED = frozenset("ZXx")


def identity() -> dict[str, Any]:
    """Return what distinguishes this process from all others.

    Returns
    -------
    dict
        ``host``, ``boot`` (start of the machine), ``pid``, and ``born`` (start of the process, in ticks since that).
    """
    pid = os.getpid()
    _, born = _state_and_birth(pid) or ("", "0")
    return {"host": socket.gethostname(), "boot": _boot(), "pid": pid, "born": born}


def is_alive(pid: int, born: str) -> bool:
    """Whether a process of this host, since its last start, is alive.

    Parameters
    ----------
    pid : int
    born : str
        See `identity`. A later process may have the same number, but was born later.

    Returns
    -------
    bool
        False for one that has ended and only its entry is left, because nobody has asked how it ended (a zombie).
        True for one that this user may not look at.
    """
    found = _state_and_birth(pid)
    if found is not None:
        return found[0] not in _ENDED and found[1] == born
    try:
        os.kill(pid, 0)
    except PermissionError:
        # Some machines hide the processes of other users.
        return True
    except (OSError, OverflowError):
        return False
    # It started or ended just now, or there is no /proc.
    return _state_and_birth(os.getpid()) is None


def name_of(process: Mapping[str, Any]) -> str:
    """Return an identity as one word, for `RUN_VARIABLE`."""
    return f"{process['host']}.{process['boot']}.{process['pid']}.{process['born']}"


def named(word: str) -> dict[str, Any] | None:
    """Return the identity that `name_of` wrote as one word; None if a text is no such identity."""
    # The name of a host may have dots.
    host, *rest = word.rsplit(".", 3)
    if len(rest) != 3 or not rest[1].isdecimal():
        return None
    return {"host": host, "boot": rest[0], "pid": int(rest[1]), "born": rest[2]}


def _state_and_birth(pid):
    """Return the state of a process and when it was born; None if there is no such process to be seen."""
    with suppress(OSError, IndexError, ValueError):
        # proc(5): behind the name in brackets stand the state and, as the 20th field, the start.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0], fields[19]
    return None


def _boot():
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return "unknown"
