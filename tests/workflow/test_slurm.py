"""The workflow through a real Slurm of one node: from EDR to map, and with the node vanishing under its jobs."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .comparing import assert_same_products
from .conftest import ROOT, run_snakemake, write_config
from .slurm_cluster import SlurmCluster, why_not

pytestmark = [pytest.mark.slurm, pytest.mark.slow, pytest.mark.skipif(why_not() is not None, reason=str(why_not()))]

PRODUCTS = ["M1500004000LE", "M1500004010RE"]
# What squeue tells of a job: what it runs, where, with how much, how it ended.
COLUMNS = {"comment": "%k", "partition": "%P", "cpus": "%C", "memory": "%m", "time": "%l", "gres": "%b", "state": "%T"}


@pytest.fixture(scope="module")
def cluster():
    """A running Slurm."""
    cluster = SlurmCluster(min_job_age_s=3600)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory, cluster, mini_config):
    """A user's account: environment after the set-up, and a configuration of two EDRs and a network."""
    folder = tmp_path_factory.mktemp("site")
    bins = [Path(sys.executable).parent, *cluster.environment["PATH"].split(os.pathsep)]
    # With conda the profile would build the environments, which takes a network and an hour.
    path = os.pathsep.join(str(one) for one in bins if not Path(one, "conda").exists())
    environment = {
        **cluster.environment,
        "PATH": path,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "OMP_NUM_THREADS": "1",
    }
    subprocess.run(["make", "-s", "slurm-profile"], cwd=ROOT, env=environment, check=True)

    edrs = [f"results/mini/floor/simulated/edr/{product}.IMG" for product in PRODUCTS]
    run_snakemake(folder, write_config(folder / "mini.yaml", mini_config), *edrs)
    target = {key: value for key, value in mini_config["targets"]["floor"].items() if key != "simulate"}
    config = {
        "run": {"name": "cluster", "seed": 3},
        "recipe": "sun_aligned",
        "processing": {"calibration_dir": str(folder / "results" / "mini" / "calibration" / "2025")},
        "training": {"device": "cpu", "threads": 2},
        "models": {"net": {"checkpoint": str(untrained(folder / "net.pt"))}},
        "inference": {"model": "net"},
        "mapping": mini_config["mapping"],
        "targets": {"floor": {**target, "edrs": [str(folder / edr) for edr in edrs]}},
    }
    return environment, write_config(folder / "cluster.yaml", config)


