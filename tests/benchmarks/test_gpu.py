"""The GPU script: its steps, its time, and what it brings back. A stand-in for Python does the steps' work here."""

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Takes the place of Python: notes what it is asked for, and does of each step what the test wants.
STAND_IN = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
work=$(sed -n 's/.*--folder \\([^ ]*\\).*/\\1/p' <<< "$*")
name=$(sed -n 's/.*--out [^ ]*\\/\\([^ /]*\\)\\.pt.*/\\1/p' <<< "$*")
case "$*" in
    *device_agreement*) echo "| agreement |"; exit "${AGREEMENT:-0}" ;;
    *learning.py*) echo "| speed |"; sleep "${SPEED:-0}" ;;
    *"--epochs 0"*)
        mkdir -p "$work/tiles"
        dd if=/dev/zero of="$work/tiles/large.npz" bs=1M count=2 2> /dev/null ;;
    *detector.py*)
        mkdir -p "$work/$name/.resume" "$work/$name/logs"
        echo "epoch" >> "$work/$name/logs/epochs.csv"
        echo "best" > "$work/$name/.resume/best_3.pt"
        sleep "${TRAINING:-0}"
        rm -r "$work/$name/.resume"
        echo "curves" > "$work/$name/curves.png"
        echo "done $name" > "$work/$name.pt"
        exit "${TRAINED:-0}" ;;
    *imagenet_encoder*) echo "encoder" > "${@: -1}" ;;
esac
"""


@pytest.fixture
def gpu(tmp_path):
    """Function of variables of the environment: how the script ends."""
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)

    def run(*arguments, **variables):
        given = {"PYTHON": python, "OUT": tmp_path / "out", "CALLS": tmp_path / "calls", "WHEELS": tmp_path / "wheels"}
        given["WORK"] = tmp_path / "work"
        environment = {**os.environ, **{name: str(value) for name, value in {**given, **variables}.items()}}
        command = [str(ROOT / "benchmarks" / "gpu.sh"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    run.out, run.calls = tmp_path / "out", tmp_path / "calls"
    return run


def scripts(calls):
    """The scripts that were called, in their order, without the simulation, which runs beside others."""
    return [re.search(r"(\w+)\.py", call)[1] for call in calls if "--epochs 0" not in call]


def test_a_run_checks_measures_trains_and_brings_back(gpu):
    done = gpu()
    assert done.returncode == 0, done.stderr
    calls = gpu.calls.read_text().splitlines()
    assert scripts(calls) == ["device_agreement", "learning", "detector"]
    assert all(
        "deeplabv3_resnet50 --size-px 512" in call for call in calls if "agreement" in call or "learning" in call
    )
    cores = len(os.sched_getaffinity(0))
    scenes = f"--scenes {15 * cores} --hard-scenes {15 * cores // 2} --processes "
    (simulation,), training = [call for call in calls if "--epochs 0" in call], calls[-1]
    assert scenes in simulation and scenes + str(cores) in training
    report = (gpu.out / "report.md").read_text()
    assert "| agreement |" in report and "| speed |" in report and report.count("ended well") == 3
    assert (gpu.out / "detector.pt").read_text() == "done detector\n"
    # A training that is done has no state to go on from.
    assert {path.name for path in gpu.out.iterdir()} == {
        *("report.md", "log.txt", "detector.pt", "epochs.csv", "curves.png")
    }


def test_both_recipes_are_trained_with_equal_budgets(gpu):
    assert gpu(STEPS="recipes", SEEDS="4 7", RECIPE_EPOCHS=3, SCENES=5).returncode == 0
    calls = [call for call in gpu.calls.read_text().splitlines() if "--recipe" in call]
    names = [f"{recipe}-s{seed}" for seed in (4, 7) for recipe in ("sun_aligned", "paper")]
    assert [re.search(r"/([^/]+)\.pt", call)[1] for call in calls] == names
    # They differ in their names, recipes and seeds alone.
    budgets = {re.sub(r"--out \S+|--recipe \S+|--seed \S+", "", call) for call in calls}
    assert len(budgets) == 1 and "--scenes 5 --hard-scenes 2 " in budgets.pop()
    expected = {f"{name}.{ending}" for name in names for ending in ("pt", "csv")} | {"report.md", "log.txt"}
    assert {path.name for path in gpu.out.iterdir()} == expected


def test_a_training_that_is_stopped_comes_back_and_goes_on(gpu, tmp_path):
    done = gpu(LIMIT_S=11, TRAINING=60, SCENES=5)
    assert done.returncode == 0, done.stderr
    assert "stopped after" in (gpu.out / "report.md").read_text()
    assert (gpu.out / "detector.pt").read_text() == "best\n"
    state = tmp_path / "state.tar"
    (gpu.out / "training.tar").rename(state)
    with tarfile.open(state) as archive:
        names = archive.getnames()
    # Tiles are simulated again: they are too large to travel.
    assert "detector/.resume/best_3.pt" in names and not [name for name in names if "tiles" in name]
    gpu.calls.unlink()
    # Another machine, which has nothing of it.
    assert gpu(RESUME=state, SCENES=7, WORK=tmp_path / "other").returncode == 0
    # The scenes of the run before, and its state: its curve goes on.
    assert "--scenes 5 " in gpu.calls.read_text()
    assert (gpu.out / "epochs.csv").read_text() == "epoch\n" * 2
    assert state.stat().st_size < 2**20


@pytest.mark.parametrize("variables", [{"AGREEMENT": 1}, {"TRAINED": 1}])
def test_a_step_that_fails_does_not_stop_the_others(gpu, variables):
    done = gpu(**variables)
    assert done.returncode == 1
    assert len(scripts(gpu.calls.read_text().splitlines())) == 3
    report = (gpu.out / "report.md").read_text()
    assert report.count("**failed** with exit status 1") == 1 and (gpu.out / "detector.pt").exists()


def test_no_step_takes_the_time_of_the_whole_run(gpu):
    done = gpu(LIMIT_S=3, SPEED=60)
    # The measurement took all of it.
    assert done.returncode == 1
    assert scripts(gpu.calls.read_text().splitlines()) == ["device_agreement", "learning"]
    report = (gpu.out / "report.md").read_text()
    assert "stopped after" in report and "left out: no time was left" in report


def test_packages_are_in_the_versions_of_the_requirements(gpu, tmp_path):
    folder = tmp_path / "wheels"
    assert gpu("wheels", str(folder)).returncode == 0
    call = gpu.calls.read_text()
    pins = (ROOT / "envs" / "requirements.txt").read_text().splitlines()
    asked = re.findall(r"\S+==\S+", call)
    assert set(asked) <= set(pins) and any(pin.startswith("rasterio==") for pin in asked)
    script = (ROOT / "benchmarks" / "gpu.sh").read_text()
    assert len(asked) == len(re.search(r'^LACKING="(.*)"', script, re.M)[1].split())
    assert {path.name for path in folder.iterdir()} == {"site.tar.xz", "encoder.pth"}
    # A training starts from what was fetched.
    assert gpu(STEPS="detector").returncode == 0
    assert f"--encoder-weights {folder / 'encoder.pth'}" in gpu.calls.read_text().splitlines()[-1]


def test_an_unknown_command_is_told(gpu):
    done = gpu("train")
    assert done.returncode == 2 and "usage" in done.stderr and not gpu.out.exists()
