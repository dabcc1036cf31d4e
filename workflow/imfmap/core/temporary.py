"""All names of files and folders that are there only for a while, and the removal of those that a kill left behind.

A temporary name is hidden, stands beside the final one, and says which process of which run made it:
``.<stem>.<run>-<host>-<boot>-<pid>-<born>.part<suffix>`` (run, host and boot as checksums). So a start removes what
dead processes left, and leaves alone what others write at the same time: another run in the same results, or a job on
another node.
"""

import os
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .machine_faults import note_room
from .processes import RUN_VARIABLE, identity, is_alive, name_of

_OWNER = r"(?P<run>[0-9a-f]{8})-(?P<host>[0-9a-f]{8})-(?P<boot>[0-9a-f]{8})-(?P<pid>\d+)-(?P<born>\d+)"
_SUFFIX = r"\.part(?P<suffix>(?:\.\w+)?)"
_NAME = re.compile(rf"\.(?P<stem>.*)\.{_OWNER}{_SUFFIX}", re.DOTALL)
# Within a text, a name has none of the characters that stand around file names there.
_IN_TEXT = re.compile(rf"(?<![^/\s\['\"(])\.(?P<stem>[^/\n\[\]'\"]*?)\.{_OWNER}{_SUFFIX}(?![\w.-]*\.part)")
# Suffix of a folder that a file is taken out of. Such a folder has no final name.
_AROUND = ".around"
_AROUND_IN_TEXT = re.compile(rf"(?<![^/\s\['\"(])\.[^/\n\[\]'\"]*?\.{_OWNER}\.part\{_AROUND}/")
# Earlier versions named no process, or not its start. None of their runs is alive in a folder that this one has taken.
_EARLIER = re.compile(r"\..+\.\d+\.part(\.\w+)?|\.[a-z0-9_]{8}\.part|\.import\.[a-z0-9_]{8}|\.fractures\.[a-z0-9_]{8}")
# This host cannot see whether a process of another host is alive. A live one writes at least once in this time.
_LONGEST_SILENCE_S = 7 * 86400.0
# Bytes. Longer names are an error on most file systems.
_LONGEST_NAME = 255


def beside(path: str | Path, suffix: str = "") -> Path:
    """Return the temporary name of a file or folder that will be at `path`.

    Parameters
    ----------
    path : path
    suffix : str
        Ending, such as that of the file, from which drivers recognise its format.
    """
    path = Path(path)
    end = f".{_owner()}.part{suffix}"
    # The stem only helps a person who looks. The final name may be as long as the file system allows.
    stem = os.fsencode(path.stem)[: _LONGEST_NAME - len(end.encode()) - 1].decode(errors="ignore")
    return path.with_name(f".{stem}{end}")


@contextmanager
def folder_beside(path: str | Path) -> Iterator[Path]:
    """Give an empty temporary folder beside a file that is made from what is in it. It is removed at the end."""
    folder = beside(path, _AROUND)
    with note_room(folder.parent):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    try:
        with note_room(folder.parent):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_folder(prefix: str = "imfmap.") -> Iterator[Path]:
    """Give an empty folder among the machine's temporary files (TMPDIR). It is removed at the end."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder, note_room(folder):
        yield Path(folder)


def remove_leftovers(folder: str | Path, ended_runs: Collection[str] = (), below: bool = True) -> None:
    """Remove the temporary files and folders that killed processes left.

    Parameters
    ----------
    folder : path
    ended_runs : collection of str
        Names of runs (`processes.name_of`) of which no job is alive, on any host.
    below : bool
        Whether to look into the folders below, too.
    """
    ended = {_digest(run) for run in ended_runs}
    # Unlike Path.rglob, it minds no folder that another run removes meanwhile.
    for here, folders, files in os.walk(folder):
        for path in (Path(here, name) for name in [*folders, *files] if name.startswith(".")):
            if not _is_left_over(path, ended):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()
        if not below:
            break


def shown(text: str) -> str:
    """Return a text that has the final names of files and folders instead of their temporary ones."""
    text, before = _AROUND_IN_TEXT.sub("", text), None
    while text != before:
        before, text = text, _IN_TEXT.sub(r"\g<stem>\g<suffix>", text)
    return text


def _owner():
    """Return the part of a temporary name that says who makes the file."""
    me = identity()
    run = os.environ.get(RUN_VARIABLE) or name_of(me)
    return f"{_digest(run)}-{_digest(me['host'])}-{_digest(me['boot'])}-{me['pid']}-{me['born']}"


def _is_left_over(path, ended):
    """Whether a name is a temporary one, and nobody writes there any more."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return _EARLIER.fullmatch(path.name) is not None
    if found["run"] in ended:
        return True
    me = identity()
    if found["host"] != _digest(me["host"]):
        return time.time() - _last_written(path) > _LONGEST_SILENCE_S
    return found["boot"] != _digest(me["boot"]) or not is_alive(int(found["pid"]), found["born"])


def _last_written(path):
    """Return when a file, or anything in a folder, was written last, in seconds since 1970."""
    inside = [Path(here, name) for here, folders, files in os.walk(path) for name in [*folders, *files]]
    times = []
    for each in (path, *inside):
        with suppress(OSError):
            times.append(each.lstat().st_mtime)
    return max(times, default=0.0)


def _digest(word):
    return f"{zlib.crc32(word.encode()):08x}"
