"""Published files: torchvision's weights from PyTorch's server or torch's cache, checkpoints and maps from Zenodo."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import requests

from ..core.checksums import md5, sha256
from ..core.errors import InputError, NoRoomError
from .answers import ZenodoFile, zenodo_record
from .download import download_file
from .http import ask, session
from .outside import address, shown

_CHECKPOINTS = (".pt", ".pth", ".ckpt")
# Files of shapes, and the parts that a shapefile may have beside it. Without the first two it cannot be read.
_SHAPES, _NEEDED_PARTS, _OTHER_PARTS = (".shp", ".gpkg", ".geojson"), (".shx", ".dbf"), (".prj", ".cpg")
# The names of torch's files end with the beginning of their SHA-256: deeplabv3_resnet50_coco-cd0a2569.pth.
_DIGEST = re.compile(r"-([0-9a-f]{8,64})\.")


def download_torchvision_weights(
    url: str, path: Path, acquisition: Mapping[str, Any], cache: Path | None = None
) -> None:
    """Fetch a file of weights whose name has the beginning of its SHA-256.

    Parameters
    ----------
    url : str
    path : Path
        File to write.
    acquisition : mapping
        The completed section of the config.
    cache : Path, optional
        Folder that may have the file already.

    Raises
    ------
    InputError
        Where the file cannot be fetched, or has another SHA-256. The message says which file to put where.
    """
    name = Path(urlparse(url).path).name
    digest = _DIGEST.search(name)[1]

    def check(came):
        found = sha256(came)
        if not found.startswith(digest):
            raise InputError(came, f"has SHA-256 {found}, its name says {digest}...")

    kept = cache and cache / name
    try:
        download_file(
            kept.absolute().as_uri() if kept and kept.exists() else url, path, {**acquisition, "mirror": None}, check
        )
    except NoRoomError:
        raise
    except InputError as error:
        raise InputError(
            url, f"cannot be fetched ({error})", f"fetch it where there is internet, and put it here as {path}"
        ) from None


@dataclass(frozen=True)
class _Record:
    """A record of Zenodo."""

    url: str
    files: list[ZenodoFile]
    acquisition: Mapping[str, Any]
    http: requests.Session

    def names(self) -> str:
        """Return the names of the files, for a message."""
        return shown(", ".join(file.key for file in self.files)) or "no files"

    def fetch(self, file: ZenodoFile, path: Path) -> None:
        """Fetch a file of the record."""
        url = address(file.links.own, shown(self.url), self.acquisition, given_by=self.url)
        algorithm, _, checksum = file.checksum.partition(":")

        def check(came):
            if algorithm != "md5":
                return
            found = md5(came)
            if found != checksum:
                raise InputError(came, f"has MD5 {found}, Zenodo says {shown(checksum)}", "fetch it again")

        download_file(url, path, {**self.acquisition, "mirror": None}, check, file.size, self.http)


def _record(number, acquisition):
    http = session(acquisition)
    place = f"{acquisition['zenodo_url']}/records/{number}"
    answer = ask(http, place, acquisition, "check the number of the record, and acquisition.zenodo_url")
    files = zenodo_record(answer, "check acquisition.zenodo_url and the network").files
    return _Record(answer.url, files, acquisition, http)


def download_zenodo_checkpoint(record: int | str, path: Path, acquisition: Mapping[str, Any]) -> None:
    """Fetch the only checkpoint file of a Zenodo record.

    Raises
    ------
    InputError
        Where the record has no checkpoint, or several, its address may not be asked (`outside.address`), or the file
        is damaged.
    """
    found = _record(record, acquisition)
    weights = [file for file in found.files if file.key.lower().endswith(_CHECKPOINTS)]
    if len(weights) != 1:
        raise InputError(
            shown(found.url),
            f"has {len(weights)} checkpoints among {found.names()}",
            "download the right one and name it as the model's checkpoint",
        )
    found.fetch(weights[0], path)


def download_zenodo_shapes(record: int | str, pattern: str, folder: Path, acquisition: Mapping[str, Any]) -> Path:
    """Fetch a file of shapes of a Zenodo record, with all its parts.

    Parameters
    ----------
    record : int or str
        Number of the record.
    pattern : str
        Of the file's name, as in a shell; large and small letters are the same.
    folder : Path
        Where the file comes, under a name of its own.
    acquisition : mapping
        The completed section of the config.

    Returns
    -------
    Path
        The file in `folder`.

    Raises
    ------
    InputError
        Where no file of shapes has such a name, or several have, a part is missing, or as for a checkpoint.
    """
    found = _record(record, acquisition)
    shapes = [
        file
        for file in found.files
        if file.key.lower().endswith(_SHAPES) and fnmatchcase(file.key.lower(), pattern.lower())
    ]
    if len(shapes) != 1:
        raise InputError(
            shown(found.url),
            f"has {len(shapes)} files of shapes named like '{pattern}' among {found.names()}",
            "change the pattern under reproduction.files",
        )
    stem, ending = os.path.splitext(shapes[0].key.lower())
    parts = {ending: shapes[0]}
    if ending == ".shp":
        by_name = {file.key.lower(): file for file in found.files}
        for part in (*_NEEDED_PARTS, *_OTHER_PARTS):
            if f"{stem}{part}" in by_name:
                parts[part] = by_name[f"{stem}{part}"]
            elif part in _NEEDED_PARTS:
                raise InputError(shown(found.url), f"has {shown(shapes[0].key)} without its part {part}")
    for part, file in parts.items():
        # The record's own names name no path here.
        found.fetch(file, folder / f"published{part}")
    return folder / f"published{ending}"
