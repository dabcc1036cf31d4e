"""The processors of this machine: how many there are to use, and what they are."""

import os
import platform
from pathlib import Path


def usable_processors():
    """int: cores that this process may run on; where the system does not tell (macOS), all of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_name():
    """str: what the processor calls itself; where the system does not tell, its architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
