"""All uses of Snakemake's internal names, which may change without notice. (`snakemake_speed` replaces some.)

The rest of the workflow uses Snakemake as its manual describes it. If an update of Snakemake removes an internal name,
tests/unit/run/test_snakemake_internals.py says which one, and which of these functions uses it.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any


def command_line() -> Any:
    """Return the command line as Snakemake reads it, without its profiles.

    Returns
    -------
    argparse.Namespace or None
        None if Snakemake was started by a program, without a command line.
    """
    if Path(sys.argv[0]).name not in ("snakemake", "__main__.py"):
        return None
    from snakemake.cli import get_argument_parser  # here: tests and scripts import this library without Snakemake

    return get_argument_parser().parse_known_args()[0]


def is_first_process(workflow: Any) -> bool:
    """Whether this process is the run itself, not one of its jobs. (Each job reads the Snakefile again.)"""
    return workflow.is_main_process


def config_files(workflow: Any) -> list[str]:
    """Return the configuration files read so far: those of the command line, else those of the Snakefile."""
    return [str(path) for path in workflow.configfiles]


def limit_resource(workflow: Any, name: str, most: int) -> None:
    """Set the limit of a resource for the whole run, unless the user has set one (``--resources``)."""
    if name not in workflow.global_resources:
        workflow.register_resource(name, most)


def uses_conda(workflow: Any) -> bool:
    """Whether the jobs run in conda environments that Snakemake makes."""
    methods = workflow.deployment_settings.deployment_method if workflow.deployment_settings else ()
    return any(method.name == "CONDA" for method in methods)


def accept_future_inputs() -> None:
    """Let a job end well although an input has a time in the future. Call this in every process of a run.

    Snakemake would delete the job's outputs, since they are older than the input and would be made again by the next
    run. That is not so here: checksums of any size are compared (profiles/default), and no input is a folder.
    """
    from snakemake.dag import DAG

    async def accept(dag, job, outputs):
        return None

    DAG.check_output_mtime = accept


def tell_errors_in_one_line() -> None:
    """Show a `WorkflowError` of an input function as its message alone. Call this while the Snakefile is read.

    Snakemake would add the wildcards and a traceback. Errors of other kinds keep them: they are faults of the workflow.
    """
    from snakemake.exceptions import InputFunctionException, WorkflowError

    explain = InputFunctionException.__init__

    def tell(exception, message, wildcards=None, **place):
        if isinstance(message, WorkflowError):
            WorkflowError.__init__(exception, str(message), **place)
        else:
            explain(exception, message, wildcards=wildcards, **place)

    InputFunctionException.__init__ = tell


def askable_rules(workflow: Any) -> list[str]:
    """Return the names of the rules that a user can ask for: those without wildcards."""
    return [rule.name for rule in workflow.rules if not rule.has_wildcards()]


def describe_rules(workflow: Any, descriptions: Mapping[str, str]) -> None:
    """Give each rule the line that ``snakemake --list`` shows beside its name.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    descriptions : mapping of str to str
        Lines by the name of the rule. A rule that has none gets the message of its jobs.
    """
    for rule in workflow.rules:
        said = descriptions.get(rule.name) or rule.message
        rule.docstring = said and re.sub(r"\{wildcards\.(\w+)\}", r"<\1>", said)


def path_on_disk(workflow: Any) -> Callable[[str], str]:
    """Return a function that turns a path of a rule into the path on disk, for code that reads a file itself.

    They differ if another workflow uses this one as a module with a ``prefix``. Call this while the Snakefile is read.
    """
    modifier = workflow.modifier.path_modifier
    return lambda path: str(modifier.modify(path))


def watch_dry_run(command: list[str], read: Callable[[Any], Any]) -> Any:
    """Make a dry run as the ``snakemake`` command does, and read its result before Snakemake discards it.

    Parameters
    ----------
    command : list of str
        Arguments of the ``snakemake`` command.
    read : callable
        Called with Snakemake's workflow.

    Returns
    -------
    What `read` returned.

    Raises
    ------
    SystemExit
        If Snakemake did not start. It has said why.
    """
    from snakemake import cli

    results = []

    class Watched(cli.SnakemakeApi):
        def _cleanup(self):
            if (workflow := _planned(self)) is not None:
                results.append(read(workflow))
            super()._cleanup()

    before, cli.SnakemakeApi = (cli.SnakemakeApi, sys.argv), Watched
    # The workflow reads its command line there.
    sys.argv = ["snakemake", *command]
    try:
        cli.main(command)
    except SystemExit as ended:
        if ended.code or not results:
            raise
    finally:
        cli.SnakemakeApi, sys.argv = before
    return results[0]


def at_the_end(tell: Callable[[Any], None]) -> None:
    """Call a function with Snakemake's workflow when all is done, or when a dry run has told what it would do.

    Nothing is called if Snakemake did not come to plan its jobs, or if a program watches it itself (`watch_dry_run`).
    """
    from snakemake import api, cli

    if cli.SnakemakeApi is not api.SnakemakeApi:
        return
    clean_up = api.SnakemakeApi._cleanup

    def tell_and_clean_up(snakemake_api):
        if (workflow := _planned(snakemake_api)) is not None:
            tell(workflow)
        clean_up(snakemake_api)

    api.SnakemakeApi._cleanup = tell_and_clean_up


def _planned(snakemake_api):
    """Return the workflow of Snakemake's API object; None if its jobs were not planned."""
    workflow = snakemake_api._workflow_api and snakemake_api._workflow_api._workflow_store
    return workflow if workflow is not None and workflow.dag is not None else None


