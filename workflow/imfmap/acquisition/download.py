"""Downloads of files: whole, right, and no byte twice; from a mirror of the archive, or from the archive.

HTTP Range and If-Range: RFC 9110, sections 13.1.5 and 14.
"""

import fcntl
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from ..core.errors import InputError, NoRoomError, SetupError
from ..core.machine_faults import note_room
from .http import NotThereError, get, session
from .mirrors import copies_of, is_there, local_path

log = logging.getLogger(__name__)

CHUNK = 1 << 18
_LONGEST_PAUSE_S = 120.0
_WEB_PAGE = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)


def download_file(
    url: str,
    path: Path,
    acquisition: Mapping[str, Any],
    check: Callable[[Path], object] | None = None,
    size: int | None = None,
    http: requests.Session | None = None,
) -> None:
    """Fetch a file; it appears under its name when it is whole and right.

    Until then, its bytes are in ``<name>.part``. A transfer that is cut goes on from there, now or in a later run.
    If two processes want the same file, one fetches it, and the other waits.

    Parameters
    ----------
    url : str
        Address in the archive: http, https or file. The mirror of `acquisition` is asked first, once.
    path : Path
    acquisition : mapping
        The completed section of the config.
    check : callable, optional
        Takes the path of the fetched bytes, and raises InputError where they are damaged. The file is fetched again
        then, once.
    size : int, optional
        Size of the file in bytes, if known. A file of another size is damaged, or is replaced if it is at `path`.
    http : requests.Session, optional
        Session for the archive.

    Raises
    ------
    NotThereError
        Where neither the mirror nor the archive has the file.
    InputError
        Where the file is damaged twice.
    SetupError
        Where the archive cannot be reached, refuses, or sends a web page instead.
    NoRoomError
        Where the file is larger than the room on the disk.
    OSError
        Where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with _locked(part) as file:
        if path.exists() and size in (None, path.stat().st_size):
            part.unlink(missing_ok=True)
            return
        place = _from_mirror(url, part, file, acquisition, check, size)
        if place is None:
            place = url
            _from_archive(http or session(acquisition), url, part, file, acquisition, check, size)
        _note_of(part).unlink(missing_ok=True)
        part.replace(path)
        log.info("%s: %.1f MB from %s", path.name, path.stat().st_size / 1e6, place)


def _from_mirror(url, part, file, acquisition, check, size):
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
            _fetch(http, place, part, file, acquisition, wait=False)
        except NotThereError as error:
            reason = f"does not have it ({error.found})"
            continue
        except NoRoomError:
            raise
        except InputError as error:
            reason = f"{place} {error.found}"
            break
        damage = _damage(part, check, size)
        if damage is None:
            return place
        reason = f"{place} {damage}"
        page = _is_web_page(part)
        _restart(file, part)
        # Some servers send a page, and no 404, for what is not there: another layout may be.
        if not page:
            break
    log.warning("mirror %s: %s: the archive is asked for %s", mirror, reason, part.stem)
    return None


def _from_archive(http, url, part, file, acquisition, check, size):
    """Fetch a file from the archive, at most twice."""
    for attempt in (1, 2):
        _fetch(http, url, part, file, acquisition)
        damage = _damage(part, check, size)
        if damage is None:
            return
        page = _is_web_page(part)
        _restart(file, part)
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
        with open(part, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_open(file, part):
                # The process that had the lock before renamed or removed this file: others do not see a lock on it.
                continue
            try:
                yield file
            finally:
                if _is_open(file, part) and part.stat().st_size == 0:
                    part.unlink()
                    _note_of(part).unlink(missing_ok=True)
            return


def _is_open(file, path):
    """Whether a path is that of an open file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _note_of(part):
    """Path of the note that says what a part is the beginning of."""
    return part.with_name(part.name + ".json")


def _restart(file, part):
    file.truncate(0)
    _note_of(part).unlink(missing_ok=True)


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
    except InputError as error:
        return f"sent a damaged file: {error}"
    return None


def _is_web_page(part):
    with open(part, "rb") as file:
        return _WEB_PAGE.match(file.read(4096).removeprefix(b"\xef\xbb\xbf")) is not None


def _fetch(http, place, part, file, acquisition, wait=True):
    source = local_path(place)
    if source is None:
        _transfer(http, place, part, file, acquisition, wait)
    else:
        _copy(source, part, file)


