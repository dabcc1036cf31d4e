"""Snakemake's inner names that the workflow uses: an update that takes one away is told by its name."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import snakemake
from snakemake import api, cli, dag, exceptions, jobs, path_modifier, persistence, rules, sourcecache, workflow
from snakemake import logging as snakemake_logging

from imfmap.run import snakemake_internals

# What must be there, and which function uses it. Attributes of objects are looked for in a real workflow (below).
INNER_NAMES = [
    (cli, "get_argument_parser", "command_line"),
    (cli, "main", "watch_dry_run"),
    (cli, "SnakemakeApi", "watch_dry_run"),
    (api.SnakemakeApi, "_cleanup", "watch_dry_run"),
    (api.SnakemakeApi, "_cleanup", "at_the_end"),
    (api.SnakemakeApi, "_workflow_api", "watch_dry_run"),
    (api.WorkflowApi, "_workflow_store", "watch_dry_run"),
    (workflow.Workflow, "is_main_process", "is_first_process"),
    (workflow.Workflow, "register_resource", "limit_resource"),
    (workflow.Workflow, "rules", "askable_rules"),
    (workflow.Workflow, "modifier", "path_on_disk"),
    (workflow.Workflow, "deployment_settings", "uses_conda"),
    (workflow.Workflow, "dag", "watch_dry_run"),
    (workflow.Workflow, "persistence", "jobs_of"),
    (rules.Rule, "has_wildcards", "askable_rules"),
    (path_modifier.PathModifier, "modify", "path_on_disk"),
    (dag.DAG, "check_output_mtime", "accept_future_inputs"),
    (exceptions, "InputFunctionException", "tell_errors_in_one_line"),
    (dag.DAG, "toposorted", "jobs_of"),
    (dag.DAG, "__len__", "has_nothing_to_do"),
    (snakemake_logging.DefaultFilter, "filter", "say_one_line_a_job"),
    (snakemake_logging.DefaultFormatter, "format_job_info", "say_one_line_a_job"),
    (snakemake_logging, "get_event", "say_one_line_a_job"),
    (dag.DAG, "needrun", "jobs_of"),
    (dag.DAG, "reason", "jobs_of"),
    (jobs.Job, "wildcards_dict", "jobs_of"),
    (jobs.Job, "params", "jobs_of"),
    (persistence.PersistenceBase, "params_changed", "jobs_of"),
    (persistence.PersistenceBase, "_serialize_param", "jobs_of"),
    (workflow.Workflow, "current_basedir", "workflow_folder in library.smk"),
    (workflow.Workflow, "source_path", "workflow_folder in library.smk"),
    (sourcecache.HostingProviderFile, "hosted_repo", "workflow_folder in library.smk"),
    (sourcecache.HostingProviderFile, "ref", "workflow_folder in library.smk"),
]
SNAKEFILE = """
from imfmap.run import snakemake_internals as inner

for function, name in [("limit_resource", "global_resources"), ("config_files", "configfiles")]:
    assert hasattr(workflow, name), f"Snakemake has no Workflow.{name} any more; {function} uses it"
assert inner.is_first_process(workflow)
assert not inner.uses_conda(workflow)
inner.limit_resource(workflow, "lines", 3)
inner.limit_resource(workflow, "given", 3)
assert (workflow.global_resources["lines"], workflow.global_resources["given"]) == (3, 1)
assert inner.path_on_disk(workflow)("a/b") == "a/b"
(config_file,) = inner.config_files(workflow)
assert config_file.endswith("one.yaml")


rule made:
    output:
        "made.txt",
    params:
        number=config["number"],
    shell:
        "touch {output}"


rule many:
    output:
        "many.{name}",
    shell:
        "touch {output}"


