"""Weights that torchvision publishes, from PyTorch's server or from where torch keeps what it fetched."""

import re
from pathlib import Path
from urllib.parse import urlparse

from ..core.checksums import sha256
from ..core.errors import InputError
from .fetch import fetch

# torch writes the beginning of a file's SHA-256 into its name: deeplabv3_resnet50_coco-cd0a2569.pth.
_DIGEST = re.compile(r"-([0-9a-f]{8,64})\.")


def fetch_hub_weights(url, path, acquisition, cache=None):
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
        fetch(kept.absolute().as_uri() if kept and kept.exists() else url, path, {**acquisition, "mirror": None}, check)
    except InputError as error:
        raise InputError(
            url, f"cannot be fetched ({error})", f"fetch it where there is internet, and put it here as {path}"
        ) from None
