"""Programs of ISIS, run and prepared for."""

import json
import shutil
from collections import namedtuple

import pytest

from imfmap.core.errors import InputError, SetupError
from imfmap.engines.isis import commands, running
from tests.helpers.isis_cubes import ISIS


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
