"""What the user asked for on Snakemake's command line."""

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

from ..core.errors import InputError
from ..core.machine_faults import told
from ..core.processes import RUN_VARIABLE
from ..core.temporary import remove_leftovers
from ..core.texts import did_you_mean
from ..core.yamlfiles import read_yaml
from . import lock, slurm

# Options that only look: such a command and a run do not disturb each other.
_LOOKING = (
    "dryrun",
    "lint",
    "list_rules",
    "list_target_rules",
    "list_changes",
    "list_untracked",
    "summary",
    "detailed_summary",
    "print_compilation",
    "report",
    "dag",
    "rulegraph",
    "filegraph",
    "d3dag",
)


def makes_something(command: argparse.Namespace) -> bool:
    """Whether a command line runs jobs or changes stored files. (Other commands only look.)"""
    return not any(getattr(command, option, None) for option in _LOOKING)


def check_names(
    names: Iterable[str], targets: Iterable[str], others: Iterable[str], where: str, configs: Iterable[str | Path] = ()
) -> None:
    """Refuse the name of a target or rule that does not exist.

    Parameters
    ----------
    names : iterable of str
        What the user asked for: names of targets, of rules, or files (with a slash or a dot, or that exist).
    targets, others : iterable of str
        Names of the configuration's targets, and of the other rules that a user can ask for.
    where : str
        File of the configuration.
    configs : iterable of str or Path
        Other configurations, which may have the target.

    Raises
    ------
    InputError
        The line names the configuration that has the target, or the nearest names.
    """
    targets, others = list(targets), list(others)
    for name in names:
        if name in targets or name in others or "/" in name or "." in name or Path(name).exists():
            continue
        elsewhere = [str(path) for path in configs if name in _targets_of(path)]
        if elsewhere:
            raise InputError(
                name, f"is no target of {where}, but of {elsewhere[0]}", f"add --configfile {elsewhere[0]}"
            )
        meant = did_you_mean(name, [*targets, *others])
        raise InputError(name, f"is no target of {where}", f"{meant}snakemake --list-target-rules shows all names")


def _targets_of(path: str | Path) -> Iterable[str]:
    """Names of the targets of a configuration that nobody asked for: it may be broken, or not ours."""
    try:
        read = read_yaml(path)
    except InputError:
        return ()
    targets = read.get("targets") if isinstance(read, dict) else None
    return targets if isinstance(targets, dict) else ()


def begin_run(command: argparse.Namespace, results: str | Path) -> None:
    """Lock the working directory for a run, and clean up after a run that was killed.

    A command that only looks changes nothing.

    Parameters
    ----------
    command : argparse.Namespace
        The command line.
    results : str or Path
        Folder of the run.

    Raises
    ------
    InputError
        If another run is at work in the directory, the directory cannot be written, or the cluster would make
        Snakemake wait for ever.
    """
    if makes_something(command) and not command.nolock:
        if slurm.uses_slurm(command):
            slurm.check_memory()
        with told(Path.cwd()):
            dead = lock.take(unlock=command.unlock)
            remove_leftovers(results, [dead] if dead else [])


def end_run(results: str | Path) -> None:
    """Remove what killed jobs of this run, which has ended, left in its results."""
    run = os.environ.get(RUN_VARIABLE)
    remove_leftovers(results, [run] if run else [])
