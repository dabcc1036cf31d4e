"""What the script of every rule does around its library call: a log, one clear line on bad input, a record."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..core.checksums import FOLDER_SUMS, write_folder_sums
from ..core.errors import InputError, SetupError
from ..core.machine_faults import is_of_machine, told
from .job_records import now, write_record


@contextmanager
def job(snakemake: Any) -> Iterator[logging.Logger]:
    """Run the body of a script for a Snakemake job.

    Log records of the library go to the rule's log file. An `InputError` ends the script with status 1 and with its
    one line on standard error and in the log. So does a fault of the machine, such as a full disk, whatever a library
    made of it (`machine_faults`). Any other exception keeps its traceback, since it is a bug. A job that ends well
    writes the list of files of each folder that it made (`checksums.write_folder_sums`), and its record
    (`job_records.write_record`).

    If the rule's parameter ``allow_missing`` is true, an `InputError` that is not a `SetupError` does not fail the
    job: its outputs become marks of an image that is left out (`left_out.write_mark`). A job with such a mark among
    its inputs copies the mark to its outputs and does not run its body. The input ``reference`` does not count: it is
    another image.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The object that Snakemake gives to the script.

    Yields
    ------
    logging.Logger
    """
    started = now()
    # If the disk is full, the log cannot be written either: that needs no traceback of its own.
    logging.raiseExceptions = False
    allow_missing = snakemake.params.get("allow_missing", False)
    folders = list(dict.fromkeys(Path(path).parent for path in snakemake.output))
    with _one_line(snakemake), told(*folders or (Path.cwd(),)):
        _start_log(snakemake.log[0] if len(snakemake.log) else None)
        if allow_missing:
            _pass_on(snakemake)
        try:
            yield logging.getLogger(f"imfmap.{snakemake.rule}")
            for path in map(Path, snakemake.output):
                if path.name == FOLDER_SUMS:
                    write_folder_sums(path.parent)
        except InputError as error:
            if not allow_missing or isinstance(error, SetupError) or is_of_machine(error, *folders):
                raise
            _leave_out(snakemake, snakemake.rule, str(error))
        write_record(snakemake, started)


def _start_log(path):
    """Send the log to a file, or to standard error."""
    handlers = [logging.StreamHandler(sys.stderr)] if path is None else [logging.FileHandler(path, mode="w")]
    # Of other libraries (fontTools, matplotlib, rasterio) only warnings count.
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )
    logging.getLogger("imfmap").setLevel(logging.INFO)


@contextmanager
def _one_line(snakemake):
    """End the script with the one line of an error, on standard error and, if the disk has room, in the log."""
    try:
        yield
    except InputError as error:
        with suppress(OSError):
            print(f"imfmap: {snakemake.rule}: {error}", file=sys.stderr, flush=True)
        # Without a handler, the line would go to standard error once more.
        if logging.root.handlers:
            logging.error("%s", error)
        sys.exit(1)


def _pass_on(snakemake):
    """If an input is the mark of an image that is left out, copy the mark to the outputs and end the script."""
    from .left_out import read_mark  # here: it loads rasterio, which most jobs do not need

    for path in snakemake.input:
        mark = read_mark(path) if path != getattr(snakemake.input, "reference", None) else None
        if mark is not None:
            _leave_out(snakemake, *mark)
            sys.exit(0)


def _leave_out(snakemake, step, reason):
    from .left_out import write_mark

    logging.warning("left out: %s: %s", step, reason)
    for path in snakemake.output:
        write_mark(path, step, reason)
