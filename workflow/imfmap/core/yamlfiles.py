"""Read YAML files strictly: a key that stands twice in a mapping is an error. PyYAML would take the last one.

Files that would keep the reader busy for ever are refused, too: those of endless or of many aliases, and deep ones.
"""

from pathlib import Path
from typing import Any

import yaml

from .errors import InputError
from .extent import MOST_LEVELS, check_extent

_REMEDY = "indent with spaces, not tabs; close each bracket and quote; write days that exist; save it as UTF-8"
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
        found = f"{line}cannot be read as YAML ({getattr(error, 'problem', None) or error})"
        raise InputError(path, found, _REMEDY) from None


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
