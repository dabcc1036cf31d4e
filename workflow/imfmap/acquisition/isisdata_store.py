"""USGS's public store of ISIS data, and the ISISDATA tree on disk that its files are fetched into."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

from ..core.errors import InputError, SetupError
from . import limits
from .answers import bucket_page
from .download import download_file
from .http import ask, session
from .limits import Pages
from .mirrors import is_url, local_path
from .outside import check_links, is_path_below, path_below, shown

log = logging.getLogger(__name__)

_REMEDY = "set acquisition.isisdata_url to USGS's store, or to a folder laid out as ISISDATA"


@dataclass
class IsisData:
    """The ISISDATA tree and the store behind it.

    Paths of files are relative to the tree and to the store, with forward slashes:
    ``lro/kernels/ck/moc42r_2009181_2009213_v14.bc``.

    Attributes
    ----------
    folder : Path
        The tree; it is made if it does not exist.
    acquisition : mapping
        The completed section of the config: ``isisdata_url`` (URL of an S3 bucket, a folder, or None if there is no
        store but the tree), ``timeout_s``, ``retries``, ``backoff_s``.
    sizes : dict of str: int
        Size in bytes of every file that was taken.
    fetched : dict of str: int
        Size in bytes of the files that were fetched for that.
    """

    folder: Path
    acquisition: Mapping[str, Any]
    sizes: dict = field(default_factory=dict)
    fetched: dict = field(default_factory=dict)
    _listed: dict = field(default_factory=dict)

    @cached_property
    def _http(self):
        return session(self.acquisition)

    @property
    def _store(self):
        return self.acquisition["isisdata_url"] or str(self.folder)

    def names(self, prefix: str) -> dict[str, int]:
        """Return the files in the store whose path begins with a prefix: size in bytes by path.

        Raises
        ------
        SetupError
            Where the store does not answer, or its answer is no listing.
        """
        if prefix and not is_path_below(prefix.removesuffix("/")):
            return {}
        if prefix not in self._listed:
            listed = self._list_bucket(prefix) if is_url(self._store) else self._list_folder(prefix)
            self._listed[prefix] = listed
        return self._listed[prefix]

    def _list_folder(self, prefix):
        root = local_path(self._store)
        below = root / prefix if prefix.endswith("/") else (root / prefix).parent
        found = sorted(below.iterdir()) if below.is_dir() else []
        paths = {path.relative_to(root).as_posix(): path for path in found if path.is_file()}
        return {
            name: path.stat().st_size
            for name, path in paths.items()
            if name.startswith(prefix) and not name.endswith((".part", ".part.json"))
        }

    def _list_bucket(self, prefix):
        """Listing of an S3 bucket (ListObjectsV2), all its pages."""
        address = urlparse(self._store.rstrip("/"))
        start = f"{address.path.strip('/')}/".lstrip("/")
        parameters = {"list-type": "2", "prefix": f"{start}{prefix}"}
        found, strange = {}, []
        pages = Pages(self._store)
        while True:
            answer = ask(
                self._http, f"{address.scheme}://{address.netloc}/", self.acquisition, _REMEDY, params=parameters
            )
            pages.add(len(answer.body))
            page = bucket_page(answer, _REMEDY)
            for entry in page.keys:
                # A store lists what it was asked for. Folders have a slash at their end.
                name = entry.key.removeprefix(start)
                if entry.key.startswith(parameters["prefix"]) and is_path_below(name):
                    found[name] = entry.size
                elif not name.endswith("/"):
                    strange.append(entry.key)
            if page.token is None:
                if strange:
                    found_here = shown(", ".join(strange[:3]))
                    log.warning("%s lists %d keys that are left out: %s", self._store, len(strange), found_here)
                return found
            parameters["continuation-token"] = page.token

    def highest(self, pattern: str) -> str | None:
        """Return the path of the highest version of a file.

        Parameters
        ----------
        pattern : str
            Path whose last part may have question marks in place of the digits of the version.

        Returns
        -------
        str or None
            None where the store has no such file.
        """
        if "?" not in pattern:
            return pattern if pattern in self.names(pattern) else None
        wanted = re.compile(re.escape(pattern).replace(r"\?", r"\d"))
        return max(filter(wanted.fullmatch, self.names(pattern.split("?")[0])), default=None)

    def has_folder(self, path: str) -> bool:
        """Whether the store has anything in a folder."""
        return bool(self.names(path.rstrip("/") + "/"))

    def size_of(self, path: str) -> int:
        """Return the size in bytes of a file of the store.

        Raises
        ------
        InputError
            Where the store does not have it.
        """
        size = self.names(path).get(path)
        if size is None:
            raise InputError(self._store, f"has no {path}", _REMEDY)
        return size

    def to_fetch(self, paths: Iterable[str]) -> dict[str, int]:
        """Return the files that are not on disk in full size: size in bytes by path."""
        sizes = {path: self.size_of(path) for path in paths}
        return {path: size for path, size in sizes.items() if not self._is_whole(path, size)}

    def _here(self, path):
        return path_below(self.folder, path, self._store)

    def _is_whole(self, path, size):
        here = self._here(path)
        return here.is_file() and here.stat().st_size == size

    def take(self, path: str) -> Path:
        """Fetch a file of the store if it is not on disk in full size; return its path on disk.

        Raises
        ------
        InputError
            Where the store does not have the file, sends it damaged, or a link leads out of the tree to its place.
        """
        size = self.size_of(path)
        here = self._here(path)
        self.sizes[path] = size
        if self._is_whole(path, size):
            return here
        check_links(self.folder, here)
        if is_url(self._store):
            place = f"{self._store.rstrip('/')}/{quote(path)}"
        else:
            place = (local_path(self._store) / path).absolute().as_uri()
        download_file(place, here, {**self.acquisition, "mirror": None}, size=size, http=self._http)
        self.fetched[path] = size
        return here

    def read(self, path: str) -> str:
        """Return the text of a file of the store.

        Raises
        ------
        InputError
            As `take`, or where the file is larger than any text of the store.
        """
        if self.size_of(path) > limits.DATABASE_BYTES:
            found = f"has {self.size_of(path)} bytes, more than any kernel database"
            raise SetupError(path, found, _REMEDY)
        return self.take(path).read_text(errors="replace")
