"""What a dry run (`snakemake -n`) says of the cost of its run."""

from typing import Any

from ...core.errors import InputError


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
        return in_words(costs_of(steps_of(workflow), dict(workflow.config), list_made=False))
    except (InputError, KeyError, TypeError, ValueError) as error:
        # An estimate stops no run: a job that reads the same broken file reports it.
        return [f"The cost of this run is not known ({error})."]
