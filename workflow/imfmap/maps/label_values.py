"""Values of PDS and ISIS labels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import InputError


def label_value(group: Mapping[str, Any], keyword: str, path: str | Path) -> Any:
    """Return the value of a keyword without its unit.

    Parameters
    ----------
    group : mapping
        A label, or an object or group of one.
    path : path
        File of the label, for the error.

    Raises
    ------
    InputError
        If the label does not have the keyword.
    """
    if keyword not in group:
        raise InputError(path, f"its label has no keyword {keyword}", "check that the file is whole")
    value = group[keyword]
    if isinstance(value, Mapping) and "value" in value:
        return value["value"]
    return getattr(value, "value", value)
