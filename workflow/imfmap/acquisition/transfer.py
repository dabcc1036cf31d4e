"""Transfers of one file: its bytes come into a part beside it, and go on there after a cut.

HTTP Range and If-Range: RFC 9110, sections 13.1.5 and 14.
"""

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

from ..core.errors import InputError, NoRoomError, SetupError
from ..core.files import replacing
from ..core.machine_faults import note_room
from .connections import kept_going
from .http import NotThereError, get
from .mirrors import local_path

log = logging.getLogger(__name__)

CHUNK = 1 << 18
_LONGEST_PAUSE_S = 120.0
_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-[0-9]{1,18}|\*)/([0-9]{1,18}|\*)(?![0-9])")


class _CutError(Exception):
    """The server, or the network, has cut a transfer."""


def transfer(
    http: requests.Session,
    place: str,
    part: Path,
    file: BinaryIO,
    acquisition: Mapping[str, Any],
    most: int,
    wait: bool = True,
) -> str | None:
    """Bring the bytes of a file into its part.

    Parameters
    ----------
    http : requests.Session
    place : str
        Address of the file: of a server, or of this machine.
    part : Path
    file : BinaryIO
        The part, open for appending.
    acquisition : mapping
        The completed section of the config.
    most : int
        Largest number of bytes that are taken.
    wait : bool
        Whether to wait for a server that limits requests.

    Returns
    -------
    str or None
        In words, how many bytes there are, where these are too many. Then the part does not hold them all.

    Raises
    ------
    NotThereError
        Where the file is not there.
    NoRoomError
        Where it is larger than the room on the disk.
    SetupError
        Where the server cannot be reached, refuses, or brings nothing more.
    OSError
        Where the part cannot be written.
    """
    source = local_path(place)
    if source is None:
        return _receive(http, place, part, file, acquisition, most, wait)
    return _copy(source, part, file, most)


def note_of(part: Path) -> Path:
    """Return the path of the note that says what a part is the beginning of."""
    return part.with_name(part.name + ".json")


def restart(file: BinaryIO, part: Path) -> None:
    """Throw away what a part holds."""
    file.truncate(0)
    note_of(part).unlink(missing_ok=True)


def _copy(source, part, file, most):
    """Copy a file of this machine into a part; in words how many bytes it has, if these are too many."""
    try:
        if not source.is_file():
            raise NotThereError(source, "cannot be read (it is no file)", "check the path")
        size = source.stat().st_size
        if size > most:
            return f"{size} bytes"
        original = open(source, "rb")  # noqa: SIM115 (the block below closes it)
    except OSError as error:
        raise NotThereError(source, f"cannot be read ({error.strerror})", "check the path") from None
    with original, note_room(part.parent):
        restart(file, part)
        _check_room(part, size)
        with _progress(part, size, 0) as bar:
            for chunk in _chunks_of_file(original, source):
                file.write(chunk)
                bar.update(len(chunk))
        file.flush()
    return None


def _chunks_of_file(original: BinaryIO, source: Path) -> Iterator[bytes]:
    """Yield the bytes of a file. Errors of the code that takes the bytes do not count as errors of this file."""
    try:
        while chunk := original.read(CHUNK):
            yield chunk
    except OSError as error:
        raise NotThereError(source, f"cannot be read ({error.strerror})", "check the path") from None


