"""No folder is an input of any rule: of a folder, Snakemake knows only the time, and every copy changes that."""

import json
import os
import subprocess
import sys

import pytest

from tests.helpers import rules
from tests.helpers.nac_samples import CalibrationSet

from .conftest import ROOT, write_config

# Prints rule, inputs, outputs, and outputs that are folders, of each job of a dry run.
LOOK = """
import json, sys
from imfmap.run.snakemake_internals import watch_dry_run


def jobs(workflow):
    for job in workflow.dag.jobs:
        folders = [str(path) for path in job.output if path.is_directory]
        yield job.rule.name, list(map(str, job.input)), list(map(str, job.output)), folders


print("JOBS" + json.dumps(watch_dry_run(sys.argv[1:], lambda workflow: list(jobs(workflow)))))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Path: a folder with files of a user's; a dry run asks only whether they are there."""
    folder = tmp_path_factory.mktemp("folders")
    for name in ("M1500004000LE.IMG", "M1500004000LE.lev1.cub", "labels.gpkg", "theirs.tif", "pho.pvl", "mine.pt"):
        (folder / name).touch()
    CalibrationSet(folder / "calibration")
    return folder


def jobs_of(folder, config, *goals):
    path = write_config(folder / "one.yaml", config)
    command = [sys.executable, "-c", LOOK, "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", "1", "-n", "--quiet", "all", "--forceall", "--configfile", str(path), "--", *goals]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    said = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    found = [line for line in said.stdout.splitlines() if line.startswith("JOBS")]
    assert found, f"{goals}: {said.stdout[-2000:]}{said.stderr[-2000:]}"
    return json.loads(found[0].removeprefix("JOBS"))


def plans(mini):
    """Configurations and goals that together have a job of every rule."""
    floor, net = mini["targets"]["floor"], mini["models"]["net"]
    place = {key: floor[key] for key in ("lat", "lon", "diameter_km")}
    edrs, sun = {**place, "edrs": ["M1500004000LE.IMG"]}, {"sun_azimuth_deg": 90, "incidence_deg": 50}
    own = "results/mini/own/projected/M1500004000LE.tif"
    targets = {
        **mini["targets"],
        "floor": {**floor, "base_map": "wac"},
        **dict.fromkeys(("va2", "va3"), mini["targets"]["va"]),
        "direct": {**place, "simulate": {**floor["simulate"], "path": "direct"}},
        "found": {**place, "search": {}},
        "listed": {**place, "products": ["M1500005000LE"]},
        "finished": {**place, **sun, "mosaic": "theirs.tif", "labels": "labels.gpkg", "role": "test"},
    }
    yield (
        {
            **mini,
            "targets": targets,
            "processing": {"keep_calibrated": True, "allow_missing": True},
            "models": {
                "net": net,
                "plain": {**net, "recipe": "paper"},
                "net6": {**net, "resolution_m": 6, "encoder_weights": "imagenet"},
                "published": {"zenodo": 15101175},
                "mine": {"checkpoint": "mine.pt"},
            },
            "coarse": {"resolution_m": 6, "model": "net6"},
            "reproduction": {"record": 15101175, "files": {"floor": "*.shp"}},
            "comparison": {
                "seeds": [1],
                "questions": {"one": {"title": "One", "models": ["net", "plain"], "tables": ["images", "maps"]}},
            },
        },
        ["all", "comparison", "benchmark_set", "isisdata", "coarse", "calibration", "results/mini/labels_checked.csv"]
        + ["reproduction", "results/mini/models/net/model.onnx"]
        + [f"results/mini/models/{name}/checkpoint.pt" for name in ("published", "mine")]
        + [
            f"results/mini/{name}"
            for name in ("floor/draft_labels.gpkg", "floor/left_out.csv", "direct/mosaic.tif", "listed/mosaic.tif")
        ],
    )
    plain = {"net": {**net, "recipe": "paper"}}
    cubes = {**place, "cubes": ["M1500004000LE.lev1.cub"]}
    laid = {**place, "projected": ["theirs.tif"]}
    processing = {"calibration_dir": "calibration", "coregistration": {"images": "projected"}}
    yield (
        {**mini, "recipe": "paper", "models": plain, "processing": processing}
        | {"targets": {**targets, "own": edrs, "cubes": cubes, "laid": laid}},
        ["floor", own, own.replace("own", "cubes"), "results/mini/found/mosaic.tif"]
        + [
            "results/mini/finished/tiles/paper/theirs.npz",
            "results/mini/finished/projected/theirs.tif",
            "results/mini/laid/projected/theirs.tif",
        ],
    )
    isis = {"engine": "isis", "photometry": "pho.pvl", "isis": {"keep_intermediates": "all"}}
    isis["mosaic"] = {"brightness": "both"}
    yield {**mini, "targets": {**mini["targets"], "own": edrs}, "processing": isis}, ["results/mini/own/mosaic.tif"]


def test_no_folder_is_an_input_of_any_rule(folder, mini_config):
    seen, makers = set(), set()
    for config, goals in plans(mini_config):
        jobs = jobs_of(folder, config, *goals)
        made = {path for _, _, _, folders in jobs for path in folders}
        for name, inputs, _, _ in jobs:
            for path in inputs:
                assert path not in made and not (folder / path).is_dir(), f"rule {name} takes the folder {path}"
        seen |= {name for name, _, _, _ in jobs}
        makers |= {name for name, _, _, folders in jobs if folders}
    assert rules.names() - seen == set(), "no configuration above has a job of these rules"
    # Folders are seen where there are any.
    assert makers >= {"simulate_calibration", "link_calibration", "compare_images", "viewer", "stac", "isis_mosaic"}
