"""PVL files and special pixels, as ISIS writes them."""

import re
from pathlib import Path

import numpy as np
import pvl
from pvl.exceptions import LexerError
from pvl.lexer import lexer

from ..core.errors import InputError

# The lowest valid value in an ISIS cube of 32-bit reals. The five special pixel values lie below it.
_VALID_MIN = np.uint32(0xFF7FFFFA).view(np.float32)


def is_special(pixels: np.ndarray) -> np.ndarray:
    """Return where the pixels of an ISIS cube of 32-bit reals are special (Null, saturated) and hold no data."""
    return ~(pixels >= _VALID_MIN)


# How often a whole text is looked at before its reading is given up. Labels of ISIS and the PDS take less than 10.
_MOST_LOOKS = 100


def loads(text: str) -> pvl.PVLModule:
    """Return the content of PVL text as `pvl.loads` does, but come to an end for any text.

    The pvl package reads some broken texts for ever: in ``a = 5 = 3``, it puts the second sign back and takes it again.

    Raises
    ------
    Exception
        Of many types for broken text, as pvl's own.
    """
    return pvl.loads(text, lexer_fn=_lexer_with_an_end)


def _lexer_with_an_end(text, g, d):
    """Give pvl's tokens, and take back those that its parser returns, for a bounded number of times."""
    tokens, returned = lexer(text, g=g, d=d), None
    for _ in range(_MOST_LOOKS * (len(text) + 1)):
        try:
            token = tokens.send(returned)
        except StopIteration:
            return
        returned = yield token
    raise LexerError("its statements have no end", text, len(text) - 1, "")


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
        return loads(re.sub(r"(?mi)^([ \t]*)End(Object|Group)\b", r"\1End_\2", text))
    except Exception as error:  # pvl raises errors of many types for broken text
        raise InputError(where, f"cannot be read as PVL ({str(error)[:80]})", remedy) from None
