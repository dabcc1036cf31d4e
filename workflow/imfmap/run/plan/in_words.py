"""The cost of a run in a few lines, for the console."""

import os
import shutil
from pathlib import Path

from ...plots.pages.page import duration, size
from .reference_costs import MACHINE

_CORES = (2, 8)


def in_words(costs: dict) -> list[str]:
    """Return the cost of a run in lines for a person: steps and time, disk, and where the numbers come from.

    Parameters
    ----------
    costs : dict
        As `report.costs_of` returns it.

    Returns
    -------
    list of str
        Three lines; one line if nothing would run.
    """
    totals = costs["totals"]
    if not totals.get("to_run"):
        return ["Nothing to do: all files are there, and up to date."]
    cores = [*_CORES, *({os.cpu_count() or 1} - set(_CORES))]
    times = ", ".join(f"{duration(totals['cpu_s'] / count)} on {count} cores" for count in sorted(cores))
    network = totals["network_cpu_s"]
    share = f"; {duration(network)} of it is the network, which runs on a GPU if there is one" if network else ""
    searched = [group["images_to_be_found"] for group in costs["targets"] if group["images_to_be_found"]]
    most = f" (for {sum(searched)} images, the most that the search may choose)" if searched else ""
    kept, peak = totals["bytes_kept"], totals["bytes_kept"] + (os.cpu_count() or 1) * totals["bytes_temporary"]
    here = Path(costs["folder"]).absolute()
    free = shutil.disk_usage(next(path for path in (here, *here.parents) if path.exists())).free
    room = f"{size(free)} are free" if free > peak else f"ONLY {size(free)} ARE FREE"
    return [
        f"About {totals['to_run']} {'step' if totals['to_run'] == 1 else 'steps'}{most}: "
        f"{duration(totals['cpu_s'])} of processor time "
        f"({times}, if all are busy){share}.",
        f"To fetch: {size(totals['bytes_to_fetch']) if totals['bytes_to_fetch'] else 'nothing'}. "
        f"On the disk: {size(kept)} that stay, {size(peak)} at the peak; {room}.",
        f"The longest: {_longest(costs)}. The reference is {MACHINE}.",
    ]


def _longest(costs, most=3):
    """Return the rules that take most of the time, and what their estimates come from."""
    steps = {}
    for group in costs["targets"]:
        for step in group["steps"]:
            if step["basis"]:
                time_s, _ = steps.get(step["rule"], (0.0, None))
                steps[step["rule"]] = time_s + step["cpu_s"], step["basis"]
    longest = sorted(steps, key=lambda rule: -steps[rule][0])[:most]
    return ", ".join(f"{rule} {duration(steps[rule][0])} ({steps[rule][1]})" for rule in longest)
