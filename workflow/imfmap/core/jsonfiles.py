"""Read JSON files, and write them whole or not at all."""

import json
import math
from pathlib import Path
from typing import Any

from .errors import InputError
from .files import replacing

_MAKE_AGAIN = "make it again"


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
        If the file is missing or is not JSON, or as `parse_json`.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read as JSON ({error.strerror})", _MAKE_AGAIN) from None
    return parse_json(content, path)


def parse_json(content: bytes, where: str | Path, remedy: str = _MAKE_AGAIN) -> Any:
    """Return what JSON says, read strictly: Python's reader would take the last of two equal keys.

    Parameters
    ----------
    content : bytes
        JSON in UTF-8.
    where : str or Path
        Its file, for messages.
    remedy : str
        What the user can do about a fault, for messages.

    Raises
    ------
    InputError
        If the bytes are no JSON in UTF-8, or an object has a key twice.
    """
    try:
        return json.loads(content.decode(), object_pairs_hook=_unique)
    except _TwiceError as error:
        raise InputError(where, f"has the key '{error}' twice in one object", "keep one of the two") from None
    except (ValueError, RecursionError) as error:
        raise InputError(where, f"cannot be read as JSON ({error})", remedy) from None


class _TwiceError(Exception):
    pass


def _unique(pairs):
    content = dict(pairs)
    if len(content) < len(pairs):
        seen = set()
        raise _TwiceError(next(key for key, _ in pairs if key in seen or seen.add(key)))
    return content


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
