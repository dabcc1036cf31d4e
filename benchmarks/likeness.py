"""Is the simulated Moon like the real one? `python benchmarks/likeness.py` writes results/likeness/report.html.

The real data are in the folder that IMF_REAL_DATA names, by default ../shared/real.
"""

import argparse
import logging
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.core.errors import InputError  # noqa: E402
from imfmap.likeness.report import make_report  # noqa: E402


def main() -> None:
    """Write the report, and print its path and verdicts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", type=Path, default=ROOT / "config" / "likeness.yaml")
    parser.add_argument(
        "--real", type=Path, default=Path(os.environ.get("IMF_REAL_DATA", ROOT / ".." / "shared" / "real"))
    )
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "likeness")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        report = make_report(arguments.settings, arguments.real, arguments.out, arguments.processes)
    except InputError as error:
        sys.exit(f"imfmap: {error}")
    for group in report["groups"].values():
        print(f"{group['title']}: {group['verdicts']}")
    print(arguments.out / "report.html")


if __name__ == "__main__":
    main()
