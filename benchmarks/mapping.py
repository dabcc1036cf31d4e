"""Time and memory of mapping at full size: `python benchmarks/mapping.py`, or `make bench-mapping`.

Recipe sun_aligned: one image of a target of 50 over 32768 x 32768 pixels is searched, and what was found in all 50
is fused.
Recipe paper: mosaics of that size and of 100000 x 100000 pixels (with data in three bands over its whole width) are
searched with a small network, and one row of windows with the paper's own. Then a probability of straight and crossing
fractures is turned into polygons, measured, filtered and written (rule `vectorise`), counted (rule `statistics`), and
held against the wall (rule `distances`). Each case is a process of its own, so that its peak memory is its own, too;
this one imports no more than Python. Inputs are made once, under the folder. Prints Markdown.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from native_engine import measure

HERE = Path(__file__).resolve().parent
GIB = 1024.0


def titles(options):
    """What the table says of every case, by its name."""
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


def report(measures, options):
    """Markdown of the measures, by case."""
    text = [f"{options['threads']} threads on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}."]
    if "vectorise" in measures:
        told = measures["vectorise"].told
        text.append(f"{told['kept']} fractures kept, {told['rejected']} rejected.")
    text += ["", "| case | wall s | CPU s | peak GiB |", "|---|---|---|---|"]
    for name, found in measures.items():
        row = f"{found.wall_s:.0f} | {found.cpu_s:.0f} | {found.peak_mib / GIB:.2f}"
        text.append(f"| {titles(options)[name]} | {row} |")
    return "\n".join(text)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description="Time and memory of mapping at full size.")
    parser.add_argument("--size", type=int, default=32768, help="pixels of the map's side")
    parser.add_argument("--wide", type=int, default=100_000, help="pixels of the wide mosaic's side")
    parser.add_argument("--images", type=int, default=50, help="of the target")
    parser.add_argument("--fractures", type=int, default=2000, help="about so many are drawn")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--folder", type=Path, default=HERE.parent / "results" / "bench_mapping", help="where files are"
    )
    parser.add_argument("cases", nargs="*", help="which to measure; by default all")
    given = parser.parse_args()
    options = {key: getattr(given, key) for key in ("size", "wide", "images", "fractures", "threads")}
    folder = given.folder.resolve() / "_".join(str(options[key]) for key in ("size", "wide", "images", "fractures"))
    options["folder"] = str(folder)
    cases = given.cases or list(titles(options))
    unknown = sorted(set(cases) - set(titles(options)))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(titles(options))}")
    # The cases find the library beside them.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent / "workflow"), os.environ.get("PYTHONPATH", "")])

    def case(name):
        return measure([sys.executable, str(HERE / "mapping_cases.py"), name, json.dumps(options)])

    case("prepare")
    print(report({name: case(name) for name in cases}, options))


if __name__ == "__main__":
    main()
