"""Two cases that Snakemake's Slurm plugin does not handle: a cluster that forgets jobs, and jobs of a dead run."""

import argparse
import re
import shutil
import subprocess
from pathlib import Path

from ..core.errors import InputError

# The plugin (2.6.1, check_active_jobs) asks for the state of its jobs less and less often, at least every 180 s.
LONGEST_SILENCE_S = 200
# The names of a run's jobs begin with this (profiles/slurm).
JOB_NAME = "imfmap_"


def uses_slurm(command: argparse.Namespace) -> bool:
    """Whether a command line of Snakemake sends jobs to Slurm."""
    return command.executor == "slurm" or any(Path(profile).name == "slurm" for profile in command.profile or ())


def check_memory() -> None:
    """Refuse a cluster that forgets its jobs before Snakemake asks how they ended, and that has no accounting.

    Raises
    ------
    InputError
        If Snakemake would wait for ever.
    """
    settings = _stdout_of("scontrol", "show", "config")
    age = re.search(r"^MinJobAge\s*=\s*(\d+)", settings, re.MULTILINE)
    if age and int(age[1]) < LONGEST_SILENCE_S and re.search(r"accounting_storage/none", settings):
        raise InputError(
            "Slurm (scontrol show config)",
            f"has no accounting, and forgets a job {age[1]} s after its end (MinJobAge): Snakemake would wait for ever",
            "ask the administrators for accounting, or for MinJobAge=300",
        )


def cancel_jobs_of(folder: str | Path) -> None:
    """Cancel the jobs that a dead run in a folder left in Slurm's queue."""
    jobs = [line.split("|") for line in _stdout_of("squeue", "--me", "--noheader", "--format=%A|%j|%Z").splitlines()]
    left = [number for number, name, where in jobs if name.startswith(JOB_NAME) and where == str(folder)]
    if left:
        _stdout_of("scancel", *left)


def _stdout_of(*command):
    """Return the output of a Slurm command; empty if there is no Slurm, or if it does not answer."""
    if not shutil.which(command[0]):
        return ""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
