"""Files whose times lie in the future: a clock was wrong, or the clock of a file server is ahead.

Snakemake takes a file that is newer than a product for a change, unless its content is the one that it knows. So a
user's file from the future is read at every run, and remakes nothing. A result from the future would hide a change:
whatever is made before that time looks older. So results get the time of now, in their old order.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

# The clocks of two machines that are kept right differ by less.
_SLACK_NS = 2_000_000_000
# Steps between the new times: Snakemake's times are floats, which tell a quarter of a microsecond.
_STEP_NS = 10_000
# The end of the year 9999, the last that can be written as a date.
_LAST_S = 253402300799


def settle(files: Iterable[str | Path], results: str | Path, *, change: bool) -> list[str]:
    """Look for files from the future, and bring the results among them to the present.

    Parameters
    ----------
    files : iterable of path
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
    theirs = _from_the_future(_files(files), now_ns)
    ours = _from_the_future(_files([results]), now_ns)
    if change:
        _bring_to(now_ns, ours)
    found = [path for _, path in [*theirs, *ours]]
    if not found:
        return []
    latest = max(time_ns for time_ns, _ in [*theirs, *ours]) / 1e9
    shown = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(min(latest, _LAST_S)))
    files = f"{found[0]} has a time" if len(found) == 1 else f"{len(found)} files ({found[0]}, ...) have times"
    return [f"{files} in the future (up to {shown}): what they hold counts, not when; check the clock"]


def _now_ns(folder):
    """Time of this machine's clock, or of the folder's file server if that is ahead."""
    now_ns = time.time_ns()
    if folder is not None and Path(folder).is_dir():
        with suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, prefix=".clock.", suffix=".part") as probe:
            now_ns = max(now_ns, os.fstat(probe.fileno()).st_mtime_ns)
    return now_ns


def _files(paths):
    """Yield the files among some paths, and those in folders."""
    for path in map(Path, paths):
        if path.is_dir():
            for folder, _, names in os.walk(path):
                yield from (Path(folder, name) for name in names)
        elif path.exists():
            yield path


def _from_the_future(files, now_ns):
    """Times and paths of files from the future, the earliest first."""
    found = []
    for path in files:
        with suppress(OSError):
            time_ns = os.stat(path, follow_symlinks=False).st_mtime_ns
            if time_ns > now_ns + _SLACK_NS:
                found.append((time_ns, path))
    return sorted(found)


def _bring_to(now_ns: int, found: Sequence[tuple[int, Path]]) -> None:
    """Give files times up to now, in their old order, and later than all that was made before this run."""
    times = sorted({time_ns for time_ns, _ in found})
    new = {time_ns: now_ns - _STEP_NS * (len(times) - 1 - place) for place, time_ns in enumerate(times)}
    for time_ns, path in found:
        with suppress(OSError):
            os.utime(path, ns=(new[time_ns], new[time_ns]), follow_symlinks=False)
