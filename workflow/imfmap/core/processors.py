"""The processors of this machine: how many this process may use, and their name."""

import os
import platform
from pathlib import Path


def usable_processors() -> int:
    """Return the number of cores that this process may use. If the system does not say (macOS), all cores count."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_name() -> str:
    """Return the model name of the processor. If the system does not say, return its architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
