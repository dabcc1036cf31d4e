"""Faults of the machine, told in one line: a disk that is full or read-only, a limit of the system, no memory.

Libraries wrap them: torch.save raises a RuntimeError over a full disk, GDAL an error in its own words. So the whole
chain of an error is looked at, by the system's numbers and by the words that libraries use.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .errors import InputError, SetupError

# If less room than this is left on a disk, it counts as the cause of any failure there.
LEAST_FREE_BYTES = 2**20
_ATTRIBUTE = "imfmap_room"
_LONGEST_WORDS = 200


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Attributes
    ----------
    numbers : tuple of int
        The system's numbers of it (errno).
    words : str
        Regular expression of what libraries and programs say, searched without regard to case.
    found, remedy : str
        What happened, and what to do.
    cause : bool
        Whether it explains an error that was raised only while this one was handled.
    """

    numbers: tuple[int, ...]
    words: str
    found: str
    remedy: str
    cause: bool = True


NO_ROOM = Fault(
    (errno.ENOSPC, errno.EDQUOT),
    r"no space left on device|disk quota exceeded|database or disk is full",
    "no room is left on the disk",
    "make room and run again",
)
# GDAL's words, and SQLite's, where the system's are lost.
UNFINISHED = Fault(
    (),
    r"write error|error writing|write failed|cannot write feature|failed to commit transaction",
    "a file could not be written to its end",
    "check the disk (full, read-only, over its quota) and run again",
)
# The first that fits counts.
FAULTS = (
    Fault(
        (),
        r"shared memory|</torch_\w+>",
        "no room is left in the shared memory (/dev/shm)",
        "give the container more of it, or set training.workers: 0",
    ),
    Fault(
        (),
        r"no usable temporary directory",
        "no folder for temporary files can be written",
        "set TMPDIR to a folder that is there and has room",
    ),
    NO_ROOM,
    Fault(
        (errno.EFBIG,),
        r"file too large|SIGXFSZ",
        "a file grew larger than the disk or a limit of the system allows",
        "raise the limit (ulimit -f), or give another disk, and run again",
    ),
    Fault(
        (errno.EROFS,),
        r"read-only file system",
        "the disk is read-only",
        "give a folder that can be written, or mount the disk for writing",
    ),
    Fault(
        (errno.EMFILE, errno.ENFILE),
        r"too many open files",
        "too many files are open",
        "raise the limit (ulimit -n), or run fewer jobs at a time",
    ),
    Fault(
        (errno.EIO, errno.ESTALE, errno.ENXIO, errno.EREMOTEIO),
        r"input/output error|disk i/o error|stale file handle",
        "the disk or the network file system fails",
        "check whether it is full, over its quota or broken, and run again",
    ),
    UNFINISHED,
    Fault(
        (errno.ENOMEM,),
        r"out of memory|(cannot|can't|unable to) allocate|bad_alloc|(killed by|terminated with) signal:? (SIG)?kill",
        "the memory is used up",
        "give the job more memory, or run fewer jobs at a time",
    ),
    Fault(
        (errno.ENAMETOOLONG,),
        r"file name too long",
        "the name is longer than the file system allows",
        "give shorter names to the run, the target or the folder",
        cause=False,
    ),
    Fault(
        (errno.EACCES, errno.EPERM),
        r"permission denied|operation not permitted|attempt to write a readonly database|unable to open database file",
        "this user may not read or write it",
        "check the permissions of the file and of its folder",
        cause=False,
    ),
)


@dataclass(frozen=True)
class Room:
    """Room on the disk of a folder, at some moment.

    Attributes
    ----------
    folder : Path
    free_bytes : int
    disk : Path
        Where its file system is mounted.
    """

    folder: Path
    free_bytes: int
    disk: Path

    @classmethod
    def of(cls, folder: str | Path) -> "Room | None":
        """Return the room on a folder's disk; None if the folder, and those above it, cannot be looked at."""
        folder = Path(folder)
        there = next((each for each in (folder, *folder.parents) if each.is_dir()), Path())
        try:
            free_bytes, disk = shutil.disk_usage(there).free, there.resolve()
        except OSError:
            return None
        while not os.path.ismount(disk):
            disk = disk.parent
        return cls(folder, free_bytes, disk)

    @property
    def is_short(self) -> bool:
        """Whether next to nothing is free."""
        return self.free_bytes < LEAST_FREE_BYTES

    def __str__(self):
        return f"{self.free_bytes / 1e6:.1f} MB free on {self.disk}"


@contextmanager
def note_room(folder: str | Path) -> Iterator[None]:
    """Note on an error how much room there was when it arose, before anything is cleaned up."""
    try:
        yield
    except Exception as error:
        # The innermost folder is the one in which it happened.
        if not hasattr(error, _ATTRIBUTE):
            with suppress(AttributeError, TypeError):
                setattr(error, _ATTRIBUTE, Room.of(folder))
        raise


