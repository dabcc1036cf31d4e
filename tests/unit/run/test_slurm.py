"""The profile and the checks for Slurm, on clusters that are but a few lines of text."""

import io
import re
from argparse import Namespace

import pytest
from snakemake.profiles import ProfileConfigFileParser

from imfmap.core.errors import InputError
from imfmap.run import slurm
from tests.helpers.rules import rules

KEEPS = "AccountingStorageType   = accounting_storage/slurmdbd\nMinJobAge               = {age} sec\n"
KEEPS_NONE = "AccountingStorageType   = accounting_storage/none\nMinJobAge               = {age} sec\n"


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Make a cluster of which scontrol says this."""

    def make(text):
        scontrol = tmp_path / "scontrol"
        scontrol.write_text(f"#!/bin/sh\ncat <<'END'\n{text}END\n")
        scontrol.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


def profile_of(root, **head):
    """Options that profiles/slurm gives, with some of its head changed."""
    path = root / "profiles" / "slurm" / "config.yaml"
    text = path.read_text()
    for name, value in head.items():
        text, found = re.subn(rf'^  {name}: +("[^"]*"|\d+)', f"  {name}: {value}", text, flags=re.MULTILINE)
        assert found == 1, name
    stream = io.StringIO(text)
    stream.name = str(path)
    return ProfileConfigFileParser().parse(stream)


@pytest.mark.parametrize(("text", "command"), [(KEEPS, "sacct"), (KEEPS_NONE, "squeue")], ids=["kept", "none"])
def test_jobs_are_asked_after_where_the_cluster_answers(root, cluster, text, command):
    cluster(text.format(age=300))
    assert profile_of(root)["slurm-status-command"] == command


def test_without_a_cluster_the_profile_still_reads(root, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    profile = profile_of(root)
    assert profile["slurm-status-command"] == "squeue" and "software-deployment-method" not in profile


@pytest.mark.parametrize(
    ("text", "age", "waits_for_ever"),
    [(KEEPS_NONE, 300, False), (KEEPS_NONE, 60, True), (KEEPS_NONE, 0, True), (KEEPS, 5, False)],
)
def test_a_cluster_that_forgets_its_jobs_is_refused(cluster, text, age, waits_for_ever):
    cluster(text.format(age=age))
    if waits_for_ever:
        with pytest.raises(InputError, match=rf"forgets a job {age} s after its end \(MinJobAge\).*MinJobAge=300"):
            slurm.check_memory()
    else:
        slurm.check_memory()


def test_account_and_partitions_stand_in_one_place(root):
    profile = profile_of(root, account='"moon"', cpu_partition='"short"', gpu_partition='"a100"', gpu='"gpu:a100:1"')
    assert {"slurm_account=moon", "slurm_partition=short"} <= set(profile["default-resources"])
    assert {"train:slurm_partition=a100", "infer_image:gres=gpu:a100:1"} <= set(profile["set-resources"])
    assert not [setting for setting in profile_of(root)["default-resources"] if "slurm_" in setting]


@pytest.mark.parametrize(("gpu", "asked"), [("gpu:1", "gpu"), ("gpu:a100:1", "gpu:a100"), ("gpu", "gpu")])
def test_a_training_asks_for_as_many_gpus_as_it_has_devices(root, gpu, asked):
    settings = profile_of(root, gpu=f'"{gpu}"')["set-resources"]
    # Snakemake puts the variable in, which the workflow sets (tests/workflow/test_cluster_plan.py).
    assert f"train:gres={asked}:$IMFMAP_DEVICES" in settings and f"evaluate:gres={gpu}" in settings


def test_a_cluster_without_gpus_trains_on_its_cpus(root):
    assert not [setting for setting in profile_of(root, gpu='""').get("set-resources", []) if "=" in setting]


@pytest.mark.parametrize(
    ("executor", "profile", "uses"),
    [
        ("slurm", None, True),
        (None, ["slurm"], True),
        (None, ["profiles/slurm"], True),
        (None, ["profiles/default"], False),
    ],
)
def test_a_run_on_slurm_is_known_by_its_command_line(executor, profile, uses):
    assert slurm.uses_slurm(Namespace(executor=executor, profile=profile)) == uses


def test_the_gpu_is_for_the_rules_that_use_a_network(root):
    """Those whose script loads or trains one; a new one is not forgotten."""
    asked = {setting.partition(":")[0] for setting in profile_of(root)["set-resources"]}
    assert asked == {
        name for name, text in rules().items() if re.search(r"scripts/(train|evaluate|infer_\w+)\.py", text)
    }


def test_every_job_says_what_it_needs(root):
    """Memory and time, which rise with each attempt; rules that run where Snakemake runs need not."""
    for name, text in rules().items():
        if "script:" in text and "localrule: True" not in text:
            assert "mem_mb=rising(" in text and "runtime=" in text, name
