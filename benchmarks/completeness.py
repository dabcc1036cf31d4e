"""Print how good a calibration is on places that were left out of it.

python benchmarks/completeness.py [calibration.json ...]

`make calibration` makes the file, and runs this.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.core.jsonfiles import read_json  # noqa: E402

_KINDS = {"one image": "every image alone", "fused": "all images, fused"}


def tables(report: Mapping[str, Any]) -> str:
    """Return the tables of a report of `scoring.calibrated_model.fit_model`, as Markdown."""
    left_out = report["left_out"]
    lines = [
        f"{len(report['places'])} places, each judged by a fit to the others; threshold {report['threshold']:g}",
        "",
    ]
    lines += ["| maps | largest error of a bin, before | after | F1 % at the threshold from other places | best F1 % |"]
    lines += ["|---|---|---|---|---|"]
    for kind, name in _KINDS.items():
        judged = left_out[kind]
        before, after = (_percent(judged[f"largest_error_{when}"]) for when in ("before", "after"))
        lines.append(f"| {name} | {before} | {after} | {_percent(judged['f1'])} | {_percent(judged['best_f1'])} |")
    for kind, name in _KINDS.items():
        lines += ["", f"| probability ({name}) | share of detections % | mean probability % | fractures % |"]
        lines += ["|---|---|---|---|"]
        for row in left_out[kind]["after"]:
            shares = " | ".join(_percent(row[key]) for key in ("share", "probability", "fractures"))
            lines.append(f"| {row['from']:g}-{row['to']:g} | {shares} |")
    if "corrected" not in report:
        return "\n".join(lines) + "\n"
    lines += ["", "| confidence | fractures | mean confidence % | true share of their area % |", "|---|---|---|---|"]
    for row in report["confidence"]:
        shares = " | ".join(_percent(row[key]) for key in ("confidence", "true_share"))
        lines.append(f"| {row['from']:g}-{row['to']:g} | {row['fractures']} | {shares} |")
    lines += ["", "| sum | width class | maps | mapped / true | corrected / true | spread | limits hold the truth % |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for row in report["corrected"]:
        ratios = " | ".join(_ratio(row[key]) for key in ("mapped", "corrected", "spread"))
        lines.append(
            f"| {row['kind']} | {row['width_class']} | {row['maps']} | {ratios} | {_percent(row['coverage'])} |"
        )
    return "\n".join(lines) + "\n"


def _ratio(value):
    """Return a ratio; "-" if no map had fractures of the class."""
    return "-" if value is None else f"{value:.2f}"


def _percent(share):
    return "-" if share is None else f"{100 * share:.1f}"


def main() -> None:
    """Print the tables of each report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "reports", type=Path, nargs="*", default=[ROOT / "results/calibration/models/net/calibration.json"]
    )
    for path in parser.parse_args().reports:
        print(tables(read_json(path)))


if __name__ == "__main__":
    main()
