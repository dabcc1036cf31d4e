#!/usr/bin/env python3
"""Public functions without type hints, a line each.

.ci/public_hints.py                       the library and the benchmarks
.ci/public_hints.py maps engines/isis     these packages of the library
.ci/public_hints.py benchmarks/mapping.py these files or folders

Public are functions and methods whose names, and whose class's name, have no underscore in front; and __init__ and
__call__ of a public class. Ruff's rules on annotations cannot be limited to them.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "workflow" / "imfmap"
DEFAULTS = [PACKAGE, ROOT / "benchmarks"]
SPECIAL = ("__init__", "__call__")


def public_functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
    """Name, node, and whether its first parameter is the object or class, of each public function of a module."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    for node in tree.body:
        if isinstance(node, functions) and not node.name.startswith("_"):
            yield node.name, node, False
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, functions) and (not method.name.startswith("_") or method.name in SPECIAL):
                    static = any(ast.unparse(one) == "staticmethod" for one in method.decorator_list)
                    yield f"{node.name}.{method.name}", method, not static


def lacking(node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> list[str]:
    """Parameters of a function without a hint, and "return" if it has none of what it returns."""
    every = node.args
    parameters = [*every.posonlyargs, *every.args][1 if bound else 0 :] + every.kwonlyargs
    parameters += [one for one in (every.vararg, every.kwarg) if one]
    names = [one.arg for one in parameters if one.annotation is None]
    return names + (["return"] if node.returns is None and node.name != "__init__" else [])


def faults(path: Path) -> list[str]:
    """Lines on the public functions of a file that lack hints."""
    lines = []
    for name, node, bound in public_functions(ast.parse(path.read_bytes())):
        missing = lacking(node, bound)
        if missing:
            place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
            lines.append(f"{place}:{node.lineno}: {name} has no type hint of {', '.join(missing)}")
    return lines


def files_of(name: str) -> list[Path]:
    """Files of a package of the library, of a folder, or a file itself.

    Raises
    ------
    FileNotFoundError
        If there is none of that name.
    """
    for path in (PACKAGE / name, Path(name), ROOT / name):
        if path.is_dir():
            return sorted(path.rglob("*.py"))
        if path.is_file():
            return [path.resolve()]
    raise FileNotFoundError(f"{name}: is neither a package of workflow/imfmap nor a file; name one that exists")


def main(names: list[str]) -> int:
    """Print the lines; 0 if there are none, 1 if there are, 2 for a name that does not exist."""
    try:
        paths = [path for name in names or map(str, DEFAULTS) for path in files_of(name)]
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    lines = [line for path in paths for line in faults(path)]
    print(*lines, sep="\n", end="\n" if lines else "")
    if lines:
        print(f"{len(lines)} public functions without all their type hints", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
