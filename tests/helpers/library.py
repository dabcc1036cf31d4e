"""The library's modules as text, for tests that each fact has one place."""

import ast
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "workflow" / "imfmap"


def code_files() -> list[Path]:
    """Return the Python files of the library and its scripts, and the rule files."""
    folders = (LIBRARY, REPOSITORY / "workflow" / "scripts", REPOSITORY / "workflow" / "rules")
    files = [path for folder in folders for kind in ("*.py", "*.smk") for path in sorted(folder.rglob(kind))]
    return [*files, REPOSITORY / "Snakefile"]


def modules_with(text: str) -> set[str]:
    """Return the paths below workflow/ of the files of `code_files` that contain a text."""
    return {_name(path) for path in code_files() if text in path.read_text()}


def numbers(path: Path) -> list[tuple[str, float]]:
    """Yield the named numbers of a Python file (constants, defaults, values of keys), with their names."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        for name, value in _named(node):
            if isinstance(value, ast.Constant) and isinstance(value.value, int | float):
                found.append((name, float(value.value)))
    return found


def _named(node):
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=False)
                yield from ((one.id, value) for one, value in pairs if isinstance(one, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
    elif isinstance(node, ast.arguments):
        positional = [*node.posonlyargs, *node.args]
        yield from ((one.arg, value) for one, value in zip(reversed(positional), reversed(node.defaults), strict=False))
        yield from ((one.arg, value) for one, value in zip(node.kwonlyargs, node.kw_defaults, strict=True))
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.arg, node.value


def _name(path):
    folder = REPOSITORY / "workflow"
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name
