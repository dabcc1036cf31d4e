"""Patience with servers that limit requests: how long to wait, shared by all processes of a user on one machine.

HTTP status 429 and Retry-After: RFC 6585, section 4, and RFC 9110, section 10.2.3.
"""

import json
import logging
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import requests

from ..core.checksums import sha256_of_bytes
from ..core.errors import SetupError
from ..core.files import replacing

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 30.0
_LONGEST_PAUSE_S = 900.0
# The sum of the pauses of one request, before `backoff_s` scales them.
_PATIENCE_S = 6 * 3600.0
_LIMITED = 429
_BUSY = (500, 502, 503, 504)


class Patience:
    """Pauses of one request to a server that limits requests.

    The first pause is the server's Retry-After. Without one, it is 30 s. Later pauses grow by 30 s each, up to 900 s;
    a longer Retry-After counts. `backoff_s` scales the pauses, but not Retry-After. After six hours, the request fails.

    Parameters
    ----------
    url : str
        Address of the request.
    acquisition : mapping
        The completed section of the config: ``backoff_s``.
    """

    def __init__(self, url: str, acquisition: Mapping[str, Any]) -> None:
        self._url = url
        self._scale = acquisition["backoff_s"]
        self._attempt = 0
        self._waited_s = 0.0
        self._until_s = 0.0
        self._reason = ""

    def wait_for_turn(self) -> None:
        """Wait until the pause is over that the server asked of this request, or of another one of this machine."""
        while True:
            until_s, reason = max(_read_note(self._url), (self._until_s, self._reason))
            pause_s = until_s - time.time()
            if pause_s <= 0:
                return
            end = datetime.fromtimestamp(until_s).astimezone().isoformat(" ", "seconds")
            log.warning("%s limits requests (%s): waiting until %s", urlparse(self._url).netloc, reason, end)
            time.sleep(pause_s)

    def asked_to_wait(self, answer: requests.Response) -> bool:
        """Whether an answer says to ask again later; `wait_for_turn` waits as long as it says.

        Raises
        ------
        SetupError
            Where the pauses together would be longer than six hours.
        """
        if not asks_for_pause(answer):
            return False
        self._attempt += 1
        asked_s = _retry_after(answer)
        step_s = min(_FIRST_PAUSE_S * self._attempt, _LONGEST_PAUSE_S)
        if asked_s is None:
            pause_s = self._scale * step_s
        elif self._attempt == 1:
            pause_s = asked_s
        else:
            pause_s = max(asked_s, self._scale * (step_s - _FIRST_PAUSE_S))
        self._waited_s += max(step_s, asked_s or 0.0)
        self._reason = f"{answer.status_code} {answer.reason}"
        if self._waited_s > _PATIENCE_S:
            longer = f", and asks for a pause of {asked_s:.0f} s" if asked_s else ""
            tries = "1 try" if self._attempt == 1 else f"{self._attempt} tries"
            raise SetupError(self._url, f"limits requests ({self._reason} after {tries}{longer})", "run again later")
        self._until_s = time.time() + pause_s
        _write_note(self._url, self._until_s, self._reason)
        return True


def asks_for_pause(answer: requests.Response) -> bool:
    """Whether a server limits requests: 429, or an error of its own with Retry-After."""
    status = answer.status_code
    return status == _LIMITED or (status in _BUSY and "Retry-After" in answer.headers)


def _retry_after(answer):
    """Pause in seconds that a server asks for, given as seconds or as a date; None where it gives none."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
        # The server's own clock may be wrong.
        start = (
            parsedate_to_datetime(answer.headers["Date"]) if "Date" in answer.headers else datetime.now().astimezone()
        )
        return max(0.0, (moment.astimezone() - start.astimezone()).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _note_of(url):
    """File that says until when a server wants no requests."""
    server = sha256_of_bytes(urlparse(url).netloc.lower().encode())[:16]
    return Path(tempfile.gettempdir()) / f"imfmap-pauses-{os.getuid()}" / f"{server}.json"


def _read_note(url):
    """Time until which a server wants no requests (seconds since 1970; 0 where it does not say), and why."""
    try:
        note = json.loads(_note_of(url).read_text())
        until_s, reason = float(note["until"]), str(note["reason"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0, ""
    return (until_s, reason) if until_s <= time.time() + _PATIENCE_S else (0.0, "")


def _write_note(url, until_s, reason):
    path = _note_of(url)
    until_s = max(until_s, _read_note(url)[0])
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps({"until": until_s, "reason": reason}))
    except OSError as error:
        # The pause of this process holds all the same.
        log.info("%s cannot be written (%s): other downloads do not know of the pause", path, error.strerror)
