"""Other places that an EDR can be had from: a folder on disk, or a copy of the archive on another server."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlparse

_DATA_SET = re.compile(r"/(LRO-L-LROC-\d-[A-Z]+-V[\d.]+/.*)")


def is_url(place):
    """Whether a place is a URL of a server, not a path."""
    return urlparse(str(place)).scheme in ("http", "https")


def local_file(place):
    """Path of a ``file:`` URL or of a path; None for a URL of a server."""
    if is_url(place):
        return None
    address = urlparse(str(place))
    return Path(unquote(address.path)) if address.scheme == "file" else Path(place)


def in_mirror(product, mirror):
    """Path of a product's EDR in a mirror that is a folder, wherever in it; None where it is not there."""
    if not mirror or is_url(mirror):
        return None
    return _images(str(local_file(mirror))).get(product)


@cache
def _images(folder):
    """EDRs below a folder by product."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.upper() == ".IMG" and path.is_file():
            found.setdefault(path.stem.upper(), path.absolute())
    return found


def places_of(url, mirror):
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
        at_hand = in_mirror(Path(name).stem.upper(), mirror)
        return [url] if at_hand is None else [at_hand.as_uri(), url]
    below = _DATA_SET.search(path)
    base = mirror.rstrip("/")
    return [*([f"{base}/{below[1]}"] if below else []), f"{base}/{name}", url]
