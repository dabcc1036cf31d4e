"""Read YAML files strictly: a key that stands twice in a mapping is an error. PyYAML would take the last one."""

from pathlib import Path
from typing import Any

import yaml

from .errors import InputError

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
        If the file cannot be read, is not YAML, or has a key twice in one mapping. The message names the line.
    """
    try:
        loader = _Loader(Path(path).read_bytes())
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _refuse_duplicate_keys(root, path)
        return loader.construct_document(root)
    except InputError:
        raise
    except (yaml.YAMLError, ValueError) as error:  # PyYAML raises ValueError for a date that does not exist
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        raise InputError(path, f"{line}cannot be read as YAML ({getattr(error, 'problem', None) or error})") from None
    finally:
        loader.dispose()


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
