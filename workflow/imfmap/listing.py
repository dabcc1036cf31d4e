"""What a run has made, said in a few lines."""

import json
from pathlib import Path

_PRODUCTS = (
    ("*/map.png", "map (and map.pdf)"),
    ("*/fractures.gpkg", "fractures (and .shp, .geojson)"),
    ("*/probability.tif", "probability of fracture"),
    ("models/*/curves.png", "training curves"),
    ("evaluation/table.html", "scores on craters unseen in training (and .md, .csv)"),
    ("provenance/run.json", "configuration, code, checksums"),
)


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
    found = [(path, what) for pattern, what in _PRODUCTS for path in sorted(folder.glob(pattern))]
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


def _scores(truth):
    said = {name: "-" if value is None else f"{100 * value:.0f} %" for name, value in truth.items()}
    return (
        f"precision {said['precision']}, recall {said['recall']}, F1 {said['f1']}; "
        f"{said['ridge_hit']} of ridge and {said['boulder_hit']} of boulder pixels taken for fractures"
    )
