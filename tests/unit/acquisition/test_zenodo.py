"""Published weights, fetched from a record."""

import hashlib
import json

import pytest

from imfmap.acquisition.zenodo import fetch_published_weights
from imfmap.core.errors import InputError
from tests.helpers.downloads import PAYLOAD
from tests.helpers.servers import settings_for


def record(file_server, **changes):
    entry = {"key": "w.pt", "size": len(PAYLOAD), "links": {"self": f"{file_server.url}/a.IMG"}}
    entry["checksum"] = "md5:" + hashlib.md5(PAYLOAD, usedforsecurity=False).hexdigest()
    files = [{**entry, **changes}, {"key": "readme.md", "links": {"self": "x"}}]
    file_server.files["/records/7"] = json.dumps({"files": files}).encode()


def test_published_weights_come_with_their_md5(file_server, tmp_path):
    record(file_server)
    fetch_published_weights(7, tmp_path / "w.pt", settings_for(file_server))
    assert (tmp_path / "w.pt").read_bytes() == PAYLOAD
    record(file_server, checksum="md5:00")
    with pytest.raises(InputError, match="came damaged twice .*Zenodo says 00"):
        fetch_published_weights(7, tmp_path / "v.pt", settings_for(file_server))


def test_a_record_without_weights(file_server, tmp_path):
    record(file_server, key="notes.txt")
    with pytest.raises(InputError, match="has 0 checkpoints among notes.txt, readme.md"):
        fetch_published_weights(7, tmp_path / "w.pt", settings_for(file_server))
    file_server.files["/records/7"] = b"<html>"
    with pytest.raises(InputError, match="no Zenodo record"):
        fetch_published_weights(7, tmp_path / "w.pt", settings_for(file_server))
