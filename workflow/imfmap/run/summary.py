"""A few lines at the end of a run: what it has made, and what failed."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import InputError
from ..core.jsonfiles import read_json
from ..products.product_files import announced
from .job_records import read_records

_STALE = "Out of date, since what they were made of was made again (ask for them to make them again):"


def ending(folder: str | Path, since_s: float) -> list[str]:
    """Return lines that list the products in a run's folder: new ones, older ones, and those that are out of date.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/.
    since_s : float
        Start of this run, seconds since 1970. What was written before it was there already.

    Returns
    -------
    list of str
    """
    folder = Path(folder)
    products = [(path, what) for pattern, what in announced() for path in sorted(folder.glob(pattern))]
    stale = _out_of_date(folder, [path for path, _ in products])
    groups = {"Made by this run:": [], "There already, and up to date:": [], _STALE: []}
    for path, what in products:
        new = path.stat().st_mtime >= since_s
        groups[_STALE if path in stale else list(groups)[0 if new else 1]].append((path, what))
    width = max((len(str(path)) for path, _ in products), default=0)
    lines = []
    for title, rows in groups.items():
        if rows:
            lines += ["", title, *(f"  {path!s:<{width}}  {what}" for path, what in rows)]
    return [*lines, *(["", "Results:"] if (numbers := _numbers(folder)) else []), *numbers]


def _out_of_date(folder, products):
    """Return those products of which an input was made again after them, as the records of their jobs tell."""
    records = read_records(folder)
    stale = set()
    for path in products:
        record = next((records[str(place)] for place in (path, path.parent) if str(place) in records), None)
        inputs = record["inputs"] if record else ()
        if any(given in records and records[given]["ended"] > record["ended"] for given in inputs):
            stale.add(path)
    return stale


def _numbers(folder):
    """Return lines with the fractures and scores of each target."""
    lines = []
    for path in sorted(folder.glob("*/summary.json")):
        try:
            summary = read_json(path)
            fractures = summary["fractures"]
            length_km = fractures["total_length_m"] / 1000
        except (InputError, KeyError, TypeError):
            lines.append(f"  {path.parent.name}: {path} cannot be read; delete it and run again")
            continue
        line = f"  {path.parent.name}: {fractures['polygons']} fractures, {length_km:.1f} km"
        if "truth" in summary:
            line += f"; against the exact truth: {_scores(summary['truth'])}"
        lines.append(line)
        # A summary of an earlier version has none.
        lines += [f"    {words}" for words in summary.get("completeness", {}).get("in_words", ())]
        lines += _shifts(summary.get("images", ()))
    return lines


def failures(folder: str | Path, since_s: float) -> list[tuple[str, str, str]]:
    """Return the jobs of a run that failed with one clear line, from their logs.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/.
    since_s : float
        Start of the run, seconds since 1970. Logs that were last written before it belong to another run.

    Returns
    -------
    list of tuple of str
        Rule, name of the log (target and product), and the reason.
    """
    failed = []
    for path in sorted(Path(folder).glob("logs/*/*.log")):
        if path.stat().st_mtime >= since_s:
            _, level, reason = (path.read_text(errors="replace").splitlines() or [""])[-1].partition(" ERROR ")
            if level:
                failed.append((path.parent.name, path.stem, reason))
    return failed


def write_failures(folder: str | Path, failed: Sequence[tuple[str, str, str]], keeps_going: bool = False) -> list[str]:
    """Write the failed jobs to ``failed.csv`` in a run's folder.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/.
    failed : sequence of tuple of str
        What `failures` returned.
    keeps_going : bool
        Whether the run has processed the other images nevertheless (``--keep-going``).

    Returns
    -------
    list of str
        Lines for the user; none if no job failed with a clear line.
    """
    if not failed:
        return []
    from ..core.files import replacing  # here: each job of a run reads this module

    out = place = Path(folder) / "failed.csv"
    try:
        with replacing(out) as temporary, open(temporary, "w", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("step", "of", "reason"))
            table.writerows(failed)
    except OSError as error:
        # What failed is often that the disk is full.
        place = f"{out} cannot be written: {error.strerror}"
    lines = [f"  {step} of {of}: {reason}" for step, of, reason in failed]
    # Logs of images are named target.product.
    others = not keeps_going and any("." in of for _, of, _ in failed)
    return [
        "",
        f"Failed ({place}):",
        *lines,
        *(["With --keep-going, Snakemake still processes the other images."] if others else []),
        "When this is mended, give the same command again: what is finished stays.",
    ]


def _shifts(images):
    """Return lines on the co-registration of a target's images; none if they were not co-registered."""
    results = {image["product"]: image["coregistration"] for image in images if "coregistration" in image}
    others = {product: result for product, result in results.items() if result["reference"] != product}
    moved_m = sorted(math.hypot(result["right_m"], result["up_m"]) for result in others.values() if result["moved"])
    lines = []
    if moved_m:
        reference = next(iter(others.values()))["reference"]
        lines.append(
            f"    co-registered with {reference}: {len(moved_m)} of {len(others)} images were moved, by "
            f"{moved_m[0]:.1f} to {moved_m[-1]:.1f} m"
        )
    left = [f"{product} ({result['note']})" for product, result in others.items() if not result["moved"]]
    if left:
        lines.append(f"    not moved: {', '.join(left[:5])}{f' and {len(left) - 5} more' if len(left) > 5 else ''}")
    return lines


def _scores(truth):
    shown = {name: "-" if value is None else f"{100 * value:.0f} %" for name, value in truth.items()}
    return (
        f"precision {shown['precision']}, recall {shown['recall']}, F1 {shown['f1']}; mapped as fractures are "
        f"{shown['ridge_hit']} of the ridge pixels and {shown['boulder_hit']} of the boulder pixels"
    )
