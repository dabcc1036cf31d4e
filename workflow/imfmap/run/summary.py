"""A few lines at the end of a run: what it has made, and what failed."""

import csv
import json
from pathlib import Path

from ..products.product_files import announced


def made(folder):
    """Lines that list the products in a run's folder, and their scores.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/.

    Returns
    -------
    list of str
    """
    folder = Path(folder)
    found = [(path, what) for pattern, what in announced() for path in sorted(folder.glob(pattern))]
    width = max((len(str(path)) for path, _ in found), default=0)
    lines = [f"  {path!s:<{width}}  {what}" for path, what in found]
    for path in sorted(folder.glob("*/summary.json")):
        summary = json.loads(path.read_text())
        fractures = summary["fractures"]
        line = f"  {path.parent.name}: {fractures['polygons']} fractures, {fractures['total_length_m'] / 1000:.1f} km"
        if "truth" in summary:
            line += f"; against the exact truth: {_scores(summary['truth'])}"
        lines.append(line)
    return lines


def failures(folder, since_s):
    """Jobs of a run that failed with one clear line, from their logs.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/.
    since_s : float
        Start of the run (seconds since 1970). Logs that were last written before belong to another run.

    Returns
    -------
    list of tuple of str
        Rule, target and product, and the reason.
    """
    found = []
    for path in sorted(Path(folder).glob("logs/*/*.log")):
        if path.stat().st_mtime >= since_s:
            _, level, reason = (path.read_text(errors="replace").splitlines() or [""])[-1].partition(" ERROR ")
            if level:
                found.append((path.parent.name, path.stem, reason))
    return found


def write_failures(folder, failed):
    """Write the failed jobs to ``failed.csv`` in a run's folder.

    Returns
    -------
    list of str
        Lines for the user; none if no job failed with a clear line.
    """
    if not failed:
        return []
    from ..core.files import replacing  # here: each job of a run reads this module

    out = Path(folder) / "failed.csv"
    with replacing(out) as temporary, open(temporary, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("step", "of", "reason"))
        table.writerows(failed)
    lines = [f"  {step} of {of}: {reason}" for step, of, reason in failed]
    return ["", f"Failed ({out}):", *lines, "With --keep-going, Snakemake processes the other images nevertheless."]


def _scores(truth):
    said = {name: "-" if value is None else f"{100 * value:.0f} %" for name, value in truth.items()}
    return (
        f"precision {said['precision']}, recall {said['recall']}, F1 {said['f1']}; mapped as fractures are "
        f"{said['ridge_hit']} of the ridge pixels and {said['boulder_hit']} of the boulder pixels"
    )
