"""Published weights: torchvision's from PyTorch's server or torch's cache, checkpoints from Zenodo."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ..core.checksums import md5, sha256
from ..core.errors import InputError, NoRoomError
from .answers import zenodo_record
from .download import download_file
from .http import ask, session
from .outside import address, shown

_CHECKPOINTS = (".pt", ".pth", ".ckpt")
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


def download_zenodo_checkpoint(record: int | str, path: Path, acquisition: Mapping[str, Any]) -> None:
    """Fetch the only checkpoint file of a Zenodo record.

    Raises
    ------
    InputError
        Where the record has no checkpoint, or several, its address may not be asked (`outside.address`), or the file
        is damaged.
    """
    http = session(acquisition)
    place = f"{acquisition['zenodo_url']}/records/{record}"
    answer = ask(http, place, acquisition, "check the number of the record, and acquisition.zenodo_url")
    files = zenodo_record(answer, "check acquisition.zenodo_url and the network").files
    weights = [file for file in files if file.key.lower().endswith(_CHECKPOINTS)]
    if len(weights) != 1:
        raise InputError(
            shown(answer.url),
            f"has {len(weights)} checkpoints among {shown(', '.join(file.key for file in files)) or 'no files'}",
            "download the right one and name it as the model's checkpoint",
        )
    (chosen,) = weights
    url = address(chosen.links.own, shown(answer.url), acquisition, given_by=answer.url)
    algorithm, _, checksum = chosen.checksum.partition(":")

    def check(came):
        if algorithm != "md5":
            return
        found = md5(came)
        if found != checksum:
            raise InputError(came, f"has MD5 {found}, Zenodo says {shown(checksum)}", "fetch it again")

    download_file(url, path, {**acquisition, "mirror": None}, check, chosen.size, http)