assert inner.askable_rules(workflow) == ["made"]
assert all(hasattr(rule, name) for rule in workflow.rules for name in ("message", "docstring"))
inner.describe_rules(workflow, {"made": "It is made"})
assert workflow.get_rule("made").docstring == "It is made" and not workflow.get_rule("many").docstring
"""


@pytest.mark.parametrize(
    ("owner", "name", "function"), INNER_NAMES, ids=lambda value: getattr(value, "__name__", value)
)
def test_snakemake_has_what_the_workflow_uses(owner, name, function):
    fields = getattr(owner, "__dataclass_fields__", {})
    assert hasattr(owner, name) or name in fields, (
        f"Snakemake {snakemake.__version__} has no {owner.__name__}.{name} any more; {function} uses it"
    )


def test_a_dry_run_tells_its_jobs_and_why_they_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "one.yaml").write_text("number: 1\n")
    command = ["made", "--configfile", "one.yaml", "--cores", "1", "--resources", "given=1"]

    def look(*arguments):
        return snakemake_internals.watch_dry_run(
            [*command, *arguments, "-n"], lambda found: list(snakemake_internals.jobs_of(found))
        )

    argv = sys.argv
    (job,) = look()
    assert sys.argv is argv and cli.SnakemakeApi is api.SnakemakeApi
    assert (job["rule"], job["outputs"], job["run"], job["wildcards"]) == ("made", ["made.txt"], True, {})
    assert job["reason"].missing_output and job["params"] == {"1": "number"}
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    assert ended.value.code == 0
    assert [job["run"] for job in look()] == [False]
    (job,) = look("--config", "number=2")
    assert job["run"] and (job["params_change"].only_old, job["params_change"].only_new) == ({"1"}, {"2"})


def test_an_estimate_asks_for_no_reasons_and_reads_no_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "one.yaml").write_text("number: 1\n")

    def look(found):
        monkeypatch.setattr(persistence.PersistenceBase, "params_changed", None)
        return list(snakemake_internals.jobs_of(found, reasons=False))

    command = ["made", "--configfile", "one.yaml", "--cores", "1", "--resources", "given=1", "-n"]
    (job,) = snakemake_internals.watch_dry_run(command, look)
    assert job["run"] and not {"reason", "params", "params_change"} & set(job)


FROM_THE_FUTURE = """
from imfmap.core.checksums import sha256
from imfmap.run import snakemake_internals as inner
from imfmap.run import snakemake_speed


def known(path):
    with open("asked", "a") as asked:
        print(path, file=asked)
    return {KNOWN}


{ACCEPT}
if workflow.is_main_process:
    snakemake_speed.keep_checksums(known)


rule made:
    input:
        "first.txt",
    output:
        "made.txt",
        "too.txt",
    shell:
        "cat {{input}} | tee {{output}}"
