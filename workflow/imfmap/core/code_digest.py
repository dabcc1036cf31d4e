"""Which code made a thing: a digest of what a script or module can reach in this library."""

import ast
from functools import cache
from pathlib import Path

from .checksums import new_sha256

PACKAGE = Path(__file__).resolve().parents[1]
# What these do gets into messages, logs and records, not into what is made.
_BESIDES = {
    PACKAGE / name for name in ("core/errors.py", "run/job.py", "learning/training_log.py", "run/job_records.py")
}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Type hints of functions do nothing when the code runs. Those of classes do: they make the fields of a dataclass.
_HINTS = {ast.arg: ("annotation",), ast.FunctionDef: ("returns",), ast.AsyncFunctionDef: ("returns",)}


@cache
def code_of(path):
    """Digest of the code of a file and of all of this library that it reaches.

    Comments, docstrings, layout and the place of a definition in its file do not count; nor do definitions that
    nothing here refers to, nor the modules that only say what goes on. References are followed by name, so that some
    count that are never called: too much may be made anew, never too little, except where a name is put together at
    run time.

    Parameters
    ----------
    path : str or Path
        Python file: a rule's script, or a module of this library.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    parts = {}
    for (file, _), statements in reached(path, _BESIDES).items():
        texts = {part if isinstance(part, str) else _text_of(part) for part in statements}
        parts.setdefault(_said(file), set()).update(texts)
    digest = new_sha256()
    for file in sorted(parts):
        for text in (file, *sorted(parts[file])):
            digest.update(f"{len(text)}:{text}".encode())
    return digest.hexdigest()


def reached(path, left_out=()):
    """What of this library the code of a file can reach, by name.

    Parameters
    ----------
    path : str or Path
        Python file: a rule's script, or a module of this library.
    left_out : collection of Path
        Files of this library that are not followed.

    Returns
    -------
    dict
        File and name in it (None: all of it) to the statements that make it up: ast.stmt of Python; str of a file that
        is none.
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


def _said(file):
    return str(file.relative_to(PACKAGE)) if file.is_relative_to(PACKAGE) else file.name


@cache
def _module(file):
    return _Module(file)


class _Module:
    """The statements of a file, by the names that they bind.

    Attributes
    ----------
    assets : list of Path
        Files of a package that are no Python: they count as they are.
    """

    def __init__(self, file):
        self._file, self._bound, self._loose, self._imported, self.assets = file, {}, [], {}, []
        if file.suffix != ".py":
            self._loose.append(file.read_bytes().hex())
            return
        # The package's own file holds but its version.
        tree = ast.Module([], []) if file == PACKAGE / "__init__.py" else ast.parse(file.read_bytes())
        for statement in tree.body:
            names = _names_bound(statement)
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._imported.update(self._targets(statement))
            elif names is None and not _is_text(statement):
                self._loose.append(statement)
            for name in names or ():
                self._bound.setdefault(name, []).append(statement)
        if file.parent != PACKAGE and file.is_relative_to(PACKAGE):
            self.assets = sorted(_files_below(file.parent))

    def parts(self, name):
        """Statements and references (file, name) of what makes up a name; of None, of all statements."""
        if isinstance(name, str) and name in self._imported and name not in self._bound:
            return [], {self._imported[name]}
        chosen = self._bound.get(name, []) if name else [part for parts in self._bound.values() for part in parts]
        statements = [*self._loose, *chosen]
        return statements, set().union(*(self._refers(part) for part in statements if isinstance(part, ast.AST)))

    @cache  # noqa: B019 (modules live as long as the process)
    def _refers(self, statement):
        refers = set()
        inner = dict(self._imported)
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                inner.update(self._targets(node))
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                if node.id in inner:
                    refers.add(inner[node.id])
                if node.id in self._bound:
                    refers.add((self._file, node.id))
        return refers

    def _targets(self, statement):
        """What an import binds: name to (file, name in it, or None for all of it); of this library alone."""
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
    """Files of a package that are no Python; those of the packages below it are theirs."""
    for path in folder.iterdir():
        # Beside Python's own, Numba keeps compiled code in __pycache__.
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _files_below(path)
        elif path.is_file() and path.suffix != ".py":
            yield path


def _file_of(path):
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _names_bound(statement):
    """Names that a statement binds; None where it does something besides."""
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
    """A node as text without places, docstrings and empty fields: alike in all versions of Python that know it."""
    if isinstance(node, ast.AST):
        fields = []
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(node, _DEFINITIONS) and _is_text(value[0]):
                value = value[1:]
            if name in _HINTS.get(type(node), ()):
                continue
            if name not in ("ctx", "kind", "type_comment") and value is not None and value != []:
                fields.append(f"{name}={_text(value)}")
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(map(_text, node))}]"
    return repr(node)
