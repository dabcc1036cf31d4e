"""Digest of the code of this library that a script or a module can reach. It tells which code made a product."""

import ast
import json
from collections.abc import Collection
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

from .checksums import new_sha256
from .files import replacing

PACKAGE = Path(__file__).resolve().parents[1]
# These modules make messages, logs, records and temporary names. They do not change products, so they do not count.
_NOT_COUNTED = {
    PACKAGE / name
    for name in (
        "core/errors.py",
        "core/machine_faults.py",
        "core/processes.py",
        "core/temporary.py",
        "run/job.py",
        "learning/training_log.py",
        "run/job_records.py",
    )
}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@cache
def code_of(path: str | Path) -> str:
    """Return the digest of a file's code and of all code of this library that it reaches.

    Comments, docstrings, layout and the order of definitions do not count. Definitions that the file does not reach
    do not count, nor do modules that only report (`_NOT_COUNTED`). References are followed by name, so some
    definitions count that are never called. Then too much is made again, but never too little. The exception is a
    name that is put together at run time: it is not followed.

    Digests are kept beside the compiled code of Python, because every start of Snakemake asks for some twenty, and they
    take half of its time. They are computed again when any file of the workflow changes.

    Parameters
    ----------
    path : str or Path
        Python file: a rule's script, or a module of this library.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    path = Path(path).resolve()
    if not path.is_relative_to(PACKAGE.parent):
        return _computed(path)
    kept, name = _kept(), str(path.relative_to(PACKAGE.parent))
    if name not in kept["digests"]:
        kept["digests"][name] = _computed(path)
        _keep(kept)
    return kept["digests"][name]


def _kept_file():
    """Return the file that keeps digests, in the folder where Python keeps compiled code."""
    return Path(cache_from_source(str(PACKAGE / "core" / "code_digest.py"))).with_name("code_digests.json")


@cache
def _kept():
    """Return the digests that earlier processes computed of the same code (`code`, `digests` by file)."""
    files = (file for file in PACKAGE.parent.rglob("*") if "__pycache__" not in file.parts and file.is_file())
    digest = new_sha256()
    for file in sorted(files):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(PACKAGE.parent)}:{len(content)}:".encode() + content)
    code = digest.hexdigest()
    try:
        kept = json.loads(_kept_file().read_bytes())
        if kept["code"] == code and all(isinstance(text, str) for text in kept["digests"].values()):
            return kept
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # It is not there, or not whole. Then it is written anew.
        pass
    return {"code": code, "digests": {}}


def _keep(kept):
    """Write the digests. A folder that takes no files, or a full disk, does no harm."""
    try:
        with replacing(_kept_file()) as partial:
            partial.write_text(json.dumps(kept, indent=1))
    except OSError:
        pass


def _computed(path):
    parts = {}
    for (file, _), statements in reached(path, _NOT_COUNTED).items():
        texts = {part if isinstance(part, str) else _text_of(part) for part in statements}
        parts.setdefault(_digest_name(file), set()).update(texts)
    digest = new_sha256()
    for file in sorted(parts):
        for text in (file, *sorted(parts[file])):
            digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()


def reached(path: str | Path, left_out: Collection[Path] = ()) -> dict[tuple[Path, str | None], list[ast.stmt | str]]:
    """Return the parts of this library that the code of a file can reach.

    Parameters
    ----------
    path : str or Path
        Python file: a rule's script, or a module of this library.
    left_out : collection of Path
        Files of this library that are left out, with all that only they reach.

    Returns
    -------
    dict
        The keys are pairs of a file and a name in it; the name None stands for the whole file. The values are the
        statements that define the name. A file that is not Python has one str, its bytes in hexadecimal.
    """
    found, pending = {}, [(Path(path).resolve(), None)]
    while pending:
        file, name = pending.pop()
        if (file, name) in found or file in left_out:
            continue
        module = _module(file)
        found[file, name], refers = module.parts(name)
        pending.extend(refers)
        pending.extend((asset, None) for asset in module.assets)
    return found


def _digest_name(file):
    return str(file.relative_to(PACKAGE)) if file.is_relative_to(PACKAGE) else file.name


@cache
def _module(file):
    return _Module(file)


class _Module:
    """A file, with its statements by the names that they bind.

    Attributes
    ----------
    assets : list of Path
        Files beside it in its package that are not Python. Their bytes count.
    """

    def __init__(self, file):
        self._file, self._bound, self._loose, self._imported, self.assets = file, {}, [], {}, []
        if file.suffix != ".py":
            self._loose.append(file.read_bytes().hex())
            return
        # The library's own __init__.py holds only the version, which does not count.
        tree = ast.Module([], []) if file == PACKAGE / "__init__.py" else _without_hints(file)
        for statement in tree.body:
            names = _names_bound(statement)
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._imported.update(self._targets(statement))
            elif names is None and not _is_text(statement) and not _is_for_type_checkers(statement):
                self._loose.append(statement)
            for name in names or ():
                self._bound.setdefault(name, []).append(statement)
        if file.parent != PACKAGE and file.is_relative_to(PACKAGE):
            self.assets = sorted(_files_below(file.parent))

    def parts(self, name):
        """Return the statements that define a name (None: all names), and the (file, name) that they refer to."""
        if isinstance(name, str) and name in self._imported and name not in self._bound:
            return [], {self._imported[name]}
        chosen = self._bound.get(name, []) if name else [part for parts in self._bound.values() for part in parts]
        statements = [*self._loose, *chosen]
        return statements, set().union(*(self._refers(part) for part in statements if isinstance(part, ast.AST)))

    @cache  # noqa: B019 (modules live as long as the process)
    def _refers(self, statement):
        refers = set()
        inner, named = dict(self._imported), set()
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                named.add(node.id)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                inner.update(self._targets(node))
        for name in named:
            if name in inner:
                refers.add(inner[name])
            if name in self._bound:
                refers.add((self._file, name))
        return refers

    def _targets(self, statement):
        """Return names that an import binds, to (file, name in it; None for all of it); only those of this library."""
        found = {}
        if isinstance(statement, ast.Import):
            return found
        if statement.level:
            folder = self._file.parent
            for _ in range(statement.level - 1):
                folder = folder.parent
        elif (statement.module or "").split(".")[0] == PACKAGE.name:
            folder = PACKAGE.parent
        else:
            return found
        base = folder.joinpath(*(statement.module or "").split("."))
        for alias in statement.names:
            module = _file_of(base / alias.name)
            if module:
                found[alias.asname or alias.name] = (module, None)
            elif _file_of(base):
                found[alias.asname or alias.name] = (_file_of(base), alias.name)
        return found


def _files_below(folder):
    """Yield the files of a package that are not Python. Files of packages inside it belong to those packages."""
    for path in folder.iterdir():
        # Python and Numba keep compiled code in __pycache__.
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _files_below(path)
        elif path.is_file() and path.suffix != ".py":
            yield path


def _file_of(path):
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _without_hints(file):
    """Syntax tree of a file without the type hints of functions: they do nothing when the code runs.

    Type hints in classes stay, because they make the fields of a dataclass.
    """
    tree = ast.parse(file.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return tree


def _is_for_type_checkers(statement):
    """Return whether a statement is a block `if TYPE_CHECKING:`, which never runs."""
    return isinstance(statement, ast.If) and getattr(statement.test, "id", None) == "TYPE_CHECKING"


def _names_bound(statement):
    """Return the names that a statement binds; None if it does more than bind names."""
    if isinstance(statement, _DEFINITIONS):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return []
    targets = {ast.Assign: "targets", ast.AnnAssign: "target"}.get(type(statement))
    if targets is None:
        return None
    targets = getattr(statement, targets)
    names = [target for root in (targets if isinstance(targets, list) else [targets]) for target in ast.walk(root)]
    if any(isinstance(node, ast.Attribute | ast.Subscript) for node in names):
        return None
    return [node.id for node in names if isinstance(node, ast.Name)]


def _is_text(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@cache
def _text_of(statement):
    return _text(statement)


def _text(node):
    """Return a node as text without line numbers, docstrings and empty fields, so that all versions of Python agree."""
    if isinstance(node, ast.AST):
        fields = []
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(node, _DEFINITIONS) and _is_text(value[0]):
                value = value[1:]
            if name not in ("ctx", "kind", "type_comment") and value is not None and value != []:
                fields.append(f"{name}={_text(value)}")
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(map(_text, node))}]"
    return repr(node)
