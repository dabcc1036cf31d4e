"""Paths that a user writes in the configuration."""

import os
from pathlib import Path

from ..core.files import expanded


def local_path(path: str, shipped: Path) -> str:
    """The file or folder that a path of the configuration names.

    A relative path is relative to the working directory. If nothing is there, and the workflow's own folder has it
    (``resources/detector.pt``), it is the one in the workflow's folder.

    Parameters
    ----------
    path : str
    shipped : Path
        Folder of the workflow.
    """
    path = expanded(path)
    if path and not os.path.isabs(path) and not os.path.exists(path) and (shipped / path).exists():
        return str(shipped / path)
    return path
