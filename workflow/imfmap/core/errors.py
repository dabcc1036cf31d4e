"""The errors that users see."""

from pathlib import Path

# Characters. Paths are shorter; values of a file may be of any length.
_LONGEST_WORD = 300


class InputError(ValueError):
    """Bad input, told in one line: the file or key, what was found there, what to do."""

    def __init__(self, where: str | Path, found: str, remedy: str = ""):
        """Join the three parts of the message.

        Parameters
        ----------
        where : str or Path
            File, config key or product with the fault.
        found : str
            What was found there.
        remedy : str, optional
            What the user can do about it.
        """
        self.found = found
        message = f"{where}: {found}"
        if remedy:
            message += f"; {remedy}"
        super().__init__(" ".join(_bounded(printable(word)) for word in message.split()))


def _bounded(word):
    """Return a word; of one that is too long for a line, the beginning and the end."""
    return word if len(word) <= _LONGEST_WORD else f"{word[:150]}...{word[-100:]}"


def printable(text: str) -> str:
    """Return a text with control characters as codes. Names of files may have them, and terminals obey them."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


class SetupError(InputError):
    """A fault of the machine or the set-up, not of one image: all other images would fail, too.

    It also stops a run that may leave images out (``processing.allow_missing``).
    """


class NoRoomError(SetupError):
    """What is to be written is larger than the room that is left on the disk. Another source of it would not help."""
