"""PVL files and special pixels, as ISIS writes them."""

import re
from pathlib import Path

import numpy as np
import pvl

from ..core.errors import InputError

# The lowest valid value in an ISIS cube of 32-bit reals. The five special pixel values lie below it.
_VALID_MIN = np.uint32(0xFF7FFFFA).view(np.float32)


def is_special(pixels: np.ndarray) -> np.ndarray:
    """Return where the pixels of an ISIS cube of 32-bit reals are special (Null, saturated) and hold no data."""
    return ~(pixels >= _VALID_MIN)


def read_pvl(path: str | Path, remedy: str = "") -> pvl.PVLModule:
    """Return the content of a PVL file, as ISIS writes and reads it.

    Parameters
    ----------
    path : path
    remedy : str
        What the user can do about a missing or broken file, for the error.

    Returns
    -------
    pvl.PVLModule

    Raises
    ------
    InputError
        If the file is missing or broken.
    """
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", remedy) from None
    return parse_pvl(text, path, remedy)


def parse_pvl(text: str, where: str | Path, remedy: str = "") -> pvl.PVLModule:
    """Return the content of PVL text. It raises the errors of `read_pvl`; they name `where`."""
    try:
        # ISIS reads EndObject without an underscore; pvl does not.
        return pvl.loads(re.sub(r"(?mi)^([ \t]*)End(Object|Group)\b", r"\1End_\2", text))
    except Exception as error:  # pvl raises errors of many types for broken text
        raise InputError(where, f"cannot be read as PVL ({str(error)[:80]})", remedy) from None
