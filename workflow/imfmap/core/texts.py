"""Texts of users: which characters no text may have, and a form that is safe inside a web page."""

import difflib
import html
import unicodedata
from collections.abc import Iterable

from .errors import printable

# How many names are told in the place of one that does not exist, and how like it they have to be (0 to 1).
_NEAREST, _LIKENESS = 3, 0.5
# Characters of a value in a message.
LONGEST_SHOWN = 60
# Signs that turn the direction of all that follows: a text with them is not shown as it is written.
_TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
# Control characters, halves of UTF-16 pairs, code points that are no character; separators of lines and paragraphs.
_REFUSED = ("Cc", "Cs", "Cn", "Zl", "Zp")


def refused_sign(text: str) -> str | None:
    """Return the code point of the first character that XML, file names or readers do not take; None without one.

    Emoji of a Unicode that is newer than Python's are taken for no character, too.
    """
    for sign in text:
        if sign in _TURNING or unicodedata.category(sign) in _REFUSED:
            return f"U+{ord(sign):04X}"
    return None


def shortened(value: object, longest: int = LONGEST_SHOWN) -> str:
    """Return a value as a text of `longest` characters at most, and three dots if it is longer.

    A character that cannot be printed counts as many as its code has, which is up to ten.
    """
    text = printable(str(value)[: longest + 1])
    return text if len(text) <= longest else f"{text[:longest]}..."


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return "did you mean x or y? " with the known names that are most like one; an empty text if none is."""
    similar = difflib.get_close_matches(str(name)[:100].lower(), list(known), n=_NEAREST, cutoff=_LIKENESS)
    return f"did you mean {' or '.join(similar)}? " if similar else ""


def for_page(text: str) -> str:
    """Return a text without special characters of HTML.

    Snakemake's report writes parameters of rules into a script as they are.
    """
    return html.escape(text, quote=False)


def from_page(text: str) -> str:
    """Return the text that `for_page` was given."""
    return html.unescape(text)
