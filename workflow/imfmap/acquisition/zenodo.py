"""Published weights, from Zenodo."""

from ..core.checksums import md5
from ..core.errors import InputError
from .fetch import fetch
from .http import get, session

_WEIGHTS = (".pt", ".pth", ".ckpt")


def fetch_published_weights(record, path, acquisition):
    """Fetch the one checkpoint file of a Zenodo record.

    Raises
    ------
    InputError
        Where the record has no checkpoint, or several.
    """
    http = session(acquisition)
    answer = get(http, f"{acquisition['zenodo_url']}/records/{record}", acquisition)
    try:
        files = {file["key"]: file for file in answer.json().get("files", [])}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(answer.url, "answered something that is no Zenodo record", "try again later") from None
    weights = [name for name in files if name.lower().endswith(_WEIGHTS)]
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

    fetch(chosen["links"]["self"], path, {**acquisition, "mirror": None}, check, chosen.get("size"), http)
