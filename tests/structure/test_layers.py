"""Packages import in one direction only, and in the forms that the code digest follows."""

import re
import tomllib

import pytest

from .library import PACKAGE, ROOT, imports_of, modules

# The order stands in pyproject.toml: a package imports from those before it. Packages in one line know nothing of each
# other.
ORDER = [line.split(" | ") for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["imfmap"]["order"]]


def wrong_imports(package=PACKAGE, order=ORDER):
    """Imports between packages of the library that go against the order, and packages that have no place in it."""
    known = modules(package)
    place = {name: number for number, names in enumerate(order) for name in names}
    wrong = []
    for name, path in known.items():
        own = name.split(".")[1] if "." in name else None
        if own and own not in place:
            wrong.append(f"{name}: its package has no place in the order")
            continue
        for one in imports_of(path, known):
            top, _, rest = one.module.partition(".")
            other = rest.split(".")[0]
            if top != package.name or not other or other == own:
                continue
            if own is None or place.get(other, len(order)) >= place[own]:
                wrong.append(f"{name} imports {one.module}")
    return wrong


def unfollowed_imports(package=PACKAGE):
    """Imports of this library, in the workflow, that the code digest does not follow.

    Those are ``import imfmap.x``, and imports of a whole package (``from .. import maps``), whose file is empty.
    """
    known = modules(package)
    return [
        f"{path.relative_to(package.parent)} imports {one.module}"
        for path in sorted([*package.parent.rglob("*.py"), *package.parent.rglob("*.smk")])
        for one in imports_of(path, known)
        if one.module.split(".")[0] == package.name
        and (one.plain or (one.module != package.name and known.get(one.module, path).stem == "__init__"))
    ]


# A second camera is a package beside nac. So the rest reaches nac by these modules alone, but for what simulates it.
DOORS_OF_NAC = ("calibration_files", "instrument", "label")
SIMULATES_NAC = ("simulate", "likeness")


def imports_past_the_doors(package=PACKAGE):
    """Imports of modules of nac that are none of its doors, by the rest of the library, by scripts and by rules."""
    known = modules(package)
    wrong = []
    for path in sorted([*package.parent.rglob("*.py"), *package.parent.rglob("*.smk")]):
        parts = path.relative_to(package.parent).parts
        if parts[0] == package.name and parts[1] in ("nac", *SIMULATES_NAC):
            continue
        for one in imports_of(path, known):
            module = one.module.removeprefix(f"{package.name}.").split(".")
            if module[0] == "nac" and module[1:2] != [] and module[1] not in DOORS_OF_NAC:
                wrong.append(f"{'/'.join(parts)} imports {one.module}")
    return wrong


def test_nac_is_reached_by_its_doors():
    assert not imports_past_the_doors()


def test_an_import_past_the_doors_is_told(toy):
    for name, text in {"nac/edr.py": "", "nac/label.py": "", "engines/e.py": "from ..nac.edr import x\n"}.items():
        (toy / name).parent.mkdir(exist_ok=True)
        (toy / name).write_text(text)
    for name in ("nac", "engines"):
        (toy / name / "__init__.py").touch()
    (toy / "run" / "r.py").write_text("def f():\n    from ..nac import label\n    from ..nac import edr\n")
    assert imports_past_the_doors(toy) == [
        "imfmap/engines/e.py imports imfmap.nac.edr",
        "imfmap/run/r.py imports imfmap.nac.edr",
    ]


def test_packages_import_only_those_before_them():
    assert not wrong_imports()


# Calls that import a module by a text, which neither the order nor the code digest can follow.
IMPORTS_BY_TEXT = re.compile(r"\b(import_module|__import__|run_module|exec|eval)\(")


def imports_by_text(folder=PACKAGE.parent):
    """Lines of the library, its scripts and its rules that may import a module by a text."""
    files = sorted([*folder.rglob("*.py"), *folder.rglob("*.smk")])
    lines = ((path, line.strip()) for path in files for line in path.read_text().splitlines())
    return [f"{path.name}: {line}" for path, line in lines if IMPORTS_BY_TEXT.search(line.replace(".eval(", ""))]


