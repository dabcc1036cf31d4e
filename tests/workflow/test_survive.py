"""Runs that are killed at every stage: the next one finishes, and makes what an undisturbed one makes."""

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from .comparing import assert_same_products
from .conftest import ROOT, write_config

pytestmark = pytest.mark.slow
# Jobs are struck by the names of their scripts, which are those of their rules but for these.
OTHER_SCRIPTS = {"statistics": "target_statistics"}


@pytest.fixture(scope="module")
def tiny_config(mini_config):
    """dict: one scene and one image, that is trained on and then mapped."""
    config = copy.deepcopy(mini_config)
    target = config["targets"]["tr"]
    target["simulate"]["images"] = target["simulate"]["images"][:1]
    return {**config, "targets": {"tr": target}, "evaluation": {"models": []}}


def snakemake(folder, config, *arguments, **environment):
    """Start Snakemake in `folder` on the target; what it says goes to said.txt."""
    folder.mkdir(exist_ok=True)
    path = write_config(folder / "tiny.yaml", config)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    command += ["--configfile", str(path), *arguments, "--", "tr"]
    inherited = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with open(folder / "said.txt", "w") as said:
        return subprocess.Popen(
            command, cwd=folder, env={**inherited, **environment}, stdout=said, stderr=subprocess.STDOUT
        )


def said(folder):
    return (folder / "said.txt").read_text(errors="replace")


def until_it_finishes(folder, config, stages, strikes, *arguments, after=lambda: None):
    """Run again and again, the first jobs of some stages (rules) being struck, until a run finishes.

    Returns
    -------
    list of tuple
        Exit status and what Snakemake said of each run.
    """
    struck = Path(tempfile.mkdtemp(prefix="struck."))
    hook = {"PYTHONPATH": str(Path(__file__).parent / "strikes"), "IMF_STRIKE": strikes, "IMF_STRUCK": str(struck)}
    hook["IMF_STRIKE_ONLY"] = " ".join(stages)
    runs = []
    for _ in range(len(stages) + 2):
        status = snakemake(folder, config, *arguments, **hook).wait(timeout=900)
        runs.append((status, said(folder)))
        after()
        if status == 0:
            break
    assert runs[-1][0] == 0, runs[-1][1][-5000:]
    # Named by scripts, of which each rule of this run has its own.
    assert len(list(struck.iterdir())) == len(stages) * len(strikes.split())
    shutil.rmtree(struck)
    return runs


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_config):
    """Path: results of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    assert snakemake(folder, tiny_config).wait(timeout=900) == 0, said(folder)[-5000:]
    return folder / "results" / "mini"


def stages_of(results, first=0, step=1):
    """Every `step`-th rule of those that made a run's results: tests share them, since some strikes cost a run each."""
    rules = sorted(folder.name for folder in (results / "benchmarks").iterdir())[first::step]
    return [OTHER_SCRIPTS.get(rule, rule) for rule in rules]


def test_jobs_are_killed_at_every_stage_and_tried_again_by_the_same_run(tmp_path, tiny_config, undisturbed):
    folder = tmp_path / "run"
    # As profiles/slurm says.
    runs = until_it_finishes(folder, tiny_config, stages_of(undisturbed), "job", "--retries", "1")
    assert len(runs) == 1
    assert_same_products(folder / "results" / "mini", undisturbed)


def test_snakemake_is_killed_at_stages_of_all_kinds_and_the_next_run_needs_no_unlock(
    tmp_path, tiny_config, undisturbed
):
    folder = tmp_path / "run"
    runs = until_it_finishes(folder, tiny_config, stages_of(undisturbed, 0, 3), "run")
    assert len(runs) > 5
    assert {status for status, _ in runs[:-1]} == {-signal.SIGKILL}
    # Done with: nothing is left to make.
    assert snakemake(folder, tiny_config, "-n").wait() == 0
    assert "Nothing to be done" in said(folder)
    assert_same_products(folder / "results" / "mini", undisturbed)


@pytest.fixture
def small_disk(tmp_path):
    """Path: a file system of 200 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no small disk: mounting one needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_disk_is_full_at_stages_of_all_kinds(small_disk, tiny_config, undisturbed):
    def make_room():
        for ballast in small_disk.rglob("ballast.*"):
            ballast.unlink()

    runs = until_it_finishes(small_disk / "run", tiny_config, stages_of(undisturbed, 1, 3), "disk", after=make_room)
    assert len(runs) > 5
    told = [text for _, text in runs[:-1] if "no room is left on the disk" in text]
    assert len(told) > 5
    assert_same_products(small_disk / "run" / "results" / "mini", undisturbed)


def test_a_second_run_in_the_folder_says_so_and_stops(tmp_path, tiny_config):
    first = snakemake(tmp_path / "run", tiny_config)
    try:
        mark = tmp_path / "run" / ".snakemake" / "imfmap_run.json"
        end = time.monotonic() + 60
        while not mark.exists() and time.monotonic() < end:
            time.sleep(0.1)
        shutil.copy(tmp_path / "run" / "said.txt", tmp_path / "first.txt")
        second = snakemake(tmp_path / "run", tiny_config)
        assert second.wait(timeout=120) == 1
        lines = [line for line in said(tmp_path / "run").splitlines() if "another run is at work here" in line]
        assert len(lines) == 1 and f"kill {first.pid}" in lines[0] and "unlock" not in said(tmp_path / "run")
        # To look is allowed.
        assert snakemake(tmp_path / "run", tiny_config, "-n").wait(timeout=120) == 0
        assert first.poll() is None and json.loads(mark.read_text())["pid"] == first.pid
    finally:
        first.terminate()
        first.wait(timeout=120)
    assert not mark.exists()
