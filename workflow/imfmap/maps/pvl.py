"""PVL files and special pixels as ISIS writes them."""

import re
from pathlib import Path

import numpy as np
import pvl

from ..core.errors import InputError

# The least value that ISIS takes for data in a cube of 32-bit reals; the five special pixels lie below.
_VALID_MIN = np.uint32(0xFF7FFFFA).view(np.float32)


def is_special(pixels):
    """Which pixels of an ISIS cube of 32-bit reals are special (Null, saturated), not data."""
    return ~(pixels >= _VALID_MIN)


def read_pvl(path, remedy=""):
    """Content of a PVL file as ISIS writes and reads it.

    Parameters
    ----------
    path : path
    remedy : str
        What to do about a missing or broken file, for the error.

    Returns
    -------
    pvl.PVLModule

    Raises
    ------
    InputError
        Where the file is missing or broken.
    """
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", remedy) from None
    return parse_pvl(text, path, remedy)


def parse_pvl(text, where, remedy=""):
    """Content of PVL text; errors as `read_pvl`, naming `where`."""
    try:
        # pvl stumbles over EndObject without an underscore, which ISIS takes.
        return pvl.loads(re.sub(r"(?mi)^([ \t]*)End(Object|Group)\b", r"\1End_\2", text))
    except Exception as error:  # pvl lets errors of many types through on broken text
        raise InputError(where, f"cannot be read as PVL ({str(error)[:80]})", remedy) from None
