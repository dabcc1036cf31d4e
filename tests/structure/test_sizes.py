"""The folder listing stays short, and so do its files."""

import ast

import pytest

from .library import PACKAGE, WORKFLOW, modules

MOST_ENTRIES = 22
MOST_MODULES = 25
MOST_LINES = 350
MOST_RULE_LINES = 149


def entries(package=PACKAGE):
    """What a listing of the package shows."""
    return sorted(path.name for path in package.iterdir() if path.name != "__pycache__")


def crowded(package=PACKAGE):
    """Packages of too many modules."""
    folders = {path.parent for path in package.rglob("__init__.py")}
    counts = {folder: len([path for path in folder.glob("*.py") if path.stem != "__init__"]) for folder in folders}
    return [f"{folder.name}: {count} modules" for folder, count in sorted(counts.items()) if count > MOST_MODULES]


def long_modules(package=PACKAGE):
    counts = {name: len(path.read_text().splitlines()) for name, path in modules(package).items()}
    return [f"{name}: {count} lines" for name, count in counts.items() if count > MOST_LINES]


def filled_inits(package=PACKAGE):
    """Files of packages that hold more than they may: the top one a docstring and a version, the others nothing."""
    filled = [str(path.relative_to(package)) for path in package.glob("*/**/__init__.py") if path.read_bytes().strip()]
    body = ast.parse((package / "__init__.py").read_text()).body
    kinds = [ast.unparse(part.targets[0]) if isinstance(part, ast.Assign) else type(part).__name__ for part in body]
    return filled + (["__init__.py"] if kinds != ["Expr", "__version__"] else [])


def test_the_listing_is_short():
    assert len(entries()) <= MOST_ENTRIES


def test_no_package_is_crowded():
    assert not crowded()


def test_no_module_is_long():
    assert long_modules() == []


def test_files_of_packages_are_empty():
    assert not filled_inits()


@pytest.mark.parametrize("name", ["common.smk", "common_learn.smk"])
def test_files_that_rules_share_are_short(name):
    assert len((WORKFLOW / "rules" / name).read_text().splitlines()) <= MOST_RULE_LINES


@pytest.fixture
def toy(tmp_path):
    """A library of one package with as many modules and lines as may be."""
    package = tmp_path / "imfmap"
    (package / "maps").mkdir(parents=True)
    (package / "__init__.py").write_text('"""Maps."""\n\n__version__ = "1"\n')
    (package / "maps" / "__init__.py").touch()
    for number in range(MOST_MODULES):
        (package / "maps" / f"m{number}.py").write_text("x = 1\n" * MOST_LINES)
    return package


def test_a_library_of_the_largest_size_passes(toy):
    (toy / "__pycache__").mkdir()
    assert entries(toy) == ["__init__.py", "maps"]
    assert not crowded(toy) and not long_modules(toy) and not filled_inits(toy)


def test_what_is_too_large_is_told(toy):
    (toy / "maps" / "one_more.py").write_text("x = 1\n" * (MOST_LINES + 1))
    assert crowded(toy) == ["maps: 26 modules"]
    assert long_modules(toy) == ["imfmap.maps.one_more: 351 lines"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("maps/__init__.py", '"""Maps."""'),
        ("maps/__init__.py", "from .m0 import x"),
        ("__init__.py", '"""Maps."""\n\nfrom .maps import m0\n\n__version__ = "1"\n'),
        ("__init__.py", '"""Maps."""\n\n__all__ = "1"\n'),
        ("__init__.py", ""),
    ],
)
def test_a_filled_file_of_a_package_is_told(toy, file, text):
    (toy / file).write_text(text)
    assert filled_inits(toy) == [file]