"""


def run_in(folder, *arguments):
    """Run Snakemake in a process of its own: (exit status, what it said)."""
    command = [sys.executable, "-m", "snakemake", "made", "--cores", "1", "--max-checksum-file-size", "1TB"]
    environment = {**os.environ, "PYTHONPATH": str(Path(snakemake_internals.__file__).parents[2])}
    said = subprocess.run([*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    return said.returncode, said.stdout + said.stderr


@pytest.fixture
def future(tmp_path):
    """A folder whose only input is from the future; function that writes the Snakefile there."""
    (tmp_path / "first.txt").write_text("first")
    os.utime(tmp_path / "first.txt", (4e9, 4e9))

    def write(accept="inner.accept_future_inputs()", known="sha256(path)"):
        (tmp_path / "Snakefile").write_text(FROM_THE_FUTURE.format(ACCEPT=accept, KNOWN=known))
        return tmp_path

    return write


@pytest.mark.parametrize("known", ["sha256(path)", "None"])
def test_an_input_from_the_future_is_used_once(future, known):
    folder = future(known=known)
    status, text = run_in(folder)
    assert status == 0 and (folder / "too.txt").read_text() == "first", text
    assert (folder / "asked").read_text().split() == ["first.txt"]  # once, for two outputs
    assert "Nothing to be done" in run_in(folder)[1]
    assert set((folder / "asked").read_text().split()) == {"first.txt"}
    (folder / "first.txt").write_text("other")
    os.utime(folder / "first.txt", (4e9, 4e9))
    status, text = run_in(folder)
    assert status == 0 and (folder / "too.txt").read_text() == "other", text


def test_snakemake_alone_would_delete_what_was_made(future):
    """Why `accept_future_inputs` is there; once Snakemake keeps the outputs, it can go."""
    folder = future(accept="")
    status, text = run_in(folder)
    assert status != 0 and "clock skew" in text and not (folder / "made.txt").exists()


def test_a_checksum_that_is_known_is_taken(future):
    folder = future(known="'0' * 64")
    run_in(folder)
    records = [json.loads(path.read_text()) for path in (folder / ".snakemake" / "metadata").iterdir()]
    assert [record["input_checksums"] for record in records] == [{"first.txt": f"sha256:{'0' * 64}"}] * 2


def test_snakemake_that_does_not_start_ends_the_dry_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        snakemake_internals.watch_dry_run(["-n"], list)


def test_no_other_file_uses_snakemakes_insides(root):
    """Of `workflow`, rules use what the manual names."""
    for path in [root / "Snakefile", *(root / "workflow" / "rules").rglob("*.smk")]:
        assert set(re.findall(r"\bworkflow\.(\w+)", path.read_text())) <= {
            "basedir",
            "current_basedir",
            "source_path",
            "rst",
        }, path
    for path in (root / "workflow" / "imfmap").rglob("*.py"):
        if path.name not in ("snakemake_internals.py", "snakemake_speed.py", "quick_functions.py"):
            assert not re.search(r"^ *(from|import) snakemake\b", path.read_text(), re.MULTILINE), path


REFUSED = """
from imfmap.run import snakemake_internals as inner
from snakemake.exceptions import WorkflowError

{TELL}


def refuse(wildcards):
    raise {KIND}("table.csv: line 2 is wrong")


rule made:
    {SECTION}
    output:
        "made.txt",
    shell:
        "touch {{output}}"
"""


@pytest.mark.parametrize("section", ["input:\n        refuse,", "params:\n        lines=refuse,"])
@pytest.mark.parametrize(
    ("tell", "kind", "traceback"),
    [
        ("inner.tell_errors_in_one_line()", "WorkflowError", False),
        ("inner.tell_errors_in_one_line()", "KeyError", True),
        ("", "WorkflowError", True),
    ],
)
def test_an_error_of_an_input_function_is_told_in_one_line(tmp_path, section, tell, kind, traceback):
    (tmp_path / "Snakefile").write_text(REFUSED.format(TELL=tell, KIND=kind, SECTION=section))
    status, text = run_in(tmp_path)
    assert status != 0 and "table.csv: line 2 is wrong" in text and ("Traceback" in text) == traceback


QUIET_SNAKEFILE = """
from imfmap.run import snakemake_internals as inner

inner.say_one_line_a_job()
inner.at_the_end(lambda planned: print("nothing to do:", inner.has_nothing_to_do(planned)))


rule end:
    input:
        "a.b.txt",


rule copy:
    input:
        "{name}.txt",
    output:
        "{name}.b.txt",
    message:
        "{wildcards.name} is copied"
    shell:
        "cp {input} {output}"


rule make:
    output:
        "a.txt",
    message:
        "The first file is made"
    shell:
        "touch {output}"
"""


def test_a_run_says_one_line_a_job_and_calls_back_at_its_end(tmp_path):
    (tmp_path / "Snakefile").write_text(QUIET_SNAKEFILE)
    environment = {**os.environ, "PYTHONPATH": str(Path(snakemake_internals.__file__).parents[2])}
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "reason", "host"]

    def run():
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    printed, said = run()
    lines = [line for line in said.partition("Job stats:")[2].partition("total")[2].splitlines() if line][1:]
    assert [re.sub(r"^\[[0-9:]{8}\] ", "", line) for line in lines[:3]] == [
        "0 of 3 done. The first file is made (Rule: make)",
        "1 of 3 done. a is copied (Rule: copy)",
        "2 of 3 done. All that was asked for is there (Rule: end)",
    ]
    assert printed.strip() == "nothing to do: False"
    assert run()[0].strip() == "nothing to do: True"