@contextmanager
def told(*folders: str | Path) -> Iterator[None]:
    """Raise a `SetupError`, which has one line, for a fault of the machine. Other errors pass.

    Parameters
    ----------
    *folders : path
        Where the work is. The first is named if the error does not say where it arose.

    Raises
    ------
    SetupError
    """
    try:
        yield
    except SetupError:
        raise
    except Exception as error:
        fault = explained(error, *folders)
        if fault is None:
            raise
        raise fault from error


def explained(error: Exception, *folders: str | Path) -> SetupError | None:
    """Return the error to raise for one that a fault of the machine brought about.

    Parameters
    ----------
    error : Exception
    *folders : path
        See `told`.

    Returns
    -------
    SetupError or None
        None if the fault is not the machine's. An `InputError` on a disk without room keeps its own line.
    """
    noted = _noted_room(error)
    rooms = [noted] if noted is not None else [room for room in map(Room.of, folders) if room is not None]
    fault, origin = _fault_of(error) or (None, error)
    if fault in (None, UNFINISHED) and any(room.is_short for room in rooms) and not isinstance(error, InputError):
        fault = NO_ROOM
    if fault is None:
        return None
    where, words = _file_of(origin) or folders[0], _words(origin)
    if fault is NO_ROOM:
        room = _room_that_is_short(_file_of(origin), rooms)
        if room is not None:
            where, words = room.folder, f"{room}; {words}"
    from .temporary import shown  # here: that module notes the room of its folders with this one

    line = f"{fault.found} ({words})" if words else fault.found
    return SetupError(shown(str(where)), shown(line), fault.remedy)


def _room_that_is_short(file, rooms):
    """Return the room to tell of: on the disk that is full, else where the file is that an error names."""
    named = [Room.of(file.parent)] if file is not None else []
    # A quota shows nowhere.
    known = [room for room in (*rooms, *named, *map(Room.of, _other_folders())) if room is not None]
    return next((room for room in known if room.is_short), next(iter([*filter(None, named), *rooms]), None))


def fault_in(text: str) -> Fault | None:
    """Return the fault that a program tells of in its own words; None if it tells of none."""
    return next((fault for fault in FAULTS if re.search(fault.words, text, re.IGNORECASE)), None)


def is_of_machine(error: Exception, *folders: str | Path) -> bool:
    """Whether an error is the machine's fault, or arose on a disk without room: then no input is to blame."""
    rooms = (_noted_room(error), *map(Room.of, folders))
    return _fault_of(error) is not None or any(map(_is_short, rooms))


def _is_short(room):
    return room is not None and room.is_short


def _other_folders():
    """Folders that a job writes to beside its own."""
    import tempfile

    return [tempfile.gettempdir(), Path()]


def _fault_of(error):
    """Return the fault behind an error, with the error of its chain that tells of it; None if there is none."""
    for each, is_cause in _chain(error):
        fault = _own_fault(each)
        if fault is not None and (fault.cause or (is_cause and not isinstance(error, InputError))):
            return fault, each
    return None


def _own_fault(error):
    """Return the fault that one error tells of by itself."""
    if isinstance(error, InputError):
        # Its words are this library's, and may quote the user's.
        return None
    if isinstance(error, MemoryError):
        return next(fault for fault in FAULTS if errno.ENOMEM in fault.numbers)
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(number, int):
        # GDAL's errors have numbers, too, but are no OSError.
        by_number = next((fault for fault in FAULTS if number in fault.numbers), None)
        return by_number or fault_in(str(error.strerror))
    said = [getattr(error, name, None) for name in ("stderr", "stdout")]
    said = [text.decode(errors="replace") if isinstance(text, bytes) else str(text or "") for text in said]
    return fault_in("\n".join([str(error), *said]))


def _chain(error):
    """Yield an error and those behind it, each with whether it was raised as the cause of the first."""
    todo, seen = [(error, True)], set()
    while todo:
        each, is_cause = todo.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each, is_cause
        todo += [(inner, is_cause) for inner in (each.__cause__, *getattr(each, "exceptions", ()))]
        todo += [(inner, is_cause) for inner in each.args if isinstance(inner, BaseException)]
        todo.append((each.__context__, False))


def _noted_room(error):
    rooms = [getattr(each, _ATTRIBUTE, None) for each, _ in _chain(error)]
    return next((room for room in rooms if room is not None), None)


def _file_of(error):
    """Return the file that an error names: of two, the one that was written."""
    if not isinstance(error, OSError):
        return None
    name = error.filename2 if error.filename2 is not None else error.filename
    return Path(os.fsdecode(name)) if isinstance(name, str | bytes | os.PathLike) else None


def _words(error):
    """Return the words of an error on one line, without the name of its file."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else error
    text = " ".join(str(text).split())
    return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}..."
