"""Snakemake plans quickly, and plans the same."""

import gc
import json
import os
import sys
import textwrap
from pkgutil import resolve_name

import pytest
import snakemake
from hypothesis import given
from hypothesis import strategies as st
from snakemake import api, cli, io
from snakemake.exceptions import WildcardError

from imfmap.core.checksums import sha256_of_bytes
from imfmap.run import snakemake_internals, snakemake_speed
from tests.helpers.generated import examples
from tests.unit.run.test_snakemake_internals import run_in

# Texts and wildcards of few letters, so that they often fit each other by chance.
PATTERNS = st.lists(
    st.text("ab/.", max_size=3)
    | st.sampled_from(["{x}", "{y}", "{x,a+}", "{y,[ab]*}", "{x,a|b.|ab}", "{y,(?!a)[^/]+}"]),
    min_size=1,
    max_size=5,
).map("".join)


@pytest.fixture
def plain(monkeypatch):
    """Snakemake's own functions come back after the test, in each module that holds them."""
    for name in snakemake_speed.SOURCES:
        module, _, path = name.partition(":")
        *owner, attribute = path.split(".")
        function = resolve_name(name)
        if owner:
            monkeypatch.setattr(resolve_name(f"{module}:{owner[0]}"), attribute, function)
            continue
        for holder in [found for key, found in sys.modules.items() if key.partition(".")[0] == "snakemake"]:
            if vars(holder).get(attribute) is function:
                monkeypatch.setattr(holder, attribute, function)
    assert api  # it was imported first: Snakemake's modules import each other in a circle
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)


def test_each_function_that_is_replaced_is_the_known_one():
    """If an update fails here: compare what is named with its quick function, mend that, and write the new digest."""
    changed = {name: snakemake_speed.source_digest(name) for name in snakemake_speed.changed()}
    assert not changed, f"Snakemake {snakemake.__version__} has other sources"


@pytest.mark.parametrize("name", ["snakemake.io:gone", "snakemake_gone:gone", "snakemake.dag:DAG.gone", "math:sin"])
def test_a_function_that_is_gone_has_no_source(name):
    assert snakemake_speed.source_digest(name) is None


def replaced():
    return [name for name in snakemake_speed.SOURCES if snakemake_speed._is_ours(name)]


def be_quick():
    snakemake_speed.plan_quickly()
    snakemake_speed.keep_checksums(lambda path: None)
    snakemake_speed.choose_jobs_quickly()


def test_functions_of_another_snakemake_are_kept(plain, monkeypatch):
    sources = dict(snakemake_speed.SOURCES)
    for name in sources:
        monkeypatch.setitem(snakemake_speed.SOURCES, name, "0" * 16)
    own = {name: resolve_name(name) for name in sources}
    be_quick()
    assert {name: resolve_name(name) for name in sources} == own and not replaced()
    assert snakemake_speed.changed() == list(sources)
    (note,) = snakemake_speed.notes()
    assert all(name.partition(":")[2] in note for name in sources)
    for name, digest in sources.items():
        monkeypatch.setitem(snakemake_speed.SOURCES, name, digest)
    be_quick()
    assert replaced() == list(sources) and snakemake_speed.notes() == []


PLANNED = """
def images(wildcards):
    return [f"{wildcards.target}.{image}.made" for image in config["images"]]


rule all:
    input:
        expand("{target}.map", target=["one", "two"]),


rule made:
    input:
        "{image}.raw",
    output:
        "{target,one|two}.{image,[a-z]+}.made",
    params:
        number=lambda wildcards: config["number"],
    group:
        "made_{target}"
    script:
        "made.py"


rule other:
    output:
        "three.{image}.made",
    script:
        "{wildcards.image}.py"


rule map:
    input:
        images,
        "table.csv",
    output:
        "{target}.map",
        touch("{target}.done"),
    params:
        code=config["code"],
    group:
        "made_{target}"
    script:
        "made.py"
"""
SETTINGS = {"number": 1, "code": "a", "images": ["x", "y"]}


def command(**settings):
    given = [f"{key}={json.dumps(value)}" for key, value in {**SETTINGS, **settings}.items()]
    return ["all", "--cores", "2", "--max-checksum-file-size", "1TB", "--config", *given]


def planned(**settings):
    """What a dry run would do: the jobs, and whether each runs. (Which of several reasons is told, is by chance.)"""
    return snakemake_internals.watch_dry_run(
        [*command(**settings), "-n"],
        lambda found: [
            {key: str(value) for key, value in job.items() if key not in ("params", "params_change", "reason")}
            for job in snakemake_internals.jobs_of(found)
        ],
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a workflow, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text(PLANNED)
    for name in ("x.raw", "y.raw", "z.raw", "table.csv", "made.py"):
        (tmp_path / name).write_text(name)
    return tmp_path


CHANGES = {
    "nothing": (lambda folder: {}, 0),
    "a file of all targets": (lambda folder: (folder / "table.csv").write_text("other") and {}, 2),
    "a file of each image": (lambda folder: (folder / "x.raw").write_text("other") and {}, 4),
    "a parameter": (lambda folder: {"number": 2}, 6),
    "the code": (lambda folder: {"code": "b"}, 2),
    "one image more": (lambda folder: {"images": ["x", "y", "z"]}, 4),
    "an output is gone": (lambda folder: (folder / "one.map").unlink() or {}, 1),
    "the future": (lambda folder: os.utime(folder / "x.raw", (4e9, 4e9)) or {}, 0),
    "other bytes from the future": (
        lambda folder: (folder / "x.raw").write_text("other") and os.utime(folder / "x.raw", (4e9, 4e9)) or {},
        4,
    ),
}


def test_the_plan_is_the_same_whatever_changed(plain, folder):
    with pytest.raises(SystemExit) as ended:
        cli.main([*command(), "--executor", "standin"])  # of benchmarks/: jobs only make empty files
    assert ended.value.code == 0
    kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.glob("*.*") if path.is_file()}
    plans = {}
    for quick in (False, True):
        if quick:
            be_quick()
            assert replaced() == list(snakemake_speed.SOURCES)
        for title, (change, count) in CHANGES.items():
            found = planned(**change(folder))
            assert sum(job["run"] == "True" for job in found) == count, (title, quick, found)
            assert plans.setdefault(title, found) == found, title
            for path, (content, time_ns) in kept.items():
                path.write_bytes(content)
                os.utime(path, ns=(time_ns, time_ns))


