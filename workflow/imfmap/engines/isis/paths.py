"""Names of files that ISIS reads as they are meant.

ISIS cuts its lists of files at blanks and commas. In the name of a cube, attributes start at a plus sign.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.errors import SetupError
from ...core.temporary import temporary_folder

_HARMLESS = re.compile(r"[A-Za-z0-9_./#=@-]+")


def is_harmless(path: str | Path) -> bool:
    """Return whether ISIS reads a path as it is meant, in a list as well as in a parameter."""
    return _HARMLESS.fullmatch(str(path)) is not None


def check_folder(folder: str | Path, key: str) -> None:
    """Stop on a folder of ISIS or of its data in whose name ISIS would see the start of attributes.

    Raises
    ------
    SetupError
        `key` is named as the setting.
    """
    if "+" in str(folder):
        raise SetupError(
            key,
            f"ISIS would misread the name of the folder {folder}: attributes start at a plus sign",
            "name the folder without it, or give a link to it",
        )


def harmless_spelling(path: str | Path) -> str | None:
    """Return a path that ISIS reads as it is meant: as given, or relative to the working directory.

    Returns
    -------
    str or None
        None if both hold a character that ISIS takes for something else.
    """
    for spelling in (str(path), os.path.relpath(path)):
        if is_harmless(spelling):
            return spelling
    return None


class Links:
    """Harmless names for files: links in a folder, where no other spelling of a path helps.

    Parameters
    ----------
    folder : path
        An existing folder with a harmless name.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder, self._linked = Path(folder), {}

    def existing(self, path: str | Path) -> str:
        """Return a harmless name of a file that is there."""
        if (spelling := harmless_spelling(path)) is not None:
            return spelling
        path = Path(path)
        if is_harmless(path.name):
            # The folder is linked, since a cube may have parts beside it.
            return f"{self._link(path.parent)}/{path.name}"
        return self._link(path, re.sub(r"[^A-Za-z0-9_.-]", "_", path.name))

    def new(self, path: str | Path) -> str:
        """Return a harmless name of a file that a program will write; its folder is there."""
        spelling = harmless_spelling(path)
        return spelling if spelling is not None else f"{self._link(Path(path).parent)}/{Path(path).name}"

    def original(self, text: str) -> str:
        """Return a text in which the linked files and folders have their own names again."""
        for link, path in self._linked.items():
            text = text.replace(link, path)
        return text

    def _link(self, path, name="linked"):
        target = os.path.abspath(path)
        for link, linked in self._linked.items():
            if linked == target:
                return link
        link = self._folder / str(len(self._linked)) / name
        link.parent.mkdir()
        link.symlink_to(target)
        self._linked[str(link)] = target
        return str(link)


@contextmanager
def working_folder() -> Iterator[Path]:
    """Give an empty folder with a harmless name, for lists and links; it is removed at the end.

    Raises
    ------
    SetupError
        If the folder of temporary files has a name that ISIS would misread.
    """
    with temporary_folder("isis.") as folder:
        spelling = harmless_spelling(folder)
        if spelling is None:
            raise SetupError(
                "TMPDIR",
                f"ISIS would misread the name of the folder {folder.parent}",
                "set TMPDIR to a folder whose name has no blank, comma or plus sign",
            )
        yield Path(spelling)
