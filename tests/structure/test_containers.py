"""Recipes of containers: what they copy is all that the workflow needs."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from .library import ROOT

FOLDER = ROOT / "envs" / "containers"
INSIDE = "/opt/imfmap/"


def copied():
    """What each recipe copies, as pairs of a path in the clone and one in the container."""
    docker, apptainer = ((FOLDER / name).read_text() for name in ("Dockerfile", "imfmap.def"))
    files = apptainer.split("%files")[1].split("%post")[0]
    return {
        "Dockerfile": dict(re.findall(r"^COPY (\S+) (\S+)$", docker, re.MULTILINE)),
        "imfmap.def": dict(re.findall(r"^ +(\S+) (\S+)$", files, re.MULTILINE)),
    }


@pytest.mark.parametrize("recipe", ["Dockerfile", "imfmap.def"])
def test_what_is_copied_plans_the_demo_from_an_empty_folder(tmp_path, recipe):
    inside, work = tmp_path / "inside", tmp_path / "work"
    for source, target in copied()[recipe].items():
        place = inside / target.removeprefix(INSIDE)
        place = place / source if target.endswith("/") else place
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / source, place)
    work.mkdir()
    command = re.search(r"imfmap(?:\.sif)? (--cores 2 all --configfile \S+)", (FOLDER / recipe).read_text())[1]
    arguments = command.replace(INSIDE, f"{inside}/").split()
    environment = {**os.environ, "IMFMAP_COMMIT": ""}
    environment.pop("PYTHONPATH", None)
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(inside / "Snakefile"), "-n", *arguments]
    done = subprocess.run(snakemake, cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^train +1$", done.stdout, re.MULTILINE)


def test_the_python_of_the_containers_is_one_that_the_pins_suit():
    suits = re.search(r"\((3, \d+)\) <= .* <= \((3, \d+)\)", (ROOT / "Makefile").read_text())
    least, most = (int(version.split(", ")[1]) for version in suits.groups())
    for name in ("Dockerfile", "imfmap.def"):
        minor = int(re.search(r"python:3\.(\d+)-", (FOLDER / name).read_text())[1])
        assert least <= minor <= most
