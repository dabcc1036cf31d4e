"""Requests to servers: with a time limit, repeated after failures, and as slowly as a server asks."""

import time
from collections.abc import Collection, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ..core.errors import InputError, SetupError
from .rate_limits import Patience, asks_for_pause

_REPEATED = (500, 502, 503, 504)
# S3 answers 403 for a file that it does not have, unless everybody may list its files.
_ABSENT = (403, 404, 410)
_LOGIN = (401, 407, 511)
_LONGEST_BACKOFF_S = 120.0
_AGENT = "imfmap (Snakemake workflow for LROC NAC images)"


class NotThereError(InputError):
    """A server or folder answers, and does not have the file."""


class _Retry(Retry):
    """Repeats after failures of a server, unless the server names a pause: `rate_limits` waits for that."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return not has_retry_after and super().is_retry(method, status_code)


def session(acquisition: Mapping[str, Any]) -> requests.Session:
    """Return an HTTP session that repeats a request after a failure, with growing pauses.

    Parameters
    ----------
    acquisition : mapping
        The completed section of the config: ``retries``, ``backoff_s``.
    """
    retry = _Retry(
        total=acquisition["retries"],
        backoff_factor=acquisition["backoff_s"],
        backoff_max=_LONGEST_BACKOFF_S,
        status_forcelist=_REPEATED,
        allowed_methods=("GET",),
        raise_on_status=False,
    )
    http = requests.Session()
    http.headers["User-Agent"] = _AGENT
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(max_retries=retry))
    return http


def get(
    http: requests.Session,
    url: str,
    acquisition: Mapping[str, Any],
    accept: Collection[int] = (),
    wait: bool = True,
    **keywords: Any,
) -> requests.Response:
    """Return a server's answer to the request of a file.

    Parameters
    ----------
    http : requests.Session
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
        Where the server cannot be reached, refuses for another reason, or limits requests for too long.
    """
    answer = _answer(http, url, acquisition, wait, keywords)
    if answer.status_code in accept or answer.status_code < 400:
        return answer
    answer.close()
    if answer.status_code in _ABSENT:
        raise NotThereError(url, _status(answer), "search again: the archive may have moved or withdrawn it")
    raise SetupError(url, _status(answer), _remedy(answer))


def ask(
    http: requests.Session, url: str, acquisition: Mapping[str, Any], remedy: str, **keywords: Any
) -> requests.Response:
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
        Where the service cannot be reached, refuses, or limits requests for too long.
    """
    answer = _answer(http, url, acquisition, True, keywords)
    if answer.status_code < 400:
        return answer
    raise SetupError(answer.url, _status(answer), remedy if answer.status_code in _ABSENT else _remedy(answer))


def _answer(http, url, acquisition, wait, keywords):
    """Answer of any status, after the pauses that the server asks for."""
    patience = Patience(url, acquisition)
    failures = 0
    while True:
        if wait:
            patience.wait_for_turn()
        try:
            answer = http.get(url, timeout=acquisition["timeout_s"], **keywords)
        except requests.exceptions.ChunkedEncodingError as error:
            # The connection broke within the answer, where urllib3 does not ask again.
            failures += 1
            if failures > acquisition["retries"]:
                raise SetupError(url, f"broke off its answer ({_reason(error)})", "try again") from None
            time.sleep(min(_LONGEST_BACKOFF_S, acquisition["backoff_s"] * 2.0 ** (failures - 1)))
            continue
        except requests.RequestException as error:
            raise SetupError(url, f"did not answer ({_reason(error)})", "check the network and try again") from None
        if not wait or not patience.asked_to_wait(answer):
            return answer
        answer.close()


def _status(answer):
    """What a server answered, and which server that was where the request was redirected."""
    redirected = f" after a redirect to {answer.url}" if answer.history else ""
    return f"answered {answer.status_code} {answer.reason}{redirected}"


def _remedy(answer):
    if answer.status_code in _LOGIN:
        return "log in to the network or proxy, or check the address"
    if asks_for_pause(answer):
        return "the server limits requests: run again later"
    return "try again later"


def _reason(error):
    """The last cause of a failure, without the chain of objects before it."""
    cause = error.args[0] if error.args else error
    return str(getattr(cause, "reason", None) or cause)[:200]
