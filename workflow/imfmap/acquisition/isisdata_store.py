"""USGS's public store of ISIS data, and the ISISDATA tree on disk that grows by what images need of it."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlparse
from xml.etree import ElementTree

from ..core.errors import InputError, SetupError
from .download import download_file
from .http import ask, session
from .mirrors import is_url, local_path

_REMEDY = "set acquisition.isisdata_url to USGS's store, or to a folder laid out as ISISDATA"


@dataclass
class IsisData:
    """The ISISDATA tree and the store behind it.

    Paths are relative to both, with forward slashes: ``lro/kernels/ck/moc42r_2009181_2009213_v14.bc``.

    Attributes
    ----------
    folder : Path
        The tree; made where it is not there.
    acquisition : dict
        The completed section of the config: ``isisdata_url`` (a URL of an S3 bucket, a folder, or None where the tree
        is all there is), ``timeout_s``, ``retries``, ``backoff_s``.
    sizes : dict of str: int
        Bytes of every file that was asked for.
    fetched : dict of str: int
        Bytes of those that had to be fetched.
    """

    folder: Path
    acquisition: dict
    sizes: dict = field(default_factory=dict)
    fetched: dict = field(default_factory=dict)
    _listed: dict = field(default_factory=dict)

    @cached_property
    def _http(self):
        return session(self.acquisition)

    @property
    def _store(self):
        return self.acquisition["isisdata_url"] or str(self.folder)

    def names(self, prefix):
        """Files in the store whose path begins so: dict of path to size in bytes.

        Raises
        ------
        InputError
            Where the store does not answer, or not with a listing.
        """
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
        root = address.path.strip("/")
        parameters = {"list-type": "2", "prefix": f"{root}/{prefix}".lstrip("/")}
        found = {}
        while True:
            answer = ask(
                self._http, f"{address.scheme}://{address.netloc}/", self.acquisition, _REMEDY, params=parameters
            )
            try:
                listing = ElementTree.fromstring(answer.content)
                if not listing.tag.endswith("ListBucketResult"):
                    raise ValueError
                for entry in listing.iterfind("{*}Contents"):
                    key = entry.findtext("{*}Key").removeprefix(root).lstrip("/")
                    found[key] = int(entry.findtext("{*}Size"))
            except (ElementTree.ParseError, ValueError, TypeError, AttributeError):
                raise SetupError(answer.url, "answered something that is no listing", _REMEDY) from None
            token = listing.findtext("{*}NextContinuationToken")
            if not token or listing.findtext("{*}IsTruncated") != "true":
                return {name: size for name, size in found.items() if not name.endswith("/")}
            parameters["continuation-token"] = token

    def highest(self, pattern):
        """Highest version of a file.

        Parameters
        ----------
        pattern : str
            Path whose last part may have question marks for the digits of its version.

        Returns
        -------
        str or None
            None where the store has no such file.
        """
        if "?" not in pattern:
            return pattern if pattern in self.names(pattern) else None
        wanted = re.compile(re.escape(pattern).replace(r"\?", r"\d"))
        return max(filter(wanted.fullmatch, self.names(pattern.split("?")[0])), default=None)

    def has_folder(self, path):
        """Whether the store has anything in a folder."""
        return bool(self.names(path.rstrip("/") + "/"))

    def size_of(self, path):
        """Size in bytes of a file of the store.

        Raises
        ------
        InputError
            Where the store does not have it.
        """
        size = self.names(path).get(path)
        if size is None:
            raise InputError(self._store, f"has no {path}", _REMEDY)
        return size

    def to_fetch(self, paths):
        """Size in bytes of those of the files that are not on disk in full size: dict by path."""
        sizes = {path: self.size_of(path) for path in paths}
        return {path: size for path, size in sizes.items() if not self._is_whole(path, size)}

    def _is_whole(self, path, size):
        here = Path(self.folder) / path
        return here.is_file() and here.stat().st_size == size

    def take(self, path):
        """Path on disk of a file of the store, fetched where it is not there in its full size.

        Raises
        ------
        InputError
            Where the store does not have it or cannot give it.
        """
        size = self.size_of(path)
        here = Path(self.folder) / path
        self.sizes[path] = size
        if self._is_whole(path, size):
            return here
        place = f"{self._store.rstrip('/')}/{quote(path)}" if is_url(self._store) else local_path(self._store) / path
        download_file(str(place), here, {**self.acquisition, "mirror": None}, size=size, http=self._http)
        self.fetched[path] = size
        return here

    def read(self, path):
        """Text of a file of the store."""
        return self.take(path).read_text(errors="replace")
