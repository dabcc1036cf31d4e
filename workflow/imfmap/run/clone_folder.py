"""Folders that the workflow cannot run in: their names break shell commands.

Snakemake puts the paths of Python and of scripts into shell commands as they are, and formats those commands. `make`
runs this file before anything is installed, so that it needs nothing but Python.
"""

import sys
from pathlib import Path

from ..core.errors import InputError

# Letters, digits and all other signs were tried and work. Of *?[] the shell makes the names of other folders, if there
# are any that fit.
SIGNS = "'\"`(){}&;|<>$\\:*?[]"


def broken_sign(path: str | Path) -> str | None:
    """Return the first sign of a path that breaks shell commands, in words if it is not printed; None without one."""
    for sign in str(path):
        if sign.isspace():
            return "a space" if sign == " " else "a line break or tab"
        if sign in SIGNS:
            return sign
    return None


def check_folder(*paths: str | Path) -> None:
    """Refuse folders whose paths have a sign that breaks shell commands.

    Parameters
    ----------
    *paths : str or Path
        Of the clone, of Python, and of whatever else a job's command names.

    Raises
    ------
    InputError
        Naming the folder and the sign.
    """
    for path in paths:
        sign = broken_sign(path)
        if sign:
            found = f"the folder's path has {sign} in it, which breaks the shell commands of the jobs"
            raise InputError(path, found, "move it to a path of letters, digits, '-', '_' and '.'")


if __name__ == "__main__":
    try:
        check_folder(Path.cwd())
    except InputError as error:
        sys.exit(f"imfmap: {error}")
