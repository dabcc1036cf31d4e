"""Read JSON files, and write them whole or not at all."""

import json
import math
from pathlib import Path
from typing import Any

from .errors import InputError
from .files import replacing


def write_json(path: str | Path, content: dict | list, indent: int | None = 1) -> None:
    """Write a JSON file. Numbers that are not finite become null.

    Parameters
    ----------
    path : path
    content : dict or list
    indent : int, optional
        Spaces of indentation; None writes all in one line, for files that no person reads.
    """
    separators = (",", ":") if indent is None else None
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(_finite(content), indent=indent, separators=separators) + "\n")


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file.

    Raises
    ------
    InputError
        If the file is missing or is not JSON.
    """
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(path, f"cannot be read as JSON ({error})", "make it again") from None


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
