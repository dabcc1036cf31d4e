"""What a cluster would be given: jobs counted by a dry run, without a cluster."""

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.helpers.rules import rules

from .conftest import ROOT, run_snakemake, write_config
from .test_dag import counts

CONFIG = ROOT / "config" / "config.yaml"
LOCAL = {name for name, text in rules().items() if "localrule: True" in text}


def submitted(text):
    """How many jobs of a dry run go to Slurm: (steps, groups of them, steps that are jobs of their own)."""
    steps = {rule: count for rule, count in counts(text).items() if rule not in LOCAL and rule != "crookes"}
    groups = len(re.findall(r"Group job \w+ ", text))
    grouped = len(re.findall(r"^    Job \d+: ", text, re.MULTILINE))
    return sum(steps.values()), groups, sum(steps.values()) - grouped


@pytest.mark.parametrize(("recipe", "groups", "alone"), [("paper", 14 + 1, 4), ("sun_aligned", 14 + 7 + 1, 4)])
def test_a_crater_of_56_images_is_a_handful_of_jobs(tmp_path, recipe, groups, alone):
    """14 jobs of four images each, seven of eight on a GPU, one of what is made of the fractures."""
    config = yaml.safe_load(CONFIG.read_text())
    config["recipe"] = recipe
    config["inference"]["model"] = "imfmapper"  # which is there: nothing to train first
    crookes = config["targets"]["crookes"]
    del crookes["search"]
    crookes["products"] = [f"M{1100000000 + index}L" for index in range(56)]
    path = write_config(tmp_path / "crookes.yaml", config)
    text = run_snakemake(tmp_path, path, "-n", "--profile", str(ROOT / "profiles" / "slurm"), "crookes")
    steps, found, single = submitted(text)
    assert steps > 390
    assert (found, single) == (groups, alone)


# What a dry run would ask of Slurm for each job.
RESOURCES = """
import json, sys
from imfmap.run.snakemake_internals import jobs_of, watch_dry_run
jobs = watch_dry_run([*sys.argv[1:], "-n"], lambda workflow: list(jobs_of(workflow)))
print(json.dumps({job["rule"]: {key: str(value) for key, value in job["resources"].items()} for job in jobs}))
"""


def test_a_training_on_several_gpus_asks_for_all_of_them(tmp_path, mini_config):
    config = write_config(tmp_path / "mini.yaml", {**mini_config, "training": {"devices": 3, "threads": 2}})
    command = [sys.executable, "-c", RESOURCES, "evaluation", "--configfile", str(config), "--cores", "8"]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(tmp_path)]
    command += ["--profile", str(ROOT / "profiles" / "slurm")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    asked = json.loads(ran.stdout.splitlines()[-1])
    names = ("gres", "_cores", "mem_mb", "slurm_partition")
    assert [asked["train"][name] for name in names] == ["gpu:3", "6", "48000", "gpu"]
    # One task for all of them, not one for each.
    assert asked["train"]["tasks_per_gpu"] == "0"
    assert [asked["evaluate"][name] for name in names] == ["gpu:1", "2", "8000", "gpu"]


def slurm_profile(config_home):
    environment = {**os.environ, "XDG_CONFIG_HOME": str(config_home)}
    command = ["make", "-s", "slurm-profile"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_set_up_lets_snakemake_find_the_profile_by_its_name(tmp_path, mini_config):
    slurm_profile(tmp_path / "config")
    said = slurm_profile(tmp_path / "config")  # twice does no harm
    assert (tmp_path / "config" / "snakemake" / "slurm").resolve() == ROOT / "profiles" / "slurm" and "->" in said
    config = write_config(tmp_path / "mini.yaml", mini_config)
    # Literally, from the repository's root.
    command = [sys.executable, "-m", "snakemake", "-n", "--profile", "slurm", "all", "--configfile", str(config)]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    ran = subprocess.run(
        [*command, "--directory", str(tmp_path)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "Using profiles slurm" in ran.stderr and "Group job products" in ran.stdout


def test_a_profile_of_the_users_own_stays(tmp_path):
    theirs = tmp_path / "config" / "snakemake" / "slurm" / "config.yaml"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("jobs: 1\n")
    assert "is another profile and was not changed; use snakemake --profile profiles/slurm" in slurm_profile(
        tmp_path / "config"
    )
    assert theirs.read_text() == "jobs: 1\n"
