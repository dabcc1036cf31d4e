"""What a run has made, said in a few lines."""

import csv
import json
from pathlib import Path

from ..products.product_files import announced


def made(folder):
    """Lines that say what lies in a run's folder.

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
    """Jobs of a run that failed with one clear line, out of their logs.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/.
    since_s : float
        Logs that were last written before this time (seconds since 1970) are of another run.

    Returns
    -------
    list of tuple of str
        Rule, what it worked on (target and product), and why it failed.
    """
    found = []
    for path in sorted(Path(folder).glob("logs/*/*.log")):
        if path.stat().st_mtime >= since_s:
            _, level, reason = (path.read_text(errors="replace").splitlines() or [""])[-1].partition(" ERROR ")
            if level:
                found.append((path.parent.name, path.stem, reason))
    return found


def write_failures(folder, failed):
    """Write what failed to ``failed.csv`` in a run's folder.

    Returns
    -------
    list of str
        Lines that say so; none where nothing failed with a clear line.
    """
    if not failed:
        return []
    from ..core.files import replacing  # here, since every job of a run reads this module

    out = Path(folder) / "failed.csv"
    with replacing(out) as temporary, open(temporary, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("step", "of", "reason"))
        table.writerows(failed)
    lines = [f"  {step} of {of}: {reason}" for step, of, reason in failed]
    return ["", f"Failed ({out}):", *lines, "With --keep-going the other images are processed all the same."]


def _scores(truth):
    said = {name: "-" if value is None else f"{100 * value:.0f} %" for name, value in truth.items()}
    return (
        f"precision {said['precision']}, recall {said['recall']}, F1 {said['f1']}; "
        f"{said['ridge_hit']} of ridge and {said['boulder_hit']} of boulder pixels taken for fractures"
    )
