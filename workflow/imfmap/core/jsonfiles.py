"""JSON files: read, and written whole."""

import json
import math

from .errors import InputError
from .files import replacing


def write_json(path, content, indent=1):
    """Write a JSON file; numbers that are not finite become null.

    Parameters
    ----------
    path : path
    content : dict or list
    indent : int, optional
        None writes one line, for what no person reads.
    """
    separators = (",", ":") if indent is None else None
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(_finite(content), indent=indent, separators=separators) + "\n")


def read_json(path):
    """Content of a JSON file.

    Raises
    ------
    InputError
        Where the file is missing or no JSON.
    """
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read as JSON ({error})", "make it again") from None


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
