"""Time and memory of the native engine: `python benchmarks/native_engine.py`, or `make bench-native`.

The benchmark takes a simulated EDR of full size to a map, and makes a mosaic of many strips. For comparison, it copies
the file (the lower limit), and runs GDAL's warper on geolocation arrays of the same camera. It prints Markdown. Each
case runs in its own process, so that its peak memory is measured alone. This process imports only Python's own modules,
because Linux counts the memory of a starting process for the process that it starts. Inputs are made once, in the
folder. They are read before the measurement, so that every case finds them in memory.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "workflow"))

from imfmap.core.processors import processor_name  # noqa: E402

FULL_LINES, FULL_MOSAIC_PX, FULL_IMAGES = 52224, 32768, 50
SAMPLES = 5064
# Geolocation nodes lie on every eighth line, edges included, so `lines` is a multiple of 8.
LINES_STEP = 8
PACKAGES = ("numpy", "numba", "rasterio", "pyproj")


@dataclass(frozen=True)
class Measure:
    """Time and memory of one process.

    Attributes
    ----------
    wall_s, cpu_s : float
        Wall-clock time from start to end, and processor time of all threads.
    work_s : float
        Wall-clock time without the start of the process (imports).
    peak_mib : float
        Largest resident memory.
    printed : dict
        Other values that the process printed.
    """

    wall_s: float
    work_s: float
    cpu_s: float
    peak_mib: float
    printed: dict


def measure(command: Sequence[str]) -> Measure:
    """Run a command and measure it. The command may print JSON.

    Returns
    -------
    Measure
    """
    os.sync()
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: failed with exit status {process.returncode}")
    printed = json.loads(text) if text else {}
    cpu_s = usage.ru_utime + usage.ru_stime
    return Measure(wall_s, printed.pop("work_s", wall_s), cpu_s, usage.ru_maxrss / 1024.0, printed)


def run(options: dict[str, Any]) -> dict[str, Measure]:
    """Make missing inputs, then measure all cases.

    Parameters
    ----------
    options : dict
        Options of `native_cases.py`.

    Returns
    -------
    dict of Measure
        Measures by the titles of the table's rows.
    """

    def case(name):
        return measure([sys.executable, str(HERE / "native_cases.py"), name, json.dumps(options)])

    image_folder, strips_folder = Path(options["image_folder"]), Path(options["strips_folder"])
    case("prepare")
    _read_through(image_folder)
    edr, copy = str(image_folder / "image.IMG"), str(image_folder / "copy.IMG")
    size, side = f"{SAMPLES} x {options['lines']}", options["mosaic_px"]
    measures = {
        f"native engine: EDR {size} to map": case("run_native"),
        "plain copy of the EDR": measure(["cp", "--reflink=never", edr, copy]),
        "GDAL's warper: calibrated image to map": case("run_gdalwarp"),
        "the same, its kernel widened to the map's pixels": case("run_gdalwarp_wide"),
    }
    _read_through(strips_folder)
    measures[f"mosaic of {options['images']} strips, {side} x {side}"] = case("run_mosaic")
    return measures


def report(measures: Mapping[str, Measure]) -> str:
    """Return machine, measures and stages as Markdown."""
    native, copy, warp, *_ = measures.values()
    text = [*_machine(warp.printed["gdal"]), ""]
    text += _row("case", "wall s", "without start s", "CPU s", "peak MiB", "/ copy", "/ gdalwarp")
    text += _row(*["---"] * 7)
    for name, taken in measures.items():
        ratios = [""] * 2 if name.startswith("mosaic") else [taken.work_s / other.work_s for other in (copy, warp)]
        text += _row(name, taken.wall_s, taken.work_s, taken.cpu_s, f"{taken.peak_mib:.0f}", *ratios)
    stages = native.printed["stage_s"]
    total = sum(stages.values())
    text += ["", *_row("stage of the native engine", "thread s", "share"), *_row(*["---"] * 3)]
    for stage, seconds in stages.items():
        text += _row(stage, seconds, f"{100 * seconds / total:.0f} %")
    return "\n".join(text)


def _row(*cells):
    return ["| " + " | ".join(f"{cell:.2f}" if isinstance(cell, float) else cell for cell in cells) + " |"]


def _machine(gdal):
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{len(os.sched_getaffinity(0))} cores of {processor_name()}, {memory_gib:.0f} GiB; Linux {platform.release()}",
        f"Python {platform.python_version()}, {versions}, GDAL {gdal}",
    ]


def _read_through(folder):
    """Read the files of a folder, so that they are in the page cache."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with open(path, "rb") as file:
                while file.read(1 << 20):
                    pass


def _size(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Time and memory of the native engine.")
    parser.add_argument(
        "--lines", type=_size, default=FULL_LINES, help="lines of the EDR, rounded up to a multiple of 8"
    )
    parser.add_argument("--mosaic-px", type=_size, default=FULL_MOSAIC_PX, help="side of the mosaic")
    parser.add_argument("--images", type=_size, default=FULL_IMAGES, help="strips in the mosaic")
    parser.add_argument("--threads", type=_size, default=2, help="threads of the native engine and of GDAL")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "results" / "bench", help="folder of the inputs")
    given = parser.parse_args()
    lines = -(-given.lines // LINES_STEP) * LINES_STEP
    folder = given.folder.resolve()
    options = {
        "image_folder": str(folder / f"image_{lines}"),
        "lines": lines,
        "strips_folder": str(folder / f"strips_{given.images}_{given.mosaic_px}"),
        "mosaic_px": given.mosaic_px,
        "images": given.images,
        "threads": given.threads,
    }
    print(report(run(options)))


if __name__ == "__main__":
    main()
