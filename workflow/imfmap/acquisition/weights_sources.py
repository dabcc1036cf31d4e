"""Weights that others publish: torchvision's from PyTorch's server or torch's cache, checkpoints from Zenodo."""

import re
from pathlib import Path
from urllib.parse import urlparse

from ..core.checksums import md5, sha256
from ..core.errors import InputError, SetupError
from .download import download_file
from .http import ask, session

_CHECKPOINTS = (".pt", ".pth", ".ckpt")
# torch writes the beginning of a file's SHA-256 into its name: deeplabv3_resnet50_coco-cd0a2569.pth.
_DIGEST = re.compile(r"-([0-9a-f]{8,64})\.")


def download_torchvision_weights(url, path, acquisition, cache=None):
    """Fetch a file of weights that has the beginning of its SHA-256 in its name.

    Parameters
    ----------
    url : str
    path : Path
        File to write.
    acquisition : dict
        The completed section of the config.
    cache : Path, optional
        Folder in which the file may lie already.

    Raises
    ------
    InputError
        Where it cannot be had, or is another one; it says what to put where.
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
    except InputError as error:
        raise InputError(
            url, f"cannot be fetched ({error})", f"fetch it where there is internet, and put it here as {path}"
        ) from None


def download_zenodo_checkpoint(record, path, acquisition):
    """Fetch the one checkpoint file of a Zenodo record.

    Raises
    ------
    InputError
        Where the record has no checkpoint, or several.
    """
    http = session(acquisition)
    address = f"{acquisition['zenodo_url']}/records/{record}"
    answer = ask(http, address, acquisition, "check the number of the record, and acquisition.zenodo_url")
    try:
        files = {file["key"]: file for file in answer.json().get("files", [])}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SetupError(
            answer.url, "answered something that is no Zenodo record", "check acquisition.zenodo_url and the network"
        ) from None
    weights = [name for name in files if name.lower().endswith(_CHECKPOINTS)]
    if len(weights) != 1:
        raise InputError(
            answer.url,
            f"has {len(weights)} checkpoints among {', '.join(files) or 'no files'}",
            "download the right one and name it as the model's checkpoint",
        )
    chosen = files[weights[0]]
    algorithm, _, checksum = str(chosen.get("checksum", "")).partition(":")

    def check(came):
        if algorithm != "md5":
            return
        found = md5(came)
        if found != checksum:
            raise InputError(came, f"has MD5 {found}, Zenodo says {checksum}", "fetch it again")

    download_file(chosen["links"]["self"], path, {**acquisition, "mirror": None}, check, chosen.get("size"), http)
