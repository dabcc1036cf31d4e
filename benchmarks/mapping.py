"""Time and memory of mapping at full size: `python benchmarks/mapping.py`, or `make bench-mapping`.

Recipe sun_aligned: inference on one of the 50 images of a target of 32768 x 32768 pixels, and fusion of all 50.
Recipe paper: inference with a small network on mosaics of that size and of 100000 x 100000 pixels (with data in three
bands over the whole width), and with the paper's network on one row of windows. Then polygons of a probability with
straight and crossing fractures are made, measured, filtered and written (rule `vectorise`), summarised (rule
`statistics`), and compared with the wall (rule `distances`). Each case runs in its own process, so that its peak memory
is measured alone; this process imports only Python's own modules. Inputs are made once, in the folder. The result is
printed as Markdown.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from native_engine import Measure, measure

HERE = Path(__file__).resolve().parent
GIB = 1024.0


def titles(options: dict[str, Any]) -> dict[str, str]:
    """Return the title of each case in the table."""
    size, wide = (f"{options[key]} x {options[key]}" for key in ("size", "wide"))
    return {
        "infer_image": f"imfmap, one image of {options['images']} on {size}",
        "fuse": f"imfmap, fusion of {options['images']} images on {size}",
        "infer_mosaic": f"paper, mosaic of {size}, small network",
        "infer_wide": f"paper, mosaic of {wide} with three bands of data, small network",
        "infer_row": f"paper, mosaic of 512 x {options['size']}, DeepLabV3 ResNet50",
        "vectorise": f"vectorise, {size}",
        "statistics": f"statistics, {size}",
        "distances": f"distances, {size}",
    }


def report(measures: Mapping[str, Measure], options: dict[str, Any]) -> str:
    """Return the measures of the cases as Markdown."""
    text = [f"{options['threads']} threads on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}."]
    if "vectorise" in measures:
        counts = measures["vectorise"].printed
        text.append(f"{counts['kept']} fractures kept, {counts['rejected']} rejected.")
    text += ["", "| case | wall s | CPU s | peak GiB |", "|---|---|---|---|"]
    for name, taken in measures.items():
        row = f"{taken.wall_s:.0f} | {taken.cpu_s:.0f} | {taken.peak_mib / GIB:.2f}"
        text.append(f"| {titles(options)[name]} | {row} |")
    return "\n".join(text)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Time and memory of mapping at full size.")
    parser.add_argument("--size", type=int, default=32768, help="pixels of the map's side")
    parser.add_argument("--wide", type=int, default=100_000, help="pixels of the wide mosaic's side")
    parser.add_argument("--images", type=int, default=50, help="images of the target")
    parser.add_argument("--fractures", type=int, default=2000, help="approximate number of fractures that are drawn")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--folder", type=Path, default=HERE.parent / "results" / "bench_mapping", help="folder of the files"
    )
    parser.add_argument("cases", nargs="*", help="cases to measure; by default all")
    given = parser.parse_args()
    options = {key: getattr(given, key) for key in ("size", "wide", "images", "fractures", "threads")}
    folder = given.folder.resolve() / "_".join(str(options[key]) for key in ("size", "wide", "images", "fractures"))
    options["folder"] = str(folder)
    cases = given.cases or list(titles(options))
    unknown = sorted(set(cases) - set(titles(options)))
    if unknown:
        parser.error(f"unknown case {', '.join(unknown)}; use {', '.join(titles(options))}")
    # With this path, the processes of the cases find the library.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent / "workflow"), os.environ.get("PYTHONPATH", "")])

    def case(name):
        return measure([sys.executable, str(HERE / "mapping_cases.py"), name, json.dumps(options)])

    case("prepare")
    print(report({name: case(name) for name in cases}, options))


if __name__ == "__main__":
    main()
