"""What every rule's script does around the library call: log, threads, and one clear line on bad input."""

import logging
import sys
from contextlib import contextmanager

from .errors import InputError, SetupError


@contextmanager
def job(snakemake):
    """Run the body of a script for a Snakemake job.

    Log records of the library go to the rule's log file. An `InputError` ends the script with status 1 and its
    one line on standard error and in the log; any other exception keeps its traceback, since it is a bug.

    Where the rule's params have ``allow_missing`` true, an `InputError` that is no `SetupError` ends the script well:
    its outputs become marks of an image that is left out (`left_out.mark`), and a job whose inputs hold such a mark
    passes it on without running its body.
    """
    log_file = snakemake.log[0] if len(snakemake.log) else None
    handlers = [logging.StreamHandler(sys.stderr)] if log_file is None else [logging.FileHandler(log_file, mode="w")]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )
    allow_missing = snakemake.params.get("allow_missing", False)
    if allow_missing:
        _pass_on(snakemake)
    try:
        yield logging.getLogger(f"imfmap.{snakemake.rule}")
    except InputError as error:
        if allow_missing and not isinstance(error, SetupError):
            _leave_out(snakemake, snakemake.rule, str(error))
            return
        logging.error("%s", error)
        print(f"imfmap: {snakemake.rule}: {error}", file=sys.stderr)
        sys.exit(1)


def _pass_on(snakemake):
    """End the script where an input is the mark of an image that is left out."""
    from .left_out import mark_of  # rasterio, which jobs that cannot leave anything out need not load

    for path in snakemake.input:
        found = mark_of(path)
        if found is not None:
            _leave_out(snakemake, *found)
            sys.exit(0)


def _leave_out(snakemake, step, reason):
    from .left_out import mark

    logging.warning("left out: %s: %s", step, reason)
    for path in snakemake.output:
        mark(path, step, reason)
