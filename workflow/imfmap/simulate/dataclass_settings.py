"""Dataclasses of settings, made of mappings of the config: known keys, right types, values in range."""

import sys
from dataclasses import fields

from ..core.errors import InputError

# Neither infinite nor NaN is below it.
_LARGEST = sys.float_info.max


def dataclass_from_mapping(cls, mapping, where):
    """Dataclass out of a mapping of the config.

    Raises
    ------
    InputError
        For an unknown key or a value of another type than its field's.
    """
    require(isinstance(mapping, dict), where, f"{mapping!r} is no mapping of keys to values", "give one")
    known = {item.name: item for item in fields(cls)}
    for key in mapping:
        if key not in known:
            raise InputError(f"{where}.{key}", "unknown key", f"known keys: {', '.join(known)}")
    values = {}
    for key, value in mapping.items():
        kind = known[key].type
        if kind is float:
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
                raise InputError(f"{where}.{key}", f"'{value}' is no number", "give a number")
            value = float(value)
        elif kind is int and (isinstance(value, bool) or not isinstance(value, int)):
            raise InputError(f"{where}.{key}", f"'{value}' is no whole number", "give a whole number")
        elif kind is bool and not isinstance(value, bool):
            raise InputError(f"{where}.{key}", f"'{value}' is neither true nor false", "give true or false")
        elif kind is str and not isinstance(value, str):
            raise InputError(f"{where}.{key}", f"{value!r} is no text", "give text")
        values[key] = value
    return cls(**values)


def require(condition, where, found, remedy):
    """Raise an InputError unless a condition holds."""
    if not condition:
        raise InputError(where, found, remedy)
