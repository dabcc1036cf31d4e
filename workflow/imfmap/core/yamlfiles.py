"""Read YAML files strictly: a key that stands twice in a mapping is an error. PyYAML would take the last one.

Files that would keep the reader busy for ever are refused, too: those of endless or of many aliases, and deep ones.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from .errors import InputError

# The largest configuration of this repository has some 1000 values, in 6 levels.
MOST_VALUES = 100_000
MOST_LEVELS = 50
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: str | Path) -> Any:
    """Return the content of a YAML file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict, list, str, int, float, bool, date or None

    Raises
    ------
    InputError
        If the file cannot be read, is not YAML, has a key twice in one mapping, or is too large (`check_extent`). The
        message names the line.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None
    try:
        _refuse_deep(text, path)
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            return None
        _refuse_duplicate_keys(root, path)
        check_extent(root, path, _parts_of_node)
        return yaml.load(text, Loader=_Loader)
    except InputError:
        raise
    except Exception as error:  # of several types, such as ValueError for a date that does not exist
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise InputError(path, f"{line}cannot be read as YAML ({getattr(error, 'problem', None) or error})") from None


def check_extent(value: Any, where: str | Path, parts_of: Callable[[Any], Iterable[tuple[Any, Any]]]) -> None:
    """Refuse values that hold themselves, more than `MOST_VALUES` values, or more than `MOST_LEVELS` levels.

    A value that stands in several places counts in each: YAML's aliases can make billions of values out of ten lines.

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
            found = f"{key}: there are more than {MOST_VALUES} values up to here; each alias (*) counts in full"
            raise InputError(where, found, "use fewer aliases")
        todo += [((*above, name), part) for name, part in parts_of(one)]


def _parts_of_node(node):
    if isinstance(node, yaml.SequenceNode):
        return enumerate(node.value)
    if isinstance(node, yaml.MappingNode):
        return [(getattr(key, "value", "?"), value) for key, value in node.value]
    return ()


def _refuse_deep(text, path):
    """Refuse many levels before PyYAML builds them: its builder calls itself, and may crash."""
    levels = 0
    for event in yaml.parse(text, Loader=_Loader):
        levels += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if levels > MOST_LEVELS:
            line = event.start_mark.line + 1
            raise InputError(path, f"line {line}: has more than {MOST_LEVELS} levels", "write it out flat")


def _refuse_duplicate_keys(root, path):
    """Refuse a key that stands twice in one mapping. A key may override one of a merged mapping (``<<``)."""
    todo, known = [((), root)], set()
    while todo:
        above, node = todo.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo += [((*above, str(number)), item) for number, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            continue
        lines = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                name, line = (key.tag, key.value), key.start_mark.line + 1
                if name in lines:
                    full = ".".join((*above, key.value))
                    found = f"{full} stands twice, in lines {lines[name]} and {line}"
                    raise InputError(path, found, "keep one of the two")
                lines[name] = line
                todo.append(((*above, key.value), value))
