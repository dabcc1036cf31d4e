"""Files and folders that appear under their names only when they are whole."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """Give a temporary name beside `path`; rename it to `path` when the block ends well, else remove it.

    Yields
    ------
    Path
        A name with the same suffix, so that drivers recognise it.
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
def replacing_folder(folder):
    """Give a temporary folder beside `folder`; put it in its place when the block ends well, else remove it.

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
