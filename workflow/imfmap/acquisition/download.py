"""Downloads of files: whole, right, and no byte twice; from the archive, or from a mirror of it.

A mirror is a folder on disk, or a copy of the archive on another server.

HTTP Range and If-Range: RFC 9110, sections 13.1.5 and 14.
"""

import fcntl
import json
import logging
import os
import re
import shutil
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlparse

from tqdm import tqdm
from urllib3.exceptions import HTTPError

from ..core.errors import InputError, SetupError
from .http import NotThereError, get, session

log = logging.getLogger(__name__)

CHUNK = 1 << 18
_LONGEST_PAUSE_S = 120.0
_DATA_SET = re.compile(r"/(LRO-L-LROC-\d-[A-Z]+-V[\d.]+/.*)")


def download_file(url, path, acquisition, check=None, size=None, http=None):
    """Fetch a file; it appears under its name when it is whole and right.

    What has come lies in ``<name>.part`` until then; a transfer that is cut goes on from there, now or in a later
    run. Two processes that want the same file fetch it once.

    Parameters
    ----------
    url : str
        http, https or file; the mirror of `acquisition` is looked at first.
    path : Path
    acquisition : dict
        The completed section of the config.
    check : callable, optional
        Takes the path of what has come, and raises InputError where it is damaged. It is fetched again then, once.
    size : int, optional
        Bytes that it must have, if known; other ones are damage too.
    http : requests.Session, optional

    Raises
    ------
    NotThereError
        Where nobody has the file.
    InputError
        Where it comes damaged twice, or the server refuses it.
    SetupError
        Where the disk has no room for it, or the server cannot be reached or goes on cutting.
    """
    http = http or session(acquisition)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with _locked(part) as file:
        if path.exists():
            part.unlink(missing_ok=True)
            return
        for attempt in (1, 2):
            place = _from_anywhere(http, url, part, file, acquisition)
            damage = _damage(part, check, size)
            if damage is None:
                break
            _restart(file, part)
            if attempt == 2:
                raise InputError(place, f"came damaged twice ({damage})", "try again later, or tell the archive")
            log.warning("%s came damaged (%s): fetching it again", place, damage)
        _note_of(part).unlink(missing_ok=True)
        part.replace(path)
        log.info("%s: %.1f MB from %s", path.name, path.stat().st_size / 1e6, place)


@contextmanager
def _locked(part):
    """Open a part for appending, alone among all processes; an empty one does not stay."""
    with open(part, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield file
        finally:
            if part.exists() and part.stat().st_size == 0:
                part.unlink()
                _note_of(part).unlink(missing_ok=True)


def _note_of(part):
    """Path of the note that says what a part is the beginning of."""
    return part.with_name(part.name + ".json")


def _restart(file, part):
    file.truncate(0)
    _note_of(part).unlink(missing_ok=True)


def _damage(part, check, size):
    came = part.stat().st_size
    if size is not None and came != size:
        return f"{came} bytes instead of {size}"
    try:
        if check is not None:
            check(part)
    except InputError as error:
        return str(error)
    return None


def _from_anywhere(http, url, part, file, acquisition):
    """Take the file from the first place that has it; that place."""
    places = locations_of(url, acquisition["mirror"])
    for place in places:
        source = local_path(place)
        try:
            if source is None:
                _transfer(http, place, part, file, acquisition)
            else:
                _copy(source, part, file)
            return place
        except NotThereError:
            if place is places[-1]:
                raise
            log.info("%s does not have it", place)


def _copy(source, part, file):
    try:
        size = source.stat().st_size
        with open(source, "rb") as original:
            _restart(file, part)
            _check_room(part, size)
            with _progress(part, size, 0) as bar:
                while chunk := original.read(CHUNK):
                    _write(file, chunk)
                    bar.update(len(chunk))
        file.flush()
    except OSError as error:
        raise NotThereError(source, f"cannot be read ({error.strerror})", "check the path") from None


def _transfer(http, url, part, file, acquisition):
    """Append what a part lacks, in as many turns as it takes while each brings something."""
    idle = 0
    while True:
        have = file.seek(0, os.SEEK_END)
        headers = {"Accept-Encoding": "identity", **_resume(url, part, have)}
        if "Range" not in headers:
            _restart(file, part)
            have = 0
        with get(http, url, acquisition, accept=(416,), headers=headers, stream=True) as answer:
            first, total = _extent(answer, have)
            if answer.status_code == 416:
                if total == have:
                    return
                _restart(file, part)
                whole = False
            else:
                if first != have:
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
            raise InputError(answer.url, f"was asked for bytes from {have} on, sent {stated[0]}", "try again later")
        return int(stated[1] or 0), None if stated[2] == "*" else int(stated[2])
    return 0, None if length is None else int(length)


def _read(answer, url, part, file, first, total):
    """Append an answer's content to a part; whether it came to its end."""
    if total is not None:
        _check_room(part, total - first)
    with _progress(part, total, first) as bar:
        try:
            # What has arrived, however little: a longer wait for more would lose it to a cut.
            while chunk := answer.raw.read1(CHUNK):
                _write(file, chunk)
                bar.update(len(chunk))
        except HTTPError:
            log.warning("%s: cut after %d bytes, going on", url, file.tell())
            return False
        finally:
            file.flush()
    return True


def _write(file, chunk):
    try:
        file.write(chunk)
    except OSError as error:
        raise SetupError(file.name, f"cannot be written ({error.strerror})", "make room") from None


def _check_room(part, size):
    free = shutil.disk_usage(part.parent).free
    if free < size:
        raise SetupError(
            part.parent, f"{size / 1e6:.0f} MB for {part.stem} do not fit, {free / 1e6:.0f} MB are free", "make room"
        )


def _progress(part, total, first):
    # Beside a terminal, a line every ten seconds is enough.
    return tqdm(total=total, initial=first, unit="B", unit_scale=True, desc=part.stem, mininterval=1.0, disable=None)


def is_url(place):
    """Whether a place is a URL of a server, not a path."""
    return urlparse(str(place)).scheme in ("http", "https")


def local_path(place):
    """Path of a ``file:`` URL or of a path; None for a URL of a server."""
    if is_url(place):
        return None
    address = urlparse(str(place))
    return Path(unquote(address.path)) if address.scheme == "file" else Path(place)


def find_in_mirror(product, mirror):
    """Path of a product's EDR in a mirror that is a folder, wherever in it; None where it is not there."""
    if not mirror or is_url(mirror):
        return None
    return _images(str(local_path(mirror))).get(product)


@cache
def _images(folder):
    """EDRs below a folder by product."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.upper() == ".IMG" and path.is_file():
            found.setdefault(path.stem.upper(), path.absolute())
    return found


def locations_of(url, mirror):
    """Where to look for a file of the archive, the mirror first.

    Parameters
    ----------
    url : str
        Its address in the archive (or ``file:``).
    mirror : str or None
        Folder; or address below which a server has the archive's data sets, or the files alone.

    Returns
    -------
    list of str
    """
    if not mirror:
        return [url]
    path = unquote(urlparse(url).path)
    name = Path(path).name
    if not is_url(mirror):
        at_hand = find_in_mirror(Path(name).stem.upper(), mirror)
        return [url] if at_hand is None else [at_hand.as_uri(), url]
    below = _DATA_SET.search(path)
    base = mirror.rstrip("/")
    return [*([f"{base}/{below[1]}"] if below else []), f"{base}/{name}", url]
