"""Room for many open files: a map of a thousand images reads them all at a time."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import SetupError

# Files that a process has open besides: libraries, logs, products.
_OTHERS = 256


@contextmanager
def open_files(count: int) -> Iterator[None]:
    """Allow this process to have so many more files open, as far as the machine allows it.

    Parameters
    ----------
    count : int
        Files that will be open at a time.

    Raises
    ------
    SetupError
        If the machine does not allow it.
    """
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHERS
    if most != resource.RLIM_INFINITY and wanted > most:
        found = f"{count} images are to be open at a time, and this machine allows a program {most} open files"
        raise SetupError("open files", found, "raise the hard limit (ulimit -Hn), or map with fewer images")
    if before == resource.RLIM_INFINITY or wanted <= before:
        yield
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))
