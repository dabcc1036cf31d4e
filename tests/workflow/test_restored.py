"""Nothing is made again for the time of a file: copies of a finished run, and files from the future."""

import copy
import os
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import torch

from imfmap.learning.models import build_model, save_checkpoint

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow

NETWORK = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [32, 16, 8]}
IMAGE = "M1500001000LE"
RUN = Path("results", "mini")
GOALS = ("own", str(RUN / "own" / "labels.tif"))
YEAR_S = 365 * 86400


@pytest.fixture(scope="module")
def finished(tmp_path_factory, mini_config):
    """Path: a finished run that trains on a simulated target, and maps the same ground from files of a user's."""
    folder = tmp_path_factory.mktemp("finished")
    config, mine = copy.deepcopy(mini_config), folder / "mine"
    tr = config["targets"]["tr"]
    tr["simulate"]["images"] = tr["simulate"]["images"][:1]
    place = {key: tr[key] for key in ("lat", "lon", "diameter_km", "extent_km")}
    files = {"edrs": [f"mine/{IMAGE}.IMG"], **{name: f"mine/{name}.gpkg" for name in ("labels", "boundary")}}
    own = {**place, **files, "role": "test", "base_map": "mine/truth.tif"}
    config |= {"targets": {"tr": tr, "own": own}, "evaluation": {"models": []}}
    config["models"]["net"]["weights"] = "mine/start.pt"
    config["processing"] = {"calibration_dir": "mine/calibration", "photometry": "mine/photometry.pvl"}
    write_config(folder / "mini.yaml", config)

    # What is the user's own.
    mine.mkdir()
    simulated = {key: config[key] for key in ("run", "recipe")} | {"targets": {"tr": tr}}
    made, calibration = RUN / "tr" / "simulated", folder / RUN / "calibration" / "2025"
    run_snakemake(folder, write_config(folder / "tr.yaml", simulated), str(made / "edr" / f"{IMAGE}.IMG"))
    shutil.copytree(calibration, mine / "calibration")
    shutil.copy(next(calibration.glob("NAC_PHO_*.pvl")), mine / "photometry.pvl")
    for name in (f"edr/{IMAGE}.IMG", f"edr/{IMAGE}.json", "labels.gpkg", "boundary.gpkg", "truth.tif"):
        shutil.copy(folder / made / name, mine)
    torch.manual_seed(1)
    settings = {**NETWORK, "recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
    save_checkpoint(mine / "start.pt", build_model(settings), settings)

    text = make(folder)
    for rule in ("train", "map", "viewer", "stac"):
        assert f"(Rule: {rule})" in text, rule
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """Path: a copy of that folder, times and all."""
    return shutil.copytree(finished, tmp_path / "run", symlinks=True)


def make(folder, *arguments):
    return run_snakemake(folder, folder / "mini.yaml", *(arguments or ("--", *GOALS)))


def planned(folder):
    return make(folder, "-n", "--", *GOALS)


def files_of(*folders):
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def assert_nothing_is_to_do(folder):
    text = planned(folder)
    assert "Nothing to be done" in text, text[-3000:]


def copied(folder, *command):
    """Results and the user's files become a copy of themselves."""
    for name in ("results", "mine"):
        if shutil.which(command[0]) is None:
            pytest.skip(f"no program {command[0]}")
        subprocess.run([*command, f"{name}/", "copy/"], cwd=folder, check=True)
        shutil.rmtree(folder / name)
        (folder / "copy").rename(folder / name)
    return folder


def shuffled(folder, seed):
    """All files get times in the past, in any order; some get the same."""
    files = files_of(folder)
    random.Random(seed).shuffle(files)
    for place, path in enumerate(files):
        time_s = time.time() - 10 - (place // 2 if seed % 2 else place)
        os.utime(path, (time_s, time_s))
    return folder


def moved(folder):
    """As a clone to which results and records are copied."""
    new = folder.parent / "elsewhere"
    new.mkdir()
    for name in ("mini.yaml", "mine", "results", ".snakemake"):
        subprocess.run(["cp", "-r", str(folder / name), str(new)], check=True)
    shutil.rmtree(folder)
    return new


def touched(folder):
    for path in files_of(folder):
        path.touch()
    return folder


RESTORES = {
    "cp -r": lambda folder: copied(folder, "cp", "-r"),
    "rsync -a": lambda folder: copied(folder, "rsync", "-a"),
    "rsync -r": lambda folder: copied(folder, "rsync", "-rl"),
    "another folder": moved,
    "touch": touched,
    **{f"shuffle {seed}": lambda folder, seed=seed: shuffled(folder, seed) for seed in range(4)},
}


@pytest.mark.parametrize("restore", RESTORES)
def test_a_restored_run_has_nothing_to_do(folder, restore):
    assert_nothing_is_to_do(RESTORES[restore](folder))


def test_a_changed_file_of_a_restored_run_is_seen(folder):
    """A content that is other counts, also where all times are new: of a file of the run, of the user, of a folder."""
    shuffled(folder, 1)
    with open(folder / RUN / "own" / "projected" / f"{IMAGE}.tif", "ab") as file:
        file.write(b"\0")
    text = planned(folder)
    assert "infer_image" in text and "project_edr" not in text and "train" not in jobs_of(text)
    flat = next((folder / "mine" / "calibration").glob("NACL_Flatfield.0001.cub"))
    content = bytearray(flat.read_bytes())
    content[-7] ^= 1
    flat.write_bytes(content)
    assert jobs_of(planned(folder))["project_edr"] == 1


def jobs_of(text):
    """Jobs by rule, from the table of a dry run or of a run."""
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE) if rule != "total"}


