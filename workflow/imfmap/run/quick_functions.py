"""Quicker functions in the place of some of Snakemake's own. `snakemake_speed` puts them there, and says when.

Most of them take Snakemake's function, and call it where they do not know the answer.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from string import Formatter
from typing import Any


class ListedIfNeeded(Sequence):
    """A list that is made when it is first looked at."""

    def __init__(self, make: Callable[[], Sequence]):
        self._make = make

    @cached_property
    def _made(self):
        return self._make()

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, index: int) -> Any:
        return self._made[index]


def remaining_jobs(jobs: Callable) -> Callable:
    """List the jobs that are left only if a scheduler looks at them."""

    def remaining_jobs(scheduler):
        return ListedIfNeeded(lambda: jobs(scheduler))

    return remaining_jobs


def match_producers(find: Callable) -> Callable:
    """Keep which rules can make a file: many jobs ask for one file."""

    def match_producers(index, file):
        kept = vars(index).setdefault("_imfmap_kept", {})
        path = str(file)
        if path not in kept:
            kept[path] = find(index, path)
        return kept[path]

    return match_producers


def process_job(check: Callable) -> Callable:
    """Look for the script of a rule once, if the jobs of the rule have the same."""

    def process_job(processor, job):
        checked = vars(processor).setdefault("_imfmap_checked", set())
        if job.rule not in checked:
            check(processor, job)
            if "{" not in str(getattr(job.rule, processor.script_type)):
                checked.add(job.rule)

    return process_job


def ready(dag: Any, job: Any) -> bool:
    """Whether all that a job, or its group, waits for is there. All jobs of a group have the same object as group."""
    group_of, waits_for = dag._group, dag._n_until_ready
    group = group_of.get(job)
    if group is None:
        return waits_for[job] == 0
    return all(
        waits_for[member] == sum(group_of.get(other) is group for other in dag._dependencies[member])
        for member in group
    )


@lru_cache(maxsize=4096)
def _pieces_of(pattern: str) -> tuple[list[str], list[str]]:
    """Return the texts around the wildcards of a pattern, and the names of the wildcards."""
    from snakemake.io import WILDCARD_REGEX

    texts, names, last = [], [], 0
    for wildcard in WILDCARD_REGEX.finditer(pattern):
        texts.append(pattern[last : wildcard.start()])
        names.append(wildcard["name"])
        last = wildcard.end()
    return [*texts, pattern[last:]], names


def apply_wildcards(pattern: str, wildcards: Mapping[str, Any]) -> str:
    """Return a pattern with values for its wildcards, as Snakemake's function of this name does.

    That one goes through the whole pattern each time, and the pattern of a target holds the names of all targets.
    """
    from snakemake.exceptions import WildcardError

    if "{" not in pattern:
        return str(pattern)
    (first, *texts), names = _pieces_of(str(pattern))
    try:
        return first + "".join(f"{wildcards[name]}{text}" for name, text in zip(names, texts, strict=True))
    except KeyError as missing:
        raise WildcardError(str(missing)) from None


def is_flagged(ask: Callable) -> Callable:
    """Answer by the class of a value, without a look at its abstract classes: a plan asks 200 times for each job."""
    from snakemake.io import AnnotatedString, _IOFile

    annotated = {AnnotatedString, _IOFile}

    def is_flagged(value, flag):
        kind = type(value)
        if kind in annotated:
            return bool(value.flags.get(flag))
        return kind is not str and ask(value, flag)

    return is_flagged


def named_list(make: Callable) -> Callable:
    """Make a list of named items, or one without items, at once: a plan makes some fifteen for each job."""
    from snakemake.iocontainers import AttributeGuard

    guards = {name: AttributeGuard(name) for name in ("index", "sort")}

    @lru_cache(maxsize=4096)
    def is_taken(kind, name):
        return name not in guards and hasattr(kind, name)

    def __init__(self, toclone=None, fromdict=None, plainstr=False, strip_constraints=False, custom_map=None):
        items = fromdict or {}
        if toclone is not None or any(is_taken(type(self), name) for name in items):
            make(self, toclone, fromdict, plainstr, strip_constraints, custom_map)
            return
        list.__init__(self, items.values())
        names = {name: (place, None) for place, name in enumerate(items)}
        vars(self).update(guards, _names=names, _allowed_overrides=list(guards))
        vars(self).update(items)

    return __init__


def same_for_all_jobs(evaluator: Callable) -> Callable:
    """Mark a function that gives a resource: it looks at the attempt of a job, and at nothing else of it."""
    evaluator.same_for_all_jobs = True
    return evaluator


def expand_resources(expand: Callable) -> Callable:
    """Keep the resources of a rule, if they are the same for all of its jobs at the same attempt."""

    from snakemake.iocontainers import ResourceList

    def is_known(resource):
        # The folder for temporary files, which each rule has, is an expression of Snakemake's.
        evaluator = resource._evaluator
        return evaluator is None or hasattr(evaluator, "same_for_all_jobs") or resource.raw == "system_tmpdir"

    def expand_resources(rule, wildcards, input, attempt, skip_evaluation=None):
        kept = vars(rule).setdefault("_imfmap_resources", {})
        key = attempt, frozenset(skip_evaluation or ())
        if key not in kept:
            expanded = expand(rule, wildcards, input, attempt, skip_evaluation)
            if not all(map(is_known, rule.resources.values())):
                return expanded
            kept[key] = dict(expanded.items())
        # Each job has a list of its own: it may get further resources.
        return ResourceList(fromdict=kept[key])

    return expand_resources


def format_wildcards(fill: Callable) -> Callable:
    """Fill a text that names only wildcards without all other names of the Snakefile, and without parameters."""
    from snakemake.utils import format

    def format_wildcards(job, text, **variables):
        if not variables and _names_only_wildcards(text):
            try:
                return format(text, wildcards=job._format_wildcards)
            except Exception:  # noqa: S110 (Snakemake's function tells the error)
                pass
        return fill(job, text, **variables)

    return format_wildcards


@lru_cache(maxsize=4096)
def _names_only_wildcards(text):
    fields = [(name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None]
    return all(name.startswith("wildcards.") and not spec for name, spec in fields)


def is_valid(job: Any) -> None:
    """Check that a job has a log file and a benchmark file. Snakemake makes their names anew, for the check alone."""
    _ = job.benchmark, job.log


def check_groups(check: Callable) -> Callable:
    """Check each group of jobs once, not once for each of its jobs."""

    def check_groups(dag):
        groups = dag._group
        dag._group = {group: group for group in groups.values()}
        try:
            check(dag)
        finally:
            dag._group = groups

    return check_groups


def check_directory_outputs(check: Callable) -> Callable:
    """Compare outputs with each other only if one lies in a folder that another job makes."""

    def check_directory_outputs(dag):
        made_by, folders = {}, {}
        for job in dag.jobs:
            for path in map(os.path.abspath, job.output):
                made_by.setdefault(path, set()).add(job)
                folders.setdefault(os.path.dirname(path), set()).add(job)
        for folder, jobs in folders.items():
            parent = None
            while folder != parent:
                if len(made_by.get(folder, jobs) | jobs) > 1 and folder in made_by:
                    check(dag)
                    return
                folder, parent = os.path.dirname(folder), folder

    return check_directory_outputs


def expand_input(expand: Callable) -> Callable:
    """Make the inputs of a job without a look at prefixes of paths, if the rule's paths have none.

    Otherwise Snakemake makes each path twice, one around the other, and compares them again and again.
    """

    def expand_input(rule, wildcards, groupid=None):
        modifier = rule.input_modifier
        if modifier is None or rule.workflow.storage_settings.default_storage_provider is not None:
            return expand(rule, wildcards, groupid)
        if modifier.prefix or modifier.inner_modifier is not None or modifier._prefix_replacements is not None:
            return expand(rule, wildcards, groupid)
        rule.input_modifier = None
        try:
            return expand(rule, wildcards, groupid)
        finally:
            rule.input_modifier = modifier

    return expand_input


def path_of_job(make: Callable) -> Callable:
    """Make a path of a job from the pattern of its rule in one step, if it has nothing else to be replaced."""
    from snakemake.io import AnnotatedString, _IOFile, apply_wildcards

    def path_of_job(pattern, wildcards):
        if pattern._is_callable or pattern.is_storage:
            return make(pattern, wildcards)
        text = apply_wildcards(pattern._file, wildcards)
        if "<" in text or text.endswith("/"):
            return make(pattern, wildcards)
        path = str.__new__(_IOFile, text)
        path._file = AnnotatedString(text)
        path._file.flags = dict(pattern.flags)
        path._is_callable, path.rule, path._regex, path._wildcard_constraints = False, pattern.rule, None, None
        return path

    return path_of_job


def update_ready(dag: Any, jobs: Iterable[Any] | None = None) -> bool:
    """Note which of some jobs can begin, and return whether there is one. A group is looked at once."""
    found = False
    for job in dag.needrun_jobs() if jobs is None else jobs:
        if job in dag._ready_jobs or job in dag._running:
            continue
        group = None if job.group is None else dag._group[job]
        if group is not None and group in dag._ready_jobs:
            continue
        if not dag.finished(job) and dag._ready(job) and not job.has_unfinished_queue_input():
            found = True
            if group is None or group not in dag._running:
                dag._ready_jobs.add(job if group is None else group)
    return found


def select_jobs(select: Callable) -> Callable:
    """Select the same jobs in one pass: what is free only becomes less, so a job that does not fit never fits later.

    For each job that it selects, Snakemake looks at all others again.
    """

    def select_jobs(scheduler, selectable_jobs, remaining_jobs, available_resources, input_sizes):
        if scheduler.settings.greediness != 1:
            return select(scheduler, selectable_jobs, remaining_jobs, available_resources, input_sizes)
        jobs, free = list(selectable_jobs), list(available_resources.values())
        needs = [scheduler.job_weight(job, available_resources) for job in jobs]

        def fits(place):
            return all(need <= most for need, most in zip(needs[place], free, strict=True) if need)

        chosen = []
        fitting = filter(fits, range(len(jobs)))
        for place in sorted(fitting, key=lambda place: scheduler.job_reward(jobs[place], input_sizes), reverse=True):
            if fits(place):
                free = [most - need for need, most in zip(needs[place], free, strict=True)]
                chosen.append(place)
        return [jobs[place] for place in sorted(chosen)]

    return select_jobs
