"""Asking servers: with a time limit, again after failures, and as slowly as they wish."""

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from ..core.errors import InputError, SetupError

_AGAIN = (429, 500, 502, 503, 504)
_LONGEST_WAIT_S = 600
_AGENT = "imfmap (Snakemake workflow for LROC NAC images)"


class NotThereError(InputError):
    """A server or folder that answers, and does not have the file."""


def session(acquisition):
    """HTTP session that asks again after failures, with growing pauses, or when a server's Retry-After says.

    Parameters
    ----------
    acquisition : dict
        The completed section of the config: ``retries``, ``backoff_s``.

    Returns
    -------
    requests.Session
    """
    retry = Retry(
        total=acquisition["retries"],
        backoff_factor=acquisition["backoff_s"],
        status_forcelist=_AGAIN,
        allowed_methods=("GET",),
        retry_after_max=_LONGEST_WAIT_S,
    )
    http = requests.Session()
    http.headers["User-Agent"] = _AGENT
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(max_retries=retry))
    return http


def get(http, url, acquisition, accept=(), **keywords):
    """Answer to a GET.

    Parameters
    ----------
    accept : sequence of int
        Statuses that are no error, beside those below 400.
    **keywords
        Of `requests.Session.get`.

    Returns
    -------
    requests.Response

    Raises
    ------
    NotThereError
        On 404 and 410.
    SetupError
        Where the server cannot be reached, or stays busy.
    InputError
        Where it refuses.
    """
    try:
        answer = http.get(url, timeout=acquisition["timeout_s"], **keywords)
    except requests.RequestException as error:
        raise SetupError(url, f"did not answer ({_reason(error)})", "check the network and try again") from None
    if answer.status_code in accept or answer.status_code < 400:
        return answer
    answer.close()
    said = f"answered {answer.status_code} {answer.reason}"
    if answer.status_code in (404, 410):
        raise NotThereError(url, said, "search again: the archive may have moved or withdrawn it")
    raise InputError(url, said, "try again later")


def _reason(error):
    """The last cause of a failure, without the chain of objects before it."""
    cause = error.args[0] if error.args else error
    return str(getattr(cause, "reason", None) or cause)[:200]
