"""Copies of the archive: a folder on disk, or another server, in the archive's old layout or its new one."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlparse

# Collection and volume of a file in the archive: before August 2026 (LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/...), and since
# (lro-l-lroc-2-edr/LROLRC_0001/...).
_COLLECTION = re.compile(r"/(LRO-L-LROC-\d-[A-Z]+)(-V[\d.]+)?/(.+)$", re.IGNORECASE)
_OLD_ROOT = "data"
_NEW_ROOT = "data/store/img/lunar_reconnaissance_orbiter/pds4/lroc"


def is_url(place: str | Path) -> bool:
    """Whether a place is a URL of a server, not a path."""
    return urlparse(str(place)).scheme in ("http", "https")


def local_path(place: str | Path) -> Path | None:
    """Return the path of a ``file:`` URL or of a path; None for a URL of a server."""
    if is_url(place):
        return None
    address = urlparse(str(place))
    return Path(unquote(address.path)) if address.scheme == "file" else Path(place)


def is_there(mirror: str) -> bool:
    """Whether a mirror is a folder that exists, or a URL."""
    return is_url(mirror) or local_path(mirror).is_dir()


def find_in_mirror(product: str, mirror: str | None) -> Path | None:
    """Return the path of a product's EDR in a mirror that is a folder, at any depth; None where it is not there."""
    if not mirror or is_url(mirror):
        return None
    return _images(str(local_path(mirror))).get(product.upper())


@cache
def _images(folder):
    """EDRs below a folder by product."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.upper() == ".IMG" and path.is_file():
            found.setdefault(path.stem.upper(), path.absolute())
    return found


def copies_of(url: str, mirror: str) -> list[str]:
    """Return the places where a mirror may have a file of the archive, the most likely ones first.

    Parameters
    ----------
    url : str
        Address in the archive, of its old layout or of its new one (or ``file:``).
    mirror : str
        Folder; or address of a server, below which are collections, the volumes of one collection, the files alone,
        or all that the archive's server has.

    Returns
    -------
    list of str
        URLs; none where the mirror is a folder without the file, or the address leads out of a folder.
    """
    path = unquote(urlparse(url).path)
    if ".." in path.split("/"):
        return []
    if not is_url(mirror):
        at_hand = find_in_mirror(Path(path).stem, mirror)
        return [] if at_hand is None else [at_hand.as_uri()]
    base = mirror.rstrip("/")
    return list(dict.fromkeys(f"{base}/{quote(below)}" for below in _below(path)))


def _below(path: str) -> Iterator[str]:
    """Paths that a file may have below the address of a mirror; file names in upper case, then in lower case."""
    name = Path(path).name
    found = _COLLECTION.search(path)
    folders = []
    if found:
        collection, version, rest = found.groups()
        folder = rest.rpartition("/")[0]
        old, new = collection.upper() + (version or "-V1.0"), collection.lower()
        roots = [old, new, "", f"{_OLD_ROOT}/{old}", f"{_NEW_ROOT}/{new}"]
        folders = [f"{root}/{folder}".strip("/") + "/" for root in roots]
    for spelling in (name, name.upper(), name.lower()):
        for folder in dict.fromkeys([*folders, ""]):
            yield folder + spelling
