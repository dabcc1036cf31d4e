"""Dataclasses of settings from mappings of the config. Keys, types and ranges are checked."""

import sys
from dataclasses import fields
from typing import Any, TypeVar

from ..core.errors import InputError
from ..core.texts import did_you_mean, shortened

Settings = TypeVar("Settings")
# Infinity and NaN are not below this number.
_LARGEST = sys.float_info.max
# So many known keys are listed in a message.
_LISTED = 12


def dataclass_from_mapping(cls: type[Settings], mapping: dict[str, Any], where: str) -> Settings:
    """Return a dataclass made from a mapping of the config.

    Parameters
    ----------
    cls : type
        The dataclass.
    mapping : dict
        Values by the names of the fields.
    where : str
        Place of the mapping in the config, for messages.

    Raises
    ------
    InputError
        If a key is unknown, or a value has another type than its field.
    """
    require(
        isinstance(mapping, dict), where, f"{shortened(mapping)} is not a mapping of keys to values", "write key: value"
    )
    known = {item.name: item for item in fields(cls)}
    for key in mapping:
        if key not in known:
            raise InputError(f"{where}.{shortened(key)}", "unknown key", _remedy(key, known))
    values = {}
    for key, value in mapping.items():
        kind = known[key].type
        if kind is float:
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
                raise InputError(f"{where}.{key}", f"'{shortened(value)}' is no number", "give a number")
            value = float(value)
        elif kind is int and (isinstance(value, bool) or not isinstance(value, int)):
            raise InputError(f"{where}.{key}", f"'{shortened(value)}' is no whole number", "give a whole number")
        elif kind is bool and not isinstance(value, bool):
            raise InputError(f"{where}.{key}", f"'{shortened(value)}' is neither true nor false", "give true or false")
        elif kind is str and not isinstance(value, str):
            raise InputError(f"{where}.{key}", f"{shortened(value)} is no text", "give text")
        values[key] = value
    return cls(**values)


def _remedy(key, known):
    """Return what to write in place of an unknown key: one of few, or the most similar ones of many."""
    if len(known) <= _LISTED:
        return f"known keys: {', '.join(known)}"
    return f"{did_you_mean(key, known)}config/README.md says where the keys are described"


def require(condition: bool, where: str, found: str, remedy: str) -> None:
    """Raise an `InputError` unless a condition holds."""
    if not condition:
        raise InputError(where, found, remedy)


def number_pair(value: Any, where: str) -> tuple[float, float]:
    """Return the two numbers of a list of the config.

    Raises
    ------
    InputError
        If the value is not a list of two numbers.
    """
    numbers = [number for number in value if isinstance(number, int | float)] if isinstance(value, list | tuple) else []
    require(
        len(numbers) == 2 and len(value) == 2, where, f"{shortened(value)} is not a range", "give two rising numbers"
    )
    return tuple(numbers)
