"""`make fuzz` runs every generated test for its share of the time, each time with other inputs."""

import re
import shutil
import subprocess
import sys

import pytest

from .library import ROOT

GENERATED = """
from pathlib import Path
from hypothesis import given, settings, strategies

@settings(max_examples=5, derandomize=True, database=None)
@given(strategies.integers(0, 2**60))
def test_generated(number):
    with open(Path(__file__).with_name("seen.txt"), "a") as file:
        print(number, file=file)

def test_plain():
    Path(__file__).with_name("plain.txt").touch()
"""


@pytest.fixture
def run(tmp_path):
    """Function of pytest's arguments: the numbers that a generated test saw."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_them.py").write_text(GENERATED)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    fuzz:\n    slow:\n")

    def numbers(*arguments):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert said.returncode == 0, said.stdout
        return (tmp_path / "seen.txt").read_text().split()

    return numbers


def test_a_generated_test_is_repeated_with_other_inputs(run, tmp_path):
    numbers = run("-m", "fuzz", "--fuzz-minutes", "0.02")
    assert len(set(numbers)) > 20
    assert not (tmp_path / "plain.txt").exists()


def test_without_minutes_it_runs_once_beside_the_others(run, tmp_path):
    assert len(run()) <= 5
    assert (tmp_path / "plain.txt").exists()


def test_make_fuzz_takes_ten_minutes():
    recipe = (ROOT / "Makefile").read_text()
    assert re.search(r"^MINUTES \?= 10$", recipe, re.MULTILINE)
    assert "pytest tests -m fuzz --fuzz-minutes $(MINUTES)" in recipe
