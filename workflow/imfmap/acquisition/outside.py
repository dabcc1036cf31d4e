"""Names from outside: paths and addresses that a server, archive, table or database gives.

Nothing from outside decides where on this machine a file is read or written, or which machine in the own network is
asked. Every such name goes through `path_below` or `address`. What the configuration names (mirror, services, folders)
is the user's own word, and is taken.
"""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from ..core.errors import SetupError
from . import limits

# Names of files of ISIS's data and of the archive. A question mark stands for a digit of a version.
_NAME = re.compile(r"[A-Za-z0-9_?+=-][A-Za-z0-9_.?+=-]*")
_NOT_IN_ADDRESS = re.compile(r"[ \\]")
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
_ENDPOINTS = ("ode_url", "zenodo_url", "isisdata_url", "wac_url", "mirror")
_SHOWN = 200


def shown(text: Any) -> str:
    """Return text from outside for a message: without characters that control a terminal, and not too long."""
    text = str(text)[: 10 * _SHOWN]
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def is_path_below(name: str) -> bool:
    """Whether a name from outside is the path of a file below a folder: see `path_below`."""
    parts = name.split("/")
    return len(name) <= limits.PATH_LENGTH and all(
        len(part) <= limits.NAME_LENGTH and _NAME.fullmatch(part) for part in parts
    )


def path_below(folder: str | Path, name: str, where: str | Path) -> Path:
    """Return the path of a file in a folder, whose name comes from outside.

    Parameters
    ----------
    folder : path
    name : str
        Path below it: names of letters, digits and ``_ . ? + = -``, between single slashes. No name is empty or begins
        with a dot.
    where : str or Path
        Who gave it, for the message.

    Raises
    ------
    SetupError
        Where it is no such path.
    """
    if not is_path_below(name):
        raise SetupError(
            where, f"names the file '{shown(name)}', which is no plain path below its folder", "use another source"
        )
    return Path(folder, name)


def check_links(folder: str | Path, path: Path) -> None:
    """Refuse to write a file of `path_below` where a link leads out of its folder.

    Such a link is the user's own: what is behind it may be read.

    Raises
    ------
    SetupError
    """
    try:
        real = path.parent.resolve()
        inside = real.is_relative_to(Path(folder).resolve())
    except (OSError, RuntimeError):
        real, inside = "a circle of links", False
    if not inside:
        found = f"lies behind a link that leads out of {folder}, to {real}, and nothing is written there"
        raise SetupError(path, found, "remove the link, or set acquisition.isisdata to the tree that it leads into")


def address(url: str, where: str | Path, acquisition: Mapping[str, Any], given_by: str = "") -> str:
    """Return an address that comes from outside, if it may be asked.

    Parameters
    ----------
    url : str
    where : str or Path
        Who gave it, for the message.
    acquisition : mapping
        The section of the config. Its services and its mirror may be anywhere, this machine included.
    given_by : str
        Address of the server that gave it. A server may name itself.

    Raises
    ------
    SetupError
        Where it is no address of http or https, has a user's name, dots that lead out of a folder, or characters that
        no address has, or is an address of this machine or of its own network. (`connections` looks at names of servers
        when it is connected to them.)
    """
    fault = _fault(url)
    if fault is None:
        host = _parsed(url).host
        if is_near(host) and host not in named_hosts(acquisition) and host != _host(given_by):
            fault = "is an address of this machine or of its network, and the config does not name it"
    if fault is not None:
        raise SetupError(where, f"gives the address '{shown(url)}', which {fault}", "use another source")
    return url


def _fault(url):
    """Return what is wrong with an address, whoever gave it; None if nothing is wrong."""
    if len(url) > limits.ADDRESS_LENGTH:
        return f"has more than {limits.ADDRESS_LENGTH} characters"
    parsed = _parsed(url)
    if parsed is None or _NOT_IN_ADDRESS.search(url) or not url.isprintable() or not parsed.scheme:
        return "is no complete address"
    if parsed.scheme not in ("http", "https"):
        return "does not begin with http:// or https://"
    if not parsed.host:
        return "is no complete address"
    if parsed.auth is not None or not _HOST.fullmatch(parsed.host):
        return "names no plain server"
    if max(map(len, parsed.host.split("."))) > 63 and not parsed.host.startswith("["):
        return "names no plain server"
    # The parsed path has no such parts any more.
    path = unquote(re.sub(r"[?#].*", "", url.partition("://")[2]))
    if ".." in re.split(r"[/\\]", path) or "\x00" in path:
        return "leads out of a folder"
    return None


def _parsed(url: str) -> Url | None:
    """Return an address as the HTTP client itself reads it; None for a text that is no address."""
    try:
        return parse_url(url)
    except (LocationParseError, ValueError):
        return None


def _host(url):
    parsed = _parsed(url) if url else None
    return parsed.host if parsed else None


def named_hosts(acquisition: Mapping[str, Any]) -> set[str]:
    """Return the hosts of the services and the mirror that the config names."""
    hosts = (_host(str(acquisition.get(key) or "")) for key in _ENDPOINTS)
    return {host for host in hosts if host}


def is_near(host: str) -> bool:
    """Whether a host is this machine or in its own network, by its IP address or as ``localhost``.

    That is every address that is not global (loopback, link-local, private, unspecified): RFC 6890.
    """
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(number, "ipv4_mapped", None)
    return not (mapped or number).is_global
