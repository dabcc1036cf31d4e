"""The user's files are known by their content: a change is noticed whatever their times, and a copy is no change."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from .conftest import ROOT, run_snakemake, write_config

pytestmark = pytest.mark.slow

PLACE = {"lat": -10.4, "lon": -165.0, "diameter_km": 1, "extent_km": [0.3, 0.3]}
NETWORK = {"architecture": "unet", "encoder": "resnet18"}
FLAT = "calibration/NAC{}_Flatfield.0001.cub"
COMMON = ["dark.cub", "photometry.pvl", "heights.vrt"]
CONFIG = {
    "run": {"name": "run"},
    "recipe": "paper",
    "processing": {
        "calibration_dir": "calibration",
        "darks": "custom",
        "dark_file": "dark.cub",
        "photometry": "photometry.pvl",
        "shape_model": "heights.vrt",
    },
    "models": {
        "net": {**NETWORK, "weights": "start.pt"},
        "enc": {**NETWORK, "encoder_weights": "encoder.pth"},
        "given": {"checkpoint": "given.pt"},
    },
    "evaluation": {"models": ["net", "enc", "given"]},
    "inference": {"model": "given"},
    "products": {"sheets": True, "stac": False, "viewer": False, "qgis": False},
    "targets": {
        "learnt": {**PLACE, "role": "train", "edrs": ["M1500004000LE.IMG"], "labels": "labels.gpkg"},
        "tested": {**PLACE, "role": "test", "mosaic": "mosaic.tif", "labels": "labels.geojson"},
        "floor": {
            **PLACE,
            "role": "map",
            "cubes": ["M1500004010RE.cub"],
            "boundary": "floor.shp",
            "base_map": "wac.tif",
        },
        "listed": {**PLACE, "role": "map", "products": "table.csv"},
        "searched": {**PLACE, "search": {"polygon": "place.geojson"}},
    },
}
GOALS = "all", "check_labels", "results/run/searched/products.csv"
# Every file of the configuration, and every part of a file, by the rules that read it.
READERS = {
    "project_edr": ["M1500004000LE.IMG", "M1500004000LE.json", FLAT.format("L"), *COMMON],
    "project_cube": ["M1500004010RE.cub", FLAT.format("R"), *COMMON],
    "train": ["start.pt", "encoder.pth"],
    "use_checkpoint": ["given.pt"],
    "label": ["labels.gpkg", "labels.geojson"],
    "check_labels": ["labels.gpkg", "labels.geojson"],
    "import_mosaic": ["mosaic.tif"],
    "vectorise": ["floor.shp"],
    "distances": ["floor.shp"],
    "map": ["floor.shp"],
    "statistics": ["floor.shp"],
    "sheets": ["floor.shp", "wac.tif"],
    "locate": ["table.csv"],
    "search": ["place.geojson"],
}
VRT = '<VRTDataset><SourceFilename relativeToVRT="1">dem/heights.img</SourceFilename></VRTDataset>'
TABLE = "product,url,bytes\nM1500004020LE,https://a/M1500004020LE.IMG,{}\n"
SUMMARY = '{"fractures": {"polygons": 0, "total_length_m": 0}}'
# What lies beside the files, or is named in them.
FILES = {*sum(READERS.values(), []), "dem/heights.img"}


def content(name, number):
    """Content of a file; another one of the same length for another number."""
    texts = {"heights.vrt": VRT, "table.csv": TABLE.format(number)}
    return texts.get(name, f"{name} {number}" * 20)


def write_all(folder, number, time_s):
    """Put every file there from elsewhere, with its own time, as `cp -p` does."""
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        other = path.with_name("other")
        other.write_text(content(name, number))
        os.utime(other, (time_s, time_s))
        other.replace(path)


def steps_of(folder):
    """Steps of a dry run: their rules, inputs, outputs, digests of the user's files, and why they would run."""
    arguments = [*GOALS, "--snakefile", str(ROOT / "Snakefile"), "--configfile", str(folder / "run.yaml")]
    program = f"""
import json
from imfmap.run.plan.dry_run import steps_of
from imfmap.run.snakemake_internals import jobs_of, watch_dry_run

def read(workflow):
    jobs = list(jobs_of(workflow))
    names = [{{name: value for value, name in job.get("params", {{}}).items()}} for job in jobs]
    return [{{**step, "content": known.get("content", "")}} for step, known in zip(steps_of(workflow), names)]

print(json.dumps(watch_dry_run({[*arguments, "--cores", "2", "--dry-run"]}, read)))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert said.returncode == 0, (said.stdout + said.stderr)[-3000:]
    return json.loads(said.stdout.splitlines()[-1])


def to_run(folder):
    """Rules that would run, to the kinds of reasons."""
    kinds = {}
    for step in steps_of(folder):
        if step["run"]:
            kinds.setdefault(step["rule"], set()).update(kind for kind, _ in step["why"])
    return kinds


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A folder with the user's files and nothing else, and the steps of its run."""
    folder = tmp_path_factory.mktemp("given")
    write_config(folder / "run.yaml", CONFIG)
    write_all(folder, 1, 1.5e9)
    return folder, steps_of(folder)


@pytest.fixture(scope="module")
def made(planned):
    """Path: a run whose files are all there, as if made of the user's files as they are. (Nothing ran.)"""
    folder, steps = planned
    for step in steps:
        for output in filter(None, [*step["outputs"], step["benchmark"]]):
            path = folder / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                '{"fractures": {"polygons": 0, "total_length_m": 0}}' if path.name == "summary.json" else ""
            )
    shutil.copy(folder / "table.csv", folder / "results/run/listed/products.csv")
    shutil.copy(folder / "table.csv", folder / "results/run/searched/products.csv")
    run_snakemake(folder, folder / "run.yaml", *GOALS, "--touch", "--forceall")
    return folder


def test_each_file_of_the_user_has_a_digest_in_each_rule_that_reads_it(planned):
    found = {}
    for step in planned[1]:
        given = [path for path in step["inputs"] if not path.startswith("results/")]
        found.setdefault(step["rule"], set()).update(given)
        if step["rule"] != "locate":  # its digest is that of the cells
            assert len(re.findall("[0-9a-f]{64}", step["content"])) == len(given), step
    assert {rule: paths for rule, paths in found.items() if paths} == {
        key: set(paths) for key, paths in READERS.items()
    }


def test_a_file_that_is_copied_or_touched_is_no_change_and_an_older_one_with_other_content_is(made):
    write_all(made, 1, 1.2e9)
    before = {path: path.stat().st_mtime_ns for path in (made / "results").rglob("*")}
    # The report of the search is empty here, so that it has to be asked again.
    assert to_run(made).keys() == {"search"}
    after = {path: path.stat().st_mtime_ns for path in (made / "results").rglob("*")}
    assert before == after, "a dry run writes nothing"
    write_all(made, 2, 1.1e9)
    steps = to_run(made)
    assert {rule for rule, kinds in steps.items() if "parameter" in kinds} == READERS.keys()
    assert not {kind for kinds in steps.values() for kind in kinds} - {"parameter", "input"}
