"""What a run would do and why: asked of Snakemake itself, with the command line that the run would have."""

import ast
import sys
from pathlib import Path

from snakemake import cli


class _Watched(cli.SnakemakeApi):
    """Snakemake's interface, which tells at its end what it found."""

    steps = None

    def _cleanup(self):
        workflow = self._workflow_api and self._workflow_api._workflow_store
        if workflow is not None and workflow.dag is not None:
            _Watched.steps, _Watched.config = _steps(workflow), workflow.config
            _Watched.configfiles = [str(path) for path in workflow.configfiles]
        super()._cleanup()


def dry_run(arguments):
    """Steps of a run, made or not, without making any.

    Parameters
    ----------
    arguments : list of str
        Of the ``snakemake`` command: targets, ``--configfile``, ``--config``, and so on. Profiles are read as ever.

    Returns
    -------
    steps : list of dict
        ``rule``, ``wildcards``, ``inputs``, ``outputs``, ``run`` (whether it would), ``why``: (kind, text) of each
        reason; kinds are missing, input, parameter, code, environment, forced, incomplete.
    config : dict
        The completed configuration.
    configfiles : list of str

    Raises
    ------
    SystemExit
        Where Snakemake would not start; it has said why.
    """
    _Watched.steps = None
    command = [*arguments, "--dry-run"]
    before, cli.SnakemakeApi = (cli.SnakemakeApi, sys.argv), _Watched
    # The workflow looks there, to refuse names that stand for nothing.
    sys.argv = ["snakemake", *command]
    try:
        cli.main(command)
    except SystemExit as ended:
        if ended.code or _Watched.steps is None:
            raise
    finally:
        cli.SnakemakeApi, sys.argv = before
    return _Watched.steps, dict(_Watched.config), _Watched.configfiles


def _steps(workflow):
    dag = workflow.dag
    made_by = {path: job for job in dag.jobs for path in job.output}
    return [
        {
            "rule": job.rule.name,
            "wildcards": dict(job.wildcards_dict),
            "inputs": [str(path) for path in job.input],
            "outputs": [str(path) for path in job.output],
            "benchmark": str(job.benchmark) if job.benchmark else None,
            "run": dag.needrun(job),
            "why": _why(dag.reason(job), job, made_by, workflow.persistence) if dag.needrun(job) else [],
        }
        for level in dag.toposorted()
        for job in sorted(level, key=lambda job: (job.rule.name, *map(str, job.output)))
        if job.output
    ]


def _why(reason, job, made_by, persistence):
    """Kind and text of each reason for a job."""
    found = []
    if reason.forced:
        found.append(("forced", "asked for"))
    if reason.missing_output:
        found.append(("missing", f"{_named(reason.missing_output)} {_is(reason.missing_output)} not there"))
    if reason.incomplete_output:
        found.append(
            ("incomplete", f"{_named(reason.incomplete_output)} {_was(reason.incomplete_output)} left half made")
        )
    changed = reason.updated_input - reason.updated_input_run
    if changed:
        found.append(("input", f"{_named(changed)} {'has' if len(changed) == 1 else 'have'} changed"))
    if reason.updated_input_run:
        rules = sorted({made_by[path].rule.name for path in reason.updated_input_run if path in made_by})
        found.append(
            (
                "input",
                f"{_named(reason.updated_input_run)} {_is(reason.updated_input_run)} made anew by {', '.join(rules)}",
            )
        )
    if reason.input_changed:
        found.append(("input", "it had other input files"))
    # Snakemake does not look at parameters where inputs are reason enough.
    found.extend(_changes(reason.params_changed or persistence.params_changed(job), job, persistence))
    if reason.code_changed:
        found.append(("code", "its script has changed"))
    if reason.software_stack_changed:
        found.append(("environment", "its software environment has changed"))
    return found or [("forced", str(reason) or "asked for")]


def _is(paths):
    return "is" if len(paths) == 1 else "are"


def _was(paths):
    return "was" if len(paths) == 1 else "were"


def _named(paths, most=2):
    names = sorted(map(str, paths))
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _changes(change, job, persistence):
    """What changed among a job's parameters, as far as the values tell."""
    named = {persistence._serialize_param(value): name for name, value in job.params.items()}
    old = {text: _value(text) for text in change.only_old}
    for text in sorted(change.only_new, key=str):
        name = named.get(text, "a parameter")
        if name == "code":
            yield "code", "the code that it runs has changed"
            # A digest is not worth showing; it is the one that looks like another.
            old = {key: value for key, value in old.items() if not _is_digest(value)}
            continue
        value = _value(text)
        shared = {
            key: len(set(was) & set(value))
            for key, was in old.items()
            if isinstance(was, dict) and isinstance(value, dict)
        }
        likely = max(shared, key=shared.get, default=None)
        if likely is not None and shared[likely]:
            yield from (("parameter", line) for line in _differences(old.pop(likely), value, name))
        else:
            yield "parameter", f"{name} is now {_short(value)}"
    for value in old.values():
        if not _is_digest(value):
            yield "parameter", f"no longer {_short(value)}"


def _differences(old, new, name):
    for key in sorted(set(old) | set(new), key=str):
        if old.get(key) != new.get(key):
            if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
                yield from _differences(old[key], new[key], f"{name}.{key}")
            else:
                yield f"{name}.{key}: {_short(old.get(key))} to {_short(new.get(key))}"


def _value(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _is_digest(value):
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


def _short(value, most=60):
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def run_folder(config):
    """Path: where a configuration's run lies."""
    return Path("results") / config["run"]["name"]
