"""Runs of the workflow in a folder of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def run_snakemake(folder, configfile, *arguments, check=True):
    """Run Snakemake in `folder` with a configuration, some put over each other, or ([]) that of the folder.

    Returns the text of all it said, or with `check=False` (exit status, text).
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    files = configfile if isinstance(configfile, list) else [configfile]
    command += ["--configfile", *map(str, files)] if files else []
    command += ["--cores", "2", *arguments]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    said = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    text = said.stdout + said.stderr
    if check:
        assert said.returncode == 0, text[-6000:]
        return text
    return said.returncode, text


@pytest.fixture(scope="session")
def mini_config():
    """dict: the smallest run that goes through every step."""
    return yaml.safe_load((Path(__file__).parent / "mini.yaml").read_text())


def write_config(path, config):
    """Write a configuration; its path."""
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path
