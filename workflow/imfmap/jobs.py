"""What every rule's script does around the library call: log, threads, and one clear line on bad input."""

import logging
import sys
from contextlib import contextmanager

from .errors import InputError


@contextmanager
def job(snakemake):
    """Run the body of a script for a Snakemake job.

    Log records of the library go to the rule's log file. An `InputError` ends the script with status 1 and its
    one line on standard error and in the log; any other exception keeps its traceback, since it is a bug.
    """
    log_file = snakemake.log[0] if len(snakemake.log) else None
    handlers = [logging.StreamHandler(sys.stderr)] if log_file is None else [logging.FileHandler(log_file, mode="w")]
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", handlers=handlers, force=True
    )
    try:
        yield logging.getLogger(f"imfmap.{snakemake.rule}")
    except InputError as error:
        logging.error("%s", error)
        print(f"imfmap: {snakemake.rule}: {error}", file=sys.stderr)
        sys.exit(1)
