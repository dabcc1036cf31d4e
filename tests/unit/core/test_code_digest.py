"""Which changes of code count, and which do not."""

import json

import pytest

from imfmap.core import code_digest

GRIDS = '''"""Grids."""

import numpy

SIDE = 3

def grid(n):
    """A grid."""
    return n * SIDE

def other():
    return 7
'''

FUSE = """
from . import styles
from .grids import grid

def fuse():
    def later():
        from .late import lately
        return lately()
    return grid(later()) + styles.width()

class Unused:
    pass
"""

MODULES = {
    "__init__.py": '__version__ = "1"',
    "grids.py": GRIDS,
    "fuse.py": FUSE,
    "late.py": "def lately():\n    return 1\n",
    "styles.py": "def width():\n    return 2\n",
    "alone.py": "def alone():\n    return 3\n",
    "errors.py": "class InputError(Exception):\n    pass\n",
    "view/__init__.py": "",
    "view/build.py": """from ..grids import other
from ..maps import shade as tone
from . import page, panes
from .deep.far import away

def build():
    return other(), tone.dark(), page.lines(), panes.WIDTH, away()
""",
    "view/page.py": "def lines():\n    return 5\n",
    "view/panes.py": "WIDTH = 6\n",
    "view/static/page.js": "1;",
    "view/deep/__init__.py": "",
    "view/deep/far.py": "from ...maps.shade import light\n\ndef away():\n    return light()\n",
    "view/deep/nearer.py": "def never():\n    return 1\n",
    "view/deep/table.json": "{}",
    "view/deeper/__init__.py": "",
    "view/deeper/table.json": "{}",
    "maps/__init__.py": "",
    "maps/shade.py": "def dark():\n    return 0\n\ndef light():\n    return 1\n\ndef unseen():\n    return 2\n",
    "maps/plain.css": "p {}",
    "view/page.html": "<p>",
    "view/__pycache__/build.nbi": "1",
}
SCRIPTS = {
    "fuse_script.py": "from imfmap.core.errors import InputError\nfrom imfmap.fuse import fuse\n\nfuse(InputError)\n",
    "build_script.py": "from imfmap.view.build import build\n\nbuild()\n",
}


def forget():
    """Forget what this process knows, as if it had just started."""
    for known in (code_digest.code_of, code_digest._module, code_digest._kept):
        known.cache_clear()


@pytest.fixture
def code(tmp_path, monkeypatch):
    """Function of changed files: the digest of a script that fuses, and of one that builds."""

    def digests(**changes):
        package = tmp_path / "imfmap"
        for name, text in {**MODULES, **changes}.items():
            path = package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name, text in SCRIPTS.items():
            (tmp_path / name).write_text(text)
        forget()
        return [code_digest.code_of(tmp_path / name) for name in SCRIPTS]

    monkeypatch.setattr(code_digest, "PACKAGE", tmp_path / "imfmap")
    monkeypatch.setattr(code_digest, "_NOT_COUNTED", {tmp_path / "imfmap" / "errors.py"})
    yield digests
    forget()


def changed(code, **changes):
    """Whether the two digests change."""
    before = code()
    return [one != other for one, other in zip(before, code(**changes), strict=True)]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("grids.py", "n * SIDE", "n + SIDE", [True, False]),
        ("grids.py", "SIDE = 3", "SIDE = 4", [True, False]),
        ("grids.py", "return 7", "return 8", [False, True]),
        ("grids.py", '"""A grid."""', '"""A grid of squares."""', [False, False]),
        ("grids.py", "SIDE = 3", "# So many\n\nSIDE   =  3", [False, False]),
        ("grids.py", "SIDE = 3\n", "SIDE = 3\nSIDE += 1\n", [True, True]),
        ("late.py", "return 1", "return 2", [True, False]),
        ("styles.py", "return 2", "return 3", [True, False]),
        ("alone.py", "return 3", "return 4", [False, False]),
        ("fuse.py", "    pass", "    this = 1", [False, False]),
        ("errors.py", "    pass", "    this = 1", [False, False]),
        ("__init__.py", '"1"', '"2"', [False, False]),
        ("view/page.html", "<p>", "<div>", [False, True]),
        ("view/static/page.js", "1", "2", [False, True]),
        ("view/page.py", "return 5", "return 6", [False, True]),
        # Hints of functions do nothing when the code runs; a name in a hint is not reached.
        ("view/page.py", "def lines():", "def lines() -> int:", [False, False]),
        ("view/page.py", "def lines():", "from ..alone import alone\n\ndef lines(of: alone = None):", [False, True]),
        ("late.py", "def lately():", "def lately() -> 'float':", [False, False]),
        ("errors.py", "    pass", "    code: int = 1", [False, False]),
        ("late.py", "def lately", "if TYPE_CHECKING:\n    from .alone import alone\n\n\ndef lately", [False, False]),
        ("late.py", "def lately", "if True:\n    from .alone import alone\n\n\ndef lately", [True, False]),
        ("view/panes.py", "6", "7", [False, True]),
        # A name of a module two packages away, and one that has another name here, which counts as a whole.
        ("maps/shade.py", "return 1", "return 3", [False, True]),
        ("maps/shade.py", "return 2", "return 3", [False, True]),
        ("view/deep/far.py", "return light()", "return 1 + light()", [False, True]),
        ("view/deep/nearer.py", "return 1", "return 2", [False, False]),
        # What belongs to a package belongs to those of its modules that are reached, not to the packages around it.
        ("view/deep/table.json", "{}", "[]", [False, True]),
        ("view/deeper/table.json", "{}", "[]", [False, False]),
        ("maps/plain.css", "p {}", "a {}", [False, True]),
        ("view/__pycache__/build.nbi", "1", "2", [False, False]),
    ],
)
def test_what_a_script_reaches_counts_and_nothing_else(code, file, old, new, expected):
    assert old in MODULES[file]
    assert changed(code, **{file: MODULES[file].replace(old, new)}) == expected


