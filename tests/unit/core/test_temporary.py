"""Names of temporary files: what dead processes left goes, what others write stays."""

import ast
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core import processes, temporary
from imfmap.core.temporary import beside, remove_leftovers, shown

WRITES_AND_DIES = """
import os, signal, sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from imfmap.core import files, temporary
path, how = Path(sys.argv[1]), sys.argv[2]
give = {"file": files.replacing, "folder": files.replacing_folder, "around": temporary.folder_beside}[how]
with give(path) as made:
    (made if how == "file" else made / "part").write_text("half")
    print(made, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(path, how, **environment):
    command = [sys.executable, "-c", WRITES_AND_DIES, str(path), how, *sys.path]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == -signal.SIGKILL
    return Path(done.stdout.strip())


@pytest.mark.parametrize("how", ["file", "folder", "around"])
def test_what_a_killed_process_left_goes_at_the_next_start(tmp_path, how):
    left = killed_while_writing(tmp_path / "below" / "map.tif", how)
    assert left.exists()
    remove_leftovers(tmp_path)
    assert list((tmp_path / "below").iterdir()) == []


def test_what_a_live_process_writes_stays(tmp_path):
    mine = beside(tmp_path / "map.tif", ".tif")
    mine.touch()
    remove_leftovers(tmp_path)
    assert mine.exists()
    remove_leftovers(tmp_path, [processes.name_of(processes.identity())])
    assert not mine.exists(), "its run has ended, so that no job of it is alive"


@pytest.fixture
def name_elsewhere(monkeypatch, tmp_path):
    """Makes a temporary file of a process of another host or start of the machine."""

    def name(**other):
        identity = processes.identity()
        monkeypatch.setattr(temporary, "identity", lambda: {**identity, "pid": 4711, **other})
        path = beside(tmp_path / "mosaic.tif", ".tif")
        monkeypatch.undo()
        path.touch()
        return path

    return name


def test_a_job_on_another_node_is_left_alone_for_a_week(name_elsewhere, tmp_path):
    path = name_elsewhere(host="node7")
    remove_leftovers(tmp_path)
    assert path.exists()
    os.utime(path, (time.time() - 8 * 86400,) * 2)
    remove_leftovers(tmp_path)
    assert not path.exists()


def test_a_job_on_another_node_goes_with_its_run(name_elsewhere, tmp_path, monkeypatch):
    run = "login1.some-boot.4711.99"
    monkeypatch.setenv(processes.RUN_VARIABLE, run)
    path = name_elsewhere(host="node7")
    remove_leftovers(tmp_path, ["login1.some-boot.4711.98"])
    assert path.exists()
    remove_leftovers(tmp_path, [run])
    assert not path.exists()


def test_before_a_restart_of_the_machine_nothing_is_alive(name_elsewhere, tmp_path):
    path = name_elsewhere(boot="an earlier one", pid=os.getpid())
    remove_leftovers(tmp_path)
    assert not path.exists()


@pytest.mark.parametrize(
    "name", [".map.123.part.tif", ".viewer.123.part", ".import.ab12_x9z", ".fractures.ab12_x9z", ".ab12_x9z.part"]
)
def test_names_of_earlier_versions_go(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "mosaic.tif").touch()
    remove_leftovers(tmp_path)
    assert not (tmp_path / name).exists()


def test_nothing_else_goes(tmp_path):
    names = [".resume", ".map.blocks", ".map.scratch", ".checksums", "map.tif", "a.IMG.part", ".hidden", ".x.part.y"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    beside(tmp_path / "linked").symlink_to(tmp_path / "elsewhere")
    remove_leftovers(tmp_path, [processes.name_of(processes.identity())])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "elsewhere"])
    assert (tmp_path / "elsewhere" / "kept").exists(), "a link goes, what it points to stays"


STEMS = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(STEMS.filter(lambda stem: stem.strip(". ")), st.sampled_from([".tif", ".gpkg", ".cub"]))
def test_any_name_has_a_temporary_one(stem, suffix):
    """As long as the file system allows, with any sign."""
    stem = os.fsencode(stem)[:250].decode(errors="ignore")
    path = beside(f"x/{stem}{suffix}", suffix)
    assert len(os.fsencode(path.name)) <= 255 and path.suffix == suffix and path.parent == Path("x")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).touch()
        remove_leftovers(folder)
        assert (Path(folder) / path.name).exists()
        remove_leftovers(folder, [processes.name_of(processes.identity())])
        assert not (Path(folder) / path.name).exists()


def test_a_text_shows_final_names():
    cube = beside("results/x/M1LE.spice.cub", ".cub")
    for said, wanted in (
        (f"[{cube}]", "[results/x/M1LE.spice.cub]"),
        (f"{cube.name} is bad", "M1LE.spice.cub is bad"),
        (f"[/a b/{cube.name}]", "[/a b/M1LE.spice.cub]"),
        (f"[{beside('results/equalized')}/M1.cub]", "[results/equalized/M1.cub]"),
        (f"[{beside('isis/mosaic.cub', temporary._AROUND)}/mosaic.cub]", "[isis/mosaic.cub]"),
        (str(beside(cube, ".cub")), "results/x/M1LE.spice.cub"),
        ("a .hidden file, 3 .5 and M1.part.cub", "a .hidden file, 3 .5 and M1.part.cub"),
    ):
        assert shown(said) == wanted


# Modules that may use `tempfile`, or parts of files under other names, and why.
ALLOWED = {
    "imfmap/core/temporary.py": "the one place",
    "imfmap/core/machine_faults.py": "asks where TMPDIR is",
    "imfmap/acquisition/rate_limits.py": "notes for all runs of a user, in TMPDIR",
    "imfmap/acquisition/download.py": "parts that a later run goes on from, under visible names",
    "imfmap/acquisition/isisdata_store.py": "leaves those out of a listing",
    "imfmap/core/processes.py": "says who this process is",
    "imfmap/run/lock.py": "releases only what this process holds",
    "rules/library.smk": "unpacks the library itself",
}
_OWN_NAME = re.compile(r"tempfile|mkdtemp|mkstemp|getpid|TemporaryDirectory|NamedTemporaryFile|\.part\b")


def names_of_their_own(workflow):
    """Modules and rules that make temporary names by themselves."""
    found = []
    for path in sorted([*workflow.rglob("*.py"), *workflow.rglob("*.smk")]):
        text = path.read_text()
        if path.suffix == ".py":
            # Imports, calls of the system, and words of names; no comments, docstrings or names of variables.
            texts = [
                node.value if isinstance(node, ast.Constant) else ast.unparse(node)
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Import | ast.ImportFrom)
                or (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("getpid"))
                or (isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value)
            ]
            text = "\n".join(texts)
        else:
            text = "\n".join(re.findall(r"^.*tempfile.*$", text, re.MULTILINE))
        if _OWN_NAME.search(text):
            found.append(str(path.relative_to(workflow)))
    return found


def test_no_other_module_makes_temporary_names(root):
    """Otherwise the start of a run would not know what to remove."""
    assert set(names_of_their_own(root / "workflow")) == set(ALLOWED)


@pytest.mark.parametrize(
    "code",
    [
        "import tempfile\nwith tempfile.TemporaryDirectory(dir=path.parent): pass",
        "from tempfile import mkdtemp",
        "import os\nname = path.with_name(f'.{path.stem}.{os.getpid()}')",
        "name = path.with_name(f'{path.name}.part')",
    ],
)
def test_one_that_does_is_found(tmp_path, code):
    (tmp_path / "module.py").write_text(code)
    assert names_of_their_own(tmp_path) == ["module.py"]
