"""How many processor cores there are to use."""

import os


def usable_processors():
    """int: cores that this process may run on; where the system does not tell (macOS), all of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
