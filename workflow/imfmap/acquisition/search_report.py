"""The report of a search: when it was asked, and what it said.

The workflow reads this as it starts: nothing here takes long to import.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from ..core.files import replacing


def now():
    """str: UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_old(report, max_age_days):
    """Whether a search was asked longer ago than is allowed.

    Parameters
    ----------
    report : path
        What it reported; one that is not there or cannot be read is not old.
    max_age_days : float or None
        None: none is ever old.
    """
    if max_age_days is None:
        return False
    try:
        asked = datetime.fromisoformat(json.loads(Path(report).read_text())["asked"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return (datetime.now(UTC) - asked).total_seconds() > 86400 * max_age_days


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
