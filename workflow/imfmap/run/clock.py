"""Files whose times lie in the future: a clock was wrong, or the clock of another machine is ahead.

Snakemake takes an input that is newer than a product for a change, unless its content is the one that it knows. So a
user's file from the future remakes nothing. A result from the future would hide a change: whatever is made before that
time comes looks older. So results get the time of now, in their old order.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..core.temporary import beside

# The clocks of two machines that are kept right differ by less.
_SLACK_NS = 2_000_000_000
# Between the new times: Snakemake reads times as floats, which tell a quarter of a microsecond.
_STEP_NS = 10_000
# The end of the year 9999, the last that can be written as a date.
_LAST_S = 253_402_200_000


def settle(theirs: Iterable[str | Path], results: str | Path, *, change: bool) -> list[str]:
    """Look for files from the future, and bring the results among them to the present.

    Parameters
    ----------
    theirs : iterable of path
        The user's files and folders, which stay as they are.
    results : path
        Folder of a run; it need not exist.
    change : bool
        False for a dry run, which changes nothing.

    Returns
    -------
    list of str
        One line to tell, or none.
    """
    now_ns = _now_ns(results if change else None)
    ours = _from_the_future([results], now_ns)
    found = [*_from_the_future(theirs, now_ns), *ours]
    if change:
        _bring_to(now_ns, ours)
    if not found:
        return []
    latest_s = min(max(time_ns for time_ns, _ in found) / 1e9, _LAST_S)
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(latest_s))
    first = found[0][1]
    files = f"{first} has a time" if len(found) == 1 else f"{first} and {len(found) - 1} more files have times"
    return [f"{files} in the future (up to {shown}): their contents count, not their times; check the clock"]


def _now_ns(folder):
    """Time of this machine's clock, or of the folder's file server if that is ahead."""
    now_ns = time.time_ns()
    if folder is not None and Path(folder).is_dir():
        probe = beside(Path(folder) / "clock")
        with suppress(OSError):
            probe.touch()
            now_ns = max(now_ns, probe.stat().st_mtime_ns)
            probe.unlink()
    return now_ns


def _from_the_future(paths, now_ns):
    """Times and paths of the files from the future among some files and folders, the earliest first."""
    found = []
    for path in _files(paths):
        with suppress(OSError):
            time_ns = os.stat(path, follow_symlinks=False).st_mtime_ns
            if time_ns > now_ns + _SLACK_NS:
                found.append((time_ns, path))
    return sorted(found)


def _files(paths):
    for path in map(Path, paths):
        if path.is_dir():
            for folder, _, names in os.walk(path):
                yield from (Path(folder, name) for name in names)
        else:
            yield path


def _bring_to(now_ns, found):
    """Give files times up to now, in their old order, and later than all that was made before this run."""
    times = sorted({time_ns for time_ns, _ in found})
    new = {time_ns: now_ns - _STEP_NS * place for place, time_ns in enumerate(reversed(times))}
    for time_ns, path in found:
        with suppress(OSError):
            os.utime(path, ns=(new[time_ns], new[time_ns]), follow_symlinks=False)
