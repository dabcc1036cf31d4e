"""The report of a search: when ODE was asked, and what was found and chosen.

The workflow reads this as it starts: nothing here takes long to import.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.files import replacing

# Environment variable with the start of a run, which its jobs inherit.
RUN_STARTED = "IMFMAP_RUN_STARTED"


def now() -> str:
    """Return the present time, UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def asked_at(report: str | Path, run_started: str, refresh: bool, max_age_days: float | None) -> str:
    """Return the time at which a run must have asked the archive: a parameter of the search.

    The search runs when this differs from the time of the last answer. So it runs once when the user asks to search
    anew or the last answer is too old, and otherwise not.

    Parameters
    ----------
    report : path
        Report of the last answer, as `search` writes it.
    run_started : str
        Start of this run, as `now` gives it.
    refresh : bool
        The user asks to search anew.
    max_age_days : float or None
        Age at which an answer is too old. None: no answer is too old.

    Returns
    -------
    str
        The time of the last answer if that is kept, else the start of this run.
    """
    try:
        asked = json.loads(Path(report).read_text())["asked"]
        age = datetime.fromisoformat(run_started) - datetime.fromisoformat(asked)
    except (OSError, ValueError, KeyError, TypeError):
        return run_started
    # An answer of this run has age 0, and is never too old.
    too_old = max_age_days is not None and age.total_seconds() > 86400 * max_age_days
    return run_started if refresh or too_old else asked


def read_report(path: str | Path) -> dict[str, Any]:
    """Return the report of the last search; empty where there is none or it cannot be read."""
    try:
        report = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def write_report(path: str | Path, report: Mapping[str, Any]) -> None:
    """Write a search's report as JSON."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(report, indent=1) + "\n")