def untrained(path):
    """A network that has learnt nothing, which finds something everywhere."""
    import torch

    from imfmap.learning.models import build_model, save_checkpoint

    torch.manual_seed(1)
    settings = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [32, 16, 8]}
    use = {"recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
    save_checkpoint(path, build_model(settings), {**settings, **use})
    return path


def start(folder, site, **environment):
    """Start ``snakemake --profile slurm all`` from the repository's root, its results in `folder`."""
    inherited, config = site
    command = ["snakemake", "--profile", "slurm", "all", "--directory", str(folder), "--configfile", str(config)]
    command += ["--slurm-init-seconds-before-status-checks", "2"]
    with open(folder / "said.txt", "w") as said:
        return subprocess.Popen(
            command, cwd=ROOT, env={**inherited, **environment}, stdout=said, stderr=subprocess.STDOUT
        )


def queue(cluster, since=0):
    """Jobs that Slurm was given after the first `since`, in their order."""
    lines = cluster.call("squeue", "--states=all", "--sort=i", "--noheader", f"--format={'|'.join(COLUMNS.values())}")
    jobs = [dict(zip(COLUMNS, map(str.strip, line.split("|")), strict=True)) for line in lines.splitlines()]
    return jobs[since:]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, site, cluster):
    """Folder of a run that went well, and its jobs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    status = start(folder, site).wait(timeout=900)
    assert status == 0, (folder / "said.txt").read_text()[-5000:]
    return folder, queue(cluster)


def test_a_target_goes_from_edr_to_map(undisturbed):
    folder, _ = undisturbed
    run = folder / "results" / "cluster"
    for name in (
        "floor/map.png",
        "floor/fractures.gpkg",
        "floor/viewer/index.html",
        "catalog.json",
        "provenance/run.json",
    ):
        assert (run / name).stat().st_size > 0, name
    assert "Made by this run:" in (folder / "said.txt").read_text()


def test_short_steps_share_jobs_and_each_asks_for_what_it_needs(undisturbed):
    _, jobs = undisturbed
    assert {job["state"] for job in jobs} == {"COMPLETED"}
    # Two images in one job, one after the other on one GPU in another; all that is made of the fractures in a third.
    assert sorted(job["comment"].split("_")[1] for job in jobs) == [
        "fuse",
        "image",
        "infer",
        "mosaic",
        "products",
        "vectorise",
    ]
    image, infer = (
        next(job for job in jobs if job["comment"].startswith(f"rule_{group}")) for group in ("image", "infer")
    )
    assert (image["partition"], image["cpus"], image["memory"], image["time"]) == ("cpu", "2", "4000M", "2:00:00")
    assert (infer["partition"], infer["cpus"], infer["memory"], infer["time"]) == ("gpu", "2", "8000M", "4:00:00")
    assert "gpu:1" in infer["gres"]
    assert all("gpu" not in job["gres"] and job["partition"] == "cpu" for job in jobs if job is not infer)


def test_logs_are_where_a_user_looks(undisturbed):
    folder, _ = undisturbed
    for log in ("project_edr/floor.M1500004000LE.log", "infer_image/floor.M1500004010RE.log", "viewer/floor.log"):
        assert (folder / "results" / "cluster" / "logs" / log).exists(), log
    # What Slurm said is kept of jobs that failed.
    assert not list((folder / "results" / "slurm_logs").rglob("*.log"))


def test_a_node_that_vanishes_at_every_stage_is_outlived(tmp_path, site, cluster, undisturbed):
    before = len(queue(cluster))
    struck, stages = tmp_path / "struck", ["project_edr", "infer_image", "fuse", "vectorise", "map"]
    strikes = {"IMF_STRIKE": "node", "IMF_STRUCK": str(struck), "IMF_STRIKE_ONLY": " ".join(stages)}
    process = start(tmp_path, site, PYTHONPATH=str(Path(__file__).parent / "strikes"), **strikes)
    done = threading.Event()

    def lose_nodes():
        try:
            while not done.wait(0.2):
                if (struck / "now").exists():
                    cluster.lose_node()
                    (struck / "now").unlink()
                    cluster.start_node()
        except BaseException:
            # Without a node the run would wait for ever.
            process.kill()
            raise

    watcher = threading.Thread(target=lose_nodes)
    watcher.start()
    try:
        status = process.wait(timeout=1500)
    finally:
        done.set()
        watcher.join()
        process.kill()
    assert status == 0, (tmp_path / "said.txt").read_text()[-5000:]
    assert {path.name for path in struck.iterdir()} == {f"{stage}.node" for stage in stages}
    jobs = queue(cluster, before)
    assert sum(job["state"] == "NODE_FAIL" for job in jobs) >= len(stages)
    # Tried again, with more.
    fused = [job for job in jobs if job["comment"].startswith("rule_fuse")]
    assert [job["state"] for job in fused] == ["NODE_FAIL", "COMPLETED"]
    assert [job["memory"] for job in fused] == ["4000M", "8000M"]
    assert [job["time"] for job in fused] == ["2:00:00", "4:00:00"]
    assert_same_products(tmp_path / "results" / "cluster", undisturbed[0] / "results" / "cluster")


def test_what_a_dead_run_left_in_slurm_is_cancelled(tmp_path, site, cluster):
    """A run is killed while its job is in the queue: the next one cancels that before it starts."""
    inherited, config = site
    shutil.copy(config, tmp_path)
    job = ["--parsable", "--job-name=imfmap_of_a_dead_run", "--chdir", str(tmp_path), "--output=/dev/null", "--mem=10"]
    other = ["--parsable", "--job-name=somebody", "--chdir", str(tmp_path), "--output=/dev/null", "--mem=10"]
    dead, living = (cluster.call("sbatch", *options, "--wrap=sleep 100") for options in (job, other))
    try:
        finish = (
            "import os, sys; sys.path.insert(0, sys.argv[1]); from imfmap.run import lock; lock.take(sys.argv[2]); "
            "os._exit(0) if len(sys.argv) > 3 else None"
        )
        command = [sys.executable, "-c", finish, str(ROOT / "workflow"), str(tmp_path)]
        subprocess.run([*command, "die"], env=inherited, check=True)
        assert (tmp_path / ".snakemake" / "imfmap_run.json").exists()
        assert cluster.call("squeue", "--noheader", "--format=%A").split() == [dead, living]
        subprocess.run(command, env=inherited, check=True)
        assert cluster.call("squeue", "--noheader", "--format=%A", "--states=PENDING,RUNNING").split() == [living]
    finally:
        cluster.call("scancel", dead, living)
