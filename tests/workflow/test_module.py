"""The workflow as a module of another one, whose configuration and results lie outside the clone."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT

CLONE = f'"{ROOT / "Snakefile"}"'
# What `snakedeploy deploy-workflow` (0.17) writes.
DEPLOYED = """
configfile: "config/config.yaml"

module imfmap:
    snakefile:
        {snakefile}
    config:
        config

use rule * from imfmap
"""
PREFIXED = """
configfile: "config/config.yaml"

module imf:
    snakefile:
        {snakefile}
    config:
        config["imf"]
    {prefix}

use rule * from imf as imf_*

rule all:
    default_target: True
    input:
        rules.imf_floor.input,
    output:
        "done.txt",
    shell:
        "touch {{output}}"
"""


def outer(folder, snakefile, config):
    """Write another workflow that uses this one."""
    (folder / "workflow").mkdir(parents=True)
    (folder / "config").mkdir()
    (folder / "workflow" / "Snakefile").write_text(snakefile)
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))


def snakemake(folder, *arguments, check=True, **environment):
    """Run the other workflow as its user does; all that Snakemake said."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path, **environment}
    )
    text = ran.stdout + ran.stderr
    assert ran.returncode == 0 or not check, text[-5000:]
    return text


def jobs(text):
    """Rules of a dry run, and how many jobs each has."""
    table = text.split("job ", 1)[1].split("total", 1)[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def without_training(config):
    """Return a configuration whose map is made with the shipped detector."""
    targets = {name: config["targets"][name] for name in ("te", "floor")}
    return {**config, "models": {"net": {"shipped": "detector"}}, "evaluation": {"models": []}, "targets": targets}


@pytest.fixture
def deployed(tmp_path, mini_config):
    """Path: a folder as snakedeploy leaves it, with the rules under their own names."""
    outer(tmp_path / "run", DEPLOYED.format(snakefile=CLONE), mini_config)
    return tmp_path / "run"


@pytest.fixture(params=["", 'prefix: "moon"'], ids=["plain", "prefix"])
def prefixed(tmp_path, mini_config, request):
    """Path: a folder of a workflow that has a rule of its own, and ours under other names."""
    outer(tmp_path / "run", PREFIXED.format(snakefile=CLONE, prefix=request.param), {"imf": mini_config})
    return tmp_path / "run"


def test_the_default_target_of_a_deployed_workflow_is_ours(deployed):
    text = snakemake(deployed, "-n")
    assert jobs(text)["all"] == jobs(text)["provenance"] == 1
    assert jobs(text)["simulate_image"] == jobs(text)["project_edr"] == 6
    assert not (deployed / "results").exists()


def test_a_target_has_a_rule_of_its_name_in_the_other_workflow(deployed):
    assert jobs(snakemake(deployed, "-n", "floor"))["map"] == 1


def test_other_workflows_have_names_of_their_own(prefixed):
    """Neither their rules nor ours are called unknown; what nobody knows, Snakemake itself refuses."""
    assert jobs(snakemake(prefixed, "-n", "imf_floor"))["imf_map"] == 1
    found = jobs(snakemake(prefixed, "-n", "all"))
    assert found["all"] == found["imf_map"] == 1 and "imf_all" not in found
    text = snakemake(prefixed, "-n", "nothing", check=False)
    assert "no target of" not in text and "nothing" in text


def test_the_configuration_of_the_other_workflow_stays_its_own(tmp_path, mini_config):
    """Some rules, one of them changed: the Snakefile is read twice with the same configuration."""
    text = PREFIXED.format(snakefile=CLONE, prefix="") + (
        "\nuse rule map from imf as imf_map with:\n    message:\n        'another message'\n"
        "\nprint('KEYS', sorted(config['imf']))\n"
    )
    outer(tmp_path / "run", text, {"imf": mini_config})
    said = snakemake(tmp_path / "run", "-n")
    assert "another message" in said and f"KEYS {sorted(mini_config)}" in said


def test_a_prefix_stands_before_all_results(tmp_path, mini_config):
    outer(tmp_path / "run", PREFIXED.format(snakefile=CLONE, prefix='prefix: "moon"'), {"imf": mini_config})
    text = snakemake(tmp_path / "run", "-n", "imf_all")
    assert "moon/results/mini/floor/map.png" in text
    assert not re.search(r"(?<!moon/)results/mini|moon/moon", text)


def test_a_bad_configuration_is_one_line_of_the_other_workflow(tmp_path, mini_config):
    outer(tmp_path / "run", DEPLOYED.format(snakefile=CLONE), {**mini_config, "recipee": "paper"})
    text = snakemake(tmp_path / "run", "-n", check=False)
    assert "config/config.yaml" in text and "unknown key 'recipee'" in text and "Traceback" not in text


def test_a_file_that_comes_with_the_workflow_is_found_from_anywhere(tmp_path, mini_config):
    config = {**without_training(mini_config), "models": {"net": {"checkpoint": "resources/detector.pt"}}}
    outer(tmp_path / "run", DEPLOYED.format(snakefile=CLONE), config)
    assert jobs(snakemake(tmp_path / "run", "-n", "floor"))["use_checkpoint"] == 1
    config["models"]["net"]["checkpoint"] = "resources/nowhere.pt"
    (tmp_path / "run" / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    assert "resources/nowhere.pt" in snakemake(tmp_path / "run", "-n", "floor", check=False)


@pytest.mark.slow
def test_a_hosted_workflow_is_unpacked_once(tmp_path, mini_config):
    """As from GitHub, whose address leads to a clone of this repository here."""
    repository = tmp_path / "hosted"
    for name in ("workflow", "envs", "resources"):
        shutil.copytree(ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", repository)
    git(repository, "init", "-q")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "all")
    git(repository, "tag", "v1")
    snakefile = 'github("owner/imfmap", path="Snakefile", tag="v1")'
    outer(tmp_path / "run", DEPLOYED.format(snakefile=snakefile), mini_config)
    hosted = {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository}.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/owner/imfmap",
    }
    assert jobs(snakemake(tmp_path / "run", "-n", **hosted))["map"] == 1
    scenes = [f"results/mini/{name}/simulated/terrain.tif" for name in ("te", "floor")]
    snakemake(tmp_path / "run", *scenes, **hosted)
    assert all((tmp_path / "run" / path).exists() for path in scenes)
    assert len(list((tmp_path / "cache").rglob("unpacked/Snakefile"))) == 1


def git(folder, *arguments):
    who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.slow
def test_a_deployed_workflow_makes_its_map_once(tmp_path, mini_config):
    deployed = tmp_path / "run"
    outer(deployed, DEPLOYED.format(snakefile=CLONE), without_training(mini_config))
    snakemake(deployed, "floor")
    results = deployed / "results" / "mini"
    assert (results / "floor" / "map.png").stat().st_size > 10_000 and (results / "floor" / "stac").is_dir()
    assert "Nothing to be done" in snakemake(deployed, "-n", "floor")
    assert not (deployed / ".snakemake" / "imfmap_run.json").exists()


@pytest.mark.slow
def test_a_workflow_with_a_prefix_makes_its_map_and_the_comparison(tmp_path, mini_config):
    question = {"title": "What?", "models": ["net"], "tables": ["maps"]}
    config = {
        **mini_config,
        "comparison": {"seeds": [3], "questions": {"what": question}},
        "evaluation": {"models": []},
    }
    config["targets"] = {name: mini_config["targets"][name] for name in ("tr", "floor")}
    outer(tmp_path / "run", PREFIXED.format(snakefile=CLONE, prefix='prefix: "moon"'), {"imf": config})
    goals = ["all", "imf_all", "imf_comparison"]
    snakemake(tmp_path / "run", *goals)
    results = tmp_path / "run" / "moon" / "results" / "mini"
    assert (tmp_path / "run" / "done.txt").exists() and not (tmp_path / "run" / "results").exists()
    assert (results / "floor" / "map.png").exists() and (results / "comparison" / "what" / "maps.html").exists()
    assert "Nothing to be done" in snakemake(tmp_path / "run", "-n", *goals)
