"""The report of a search: when it was asked, and what it said.

The workflow reads this as it starts: nothing here takes long to import.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from ..core.files import replacing

# Environment variable with the start of a run, which its jobs inherit.
RUN_STARTED = "IMFMAP_RUN_STARTED"


def now() -> str:
    """UTC as ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def asked_at(report: str | Path, run_started: str, refresh: bool, max_age_days: float | None) -> str:
    """The time at which a run has to have asked the archive: a parameter of the search.

    The search runs when this differs from the time of its last answer. So it runs once in a run that asks anew, and
    not again before the answer is too old.

    Parameters
    ----------
    report : path
        Report of the last answer, as `search` writes it.
    run_started : str
        Start of this run, as `now` gives it.
    refresh : bool
        The user asks to search anew.
    max_age_days : float or None
        An older answer is asked for anew. None: no answer is too old.

    Returns
    -------
    str
        The time of the last answer if it stays, else the start of this run.
    """
    try:
        asked = json.loads(Path(report).read_text())["asked"]
        age = datetime.fromisoformat(run_started) - datetime.fromisoformat(asked)
    except (OSError, ValueError, KeyError, TypeError):
        return run_started
    # An answer of this run has age 0, and is too old for no run.
    too_old = max_age_days is not None and age.total_seconds() > 86400 * max_age_days
    return run_started if refresh or too_old else asked


def read_report(path):
    """What the last search reported: dict, empty where there was none or it cannot be read."""
    try:
        report = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def write_report(path, report):
    """Write a search's report as JSON."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(report, indent=1) + "\n")
