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
case "$*" in
    *device_agreement*) echo "| agreement |"; exit "${AGREEMENT:-0}" ;;
    *learning.py*) echo "| speed |"; sleep "${SPEED:-0}" ;;
    *detector.py*)
        mkdir -p "$work/detector/.resume" "$work/detector/logs" "$work/tiles"
        echo "epoch" >> "$work/detector/logs/epochs.csv"
        echo "best" > "$work/detector/.resume/best_3.pt"
        dd if=/dev/zero of="$work/tiles/large.npz" bs=1M count=2 2> /dev/null
        sleep "${TRAINING:-0}"
        rm -r "$work/detector/.resume"
        echo "curves" > "$work/detector/curves.png"
        echo "done" > "$work/detector.pt"
        exit "${TRAINED:-0}" ;;
esac
"""


@pytest.fixture
def gpu(tmp_path):
    """Function of variables of the environment: how the script ends."""
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)

    def run(*arguments, **variables):
        given = {"PYTHON": python, "OUT": tmp_path / "out", "CALLS": tmp_path / "calls", "WHEELS": tmp_path / "none"}
        environment = {**os.environ, **{name: str(value) for name, value in {**given, **variables}.items()}}
        command = [str(ROOT / "benchmarks" / "gpu.sh"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    run.out, run.calls = tmp_path / "out", tmp_path / "calls"
    return run


def test_a_run_checks_measures_trains_and_brings_back(gpu):
    done = gpu()
    assert done.returncode == 0, done.stderr
    calls = gpu.calls.read_text().splitlines()
    assert [re.search(r"(\w+)\.py", call)[1] for call in calls] == ["device_agreement", "learning", "detector"]
    assert "deeplabv3_resnet50 --size-px 512" in calls[0] and "deeplabv3_resnet50 --size-px 512" in calls[1]
    cores = len(os.sched_getaffinity(0))
    assert f"--scenes {6 * cores} --hard-scenes {3 * cores} --processes {cores}" in calls[2]
    report = (gpu.out / "report.md").read_text()
    assert "| agreement |" in report and "| speed |" in report and report.count("ended well") == 3
    assert (gpu.out / "detector.pt").read_text() == "done\n"
    # A training that is done has no state to go on from.
    assert {path.name for path in gpu.out.iterdir()} == {
        *("report.md", "log.txt", "detector.pt", "epochs.csv", "curves.png")
    }


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
    assert gpu(RESUME=state, SCENES=7).returncode == 0
    # The scenes of the run before, and its state: its curve goes on.
    assert "--scenes 5 " in gpu.calls.read_text()
    assert (gpu.out / "epochs.csv").read_text() == "epoch\n" * 2
    assert state.stat().st_size < 2**20


@pytest.mark.parametrize("variables", [{"AGREEMENT": 1}, {"TRAINED": 1}])
def test_a_step_that_fails_does_not_stop_the_others(gpu, variables):
    done = gpu(**variables)
    assert done.returncode == 1
    assert len(gpu.calls.read_text().splitlines()) == 3
    report = (gpu.out / "report.md").read_text()
    assert report.count("**failed** with exit status 1") == 1 and (gpu.out / "detector.pt").exists()


def test_no_step_takes_the_time_of_the_whole_run(gpu):
    done = gpu(LIMIT_S=3, SPEED=60)
    # The measurement took all of it.
    assert done.returncode == 1 and len(gpu.calls.read_text().splitlines()) == 2
    report = (gpu.out / "report.md").read_text()
    assert "stopped after" in report and "left out: no time was left" in report


def test_wheels_are_in_the_versions_of_the_requirements(gpu, tmp_path):
    assert gpu("wheels", str(tmp_path / "wheels")).returncode == 0
    call = gpu.calls.read_text()
    pins = (ROOT / "envs" / "requirements.txt").read_text().splitlines()
    asked = re.findall(r"\S+==\S+", call)
    assert set(asked) <= set(pins) and any(pin.startswith("rasterio==") for pin in asked)
    script = (ROOT / "benchmarks" / "gpu.sh").read_text()
    assert len(asked) == len(re.search(r'^LACKING="(.*)"', script, re.M)[1].split())


def test_an_unknown_command_is_told(gpu):
    done = gpu("train")
    assert done.returncode == 2 and "usage" in done.stderr and not gpu.out.exists()
