"""What `make` does before it installs anything: it chooses a Python and refuses folders that cannot work."""

import os
import shutil
import subprocess
import sys

import pytest

from .library import ROOT

NAMES = ("python3", "python3.13", "python3.12", "python3.11")


def fake_python(path, version):
    """A program that says that it is a Python of a version, and makes a .venv that says which Python made it."""
    path.write_text(f"""#!/bin/sh
case "$1 $2" in
    "-c "*) exec {sys.executable} -c 'import sys; sys.version_info = {version + (0,)}; exec(sys.argv[1])' "$2";;
    "--version "*) echo "Python {version[0]}.{version[1]}.0";;
    "-m venv") mkdir -p "$3/bin"; echo "{version[0]}.{version[1]}" > "$3/bin/python";;
    *) exec {sys.executable} "$@";;
esac
""")
    path.chmod(0o755)


@pytest.fixture
def make(tmp_path):
    """Function of the Pythons on the PATH (name to version), the clone's folder and arguments: how `make` ends."""

    def run(pythons, folder="clone", *arguments):
        bin_folder, clone = tmp_path / "bin", tmp_path / folder
        bin_folder.mkdir()
        for name in NAMES:  # those of this machine are hidden
            (bin_folder / name).write_text("#!/bin/sh\nexit 127\n")
            (bin_folder / name).chmod(0o755)
        for name, version in pythons.items():
            fake_python(bin_folder / name, version)
        clone.mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", clone)
        (clone / "workflow").symlink_to(ROOT / "workflow")
        environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        command = ["make", *arguments, ".venv/bin/python"]
        result = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)
        made = clone / ".venv" / "bin" / "python"
        return result, made.read_text().strip() if made.exists() else None

    return run


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3": (3, 11)}, "3.11"),
        ({"python3": (3, 13)}, "3.13"),
        ({"python3": (3, 14), "python3.13": (3, 13), "python3.12": (3, 12)}, "3.13"),
        ({"python3": (3, 15), "python3.12": (3, 12)}, "3.12"),
        ({"python3": (3, 10), "python3.11": (3, 11)}, "3.11"),
    ],
)
def test_a_python_that_the_pins_have_wheels_for_is_taken(make, pythons, taken):
    result, made = make(pythons)
    assert result.returncode == 0 and made == taken


@pytest.mark.parametrize("pythons", [{}, {"python3": (3, 14)}, {"python3": (3, 10)}, {"python3": (4, 0)}])
def test_without_one_a_line_says_which_to_install(make, pythons):
    result, made = make(pythons)
    assert result.returncode and made is None
    assert "imfmap: no Python 3.11, 3.12 or 3.13 on the PATH" in result.stdout + result.stderr
    assert "install python3.13" in result.stdout + result.stderr


def test_a_python_that_is_asked_for_is_refused_too(make, tmp_path):
    result, made = make({"python3": (3, 14)}, "clone", f"PYTHON={tmp_path}/bin/python3")
    assert result.returncode and made is None
    assert "bin/python3 is Python 3.14.0, and not all packages have wheels for it" in result.stdout + result.stderr


@pytest.mark.parametrize("name", ["My Data", "imfmap (1)", "it's", "a&b", "c{d}", 'e"f', "g`h", "i;j"])
def test_a_folder_that_breaks_commands_is_refused_before_anything_is_installed(make, name):
    result, made = make({"python3": (3, 12)}, f"{name}/imfmap")
    assert result.returncode and made is None
    lines = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith("imfmap: ")]
    assert len(lines) == 1 and f"{name}/imfmap: the folder's path has " in lines[0]


@pytest.mark.parametrize("goal", ["real", "likeness", "real-fractures", "real-crops"])
def test_a_command_that_needs_real_data_says_so_before_anything_is_installed(make, goal):
    """In one line, with the variable to set."""
    result, made = make({"python3": (3, 11)}, "clone", goal, "IMF_REAL_DATA=/nowhere")
    assert result.returncode and made is None
    (line,) = [line for line in result.stderr.splitlines() + result.stdout.splitlines() if line.startswith("imfmap:")]
    assert f"make {goal} needs real data, and there is no folder /nowhere; set IMF_REAL_DATA" in line
