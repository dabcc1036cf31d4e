import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.run.command_line import check_names, makes_something
from imfmap.run.snakemake_internals import command_line

TARGETS, OTHERS = ["crookes", "tycho"], ["all", "evaluation"]


@pytest.mark.parametrize("name", ["crookes", "evaluation", "results/paper/crookes/map.png", "fractures.gpkg"])
def test_what_can_be_asked_for_passes(name):
    check_names([name], TARGETS, OTHERS, "config.yaml")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("croookes", "did you mean crookes? "),
        ("Tycho", "did you mean tycho? "),
        ("evaluate", "did you mean evaluation? "),
        ("Copernicus", ""),
    ],
)
def test_an_unknown_name_gets_the_nearest_names(name, near):
    with pytest.raises(InputError) as error:
        check_names(["tycho", name], TARGETS, OTHERS, "config.yaml")
    said = str(error.value)
    assert said == f"{name}: is no target of config.yaml; {near}snakemake --list-target-rules shows all names"


@given(st.text("abcxyz", min_size=1, max_size=12), st.lists(st.text("abcxyz", min_size=1, max_size=12), unique=True))
def test_one_line_names_three_at_most(name, targets):
    assume(name not in targets and not Path(name).exists())  # a file may be asked for
    with pytest.raises(InputError) as error:
        check_names([name], targets, [], "config.yaml")
    said = str(error.value)
    assert "\n" not in said and said.count(" or ") <= 2


def test_a_target_of_another_configuration_is_told_with_that_configuration(tmp_path):
    """A configuration that cannot be read, or has no targets, is passed over."""
    for number, text in enumerate(("a: [", "targets: [king]", "[]", "targets: {king: {lat: 1}}", "run: {name: x}")):
        (tmp_path / f"{number}.yaml").write_text(text)
    configs = [*sorted(tmp_path.iterdir()), tmp_path / "none.yaml"]
    with pytest.raises(InputError) as error:
        check_names(["king"], TARGETS, OTHERS, "config.yaml", configs)
    assert str(error.value) == (
        f"king: is no target of config.yaml, but of {tmp_path}/3.yaml; add --configfile {tmp_path}/3.yaml"
    )


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
