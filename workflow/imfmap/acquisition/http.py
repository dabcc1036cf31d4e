"""Requests to servers: with limits, repeated after failures, and as slowly as a server asks."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests
from requests.utils import requote_uri
from urllib3.exceptions import HTTPError

from ..core.errors import InputError, SetupError
from . import limits
from .connections import GuardedAdapter, ended_after
from .outside import address, named_hosts, shown
from .rate_limits import Patience, asks_for_pause

_REPEATED = (500, 502, 503, 504)
# S3 answers 403 for a file that it does not have, unless everybody may list its files.
_ABSENT = (403, 404, 410)
_LOGIN = (401, 407, 511)
_LONGEST_BACKOFF_S = 120.0
_CHUNK = 1 << 16
_AGENT = "imfmap (Snakemake workflow for LROC NAC images)"


class NotThereError(InputError):
    """A server or folder answers, and does not have the file."""


@dataclass(frozen=True)
class Answer:
    """The whole answer of a service.

    Attributes
    ----------
    url : str
        Address that gave it, after redirects.
    body : bytes
        Unpacked.
    """

    url: str
    body: bytes


class _Session(requests.Session):
    """Follows no redirect, and so does not read the content of one, which may have no end."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


def session(acquisition: Mapping[str, Any]) -> requests.Session:
    """Return an HTTP session whose connections are guarded (`connections.GuardedAdapter`).

    Parameters
    ----------
    acquisition : mapping
        The section of the config: the services and the mirror that it names may be anywhere.
    """
    http = _Session()
    http.headers["User-Agent"] = _AGENT
    for scheme in ("https://", "http://"):
        http.mount(scheme, GuardedAdapter(named_hosts(acquisition)))
    return http


def get(
    http: requests.Session,
    url: str,
    acquisition: Mapping[str, Any],
    accept: Collection[int] = (),
    wait: bool = True,
    **keywords: Any,
) -> requests.Response:
    """Return a server's answer to the request of a file; its content is still to be read.

    Parameters
    ----------
    http : requests.Session
        Of `session`.
    url : str
    acquisition : mapping
        The completed section of the config: ``timeout_s``, ``retries``, ``backoff_s``.
    accept : collection of int
        Statuses above 399 that the caller handles.
    wait : bool
        Whether to wait for a server that limits requests. If not, that is an error.
    **keywords
        Of `requests.Session.get`.

    Raises
    ------
    NotThereError
        On 403, 404 and 410.
    SetupError
        Where the server cannot be reached, refuses for another reason, limits requests for too long, or redirects to
        where it may not (`outside.address`) or too often.
    """
    answer, _ = _answer(http, url, acquisition, wait, keywords)
    if answer.status_code in accept or answer.status_code < 400:
        return answer
    answer.close()
    if answer.status_code in _ABSENT:
        raise NotThereError(url, _status(answer), "search again: the archive may have moved or withdrawn it")
    raise SetupError(url, _status(answer), _remedy(answer))


def ask(http: requests.Session, url: str, acquisition: Mapping[str, Any], remedy: str, **keywords: Any) -> Answer:
    """Return the answer of a service (search, listing, record) that should always have one.

    Parameters
    ----------
    http, url, acquisition, **keywords
        As for `get`.
    remedy : str
        What the user can do if the service has no such page.

    Raises
    ------
    SetupError
        As for `get`; or where the answer is longer, or takes longer, than `limits` allow.
    """
    answer, body = _answer(http, url, acquisition, True, keywords, _whole)
    if answer.status_code < 400:
        return Answer(answer.url, body)
    raise SetupError(answer.url, _status(answer), remedy if answer.status_code in _ABSENT else _remedy(answer))


def _answer(
    http: requests.Session,
    url: str,
    acquisition: Mapping[str, Any],
    wait: bool,
    keywords: Mapping[str, Any],
    read: Callable[[requests.Response, float], bytes] | None = None,
) -> tuple[requests.Response, bytes]:
    """Answer of any status, after the pauses that the server asks for; and its content, where it is to be read."""
    patience = Patience(url, acquisition)
    failures = 0
    while True:
        if wait:
            patience.wait_for_turn()
        try:
            answer = _followed(http, url, acquisition, keywords)
            if answer.status_code < 400:
                return answer, read(answer, acquisition["timeout_s"]) if read else b""
        except (requests.RequestException, HTTPError, UnicodeError, OSError) as error:
            failures += 1
            # A ValueError is about the address itself: another try would not change it.
            if failures > acquisition["retries"] or isinstance(error, ValueError):
                found = f"did not answer ({_reason(error)})"
                raise SetupError(url, found, "check the network and try again") from None
        else:
            answer.close()
            busy = answer.status_code in _REPEATED and not asks_for_pause(answer)
            if wait and patience.asked_to_wait(answer):
                continue
            if not busy or failures >= acquisition["retries"]:
                return answer, b""
            failures += 1
        time.sleep(min(_LONGEST_BACKOFF_S, acquisition["backoff_s"] * 2.0 ** (failures - 1)))


def _followed(http, url, acquisition, keywords):
    """Answer to one request, and to those that it is redirected to; nothing of its content is read yet."""
    answer = http.get(url, timeout=acquisition["timeout_s"], stream=True, **keywords)
    history = []
    later = {name: value for name, value in keywords.items() if name != "params"}
    while answer.is_redirect:
        answer.close()
        history.append(answer)
        if len(history) > limits.REDIRECTS:
            raise SetupError(url, f"did not answer (more than {limits.REDIRECTS} redirects)", "check the address")
        target = requote_uri(answer.headers["Location"])
        # What cannot be joined is no address.
        with suppress(ValueError):
            target = urljoin(answer.url, target)
        address(target, f"{url} redirects, and", acquisition, given_by=answer.url)
        answer = http.get(target, timeout=acquisition["timeout_s"], stream=True, **later)
    answer.history = history
    return answer


def _whole(answer, timeout_s):
    """Content of an answer, unpacked."""
    limit_s = limits.ANSWER_TIMEOUTS * timeout_s
    body = bytearray()
    with answer, ended_after(limit_s, answer.raw.shutdown) as late:
        try:
            while chunk := answer.raw.read1(_CHUNK, decode_content=True):
                body += chunk
                if len(body) > limits.ANSWER_BYTES:
                    found = f"sends more than {limits.ANSWER_BYTES / 1e6:.0f} MB"
                    raise SetupError(answer.url, found, "check the address")
        except (HTTPError, OSError, ValueError):
            # A socket that is closed while it is read ends in errors of many types.
            if not late.is_set():
                raise
    if late.is_set():
        raise SetupError(answer.url, f"sends its answer for longer than {limit_s:g} s", "try again later")
    return bytes(body)


def _status(answer):
    """What a server answered, and which server that was where the request was redirected."""
    redirected = f" after a redirect to {shown(answer.url)}" if answer.history else ""
    return f"answered {answer.status_code} {shown(answer.reason)}{redirected}"


def _remedy(answer):
    if answer.status_code in _LOGIN:
        return "log in to the network or proxy, or check the address"
    if asks_for_pause(answer):
        return "the server limits requests: run again later"
    return "try again later"


def _reason(error):
    """The last cause of a failure, without the chain of objects before it."""
    cause = error.args[0] if error.args else error
    return shown(getattr(cause, "reason", None) or cause)
