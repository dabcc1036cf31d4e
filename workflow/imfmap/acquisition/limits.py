"""Limits on what a server may send, in one place. What is beyond them is refused in one line.

Each is meant to be far above what servers send, so that a limit stops what does not end, and nothing else. Most are
estimates, and nothing was measured for them; where there is a source, the comment names it.
"""

import time
from dataclasses import dataclass, field

from ..core.errors import SetupError

# Bytes of one answer of a service, unpacked: of 100 products of ODE, or 1000 keys of a bucket.
ANSWER_BYTES = 16 << 20
# An answer has to be whole within so many times `timeout_s` (ten minutes by default), its head within twice that time:
# a server that sends a byte now and then never runs into the limit on a single wait.
ANSWER_TIMEOUTS, HEAD_TIMEOUTS = 10, 2
# Pages of one question, and their bytes together. 2000 pages of ODE are 200 000 images.
PAGES = 2000
PAGES_BYTES = 2 << 30
# Hours for all pages of one question: twice what a server that limits requests is waited for.
PAGES_HOURS = 12.0
# The archive's move of 2026 takes one redirect (two public programs that fetch from it).
REDIRECTS = 8
# Bytes of a file whose size is not known before. The EDRs of LROC have up to 264 MB (its archive).
FILE_BYTES = 2 << 30
# Bytes of a base map. USGS's WAC mosaic has 5.96 GB.
BASE_MAP_BYTES = 8 << 30
# A transfer that brings less than this for a whole `timeout_s` is cut, and asked for again.
SLOWEST_BYTES_S = 100
# Bytes of a kernel database.
DATABASE_BYTES = 16 << 20
# Groups of a database for one year, and their characters together. LRO's pointing kernels hold about a month each.
DATABASE_GROUPS, DATABASE_GROUPS_BYTES = 2000, 1 << 20
# Characters of an address, of a path and of a name. Linux takes 4096 of a path, and 255 bytes of a name.
ADDRESS_LENGTH, PATH_LENGTH, NAME_LENGTH = 2048, 1024, 200


@dataclass
class Pages:
    """The pages of one question. A question whose answer does not end is given up.

    Attributes
    ----------
    where : str
        The server, for the message.
    """

    where: str
    _count: int = 0
    _bytes: int = 0
    _begun_s: float = field(default_factory=time.monotonic)

    def add(self, size: int) -> None:
        """Count one more page of `size` bytes.

        Raises
        ------
        SetupError
            Where there are more pages, more bytes, or they took longer, than the limits allow.
        """
        self._count += 1
        self._bytes += size
        hours = (time.monotonic() - self._begun_s) / 3600
        if self._count > PAGES or self._bytes > PAGES_BYTES or hours > PAGES_HOURS:
            found = f"sent {self._count} pages ({self._bytes / 1e6:.0f} MB, {hours:.1f} hours), and says there are more"
            raise SetupError(self.where, found, "ask for less, or check the address of the service")
