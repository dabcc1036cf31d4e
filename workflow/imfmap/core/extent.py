"""How many values, and levels of values, a file of a user may hold."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .errors import InputError

# The largest configuration of this repository has some 1000 values, in 6 levels.
MOST_VALUES = 100_000
MOST_LEVELS = 50


def check_extent(value: Any, where: str | Path, parts_of: Callable[[Any], Iterable[tuple[Any, Any]]]) -> None:
    """Refuse values that hold themselves, more than `MOST_VALUES` values, or more than `MOST_LEVELS` levels.

    A value that stands in several places counts in each: ten lines of aliases (YAML) or references (pickle) can stand
    for billions of values.

    Parameters
    ----------
    value
    where : str or Path
        Named in the message, before the key.
    parts_of : callable
        Gives the keys and values of a mapping, the indices and items of a list, and nothing of a plain value.

    Raises
    ------
    InputError
        The message names the key.
    """
    todo, count = [((), value)], 0
    while todo:
        above, one = todo.pop()
        count += 1
        key = ".".join(map(str, above[:3])) or "(top level)"
        if len(above) > MOST_LEVELS:
            raise InputError(where, f"{key}: has more than {MOST_LEVELS} levels, or holds itself", "write it out flat")
        if count > MOST_VALUES:
            found = f"{key}: there are more than {MOST_VALUES} values up to here, each counted wherever it stands"
            raise InputError(where, found, "write less, or use fewer aliases")
        todo += [((*above, name), part) for name, part in parts_of(one)]
