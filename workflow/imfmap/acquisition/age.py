"""How old a search is. (The workflow reads this as it starts: nothing that takes long to import.)"""

import json
from datetime import UTC, datetime
from pathlib import Path


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
