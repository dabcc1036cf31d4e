"""Downloads of files: whole, right, and no byte twice; from a mirror of the archive, or from the archive."""

import fcntl
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlparse

import requests

from ..core.errors import InputError, NoRoomError, SetupError
from ..core.machine_faults import is_of_machine
from ..core.product_ids import OtherProductError
from . import limits
from .http import NotThereError, session
from .mirrors import copies_of, is_there
from .outside import shown
from .transfer import note_of, restart, transfer

log = logging.getLogger(__name__)

# No part of it is tried twice: a page that is made for it would take for ever.
_WEB_PAGE = re.compile(
    rb"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)


def download_file(
    url: str,
    path: Path,
    acquisition: Mapping[str, Any],
    check: Callable[[Path], object] | None = None,
    size: int | None = None,
    http: requests.Session | None = None,
    most: int | None = None,
) -> None:
    """Fetch a file; it appears under its name when it is whole and right.

    Until then, its bytes are in ``<name>.part``. A transfer that is cut goes on from there, now or in a later run.
    If two processes want the same file, one fetches it, and the other waits.

    Parameters
    ----------
    url : str
        Address in the archive: http, https or file; one from outside has been through `outside.address`. The mirror of
        `acquisition` is asked first, once.
    path : Path
    acquisition : mapping
        The completed section of the config.
    check : callable, optional
        Takes the path of the fetched bytes, whose name begins as that of `path`, and raises InputError where they are
        damaged or of another product. The file is fetched again then, once; a file that is at `path`, too.
    size : int, optional
        Size of the file in bytes, if known. A file of another size is damaged, or is replaced if it is at `path`.
        Without a size, no file may be larger than `most`.
    http : requests.Session, optional
        Session for the archive.
    most : int, optional
        Largest number of bytes of a file without a size; by default `limits.FILE_BYTES`.

    Raises
    ------
    NotThereError
        Where neither the mirror nor the archive has the file.
    InputError
        Where the file is damaged twice.
    SetupError
        Where the archive cannot be reached, refuses, or sends a web page instead; or where a folder or a link stands in
        the file's place.
    NoRoomError
        Where the file is larger than the room on the disk.
    OSError
        Where a fault of the machine stops it (`machine_faults`), such as a full disk.
    """
    try:
        scheme = urlparse(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https", "file"):
        raise InputError(shown(url), "is no address of http, https or file", "correct the address")
    try:
        _download(url, path, acquisition, check, size, http, limits.FILE_BYTES if most is None else most)
    except OSError as error:
        if is_of_machine(error):
            raise
        # A folder stands in a file's place, or a file in a folder's: whatever a server's names have come to.
        raise SetupError(path, f"cannot be written ({error.strerror})", "look at what stands in its place") from None


def _download(url, path, acquisition, check, size, http, most):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with _locked(part) as file:
        if path.exists() and _damage(path, check, size) is None:
            part.unlink(missing_ok=True)
            return
        place = _from_mirror(url, part, file, acquisition, check, size, most)
        if place is None:
            place = url
            _from_archive(http or session(acquisition), url, part, file, acquisition, check, size, most)
        note_of(part).unlink(missing_ok=True)
        part.replace(path)
        log.info("%s: %.1f MB from %s", path.name, path.stat().st_size / 1e6, place)


def _from_mirror(url, part, file, acquisition, check, size, most):
    """Fetch a file from the mirror; return the place there, or None where the archive has to be asked."""
    mirror = acquisition["mirror"]
    if not mirror:
        return None
    # The archive is there if this fails: one more try is enough.
    acquisition = {**acquisition, "retries": min(1, acquisition["retries"])}
    http = session(acquisition)
    reason = "does not have it" if is_there(mirror) else "is not there"
    for place in copies_of(url, mirror):
        try:
            damage = _fetch(http, place, part, file, acquisition, check, size, most, wait=False)
        except NotThereError as error:
            reason = f"does not have it ({error.found})"
            continue
        except NoRoomError:
            raise
        except InputError as error:
            reason = f"{place} {error.found}"
            break
        if damage is None:
            return place
        reason = f"{place} {damage}"
        page = _is_web_page(part)
        restart(file, part)
        # Some servers send a page, and no 404, for what is not there: another layout may be.
        if not page:
            break
    log.warning("mirror %s: %s: the archive is asked for %s", mirror, reason, part.stem)
    return None


def _from_archive(http, url, part, file, acquisition, check, size, most):
    """Fetch a file from the archive, at most twice."""
    for attempt in (1, 2):
        damage = _fetch(http, url, part, file, acquisition, check, size, most)
        if damage is None:
            return
        page = _is_web_page(part)
        restart(file, part)
        if attempt == 1:
            log.warning("%s %s: fetching it again", url, damage)
    if page:
        raise SetupError(url, damage, "log in to the network or proxy, or check the address")
    raise InputError(url, f"came damaged twice ({damage})", "try again later, or tell the archive")


@contextmanager
def _locked(part: Path) -> Iterator[BinaryIO]:
    """Open a part for appending, alone among all processes; an empty one is removed at the end.

    The system releases the lock of a process that dies.
    """
    while True:
        with open(part, "ab", opener=_no_link) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_open(file, part):
                # The process that had the lock before renamed or removed this file: others do not see a lock on it.
                continue
            try:
                yield file
            finally:
                if _is_open(file, part) and part.stat().st_size == 0:
                    part.unlink()
                    note_of(part).unlink(missing_ok=True)
            return


def _no_link(path, flags):
    """Opener of files that are not behind a link, whose target is not to be changed."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _is_open(file, path):
    """Whether a path is that of an open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _damage(part, check, size):
    """What is wrong with the bytes that came; None where they are right."""
    if _is_web_page(part):
        return "sent a web page instead of the file"
    came = part.stat().st_size
    if size is not None and came != size:
        return f"sent {came} bytes instead of {size}"
    try:
        if check is not None:
            check(part)
    except OtherProductError as error:
        return f"sent another product: its file {error.found}"
    except InputError as error:
        return f"sent a damaged file: {error}"
    return None


def _is_web_page(part):
    with open(part, "rb") as file:
        return _WEB_PAGE.match(file.read(4096).removeprefix(b"\xef\xbb\xbf")) is not None


def _fetch(http, place, part, file, acquisition, check, size, most, wait=True):
    """Fetch a file into its part; what is wrong with the bytes that came, None where they are right."""
    most = most if size is None else size
    too_many = transfer(http, place, part, file, acquisition, most, wait)
    if too_many:
        return f"sent {too_many} instead of {'at most ' * (size is None)}{most}"
    return _damage(part, check, size)
