"""Kernel databases for kernels that were chosen by their names, so that ISIS's spiceinit finds them, too.

ISIS looks up pointing kernels in databases (``lro/kernels/ck/<name>.NNNN.db``). USGS's store lacks ``lroc_kernels``,
which its ``kernels.0001.conf`` names, and spiceinit stops without it. The database that is written here lists the
kernels in the tree that this workflow fetched. Its version is 0000, so that any database of USGS comes before it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ..camera.times import J2000, ephemeris_time
from ..core.files import replacing
from ..core.temporary import remove_leftovers

VERSION = "0000"
_DATED = re.compile(r"_(\d{7})_(\d{7})_v(\d+)\.bc\Z")
_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class DatedKernel:
    """A pointing kernel whose name tells its days, such as ``lrolc_2009181_2009213_v10.bc``.

    Attributes
    ----------
    version : int
    first, last : datetime
        Its first and last day; both start at midnight UTC.
    path : str
        Below ISISDATA.
    """

    version: int
    first: datetime
    last: datetime
    path: str

    @classmethod
    def of(cls, path: str) -> "DatedKernel | None":
        """Return the kernel of a path below ISISDATA; None if the name tells no days."""
        dated = _DATED.search(path)
        if dated is None:
            return None
        try:
            first, last = (datetime.strptime(day, "%Y%j") for day in dated.groups()[:2])
        except ValueError:
            return None
        return cls(int(dated[3]), first, last, path)


def is_written_here(path: str) -> bool:
    """Return whether a database is one that `write_database` made."""
    return path.endswith(f".{VERSION}.db")


def write_database(tree: str | Path, pattern: str, prefixes: Sequence[str]) -> Path | None:
    """Write a database of pointing kernels: all that the tree has and whose names tell their days.

    Several jobs may do so at the same time in one tree. The last one that writes looks at the tree again afterwards, so
    that no kernel is left out.

    Parameters
    ----------
    tree : path
        The ISISDATA tree.
    pattern : str
        The database below it, with question marks for its version: ``lro/kernels/ck/lroc_kernels.????.db``.
    prefixes : sequence of str
        Beginnings of the kernels' names, the preferred ones first.

    Returns
    -------
    Path or None
        The database; None if the tree has no such kernel.
    """
    path = Path(tree) / pattern.replace("????", VERSION)
    remove_leftovers(path.parent, below=False)
    while True:
        groups = [_kernels_at_hand(Path(tree), pattern.rsplit("/", 1)[0], prefix) for prefix in prefixes]
        if not any(groups):
            return None
        text = database_text(groups)
        if path.is_file() and path.read_text() == text:
            return path
        with replacing(path) as temporary:
            temporary.write_text(text)


def database_text(groups: Sequence[Iterable[DatedKernel]]) -> str:
    """Return a database of pointing kernels in ISIS's format (PVL).

    If several kernels hold an image, ISIS takes the one that stands last. A kernel may not fill its first and last day.
    So each kernel stands twice: first with all its days, and behind those of its prefix with the days between the two.

    Parameters
    ----------
    groups : sequence of iterable of DatedKernel
        Kernels by the prefix of their names, the preferred prefix first.

    Returns
    -------
    str
    """
    lines = ["Object = SpacecraftPointing"]
    for group in reversed([sorted(group) for group in groups]):
        for inner in (timedelta(0), _DAY):
            for kernel in group:
                start, end = kernel.first + inner, kernel.last + _DAY - inner
                if start < end:
                    lines += _selection(start, end, kernel.path)
    return "\n".join([*lines, "End_Object", "End", ""])


def _selection(start, end, path):
    return [
        "  Group = Selection",
        f'    Time = ("{_dynamical(start)}", "{_dynamical(end)}")',
        f"    File = ${path}",
        "    Type = Reconstructed",
        "  End_Group",
        "",
    ]


def _dynamical(utc):
    """A time as ISIS writes it into databases: in barycentric dynamical time."""
    moment = J2000 + timedelta(seconds=ephemeris_time(utc))
    return f"{moment:%Y %b %d %H:%M:%S.%f} TDB".upper()


def _kernels_at_hand(tree, folder, prefix):
    paths = sorted((tree / folder).glob(f"{prefix}_*.bc"))
    kernels = (DatedKernel.of(path.relative_to(tree).as_posix()) for path in paths)
    return [kernel for kernel in kernels if kernel is not None]
