"""What the user asked for on Snakemake's command line."""

import difflib
from pathlib import Path

from ..core.errors import InputError
from . import lock, slurm

# Options that only look. Such a command may run beside a run, and a run beside it.
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


def makes_something(asked):
    """Whether a command line (argparse.Namespace) runs jobs or changes stored files, and does not only look."""
    return not any(getattr(asked, option, None) for option in _LOOKING)


def check_names(names, targets, others, where):
    """Refuse the name of a target or rule that does not exist.

    Parameters
    ----------
    names : iterable of str
        What the user asked for: names of targets, of rules, or files (with a slash or a dot, or that exist).
    targets, others : iterable of str
        Names of the configuration's targets, and of the other rules that a user can ask for.
    where : str
        File of the configuration.

    Raises
    ------
    InputError
        The line lists all names that exist.
    """
    targets, others = list(targets), list(others)
    for name in names:
        if name in targets or name in others or "/" in name or "." in name or Path(name).exists():
            continue
        near = difflib.get_close_matches(name, [*targets, *others], n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise InputError(name, f"no target of {where}", f"{meant}targets: {', '.join(targets)}; or {', '.join(others)}")


def begin_run(asked, results):
    """Take the working directory for a run, and clean up after a run that was killed. A mere look changes nothing.

    Parameters
    ----------
    asked : argparse.Namespace
        The command line.
    results : str or Path
        Folder of the run.

    Raises
    ------
    InputError
        If another run is at work in the directory, or the cluster would make Snakemake wait for ever.
    """
    if makes_something(asked) and not asked.nolock:
        if slurm.uses_slurm(asked):
            slurm.check_memory()
        lock.take(unlock=asked.unlock)
        lock.remove_parts(results)