def test_no_module_is_imported_by_a_text():
    assert not imports_by_text()


@pytest.mark.parametrize(
    "line", ["importlib.import_module('imfmap.run.job')", "__import__('imfmap.run')", "exec('from ..run import job')"]
)
def test_an_import_by_a_text_is_told(toy, line):
    (toy / "core" / "files.py").write_text(f"import importlib\n{line}\n")
    assert imports_by_text(toy) == [f"files.py: {line}"]


def test_every_package_of_the_order_exists():
    named = [name for names in ORDER for name in names]
    assert sorted(named) == sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def test_no_import_is_in_the_form_that_the_code_digest_does_not_follow():
    assert not unfollowed_imports()


@pytest.fixture
def toy(tmp_path):
    """A library of four packages in three steps, into which a test writes one import."""
    package = tmp_path / "imfmap"
    files = {
        "core/files.py": "",
        "left/a.py": "from ..core import files\n",
        "right/b.py": "from imfmap.core.files import x\n",
        "run/deep/c.py": "from ...left.a import y\n",
    }
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True)
        (package / name).write_text(text)
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        (folder / "__init__.py").touch()
    return package


TOY_ORDER = [["core"], ["left", "right"], ["run"]]


def test_a_tidy_library_has_no_wrong_import(toy):
    assert not wrong_imports(toy, TOY_ORDER) and not unfollowed_imports(toy)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("core/files.py", "from ..run.deep.c import z", "imfmap.core.files imports imfmap.run.deep.c"),
        ("core/files.py", "from .. import left", "imfmap.core.files imports imfmap.left"),
        ("core/files.py", "from imfmap.left import a", "imfmap.core.files imports imfmap.left.a"),
        ("core/files.py", "import imfmap.left.a", "imfmap.core.files imports imfmap.left.a"),
        ("core/files.py", "def f():\n    from ..left.a import y", "imfmap.core.files imports imfmap.left.a"),
        ("core/files.py", "class C:\n    from ..left.a import y", "imfmap.core.files imports imfmap.left.a"),
        (
            "core/files.py",
            "try:\n    from ..left.a import y\nfinally:\n    pass",
            "imfmap.core.files imports imfmap.left.a",
        ),
        ("core/__init__.py", "from ..left.a import y", "imfmap.core imports imfmap.left.a"),
        ("left/a.py", "from ..right.b import x", "imfmap.left.a imports imfmap.right.b"),
        ("right/b.py", "from ..left import a", "imfmap.right.b imports imfmap.left.a"),
        ("__init__.py", "from .core import files", "imfmap imports imfmap.core.files"),
        ("late/d.py", "", "imfmap.late.d: its package has no place in the order"),
        ("core/files.py", "from ..late.d import x", "imfmap.core.files imports imfmap.late"),
    ],
)
def test_one_import_the_wrong_way_is_told(toy, file, text, told):
    (toy / file).parent.mkdir(exist_ok=True)
    (toy / "late").mkdir(exist_ok=True)
    (toy / file).write_text(text + "\n")
    (toy / "late" / "__init__.py").unlink(missing_ok=True)
    assert [line for line in wrong_imports(toy, TOY_ORDER) if line.startswith(told)]


@pytest.mark.parametrize(
    ("text", "module"),
    [
        ("import imfmap.core.files", "imfmap.core.files"),
        ("def f():\n    import imfmap.core.files as files", "imfmap.core.files"),
        ("import imfmap", "imfmap"),
        ("from imfmap import core", "imfmap.core"),
        ("from imfmap.run import deep", "imfmap.run.deep"),
    ],
)
def test_an_import_that_the_code_digest_does_not_follow_is_told(toy, text, module):
    script = toy.parent / "scripts" / "s.py"
    script.parent.mkdir()
    script.write_text(f"from imfmap import __version__\n{text}")
    assert unfollowed_imports(toy) == [f"scripts/s.py imports {module}"]


def test_imports_of_rules_count_too(toy):
    (toy.parent / "map.smk").write_text("import imfmap.core.files\n\nrule map:\n    output:\n        'x',\n")
    assert unfollowed_imports(toy) == ["map.smk imports imfmap.core.files"]
