"""What the library consists of, and what its files import: read from their text, nothing is loaded."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "workflow"
PACKAGE = WORKFLOW / "imfmap"


class Import(NamedTuple):
    """A module that a file imports.

    Attributes
    ----------
    module : str
        Its full name.
    lazy : bool
        Whether the import stands in a function.
    plain : bool
        Whether the form is ``import a.b``.
    for_types : bool
        Whether it stands under ``if TYPE_CHECKING``, so that it never runs.
    """

    module: str
    lazy: bool
    plain: bool
    for_types: bool = False


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """Modules below a package's folder, and the packages themselves: full name to file."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path, known: dict[str, Path]) -> list[Import]:
    """All imports of a file, those in functions too.

    Parameters
    ----------
    path : Path
        A module of the library, a script, a test or a file of rules.
    known : mapping
        See `modules`. ``from a import b`` is an import of ``a.b`` if that is a module, else one of ``a``.
    """
    names = {file: name for name, file in known.items()}
    package = names.get(path, "").split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found = []

    def visit(node, lazy, for_types):
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, lazy, True, for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                module = f"{base}.{alias.name}"
                found.append(Import(module if module in known else base, lazy, False, for_types))
        lazy = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = for_types or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
        for child in ast.iter_child_nodes(node):
            visit(child, lazy, for_types)

    text = path.read_text()
    if path.suffix != ".py":
        # Rules are no Python; their imports are.
        text = "\n".join(re.findall(r"^(?:from [\w.]+ )?import (?:\([^)]*\)|.+)$", text, re.MULTILINE))
    visit(ast.parse(text), False, False)
    return found