def _copy(source, part, file):
    """Copy a file of this machine into a part."""
    try:
        size = source.stat().st_size
        original = open(source, "rb")  # noqa: SIM115 (the block below closes it)
    except OSError as error:
        raise NotThereError(source, f"cannot be read ({error.strerror})", "check the path") from None
    with original, note_room(part.parent):
        _restart(file, part)
        _check_room(part, size)
        with _progress(part, size, 0) as bar:
            while chunk := _read_chunk(original, source):
                file.write(chunk)
                bar.update(len(chunk))
        file.flush()


def _read_chunk(original, source):
    try:
        return original.read(CHUNK)
    except OSError as error:
        raise NotThereError(source, f"cannot be read ({error.strerror})", "check the path") from None


def _transfer(http, url, part, file, acquisition, wait):
    """Append the rest of a file to a part, in several requests where the server cuts, as long as each brings bytes."""
    idle = 0
    while True:
        have = file.seek(0, os.SEEK_END)
        resume = _resume(url, part, have)
        have = have if resume else 0
        headers = {"Accept-Encoding": "identity", **resume}
        with get(http, url, acquisition, accept=(416,), wait=wait, headers=headers, stream=True) as answer:
            first, total = _extent(answer, have)
            if answer.status_code == 416:
                if total == have:
                    return
                _restart(file, part)
                whole = False
            else:
                if not resume or first != have:
                    _restart(file, part)
                _remember(url, part, answer)
                whole = _read(answer, url, part, file, first, total)
        now = file.seek(0, os.SEEK_END)
        if whole and total in (None, now):
            return
        idle = 0 if now >= have + CHUNK else idle + 1
        if idle > acquisition["retries"]:
            of = "" if total is None else f" of {total}"
            raise SetupError(url, f"gave {now} bytes{of}, then nothing", "try again, it goes on from there")
        time.sleep(min(_LONGEST_PAUSE_S, acquisition["backoff_s"] * 2.0**idle))


def _resume(url, part, have):
    """Headers that ask for the rest of a part, if it is known to be the beginning of this very file."""
    try:
        note = json.loads(_note_of(part).read_text())
    except (OSError, ValueError):
        return {}
    if not have or note.get("url") != url:
        return {}
    headers = {"Range": f"bytes={have}-"}
    if note.get("version"):
        headers["If-Range"] = note["version"]
    return headers


def _remember(url, part, answer):
    tag = answer.headers.get("ETag", "")
    # A weak tag does not vouch for bytes.
    version = tag if tag.startswith('"') else answer.headers.get("Last-Modified")
    _note_of(part).write_text(json.dumps({"url": url, "version": version}))


def _extent(answer, have):
    """First byte of an answer's content in the file, and bytes of the whole file (None where it does not say)."""
    length = answer.headers.get("Content-Length")
    stated = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if answer.status_code == 416:
        return 0, int(stated[2]) if stated and stated[2] != "*" else None
    if answer.status_code == 206:
        if stated is None:
            return have, None if length is None else have + int(length)
        if int(stated[1] or 0) not in (0, have):
            raise SetupError(answer.url, f"was asked for bytes from {have} on, sent {stated[0]}", "try again later")
        return int(stated[1] or 0), None if stated[2] == "*" else int(stated[2])
    return 0, None if length is None else int(length)


def _read(answer, url, part, file, first, total):
    """Append an answer's content to a part; whether it came to its end."""
    if total is not None:
        _check_room(part, total - first)
    with note_room(part.parent), _progress(part, total, first) as bar:
        try:
            # What has arrived, however little: a longer wait for more would lose it to a cut.
            while chunk := answer.raw.read1(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        except HTTPError:
            log.warning("%s: cut after %d bytes, going on", url, file.tell())
            return False
        finally:
            file.flush()
    return True


def _check_room(part, size):
    free = shutil.disk_usage(part.parent).free
    if free < size:
        raise NoRoomError(
            part.parent, f"{size / 1e6:.0f} MB for {part.stem} do not fit, {free / 1e6:.0f} MB are free", "make room"
        )


def _progress(part, total, first):
    # Beside a terminal, a line every ten seconds is enough.
    return tqdm(total=total, initial=first, unit="B", unit_scale=True, desc=part.stem, mininterval=1.0, disable=None)
