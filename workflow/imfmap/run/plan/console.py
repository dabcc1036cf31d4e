"""What a dry run (`snakemake -n`) says of the cost of its run."""

import sys
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ..snakemake_internals import has_nothing_to_do
from ..summary import ending


def cost_in_words(workflow: Any) -> list[str]:
    """Return what a planned workflow costs, in lines for a person; as `in_words.in_words`.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        After Snakemake has planned its jobs.
    """
    # Here: each job of a run reads the Snakefile, and none of them needs these.
    from .dry_run import steps_of
    from .in_words import in_words
    from .report import costs_of

    try:
        return in_words(costs_of(steps_of(workflow, reasons=False), dict(workflow.config), list_made=False))
    except (InputError, KeyError, TypeError, ValueError) as error:
        # An estimate stops no run: a job that reads the same broken file reports it.
        return [f"The cost of this run is not known ({error})."]


def tell_the_plan(workflow: Any, run: str | Path, started: float, dry_run: bool) -> None:
    """Say what a dry run would cost, and what there is if a run finds nothing to do.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        After Snakemake has planned its jobs.
    run, started
        As for `summary.ending`.
    dry_run : bool
        Whether this is a dry run.
    """
    if dry_run:
        print("", *cost_in_words(workflow), sep="\n", file=sys.stderr)
    elif has_nothing_to_do(workflow):
        print(*ending(run, started), sep="\n")