def say_one_line_a_job() -> None:
    """Let the console (and Snakemake's log) have one line for each job that begins, with the steps done so far.

    Snakemake's own are seven, with empty ones.
    """
    from snakemake import logging
    from snakemake_interface_logger_plugins.common import LogEvent

    counted = {"done": 0, "total": None}
    keeps = logging.DefaultFilter.filter

    def keep(self, record):
        event = logging.get_event(record)
        if event == LogEvent.PROGRESS:
            counted.update(done=record.done, total=record.total)
        elif event == LogEvent.RUN_INFO and record.stats:
            counted.update(total=record.stats.get("total"))
        needless = event in (LogEvent.JOB_STARTED, LogEvent.PROGRESS, LogEvent.JOB_FINISHED)
        return not needless and record.msg != "Select jobs to execute..." and keeps(self, record)

    def line(self, job):
        said = job["rule_msg"] or "All that was asked for is there"
        done = f"{counted['done']} of {counted['total']} done"
        return f"[{time.strftime('%H:%M:%S')}] {done}. {said} (Rule: {job['rule_name']})"

    logging.DefaultFilter.filter, logging.DefaultFormatter.format_job_info = keep, line


def has_nothing_to_do(workflow: Any) -> bool:
    """Whether a planned workflow found nothing to run. (Snakemake calls none of its hooks then.)"""
    return len(workflow.dag) == 0


def jobs_of(workflow: Any, reasons: bool = True) -> Iterator[dict]:
    """Yield what a planned workflow knows about each job that makes a file, in the order of the work.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    reasons : bool
        Whether to find out why each job would run. Snakemake reads its record for that.

    Yields
    ------
    dict
        ``rule``, ``wildcards``, ``inputs``, ``outputs``, ``benchmark`` (path or None), ``resources``, ``run`` (whether
        the job would run). If it would, with `reasons`: ``reason`` (Snakemake's), ``params`` (serialised value: name)
        and ``params_change`` (Snakemake's sets ``only_old`` and ``only_new`` of serialised values).
    """
    dag, persistence = workflow.dag, workflow.persistence
    for level in dag.toposorted():
        for job in sorted(level, key=lambda job: (job.rule.name, *map(str, job.output))):
            if not job.output:
                continue
            known = {
                "rule": job.rule.name,
                "wildcards": dict(job.wildcards_dict),
                "inputs": [str(path) for path in job.input],
                "outputs": [str(path) for path in job.output],
                "benchmark": str(job.benchmark) if job.benchmark else None,
                "resources": dict(job.resources.items()),
                "run": dag.needrun(job),
            }
            if known["run"] and reasons:
                reason = dag.reason(job)
                known["reason"] = reason
                # Snakemake does not look at parameters if the inputs are reason enough.
                known["params_change"] = reason.params_changed or persistence.params_changed(job)
                known["params"] = {persistence._serialize_param(value): name for name, value in job.params.items()}
            yield known
