"""What a change remakes: one image more, another order, a touched file, other code; and what the plan says of it."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from imfmap.learning.models import build_model, save_checkpoint

from .conftest import ROOT, run_snakemake, write_config

pytestmark = pytest.mark.slow

MODEL = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [32, 16, 8]}
PRODUCTS = ["M1500004000LE", "M1500004010LE", "M1500004020LE"]
RUN = Path("results", "mini")
WANTED = ["fractures.gpkg", "mosaic.tif", "mosaic_sources.tif", "probability.tif"]


@pytest.fixture(scope="module")
def config(mini_config, tmp_path_factory):
    """dict: one target of two images that are simulated on the map, and a network of random weights."""
    torch.manual_seed(1)
    settings = {**MODEL, "recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
    checkpoint = tmp_path_factory.mktemp("model") / "net.pt"
    save_checkpoint(checkpoint, build_model(settings), settings)
    config = {key: mini_config[key] for key in ("run", "recipe", "inference", "mapping", "training")}
    floor = copy.deepcopy(mini_config["targets"]["floor"])
    images = [
        {"product": product, "sun_azimuth_deg": azimuth, "incidence_deg": 50}
        for product, azimuth in zip(PRODUCTS[:2], (275, 75), strict=True)
    ]
    floor |= {"extent_km": [0.3, 0.3], "simulate": {"seed": 14, "path": "direct", "images": images}}
    return {**config, "models": {"net": {"checkpoint": str(checkpoint)}}, "targets": {"floor": floor}}


@pytest.fixture(scope="module")
def run(tmp_path_factory, config):
    """Path: a folder in which the run of two images was made."""
    folder = tmp_path_factory.mktemp("increments")
    made(folder, config)
    return folder


@pytest.fixture
def folder(run, tmp_path):
    """Path: a copy of that folder, times and all."""
    shutil.copytree(run, tmp_path / "run", copy_function=shutil.copy2)
    return tmp_path / "run"


def wanted():
    return [str(RUN / "floor" / name) for name in WANTED]


def made(folder, config, *arguments):
    return run_snakemake(folder, write_config(folder / "config.yaml", config), *arguments, "--", *wanted())


def planned(folder, config, *arguments):
    return made(folder, config, "--dry-run", *arguments)


def with_one_more(config):
    config = copy.deepcopy(config)
    images = config["targets"]["floor"]["simulate"]["images"]
    images.append({"product": PRODUCTS[2], "sun_azimuth_deg": 120, "incidence_deg": 60})
    return config


def test_one_image_more_is_processed_alone_and_gives_what_a_run_from_scratch_gives(folder, config):
    before = {name: (folder / RUN / "floor" / name).read_bytes() for name in WANTED}
    text = made(folder, more := with_one_more(config))
    for rule in ("simulate_projected", "infer_image"):
        assert text.count(f"(Rule: {rule})") == 1, rule
    for rule in ("simulate_scene", "use_checkpoint"):
        assert f"(Rule: {rule})" not in text
    after = {name: (folder / RUN / "floor" / name).read_bytes() for name in WANTED}
    for path in (folder / RUN / "floor").iterdir():
        if path.name in (*WANTED, "probability"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif path.suffix == ".blocks":
            path.unlink()
    text = made(folder, more)
    assert text.count("(Rule: infer_image)") == 3
    for name in WANTED:
        assert after[name] == (folder / RUN / "floor" / name).read_bytes() != before[name], name


def test_another_order_and_touched_files_change_nothing(folder, config):
    other = copy.deepcopy(config)
    other["targets"]["floor"]["simulate"]["images"].reverse()
    other = dict(reversed(other.items()))
    assert "Nothing to be done" in planned(folder, other)
    for path in sorted((folder / RUN).rglob("*.*")):
        os.utime(path)
    assert "Nothing to be done" in planned(folder, config)
    # The same with what an image was, whose content is another.
    with open(folder / RUN / "floor" / "projected" / f"{PRODUCTS[0]}.tif", "ab") as file:
        file.write(b"\0")
    text = planned(folder, config)
    assert "infer_image" in text and "simulate_projected" not in text


@pytest.mark.parametrize(
    ("file", "old", "new", "remade"),
    [
        ("inference/fusion.py", "LEAST_WEIGHT = 1e-3", "LEAST_WEIGHT = 2e-3", {"fuse", "vectorise"}),
        ("inference/fusion.py", '"""Return the weight of an', '"""Give the weight of an', set()),
        ("core/errors.py", 'message = f"{where}: {found}"', 'message = f"{where} says {found}"', set()),
    ],
)
def test_other_code_remakes_what_it_touches(folder, tmp_path, config, file, old, new, remade):
    copied = tmp_path / "workflow"
    for name in ("workflow", "profiles", "envs", "resources"):
        shutil.copytree(ROOT / name, copied / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", copied)
    module = copied / "workflow" / "imfmap" / file
    assert old in module.read_text()
    module.write_text(module.read_text().replace(old, new))
    text = planned(folder, config, "--snakefile", str(copied / "Snakefile"))
    rules = set(re.findall(r"^(\w+) +\d+$", text, re.MULTILINE)) - {"total"}
    assert rules == remade and (remade or "Nothing to be done" in text)
    text = planned(folder, config, "--snakefile", str(copied / "Snakefile"), "--rerun-triggers", "mtime")
    assert "Nothing to be done" in text


def test_another_machine_remakes_nothing(folder, config):
    """Where and how fast a map is made decides nothing of it; what is looked for does."""
    inference = {**config["inference"], "device": "cpu", "batch_size": 3}
    training = {**config["training"], "workers": 1, "threads": 1, "compile": True}
    assert "Nothing to be done" in planned(folder, {**config, "inference": inference, "training": training})
    assert "infer_image" in planned(folder, {**config, "inference": {**inference, "test_time_augmentation": ["flips"]}})


def test_the_plan_says_what_would_run_and_why(folder, config):
    more = with_one_more(config)
    more["mapping"] = {**more["mapping"], "threshold": 0.6}
    write_config(folder / "config.yaml", more)
    before = {path: path.stat().st_mtime_ns for path in (folder / RUN).rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "imfmap.run.plan.report", *wanted(), "--snakefile", str(ROOT / "Snakefile")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    said = subprocess.run(
        [*command, "--configfile", "config.yaml"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    after = {path: path.stat().st_mtime_ns for path in (folder / RUN).rglob("*") if path.is_file()}
    written = {path.name for path in set(after) - set(before)}
    assert written == {"plan.json", "plan.html"} and all(after[path] == time for path, time in before.items())
    plan = json.loads((folder / RUN / "provenance" / "plan.json").read_text())
    assert said.stdout.startswith(f"About {plan['totals']['to_run']} steps: ") and "Nothing was run" in said.stdout
    (target,) = [group for group in plan["targets"] if group["name"] == "floor"]
    steps = {step["rule"]: step for step in target["steps"]}
    jobs = {
        (job["rule"], job["wildcards"].get("product")): job
        for step in target["steps"]
        for job in step["jobs"]
        if job["run"]
    }
    assert set(jobs) == {
        *(("simulate_projected", PRODUCTS[2]), ("infer_image", PRODUCTS[2])),
        *((rule, None) for rule in ("fuse", "mosaic", "vectorise")),
    }
    why = {key: {reason["kind"] for reason in job["why"]} for key, job in jobs.items()}
    assert "missing" in why["simulate_projected", PRODUCTS[2]] and why["fuse", None] == {"input"}
    assert any("threshold: 0.5 to 0.6" in reason["text"] for reason in jobs["vectorise", None]["why"])
    assert steps["infer_image"]["cpu_s"] > 0 and "2 jobs of mini" in steps["infer_image"]["basis"]
    assert [image["product"] for image in target["images"]] == PRODUCTS
    files = {file["path"]: file for file in target["made"]}
    kept, fused = files[str(RUN / "floor" / "simulated" / "terrain.tif")], files[str(RUN / "floor" / "probability.tif")]
    assert kept["stays"] and not fused["stays"]
    assert len(fused["sha256"]) == 64 and fused["environment"]["packages"]["numpy"] and fused["commit"]
    page = (folder / RUN / "provenance" / "plan.html").read_text()
    assert "threshold: 0.5 to 0.6" in page and "http" not in page.split("</head>")[0]
