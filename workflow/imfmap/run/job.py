"""What every rule's script does around the library call: log, threads, and one clear line on bad input."""

import errno
import logging
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import InputError, SetupError
from .job_records import now, write_record


@contextmanager
def job(snakemake):
    """Run the body of a script for a Snakemake job.

    Log records of the library go to the rule's log file. An `InputError` ends the script with status 1 and its
    one line on standard error and in the log; any other exception keeps its traceback, since it is a bug. A job that
    ends well leaves its record (`job_records.write_record`).

    Where the rule's params have ``allow_missing`` true, an `InputError` that is no `SetupError` ends the script well:
    its outputs become marks of an image that is left out (`left_out.write_mark`), and a job whose inputs hold such a
    mark passes it on without running its body.
    """
    log_file = snakemake.log[0] if len(snakemake.log) else None
    handlers = [logging.StreamHandler(sys.stderr)] if log_file is None else [logging.FileHandler(log_file, mode="w")]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )
    started = now()
    # On a full disk, the log that cannot be written is no news.
    logging.raiseExceptions = False
    allow_missing = snakemake.params.get("allow_missing", False)
    with _one_line(snakemake):
        if allow_missing:
            _pass_on(snakemake)
        try:
            yield logging.getLogger(f"imfmap.{snakemake.rule}")
            # GDAL does not always say that the end of a file found no room.
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
        if not _found_no_room(error) and not _disk_is_full(snakemake.output):
            raise
        _stop(
            snakemake,
            SetupError(
                Path(snakemake.output[0]).parent, f"no room is left on the disk ({error})", "make room and run again"
            ),
        )


def _stop(snakemake, error):
    """End the script with an error's one line on standard error, and in the log where there is room for it."""
    print(f"imfmap: {snakemake.rule}: {error}", file=sys.stderr)
    logging.error("%s", error)
    sys.exit(1)


def _found_no_room(error):
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _disk_is_full(outputs):
    """Whether there is no room left where a job's products go."""
    folders = {Path(path).parent for path in outputs}
    return any(shutil.disk_usage(folder).free < 2**20 for folder in folders if folder.exists())


def _pass_on(snakemake):
    """End the script where an input is the mark of an image that is left out."""
    from .left_out import read_mark  # rasterio, which jobs that cannot leave anything out need not load

    for path in snakemake.input:
        found = read_mark(path)
        if found is not None:
            _leave_out(snakemake, *found)
            sys.exit(0)


def _leave_out(snakemake, step, reason):
    from .left_out import write_mark

    logging.warning("left out: %s: %s", step, reason)
    for path in snakemake.output:
        write_mark(path, step, reason)
