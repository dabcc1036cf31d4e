"""Snakemake plans quickly, and plans the same."""

import gc
import json
import os
import re
import sys
import textwrap
from pkgutil import resolve_name

import pytest
import snakemake
from snakemake import api, cli

from imfmap.core.checksums import sha256_of_bytes
from imfmap.run import snakemake_internals, snakemake_speed
from tests.unit.run.test_snakemake_internals import run_in


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


INNER = """
rule copied:
    input:
        lambda wildcards: ["first.txt", "second.txt"],
    output:
        "copied.txt",
    shell:
        "cat {input} > {output}"
"""
PLANNED = """
from imfmap.run.quick_functions import same_for_all_jobs


def images(wildcards):
    return [f"{wildcards.target}.{image}.made" for image in config["images"]]


module inner:
    snakefile:
        "inner.smk"
    prefix:
        "inner"


use rule * from inner as inner_*


rule all:
    input:
        expand("{target}.map", target=["one", "two"]),
        "inner/copied.txt",


rule made:
    input:
        "{image}.raw",
    output:
        "{target,one|two}.{image,[a-z]+}.made",
    params:
        number=lambda wildcards: config["number"],
    group:
        "made_{target}"
    resources:
        mem_mb=same_for_all_jobs(lambda wildcards, attempt: 100 * attempt),
    message:
        "{wildcards.image} of {wildcards.target} is made"
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
    resources:
        mem_mb=lambda wildcards, input: 100 * len(input) + (wildcards.target == "two"),
    threads: lambda wildcards: 1 + (wildcards.target == "two")
    message:
        "{wildcards.target} is mapped from {input} with {params.code}"
    log:
        "{target}.log",
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
    (tmp_path / "inner.smk").write_text(INNER)
    (tmp_path / "inner").mkdir()
    for name in ("first.txt", "second.txt"):
        (tmp_path / "inner" / name).write_text(name)
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


def run_with_empty_files():
    with pytest.raises(SystemExit) as ended:
        cli.main([*command(), "--executor", "standin"])  # of benchmarks/: jobs only make empty files
    assert ended.value.code == 0


def printed_by(capfd):
    """What a dry run printed of its jobs, without their numbers and reasons (one of several is told, by chance)."""
    lines = "".join(capfd.readouterr()).splitlines()
    found = (
        re.fullmatch(r" *(?:(?:Job|localrule|rule) \w+:|input:|output:|log:|wildcards:|threads:|resources:)(.*)", line)
        for line in lines
    )
    return sorted(line[0] if "Job" not in line[0] else line[1] for line in found if line)


def test_the_plan_is_the_same_whatever_changed(plain, folder, capfd):
    run_with_empty_files()
    kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.glob("*.*") if path.is_file()}
    plans, lines = {}, {}
    capfd.readouterr()
    for quick in (False, True):
        if quick:
            be_quick()
            assert replaced() == list(snakemake_speed.SOURCES)
        for title, (change, count) in CHANGES.items():
            found = planned(**change(folder))
            assert sum(job["run"] == "True" for job in found) == count, (title, quick, found)
            assert plans.setdefault(title, found) == found, title
            printed = printed_by(capfd)
            assert bool(printed) == bool(count), title
            assert lines.setdefault(title, printed) == printed, title
            for path, (content, time_ns) in kept.items():
                path.write_bytes(content)
                os.utime(path, ns=(time_ns, time_ns))


def test_a_quick_run_makes_all(plain, folder):
    be_quick()
    run_with_empty_files()
    assert len(list(folder.glob("*.made"))) == 4 and len(list(folder.glob("*.map"))) == 2
    assert (folder / "inner" / "copied.txt").exists()
    assert not any(job["run"] == "True" for job in planned())


@pytest.mark.parametrize("quick", [False, True])
def test_a_script_that_is_gone_is_told(plain, folder, capfd, quick):
    if quick:
        be_quick()
    (folder / "made.py").unlink()
    with pytest.raises(SystemExit) as ended:
        planned()
    assert ended.value.code and "made.py" in "".join(capfd.readouterr())


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
from imfmap.run import quick_functions
get = quick_functions.ListedIfNeeded.__getitem__


def told(jobs, index):
    if not index:
        print("the jobs that are left:", len(jobs), flush=True)
    return get(jobs, index)


quick_functions.ListedIfNeeded.__getitem__ = told
"""


@pytest.mark.parametrize("scheduler", ["greedy", "ilp"])
def test_the_jobs_that_are_left_are_listed_only_for_a_scheduler_that_looks_at_them(tmp_path, scheduler):
    (tmp_path / "Snakefile").write_text(textwrap.dedent(MANY.format(ASK=LISTED)))
    (tmp_path / "first.txt").write_text("first")
    status, text = run_in(tmp_path, "--scheduler", scheduler)
    assert status == 0 and len(list(tmp_path.glob("[0-9].txt"))) == 5, text
    listed = [int(line.split()[-1]) for line in text.splitlines() if line.startswith("the jobs that are left")]
    assert listed[:1] == ([6] if scheduler == "ilp" else []), text
