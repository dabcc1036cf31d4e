"""Files and folders that appear under their names only when they are whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name for a file. The file is renamed to `path` if the block ends well, else removed.

    Yields
    ------
    Path
        A name in the same folder, with the same suffix, so that drivers recognise the format.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
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
    new = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def expanded(path: str) -> str:
    """A path of the configuration with ~ and environment variables replaced."""
    return os.path.expandvars(os.path.expanduser(path))