def test_of_a_module_two_packages_away_only_the_names_that_are_used_count(code):
    build = MODULES["view/build.py"].replace(", tone.dark()", "")
    shade = MODULES["maps/shade.py"]
    before = code(**{"view/build.py": build})
    assert code(**{"view/build.py": build, "maps/shade.py": shade.replace("return 2", "return 3")}) == before
    assert code(**{"view/build.py": build, "maps/shade.py": shade.replace("return 1", "return 3")}) != before


def test_the_place_of_a_definition_does_not_count(code):
    lines = MODULES["grids.py"].split("def ")
    moved = "def ".join([lines[0], lines[2] + "\n", lines[1]])
    assert moved != MODULES["grids.py"]
    assert changed(code, **{"grids.py": moved}) == [False, False]


def test_every_script_of_the_workflow_has_a_digest_of_its_own(root):
    scripts = sorted((root / "workflow" / "scripts").glob("*.py"))
    digests = {code_digest.code_of(script) for script in scripts}
    assert len(digests) == len(scripts) > 40


def test_files_that_are_left_out_exist():
    assert [path for path in sorted(code_digest._NOT_COUNTED) if not path.is_file()] == []


@pytest.mark.parametrize(
    ("script", "there", "not_there"),
    [
        ("infer_images", {"inference/infer.py", "learning/weights.py", "maps/rasters.py"}, {"products/tables.py"}),
        ("viewer", {"products/viewer/build.py", "products/viewer/static/index.html"}, {"plots/pages/plan.html"}),
        ("isis_project", {"engines/isis/commands.py"}, {"engines/native/pipeline.py", "learning/models.py"}),
    ],
)
def test_scripts_reach_the_packages_that_they_use(root, script, there, not_there):
    files = {file for file, _ in code_digest.reached(root / "workflow" / "scripts" / f"{script}.py")}
    said = {str(file.relative_to(code_digest.PACKAGE)) for file in files if file.is_relative_to(code_digest.PACKAGE)}
    assert there <= said and not not_there & said


def kept_file(tmp_path):
    return next((tmp_path / "imfmap" / "core" / "__pycache__").iterdir())


def test_digests_are_kept_for_the_next_start(code, tmp_path, monkeypatch):
    first = code()
    monkeypatch.setattr(code_digest, "_computed", lambda path: pytest.fail(f"{path} was computed again"))
    assert code() == first
    assert [path.name for path in kept_file(tmp_path).parent.iterdir()] == ["code_digests.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"code": 1, "digests": 2}', "[" * 100_000, "\x00", None])
def test_a_file_of_kept_digests_that_is_not_whole_is_written_anew(code, tmp_path, content):
    first = code()
    kept = kept_file(tmp_path)
    whole = kept.read_text()
    if content is None:
        content = whole.replace(first[0], "").replace(first[1], "0")[:-2]
    kept.write_text(content)
    assert code() == first
    assert kept.read_text() == whole


@pytest.mark.parametrize("digests", [{"fuse_script.py": 5}, [], None])
def test_kept_digests_of_another_shape_are_not_used(code, tmp_path, digests):
    first = code()
    kept = kept_file(tmp_path)
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "digests": digests}))
    assert code() == first


def test_a_folder_that_takes_no_files_does_no_harm(code, monkeypatch):
    first = code()

    def refused(path):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(code_digest, "replacing", refused)
    assert code(**{"late.py": MODULES["late.py"] + "\n"}) == first
