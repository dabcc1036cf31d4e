"""Values of PDS and ISIS labels."""

from collections.abc import Mapping

from ..core.errors import InputError


def label_value(group, keyword, path):
    """Value of a keyword, its unit taken off.

    Parameters
    ----------
    group : mapping
        A label, or an object or group of one.
    path : path
        Whose label it is, for messages.

    Raises
    ------
    InputError
        Where there is no such keyword.
    """
    if keyword not in group:
        raise InputError(path, f"its label has no keyword {keyword}", "check that the file is whole")
    value = group[keyword]
    if isinstance(value, Mapping) and "value" in value:
        return value["value"]
    return getattr(value, "value", value)
