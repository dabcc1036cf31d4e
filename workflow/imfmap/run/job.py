"""What the script of every rule does around its library call: a log, one clear line on bad input, a record."""

import errno
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.checksums import FOLDER_SUMS, write_folder_sums
from ..core.errors import InputError, SetupError
from .job_records import now, write_record


@contextmanager
def job(snakemake: Any) -> Iterator[logging.Logger]:
    """Run the body of a script for a Snakemake job.

    Log records of the library go to the rule's log file. An `InputError` ends the script with status 1 and with its
    one line on standard error and in the log. Any other exception keeps its traceback, since it is a bug. A job that
    ends well writes the list of files of each folder that it made (`checksums.write_folder_sums`), and its record
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
    log_file = snakemake.log[0] if len(snakemake.log) else None
    handlers = [logging.StreamHandler(sys.stderr)] if log_file is None else [logging.FileHandler(log_file, mode="w")]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )
    started = now()
    # If the disk is full, the log cannot be written either: that needs no traceback of its own.
    logging.raiseExceptions = False
    allow_missing = snakemake.params.get("allow_missing", False)
    with _one_line(snakemake):
        if allow_missing:
            _pass_on(snakemake)
        try:
            yield logging.getLogger(f"imfmap.{snakemake.rule}")
            for path in map(Path, snakemake.output):
                if path.name == FOLDER_SUMS:
                    write_folder_sums(path.parent)
            # If the disk fills while GDAL closes a file, GDAL does not always report it.
            if _disk_is_full(snakemake.output):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except InputError as error:
            if not allow_missing or isinstance(error, SetupError) or _disk_is_full(snakemake.output):
                raise
            _leave_out(snakemake, snakemake.rule, str(error))
        write_record(snakemake, started)


@contextmanager
def _one_line(snakemake):
    """End the script with one line on bad input and on a full disk."""
    try:
        yield
    except InputError as error:
        _stop(snakemake, error)
    except Exception as error:
        if not _is_disk_full_error(error) and not _disk_is_full(snakemake.output):
            raise
        _stop(
            snakemake,
            SetupError(
                Path(snakemake.output[0]).parent, f"no room is left on the disk ({error})", "make room and run again"
            ),
        )


def _stop(snakemake, error):
    """End the script with the one line of an error on standard error and, if the disk has room, in the log."""
    print(f"imfmap: {snakemake.rule}: {error}", file=sys.stderr)
    logging.error("%s", error)
    sys.exit(1)


def _is_disk_full_error(error):
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _disk_is_full(outputs):
    """Whether a folder of the outputs is on a disk with no room left."""
    folders = {Path(path).parent for path in outputs}
    return any(shutil.disk_usage(folder).free < 2**20 for folder in folders if folder.exists())


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
