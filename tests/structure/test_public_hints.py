"""The check that `make lint` makes of type hints finds what lacks them, and nothing else."""

import importlib.util

import pytest

from .library import ROOT

SCRIPT = ROOT / ".ci" / "public_hints.py"


@pytest.fixture(scope="module")
def public_hints():
    spec = importlib.util.spec_from_file_location("public_hints", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def f(a): ...", ["f has no type hint of a, return"]),
        ("def f(a: int): ...", ["f has no type hint of return"]),
        ("def f(a: int, *, b=1) -> int: ...", ["f has no type hint of b"]),
        ("def f(*a, **b) -> int: ...", ["f has no type hint of a, b"]),
        ("def f(self) -> int: ...", ["f has no type hint of self"]),
        ("async def f() : ...", ["f has no type hint of return"]),
        ("class C:\n    def m(self, a) -> int: ...", ["C.m has no type hint of a"]),
        ("class C:\n    @staticmethod\n    def m(a) -> int: ...", ["C.m has no type hint of a"]),
        ("class C:\n    @property\n    def m(self): ...", ["C.m has no type hint of return"]),
        ("class C:\n    def __init__(self, a): ...", ["C.__init__ has no type hint of a"]),
        ("class C:\n    def __call__(self): ...", ["C.__call__ has no type hint of return"]),
        ("def f(a: int, *b: int, c: int = 1, **d: int) -> None: ...", []),
        ("class C:\n    def __init__(self, a: int): ...\n    def m(self) -> int: ...", []),
        (
            "class C:\n    @classmethod\n    def m(cls) -> int: ...\n    def __len__(self): ...\n    def _m(self): ...",
            [],
        ),
        ("def _f(a): ...\n\nclass _C:\n    def m(self): ...", []),
        ("def f() -> int:\n    def g(a): ...", []),
        ("f = lambda a: a", []),
    ],
)
def test_what_lacks_a_hint_is_told(public_hints, tmp_path, text, told):
    path = tmp_path / "a.py"
    path.write_text(text)
    assert [line.split(": ", 1)[1] for line in public_hints.faults(path)] == told


def test_a_file_in_order_a_file_with_faults_and_no_file(public_hints, tmp_path, capsys):
    path = tmp_path / "a.py"
    path.write_text("def f() -> int: ...")
    assert public_hints.main([str(path)]) == 0 and capsys.readouterr().out == ""
    path.write_text("\ndef f(): ...")
    assert public_hints.main([str(path)]) == 1
    assert capsys.readouterr().out == f"{path}:2: f has no type hint of return\n"
    assert public_hints.main(["no_such_package"]) == 2
    assert capsys.readouterr().err.startswith("no_such_package: is neither a package")


def test_packages_are_named_as_in_the_library(public_hints):
    assert [path.name for path in public_hints.files_of("core/errors.py")] == ["errors.py"]
    isis = public_hints.files_of("engines/isis")
    assert len(isis) > 5 and {path.parent.name for path in isis} == {"isis"}
