"""Growth of time and memory with inputs that are as bad as they can be: `python benchmarks/bounds.py`.

Each case (see `bounds_cases.py`) runs at sizes n, 2n, 4n and so on, each in its own process, so that its peak memory is
measured alone. The result is printed as Markdown. The exponent is that of the time between the last two sizes that
differ by a factor of four: 1 for work that doubles with the size, 2 for work that then takes four times as long.
"""

import argparse
import math
import os
import sys
import tempfile
from pathlib import Path

from native_engine import measure

HERE = Path(__file__).resolve().parent
# With this path, the processes of the cases find the library.
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent / "workflow"), os.environ.get("PYTHONPATH", "")])
os.environ.setdefault("OMP_NUM_THREADS", "1")


def show(name: str, first: int, doublings: int, title: str) -> None:
    """Measure a case at all its sizes, and print the lines of the table."""
    times = []
    for size in (first << step for step in range(doublings + 1)):
        with tempfile.TemporaryDirectory() as folder:
            taken = measure([sys.executable, str(HERE / "bounds_cases.py"), name, str(size), folder])
        times.append(taken.work_s)
        exponent = f"{math.log(times[-1] / times[-3], 4):.2f}" if len(times) > 2 else ""
        row = (title if size == first else "", size, f"{taken.work_s:.2f}", f"{taken.peak_mib:.0f}", exponent)
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def main() -> None:
    """Run the benchmark from the command line."""
    sys.path.insert(0, str(HERE.parent / "workflow"))
    from bounds_cases import CASES

    parser = argparse.ArgumentParser(description="Growth of time and memory with hostile inputs.")
    parser.add_argument("--doublings", type=int, default=3, help="how often the size is doubled")
    parser.add_argument("cases", nargs="*", help="cases to measure; by default all")
    given = parser.parse_args()
    unknown = sorted(set(given.cases) - set(CASES))
    if unknown:
        parser.error(f"unknown case {', '.join(unknown)}; use {', '.join(CASES)}")
    print("| case: what n counts | n | CPU s | peak MiB | exponent |\n|---|---|---|---|---|")
    for name in given.cases or CASES:
        case, first = CASES[name]
        show(name, first, given.doublings, f"`{name}`: {case.__doc__.splitlines()[0]}")


if __name__ == "__main__":
    main()