@pytest.mark.parametrize("quick", [False, True])
def test_a_script_that_is_gone_is_told(plain, folder, capfd, quick):
    if quick:
        be_quick()
    (folder / "made.py").unlink()
    with pytest.raises(SystemExit) as ended:
        planned()
    assert ended.value.code and "made.py" in "".join(capfd.readouterr())


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
    process = snakemake_speed._process_job(lambda processor, job: looked.append(job.rule.script))
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
            snakemake_speed._apply_wildcards(pattern, wildcards)
        assert str(ours.value) == str(error)
    else:
        assert snakemake_speed._apply_wildcards(pattern, wildcards) == expected


CHAIN = """
from imfmap.core.checksums import sha256
from imfmap.run import snakemake_speed

if workflow.is_main_process:
    snakemake_speed.keep_checksums(sha256)


rule middle:
    input:
        "first.txt",
    output:
        "middle.txt",
    shell:
        "cp {input} {output}"


rule made:
    input:
        "middle.txt",
    output:
        "made.txt",
    shell:
        "cp {input} {output}"
"""


def test_a_file_that_is_made_anew_gets_its_new_checksum(tmp_path):
    (tmp_path / "Snakefile").write_text(CHAIN)
    (tmp_path / "first.txt").write_text("first")
    assert run_in(tmp_path)[0] == 0
    (tmp_path / "first.txt").write_text("other")
    for number, name in enumerate(["made.txt", "middle.txt", "first.txt"]):
        # Each is newer than what was made of it: Snakemake asks for the checksums of both inputs before a job begins.
        os.utime(tmp_path / name, (1e9 + number, 1e9 + number))
    status, text = run_in(tmp_path)
    assert status == 0 and (tmp_path / "made.txt").read_text() == "other", text
    records = [json.loads(path.read_text()) for path in (tmp_path / ".snakemake" / "metadata").iterdir()]
    sums = {name: checksum for record in records for name, checksum in record["input_checksums"].items()}
    assert sums["middle.txt"] == f"sha256:{sha256_of_bytes(b'other')}"


MANY = """
from snakemake.io import _IOFile
from imfmap.run import snakemake_speed

{ASK}
ask = _IOFile.size


async def size(file):
    print("size of", file, flush=True)
    return await ask(file)


_IOFile.size = size


rule made:
    input:
        expand("{{name}}.txt", name=range(5)),


rule each:
    input:
        "first.txt",
    output:
        "{{name}}.txt",
    shell:
        "cp {{input}} {{output}}"
"""


@pytest.mark.parametrize("ask", ["snakemake_speed.choose_jobs_quickly()", ""])
def test_the_size_of_an_input_is_asked_for_once(tmp_path, ask):
    (tmp_path / "Snakefile").write_text(textwrap.dedent(MANY.format(ASK=ask)))
    (tmp_path / "first.txt").write_text("first")
    status, text = run_in(tmp_path, "--scheduler", "greedy")
    assert status == 0 and len(list(tmp_path.glob("[0-9].txt"))) == 5, text
    # The checks whether the file has a checksum come on top, once for each job; Snakemake asks again after each job.
    assert (text.count("size of first.txt") <= 6) == bool(ask), text.count("size of first.txt")


LISTED = """snakemake_speed.choose_jobs_quickly()
get = snakemake_speed._ListedIfNeeded.__getitem__


def told(jobs, index):
    if not index:
        print("the jobs that are left:", len(jobs), flush=True)
    return get(jobs, index)


snakemake_speed._ListedIfNeeded.__getitem__ = told
"""


@pytest.mark.parametrize("scheduler", ["greedy", "ilp"])
def test_the_jobs_that_are_left_are_listed_only_for_a_scheduler_that_looks_at_them(tmp_path, scheduler):
    (tmp_path / "Snakefile").write_text(textwrap.dedent(MANY.format(ASK=LISTED)))
    (tmp_path / "first.txt").write_text("first")
    status, text = run_in(tmp_path, "--scheduler", scheduler)
    assert status == 0 and len(list(tmp_path.glob("[0-9].txt"))) == 5, text
    listed = [int(line.split()[-1]) for line in text.splitlines() if line.startswith("the jobs that are left")]
    assert listed[:1] == ([6] if scheduler == "ilp" else []), text
