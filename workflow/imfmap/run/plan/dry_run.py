"""What a run would do and why, from a dry run of Snakemake with the command line of the run."""

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..snakemake_internals import config_files, jobs_of, watch_dry_run

# Stands for the images of a search that has not run yet, so that a dry run lists every step nevertheless.
SEARCHED = "NOT_SEARCHED_YET"


def dry_run(arguments: Sequence[str]) -> tuple[list[dict], dict, list[str]]:
    """Return the steps of a run, done or still to do, without running any.

    Parameters
    ----------
    arguments : sequence of str
        Arguments of the ``snakemake`` command: targets, ``--configfile``, ``--config``, and so on. Snakemake reads its
        profiles as usual.

    Returns
    -------
    steps : list of dict
        ``rule``, ``wildcards``, ``inputs``, ``outputs``, ``benchmark``, ``run`` (whether the step would run), ``why``:
        kind and text of each reason. Kinds are missing, input, parameter, code, environment, forced, incomplete.
    config : dict
        The completed configuration.
    configfiles : list of str
        Configuration files.

    Raises
    ------
    SystemExit
        If Snakemake did not start. It has said why.
    """
    return watch_dry_run(
        [*arguments, "--dry-run"],
        lambda workflow: (steps_of(workflow), dict(workflow.config), config_files(workflow)),
    )


def steps_of(workflow: Any, reasons: bool = True) -> list[dict]:
    """Return the steps of a workflow that Snakemake has planned, as `dry_run` does; ``why`` only with `reasons`."""
    jobs = list(jobs_of(workflow, reasons))
    made_by = {path: job["rule"] for job in jobs for path in job["outputs"]}
    keys = ("rule", "wildcards", "inputs", "outputs", "benchmark", "run")
    return [{**{key: job[key] for key in keys}, "why": _why(job, made_by) if "reason" in job else []} for job in jobs]


def _why(job, made_by):
    """Return kind and text of each reason for a job."""
    reason, reasons = job["reason"], []
    if reason.forced:
        reasons.append(("forced", "asked for"))
    if reason.missing_output:
        missing = reason.missing_output
        reasons.append(("missing", f"{_listed(missing)} {_is_or_are(missing)} not there"))
    if reason.incomplete_output:
        half = reason.incomplete_output
        reasons.append(("incomplete", f"{_listed(half)} {_is_or_are(half)} incomplete"))
    changed = reason.updated_input - reason.updated_input_run
    if changed:
        reasons.append(("input", f"{_listed(changed)} {'has' if len(changed) == 1 else 'have'} changed"))
    if reason.updated_input_run:
        remade = reason.updated_input_run
        rules = sorted({made_by[path] for path in map(str, remade) if path in made_by})
        reasons.append(("input", f"{_listed(remade)} {_is_or_are(remade)} made again by {', '.join(rules)}"))
    if reason.input_changed:
        reasons.append(("input", "its list of input files has changed"))
    reasons.extend(_changes(job["params_change"], job["params"]))
    if reason.code_changed:
        reasons.append(("code", "its script has changed"))
    if reason.software_stack_changed:
        reasons.append(("environment", "its software environment has changed"))
    return reasons or [("forced", str(reason) or "asked for")]


def _is_or_are(paths):
    return "is" if len(paths) == 1 else "are"


def _listed(paths, most=2):
    names = sorted(map(str, paths))
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _changes(change, names):
    """Yield kind and text of each change of a job's parameters, as far as the values show it.

    Parameters
    ----------
    change : snakemake.persistence.ParamsChange
    names : dict
        Name of each parameter by its serialised value.
    """
    old = {text: _value(text) for text in change.only_old}
    for text in sorted(change.only_new, key=str):
        name = names.get(text, "a parameter")
        if name == "code":
            yield "code", "the code that it runs has changed"
            # A digest is of no use to a reader. The old digest is the value that looks like one.
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


def run_folder(config: dict) -> Path:
    """Return the folder of a configuration's run."""
    return Path("results") / config["run"]["name"]
