"""Strikes jobs of the workflow: Python loads this file by itself where its folder is on PYTHONPATH.

IMF_STRIKE lists how the first jobs of every rule are struck, one after the other: `job` and `run` kill the job or its
run, `node` waits for its node to vanish, at the moment when a first product is written but does not have its name yet;
`disk` fills the disk when the job starts. IMF_STRUCK names a folder that remembers who was struck, IMF_STRIKE_ONLY the
rules to strike, instead of all.
"""

import atexit
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

SCRIPT = next((Path(word) for word in sys.orig_argv if "/.snakemake/scripts/" in word), None)


def next_strike():
    """How this job is to be struck, if it is; remembered."""
    rule = SCRIPT.name.split(".")[1]
    if rule in os.environ.get("IMF_STRIKE_ONLY", rule).split():
        for strike in os.environ["IMF_STRIKE"].split():
            with suppress(FileExistsError):
                Path(os.environ["IMF_STRUCK"], f"{rule}.{strike}").mkdir(parents=True)
                return strike
    return None


def strike(how):
    if how == "job":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "run":
        # The job outlives its run, and goes on writing.
        with suppress(ProcessLookupError):
            os.kill(int(os.environ["IMFMAP_RUN"].split(".")[-2]), signal.SIGKILL)
        time.sleep(2)
    if how == "node":
        Path(os.environ["IMF_STRUCK"], "now").touch()
        time.sleep(120)


def fill_disk():
    """Leave one page of the file system that the run's folder is on."""
    with open(f"ballast.{os.getpid()}", "wb") as file:
        size = 0
        for step in (2**24, 2**20, 2**16, 4096):
            with suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
        file.truncate(max(size - 4096, 0))


def strike_at_the_first_product(how):
    replace = os.replace

    def struck(source, destination, **options):
        if "/results/" in str(Path(destination).resolve()):
            os.replace = replace
            atexit.unregister(strike)
            strike(how)
        replace(source, destination, **options)

    os.replace = struck
    atexit.register(strike, how)


if SCRIPT and "IMF_STRIKE" in os.environ:
    chosen = next_strike()
    if chosen == "disk":
        fill_disk()
    elif chosen:
        strike_at_the_first_product(chosen)
