"""What a run of many craters costs besides its work: `python benchmarks/many_craters.py`, or `make bench-craters`.

Each crater has a table of 56 images (recipe sun_aligned, native engine). No archive is asked. The cases are

plan    the dry run of all targets (`snakemake -n all`), printed into a file
run     the run of all targets, in which each job only makes empty files (`snakemake_executor_plugin_standin`)
again   the same command after that: nothing is to be done

Several numbers of targets show how time and memory grow. With `--shards` the targets are split into runs of their own,
one folder each, one after the other. With `--against FOLDER`, which is a checkout of another version, both plan in
turn. Each case is a process of its own. `strace`, if it is there, counts the calls to the file system. The result is
printed as Markdown.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# Parts of the names of craters. The names differ from their first letters on, as real ones do.
_SYLLABLES = (
    "al",
    "ber",
    "cor",
    "dan",
    "el",
    "fra",
    "gor",
    "hil",
    "ior",
    "kep",
    "lam",
    "mer",
    "nor",
    "os",
    "pas",
    "ros",
)
_CASES = {"plan": ["-n"], "run": ["--executor", "standin"], "again": ["--executor", "standin"]}
_CORES = 1000


@dataclass(frozen=True)
class Cost:
    """What one command took.

    Attributes
    ----------
    wall_s, cpu_s : float
    peak_mib : float
        Largest resident memory.
    jobs : int
        Jobs that it planned or ran; 0 if nothing was to be done.
    calls : int or None
        Calls to the file system; None without `strace`.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float
    jobs: int
    calls: int | None = None


def crater_name(number: int) -> str:
    """Return the name of a crater, a different one for each number below 65,536."""
    return "".join(_SYLLABLES[(number * 40503 >> shift) % 16] for shift in (0, 4, 8, 12))


def write_craters(folder: Path, numbers: Sequence[int], images: int) -> Path:
    """Write the configuration of some craters, and a table of images for each.

    Parameters
    ----------
    folder : Path
    numbers : sequence of int
        Numbers of the craters. Each number has its own name and images.
    images : int
        Number of images of a crater.

    Returns
    -------
    Path
        The configuration.
    """
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    lines = ["run: {name: many}", "recipe: sun_aligned", "processing: {engine: native}"]
    lines += ["models: {detector: {shipped: detector}}", "targets:"]
    for number in numbers:
        name, table = crater_name(number), Path("tables", f"{crater_name(number)}.csv")
        products = [f"M{1_000_000_000 + 1000 * number + image}LE" for image in range(images)]
        rows = [f"{product},https://archive.invalid/{product}.IMG" for product in products]
        (folder / table).write_text("\n".join(["product,url", *rows]) + "\n")
        place = f"lat: {number % 120 - 60}, lon: {7 * number % 360 - 180}, diameter_km: 20"
        lines.append(f"  {name}: {{{place}, role: map, products: {table}}}")
    path = folder / "config.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def cost(case: str, config: Path, root: Path = ROOT, trace: bool = False) -> Cost:
    """Run Snakemake on a configuration, in its folder.

    Parameters
    ----------
    case : str
        One of `_CASES`.
    config : Path
    root : Path
        Checkout of this workflow.
    trace : bool
        Whether the calls to the file system are counted. Then the times say nothing.

    Raises
    ------
    SystemExit
        If Snakemake fails. It names the file with what Snakemake printed.
    """
    folder, printed = config.parent, config.with_name(f"{case}.log")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "Snakefile"), "all"]
    command += ["--configfile", str(config), "--directory", str(folder), "--cores", str(_CORES), *_CASES[case]]
    counts = config.with_name("calls.txt")
    if trace:
        command = ["strace", "-f", "-c", "-U", "calls,name", "-e", "trace=%file", "-o", str(counts), *command]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    started = time.perf_counter()
    with printed.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - started
    if process.returncode != 0:
        sys.exit(f"{case}: Snakemake failed with exit status {process.returncode}; see {printed}")
    totals = re.findall(rb"^total +(\d+)", printed.read_bytes(), re.MULTILINE)
    calls = int(re.findall(r"^ *(\d+) total$", counts.read_text(), re.MULTILINE)[-1]) if trace else None
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, int(totals[0]) if totals else 0, calls)


def _shards(targets: int, count: int) -> Iterator[range]:
    """Yield the numbers of the craters of each shard."""
    for shard in range(count):
        yield range(shard * targets // count, (shard + 1) * targets // count)


def _total(costs: Sequence[Cost]) -> Cost:
    """Return the cost of runs one after the other: sums, and the largest memory."""
    return Cost(
        sum(one.wall_s for one in costs),
        sum(one.cpu_s for one in costs),
        max(one.peak_mib for one in costs),
        sum(one.jobs for one in costs),
    )


def _row(title, found):
    calls = "" if found.calls is None else found.calls
    print(
        f"| {title} | {found.jobs} | {found.wall_s:.1f} | {found.cpu_s:.1f} | {found.peak_mib:.0f} | {calls} |",
        flush=True,
    )


def _paired(config, title, other, rounds):
    """Let this and another version plan in turn, and print the ratio of their processor times."""
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(cost("plan", config, other))
        ours.append(cost("plan", config))
    best, before = (min(costs, key=lambda one: one.cpu_s) for costs in (ours, theirs))
    _row(f"plan {title}, {other.name}", before)
    _row(f"plan {title}", best)
    print(f"\nRatio: {before.cpu_s / best.cpu_s:.2f} in time, {before.peak_mib / best.peak_mib:.2f} in memory.\n")


def _measure(folder, numbers, chosen):
    """Yield the title and the cost of each case on one run of these craters."""
    config = write_craters(folder, numbers, chosen.images)
    for case in chosen.cases:
        yield case, cost(case, config)
        if shutil.which("strace") and case in ("plan", "again") and chosen.calls:
            yield f"{case}, under strace", cost(case, config, trace=True)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, nargs="+", default=[20, 40], help="numbers of craters")
    parser.add_argument("--images", type=int, default=56, help="images of a crater")
    parser.add_argument("--shards", type=int, default=1, help="number of runs that the targets are split into")
    parser.add_argument("--calls", action="store_true", help="count calls to the file system, too")
    parser.add_argument("--against", type=Path, help="checkout of another version, which plans in turn with this one")
    parser.add_argument("--rounds", type=int, default=2, help="of a comparison")
    parser.add_argument("cases", nargs="*", default=list(_CASES), help=f"cases: {', '.join(_CASES)}")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.cases) - set(_CASES)):
        parser.error(f"unknown case {', '.join(unknown)}; use {', '.join(_CASES)}")
    print("| case | jobs | wall s | CPU s | peak MiB | calls |\n|---|---|---|---|---|---|", flush=True)
    for targets in chosen.targets:
        with tempfile.TemporaryDirectory(prefix="many_craters.") as name:
            if chosen.against:
                config = write_craters(Path(name), range(targets), chosen.images)
                _paired(config, f"{targets} targets", chosen.against.resolve(), chosen.rounds)
                continue
            found = {}
            for shard, numbers in enumerate(_shards(targets, chosen.shards)):
                for case, taken in _measure(Path(name, str(shard)), numbers, chosen):
                    found.setdefault(case, []).append(taken)
            for case, costs in found.items():
                _row(f"{case}, {targets} targets", costs[0] if len(costs) == 1 else _total(costs))


if __name__ == "__main__":
    main()
