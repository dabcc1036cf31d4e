"""Quicker functions answer as Snakemake's own do."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake import api, dag, io, iocontainers, jobs
from snakemake.exceptions import ChildIOException, WildcardError
from snakemake.scheduling import greedy

from imfmap.run import quick_functions
from tests.helpers.generated import examples

assert api  # it is imported first: Snakemake's modules import each other in a circle
# Texts and wildcards of few letters, so that they often fit each other by chance.
PATTERNS = st.lists(
    st.text("ab/.", max_size=3)
    | st.sampled_from(["{x}", "{y}", "{x,a+}", "{y,[ab]*}", "{x,a|b.|ab}", "{y,(?!a)[^/]+}"]),
    min_size=1,
    max_size=5,
).map("".join)


def test_a_script_is_looked_for_once_for_all_jobs_of_a_rule():
    class Rule:
        def __init__(self, script):
            self.script = script

    class Job:
        def __init__(self, rule):
            self.rule = rule

    class Processor:
        script_type = "script"

    looked = []
    process = quick_functions.process_job(lambda processor, job: looked.append(job.rule.script))
    for _ in range(2):
        processor = Processor()  # each plan looks anew
        for rule in map(Rule, ("one.py", "two.py", "{wildcards.name}.py")):
            for _ in range(3):
                process(processor, Job(rule))
    assert looked == 2 * ["one.py", "two.py", *(3 * ["{wildcards.name}.py"])]


@examples(50)
@given(PATTERNS, st.dictionaries(st.sampled_from("xyz"), st.text("ab{}", max_size=3) | st.integers()))
def test_wildcards_are_applied_as_snakemake_does(pattern, wildcards):
    try:
        expected = io.apply_wildcards(pattern, wildcards)
    except WildcardError as error:
        with pytest.raises(WildcardError) as ours:
            quick_functions.apply_wildcards(pattern, wildcards)
        assert str(ours.value) == str(error)
    else:
        assert quick_functions.apply_wildcards(pattern, wildcards) == expected


def flagged(value, flags):
    value = io.AnnotatedString(value)
    value.flags.update(flags)
    return value


FLAGS = st.dictionaries(st.sampled_from(["temp", "local", "ancient"]), st.booleans())
VALUES = st.one_of(
    st.text("ab", max_size=2),
    st.builds(flagged, st.text("ab", max_size=2), FLAGS),
    st.builds(lambda value: io.IOFile(value), st.builds(flagged, st.text("ab", min_size=1, max_size=2), FLAGS)),
    st.builds(lambda value: io.IOFile(io.IOFile(value)), st.text("ab", min_size=1, max_size=2)),
    st.sampled_from([None, 1, Path("a"), len, ["a"]]),
)


@examples(50)
@given(VALUES, st.sampled_from(["temp", "local", "storage_object"]))
def test_flags_are_those_that_snakemake_finds(value, flag):
    assert quick_functions.is_flagged(io.is_flagged)(value, flag) is io.is_flagged(value, flag)


NAMES = st.sampled_from(["a", "b", "index", "sort", "append", "keys"])


@examples(50)
@given(st.none() | st.dictionaries(NAMES, st.integers()), st.none() | st.lists(st.integers(), max_size=3))
def test_a_named_list_has_the_same_items_and_names(fromdict, toclone):
    make = quick_functions.named_list(iocontainers.Namedlist.__init__)

    def made_by(function):
        found = iocontainers.Wildcards.__new__(iocontainers.Wildcards)
        try:
            function(found, toclone, fromdict)
        except AttributeError as error:
            return str(error)
        guards = {key: type(value) for key, value in vars(found).items() if key in ("index", "sort")}
        others = {key: value for key, value in vars(found).items() if key not in guards}
        return list(found), others, guards, list(found.items()), list(found._allitems())

    assert made_by(make) == made_by(iocontainers.Namedlist.__init__)


class Named:
    """What a rule or a job is for the functions under test."""

    def __init__(self, **values):
        vars(self).update(values)


TEXTS = st.lists(
    st.sampled_from(
        ["a ", "{{", "}}", "{wildcards.x}", "{wildcards.y}", "{name}", "{wildcards.x:>4}", "{wildcards.x!r}"]
    )
).map("".join)


@examples(50)
@given(TEXTS)
def test_a_message_is_filled_in_as_snakemake_does(text):
    rule = Named(workflow=Named(globals={"wildcards": "another", "x": "global"}), name="rule", lineno=1, snakefile="S")
    values = dict.fromkeys(("input", "output", "params", "threads", "resources", "log", "jobid"))
    job = Named(rule=rule, name="rule", _format_wildcards=iocontainers.Wildcards(fromdict={"x": "a b"}), **values)

    def filled_by(function):
        try:
            return function(job, text)
        except Exception as error:
            return type(error), str(error)

    own = jobs.Job.format_wildcards
    assert filled_by(quick_functions.format_wildcards(own)) == filled_by(own)


@examples(50)
@given(PATTERNS.map(lambda text: text.replace(".", "<p>")) | PATTERNS, FLAGS, st.text("ab/<", max_size=3))
def test_a_path_of_a_job_is_the_one_that_snakemake_makes(pattern, flags, value):
    rule = Named(pathvars=Named(apply=lambda path: path.replace("<p>", "place")))

    def made_by(function):
        file = io.IOFile(flagged(pattern, flags), rule=rule)
        path = function(file, {"x": value, "y": "b"})
        assert path.rule is rule and path.flags is not file.flags and not path.is_callable()
        return str(path), str(path._file), type(path._file), path.flags, path._regex, path._wildcard_constraints

    own = io._IOFile.apply_wildcards
    assert made_by(quick_functions.path_of_job(own)) == made_by(own)


JOBS = st.lists(
    st.fixed_dictionaries(
        {
            "priority": st.integers(0, 1),
            "scheduler_resources": st.fixed_dictionaries(
                {"_cores": st.integers(1, 3), "_job_count": st.just(1)}, optional={"gpu": st.integers(0, 2)}
            ),
            "input": st.lists(st.sampled_from("abc"), max_size=2),
        }
    ),
    max_size=8,
)


@examples(200)
@given(JOBS, st.integers(0, 8), st.integers(0, 3), st.booleans())
def test_the_same_jobs_are_selected(settings, cores, gpus, only_priority):
    waiting = [
        Named(number=number, **{**one, "input": [flagged(name, {"temp": name == "a"}) for name in one["input"]]})
        for number, one in enumerate(settings)
    ]
    chosen = greedy.SchedulerSettings(omit_prioritize_by_temp_and_input=only_priority)
    scheduler = Named(settings=chosen)
    for name in ("job_weight", "job_reward"):
        setattr(scheduler, name, getattr(greedy.Scheduler, name).__get__(scheduler))
    given = (waiting, waiting, {"_cores": cores, "gpu": gpus, "_job_count": 99}, {"a": 5, "b": 3, "c": None})
    own = greedy.Scheduler.select_jobs
    assert quick_functions.select_jobs(own)(scheduler, *given) == own(scheduler, *given)


def test_a_scheduler_that_is_less_greedy_selects_by_itself():
    scheduler = Named(settings=Named(greediness=0.5))
    assert quick_functions.select_jobs(lambda *given: "its own")(scheduler, [], [], {}, {}) == "its own"


@examples(200)
@given(st.lists(st.lists(st.sampled_from(["a", "a/b", "a/b/c", "ab", "a/d/c", "./a/b"]), max_size=3), max_size=3))
def test_outputs_in_folders_of_other_jobs_are_found(outputs):
    class Job(Named):
        def __lt__(self, other):
            return self.number < other.number

    planned = Named(jobs=[Job(number=number, output=paths, rule="rule") for number, paths in enumerate(outputs)])

    def raised_by(check):
        try:
            check(planned)
        except ChildIOException:
            return True

    own = dag.DAG.check_directory_outputs
    assert raised_by(quick_functions.check_directory_outputs(own)) == raised_by(own)


def test_each_group_is_checked_once_and_a_group_that_depends_on_itself_is_told():
    first, second = frozenset("ab"), frozenset("c")
    checked = []
    planned = Named(_group={"a": first, "b": first, "c": second})
    quick_functions.check_groups(lambda found: checked.extend(found._group.values()))(planned)
    assert sorted(checked, key=len) == [second, first] and planned._group == {"a": first, "b": first, "c": second}

    def refuse(found):
        raise ValueError

    with pytest.raises(ValueError):
        quick_functions.check_groups(refuse)(planned)
    assert len(planned._group) == 3


def expanded_by(rule, attempts):
    """The resources that a rule gives to jobs at some attempts, and how many times Snakemake was asked for them."""
    asked = []

    def expand(rule, wildcards, input, attempt, skip_evaluation):
        asked.append(attempt)
        return iocontainers.ResourceList(fromdict={"mem_mb": 10 * attempt, "skipped": str(skip_evaluation)})

    expand_resources = quick_functions.expand_resources(expand)
    found = [expand_resources(rule, {}, [], attempt, skipped) for attempt, skipped in attempts]
    assert len(set(map(id, found))) == len(found)
    return [dict(one.items()) for one in found], len(asked)


def test_resources_are_kept_only_if_they_are_the_same_for_all_jobs():
    attempts = [(1, None), (1, None), (2, None), (1, {"tmpdir"}), (1, {"tmpdir"}), (2, None)]
    constant, temporary = Named(_evaluator=None, raw=4), Named(_evaluator=len, raw="system_tmpdir")
    marked = Named(_evaluator=quick_functions.same_for_all_jobs(lambda wildcards, attempt: attempt), raw=None)
    other = Named(_evaluator=lambda wildcards: 1, raw="input.size_mb")
    kept, asked = expanded_by(Named(resources={"a": constant, "b": temporary, "c": marked}), attempts)
    assert asked == 3
    plain, asked = expanded_by(Named(resources={"a": constant, "b": other}), attempts)
    assert asked == 6 and plain == kept
