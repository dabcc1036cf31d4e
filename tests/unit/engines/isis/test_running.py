"""Programs of ISIS, run and prepared for."""

import json
import shutil
from collections import namedtuple

import numpy as np
import pytest

from imfmap.core.errors import InputError, SetupError
from imfmap.engines.isis import commands, running, steps
from tests.helpers.isis_cubes import ISIS, nac_cube


def test_what_isis_said_is_explained(isis, monkeypatch):
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"M1L": "Unable to open [M1L.cub]"}}))
    with pytest.raises(InputError, match=r"lronacecho of M1L.cub: ISIS cannot open M1L.cub \(ISIS: \*\*USER ERROR\*\*"):
        running.run(commands.echo("M1L.cub", "b.cub"))


def test_a_full_disk_is_said_to_be_full(isis, monkeypatch):
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"*": "Unable to write labels"}}))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 1000))
    with pytest.raises(SetupError, match="the disk is full; lronacecho failed with: .*Unable to write labels"):
        running.run(commands.echo("a.cub", isis / "b.cub"))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ISISROOT", "/no/isis", r"ISISROOT: names no folder \(/no/isis\); run with --software-deployment-method"),
        ("ISISDATA", None, "ISISDATA: is not set; set it, or processing.isis.data"),
        ("ISISDATA", "/no/data", r"ISISDATA: names no folder \(/no/data\)"),
        ("ISISROOT", "/usr", "lronaccal: is not on the PATH, nor in /usr/bin; install ISIS 8 there"),
    ],
)
def test_an_environment_that_isis_cannot_run_in_is_told(isis, monkeypatch, variable, value, said):
    monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    command = commands.Command("lronaccal", {"from": "a.cub", "to": "b.cub"})
    with pytest.raises(SetupError, match=said):
        running.run(command)


def test_the_parts_of_isisdata_are_looked_for(isis):
    with pytest.raises(SetupError, match="has no lro/kernels, which spiceinit needs; fetch it: downloadIsisData lro"):
        running.prepare(commands.spice("a.cub", {**ISIS, "spice": "local"}))
    running.prepare(commands.spice("a.cub", ISIS))
    shutil.rmtree(isis / "data" / "lro")
    with pytest.raises(SetupError, match="has no lro/calibration, which lronaccal needs"):
        running.prepare(commands.Command("lronaccal", {"from": "a.cub", "to": "b.cub"}))


def test_without_isisroot_the_conda_environment_is_taken(isis, monkeypatch):
    monkeypatch.setenv("CONDA_PREFIX", str(isis / "root"))
    monkeypatch.delenv("ISISROOT")
    running.prepare(commands.echo("a.cub", "b.cub"))


def test_a_command_that_isis_would_refuse_is_never_run(isis, monkeypatch):
    monkeypatch.setenv("IMF_STANDIN_CALLS", str(isis / "calls"))
    with pytest.raises(InputError, match="lronacecho: has no parameter form"):
        running.run(commands.Command("lronacecho", {"form": "a.cub", "to": "b.cub"}))
    assert not (isis / "calls").exists()


@pytest.mark.parametrize(
    ("name", "said", "kind"),
    [("SIGKILL", "perhaps because", SetupError), ("SIGSEGV", "crashed .signal 11", InputError)],
)
def test_a_program_that_a_signal_ended_is_told_by_its_name(isis, monkeypatch, name, said, kind):
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"*": name}}))
    with pytest.raises(kind, match=f"lronacecho of a.cub: .*{said}"):
        running.run(commands.echo("a.cub", "b.cub"))


def test_the_group_on_standard_output_counts_too(isis, monkeypatch):
    group = 'Group = Kernels\n  Error = "Spice file does not exist [/k/a.bsp]"\nEnd_Group'
    text = f"{group}\n--\nUnable to initialize camera model."
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"spiceinit": {"*": text}}))
    with pytest.raises(SetupError, match="the kernel /k/a.bsp is missing .ISIS: Error = .Spice file does not exist"):
        running.run(commands.spice("a.cub", ISIS))


@pytest.mark.parametrize("folder", ["my moon", "moon,2025", "moon+x", "moon$x"])
@pytest.mark.parametrize("inside", [True, False])
def test_programs_work_in_folders_that_isis_would_misread(isis, monkeypatch, folder, inside):
    """As the project's folder, and as another one, of the user's cubes or of the results."""
    home = isis / folder
    home.mkdir()
    monkeypatch.chdir(home if inside else isis)
    nac_cube(home / "a.cub", np.ones((40, 5064), np.float32))
    steps.change_cube(commands.echo, home / "a.cub", home / "b.cub")
    assert sorted(path.name for path in home.iterdir()) == ["a.cub", "b.cub"]
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"*": f"Unable to open [{home}/a.cub]"}}))
    with pytest.raises(InputError) as error:
        steps.change_cube(commands.echo, home / "a.cub", home / "c.cub")
    assert "/linked" not in str(error.value) and str(home) in str(error.value)


@pytest.mark.parametrize("variable", ["ISISROOT", "ISISDATA"])
def test_a_folder_of_isis_that_it_would_misread_is_refused(isis, monkeypatch, variable):
    (isis / "my+isis").mkdir()
    monkeypatch.setenv(variable, str(isis / "my+isis"))
    with pytest.raises(SetupError, match=f"{variable}: ISIS would misread the name of the folder .*my[+]isis: "):
        running.run(commands.echo("a.cub", "b.cub"))