def _receive(http, url, part, file, acquisition, most, wait):
    """Append the rest of a file to a part, in several requests where the server cuts, as long as each brings bytes.

    Returns in words how many bytes the server sends, if these are too many.
    """
    idle = furthest = 0
    while True:
        have = file.seek(0, os.SEEK_END)
        resume = _resume(url, part, have)
        have = have if resume else 0
        headers = {"Accept-Encoding": "identity", **resume}
        with get(http, url, acquisition, accept=(416,), wait=wait, headers=headers) as answer:
            first, total = _extent(answer, have)
            if answer.status_code == 416:
                if total == have:
                    return None
                restart(file, part)
                whole = False
            elif total is not None and total > most:
                return f"{total} bytes"
            else:
                if not resume or first != have:
                    restart(file, part)
                _remember(url, part, answer)
                whole = _read(answer, url, part, file, first, total, most, acquisition["timeout_s"])
        now = file.seek(0, os.SEEK_END)
        if now > most:
            return f"more than {most} bytes"
        if whole and total in (None, now):
            return None
        # A server that begins again and again does not come further.
        idle = 0 if now >= max(have, furthest) + CHUNK else idle + 1
        furthest = max(furthest, now)
        if idle > acquisition["retries"]:
            of = "" if total is None else f" of {total}"
            raise SetupError(url, f"gave {now} bytes{of}, then nothing", "try again, it goes on from there")
        time.sleep(min(_LONGEST_PAUSE_S, acquisition["backoff_s"] * 2.0**idle))


def _resume(url, part, have):
    """Headers that ask for the rest of a part, if it is known to be the beginning of this very file."""
    try:
        note = json.loads(note_of(part).read_text())
    except (OSError, ValueError):
        return {}
    if not have or not isinstance(note, dict) or note.get("url") != url:
        return {}
    headers = {"Range": f"bytes={have}-"}
    if note.get("version"):
        headers["If-Range"] = note["version"]
    return headers


def _remember(url, part, answer):
    tag = answer.headers.get("ETag", "")
    # A weak tag does not vouch for bytes.
    version = tag if tag.startswith('"') else answer.headers.get("Last-Modified")
    with replacing(note_of(part)) as temporary:
        temporary.write_text(json.dumps({"url": url, "version": version}))


def _extent(answer, have):
    """First byte of an answer's content in the file, and bytes of the whole file (None where it does not say)."""
    length = _count(answer.headers.get("Content-Length"))
    stated = _RANGE.match(answer.headers.get("Content-Range", ""))
    if answer.status_code == 416:
        return 0, _count(stated and stated[2])
    if answer.status_code == 206:
        if stated is None:
            return have, None if length is None else have + length
        if int(stated[1] or 0) not in (0, have):
            raise SetupError(answer.url, f"was asked for bytes from {have} on, sent {stated[0]}", "try again later")
        return int(stated[1] or 0), _count(stated[2])
    return 0, length


def _count(text):
    """Return the number of bytes that a header gives; None if it gives no number."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text) else None


def _read(answer, url, part, file, first, total, most, timeout_s):
    """Append an answer's content to a part, one byte more than `most` at most; whether it came to its end."""
    if total is not None:
        _check_room(part, total - first)
    with note_room(part.parent), _progress(part, total, first) as bar:
        try:
            with kept_going(timeout_s, file.tell, answer.raw.shutdown) as slow:
                for chunk in _chunks_of_answer(answer):
                    file.write(chunk)
                    bar.update(len(chunk))
                    if file.tell() > most:
                        return True
        except _CutError:
            log.warning("%s: cut after %d bytes, going on", url, file.tell())
            return False
        finally:
            file.flush()
    return not slow.is_set()


def _chunks_of_answer(answer: requests.Response) -> Iterator[bytes]:
    """Yield the bytes of an answer as they arrive. Errors of the code that takes the bytes do not count as a cut."""
    try:
        # What has arrived, however little: a longer wait for more would lose it to a cut.
        while chunk := answer.raw.read1(CHUNK):
            yield chunk
    except InputError:
        raise
    except (HTTPError, OSError, ValueError) as error:
        # A socket that is closed while it is read ends in errors of many types.
        raise _CutError from error


def _check_room(part, size):
    free = shutil.disk_usage(part.parent).free
    if free < size:
        raise NoRoomError(
            part.parent, f"{size / 1e6:.0f} MB for {part.stem} do not fit, {free / 1e6:.0f} MB are free", "make room"
        )


def _progress(part, total, first):
    # Beside a terminal, a line every ten seconds is enough.
    return tqdm(total=total, initial=first, unit="B", unit_scale=True, desc=part.stem, mininterval=1.0, disable=None)
