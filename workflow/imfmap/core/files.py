"""Files and folders that appear under their names only when they are whole."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .machine_faults import LEAST_FREE_BYTES, note_room
from .temporary import beside


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name for a file. The file is renamed to `path` if the block ends well, else removed.

    Yields
    ------
    Path
        A name in the same folder, with the same suffix, so that drivers recognise the format.
    """
    path = Path(path)
    temporary = beside(path, path.suffix)
    try:
        with note_room(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            _settle(temporary)
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: str | Path) -> Iterator[Path]:
    """Give a temporary folder beside `folder`. It replaces `folder` if the block ends well, else it is removed.

    Yields
    ------
    Path
        An empty folder.
    """
    folder = Path(folder)
    new, old = beside(folder), beside(folder, ".old")
    try:
        with note_room(folder.parent):
            for each in (new, old):
                shutil.rmtree(each, ignore_errors=True)
            new.mkdir(parents=True)
            yield new
            # What was there goes only when the new folder is in its place.
            if folder.exists():
                os.replace(folder, old)
            try:
                os.replace(new, folder)
            except OSError:
                if old.exists():
                    os.replace(old, folder)
                raise
    finally:
        for each in (new, old):
            shutil.rmtree(each, ignore_errors=True)


@contextmanager
def written_by_library(path: str | Path) -> Iterator[None]:
    """Check a file (or those in a folder) that a library or a program writes, which may not tell that a write failed.

    GDAL reports no error of the last writes, when it closes a file. So the file is believed only if the disk would have
    taken more of it.

    Raises
    ------
    OSError
        The system's own reason: the disk is full, a quota or a limit is reached.
    """
    try:
        yield
    finally:
        path = Path(path)
        for each in path.iterdir() if path.is_dir() else (path,):
            _try_more(each)


def _try_more(path):
    """Let a file grow by as much as counts as some room, and make it as it was."""
    try:
        file = os.open(path, os.O_RDWR)
    except (FileNotFoundError, IsADirectoryError):
        return
    try:
        size = os.fstat(file).st_size
        try:
            os.posix_fallocate(file, size, LEAST_FREE_BYTES)
        except OSError as error:
            # Some file systems cannot reserve room.
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        finally:
            os.ftruncate(file, size)
    finally:
        os.close(file)


def _settle(path):
    """Bring a file to the disk: some file systems tell only then that it does not fit. A power cut leaves it whole."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError as error:
        # Whoever was to write it did not: the rename says so.
        if error.errno in (errno.ENOENT, errno.EACCES):
            return
        raise
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(file)


def expanded(path: str) -> str:
    """A path of the configuration with ~ and environment variables replaced."""
    return os.path.expandvars(os.path.expanduser(path))
