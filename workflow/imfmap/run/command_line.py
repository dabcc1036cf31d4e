"""What Snakemake was asked for on its command line."""

import difflib
import sys
from pathlib import Path

from ..core.errors import InputError

# Options that only look: they hinder no run that is at work, and none hinders them.
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


def command_line():
    """The command line, as Snakemake reads it, without its profiles.

    Returns
    -------
    argparse.Namespace or None
        None where Snakemake was not started from a command line but by a program.
    """
    if Path(sys.argv[0]).name not in ("snakemake", "__main__.py"):
        return None
    from snakemake.cli import get_argument_parser  # here: the ground floor is imported without Snakemake, too

    return get_argument_parser().parse_known_args()[0]


def makes_something(asked):
    """Whether a command line (argparse.Namespace) runs jobs or changes what is kept, and is no mere look."""
    return not any(getattr(asked, option, None) for option in _LOOKING)


def check_names(names, targets, others, where):
    """Refuse a name that stands for nothing.

    Parameters
    ----------
    names : iterable of str
        What was asked for: names of rules, or files (which hold a slash or a dot, or exist).
    targets, others : iterable of str
        Names of the config's targets, and of all else that can be asked for.
    where : str
        The config that they stand in.

    Raises
    ------
    InputError
        Names all that could have been asked for.
    """
    targets, others = list(targets), list(others)
    for name in names:
        if name in targets or name in others or "/" in name or "." in name or Path(name).exists():
            continue
        near = difflib.get_close_matches(name, [*targets, *others], n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise InputError(name, f"no target of {where}", f"{meant}targets: {', '.join(targets)}; or {', '.join(others)}")
