import sys

import pytest

from imfmap.core.errors import InputError
from imfmap.run.command_line import check_names, makes_something
from imfmap.run.snakemake_internals import command_line

TARGETS, OTHERS = ["crookes", "tycho"], ["all", "evaluation"]


@pytest.mark.parametrize("name", ["crookes", "evaluation", "results/paper/crookes/map.png", "fractures.gpkg"])
def test_what_can_be_asked_for_passes(name):
    check_names([name], TARGETS, OTHERS, "config.yaml")


@pytest.mark.parametrize(("name", "near"), [("croookes", "did you mean crookes?"), ("Copernicus", "")])
def test_an_unknown_name_lists_what_there_is(name, near):
    with pytest.raises(InputError) as error:
        check_names(["tycho", name], TARGETS, OTHERS, "config.yaml")
    said = str(error.value)
    assert said.startswith(f"{name}: no target of config.yaml; {near}") and "\n" not in said
    assert said.endswith("targets: crookes, tycho; or all, evaluation")
    assert ("did you mean" in said) == bool(near)


def test_a_file_without_a_suffix_may_be_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calibration").mkdir()
    check_names(["calibration"], TARGETS, OTHERS, "config.yaml")


@pytest.mark.parametrize(
    ("words", "targets", "makes"),
    [
        ("--cores 2 crookes", ["crookes"], True),
        ("--cores 2 --configfile demo.yaml -- crookes tycho", ["crookes", "tycho"], True),
        ("-n crookes", ["crookes"], False),
        ("--lint", [], False),
        ("--summary all", ["all"], False),
        ("--unlock", [], True),
    ],
)
def test_the_command_line_is_read_as_snakemake_does(monkeypatch, words, targets, makes):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/snakemake", *words.split()])
    asked = command_line()
    assert list(asked.targets) == targets and makes_something(asked) == makes


def test_a_program_that_calls_snakemake_has_no_command_line(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pytest", "-n", "2"])
    assert command_line() is None