def warnings_of(text):
    return [line for line in text.splitlines() if line.startswith("imfmap: ")]


def test_users_files_from_the_future_are_used_once_and_told_in_one_line(folder):
    """Each kind of them at once, as after the clock was set back; what is made of them stays."""
    theirs = [*files_of(folder / "mine"), folder / "mini.yaml"]
    kinds = {path.suffix for path in theirs}
    assert kinds >= {".IMG", ".json", ".gpkg", ".pt", ".cub", ".pvl", ".tif", ".yaml"}
    for path in theirs:
        os.utime(path, (time.time() + YEAR_S,) * 2)
    (line,) = warnings_of(text := planned(folder))
    assert "Nothing to be done" in text and "in the future" in line
    # Each kind is read: by project_edr, label, train, distances and sheets.
    goals = [f"own/projected/{IMAGE}.tif", "own/labels.tif", "models/net/checkpoint.pt"]
    goals = [str(RUN / name) for name in (*goals, "own/distances.json", "own/overview.png")]
    for goal in goals:
        (folder / goal).unlink()
    text = make(folder, "--", *goals)
    assert jobs_of(text).items() >= {"project_edr": 1, "label": 1, "train": 1, "distances": 1, "sheets": 1}.items()
    assert len(warnings_of(text)) == 1 and all((folder / goal).exists() for goal in goals)
    assert all(path.stat().st_mtime > time.time() for path in theirs)
    text = make(folder, "-n", "--", *goals)
    assert "Nothing to be done" in text and len(warnings_of(text)) == 1


def test_results_from_the_future_come_to_the_present(folder):
    """Each kind of them, in any order, as after a run under a wrong clock."""
    results = files_of(folder / "results")
    random.Random(5).shuffle(results)
    for place, path in enumerate(results):
        os.utime(path, (time.time() + YEAR_S + place,) * 2)
    assert_nothing_is_to_do(folder)
    text = make(folder)
    assert "Nothing to be done" in text and len(warnings_of(text)) == 1
    assert max(path.stat().st_mtime for path in files_of(folder / "results")) <= time.time()
    text = planned(folder)
    assert "Nothing to be done" in text and not warnings_of(text)
