"""A folder or a server in place of the archive."""

import pytest

from tests.helpers.downloads import PAYLOAD

PATH = "/data/LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/DATA/COM/2009211/NAC/M103595705LE.IMG"


@pytest.mark.parametrize("below", ["", "LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/DATA/COM/2009211/NAC"])
def test_a_folder_is_as_good_as_the_archive(file_server, bring, tmp_path, below):
    mirror = tmp_path / "mirror" / below
    mirror.mkdir(parents=True)
    (mirror / "M103595705LE.IMG").write_bytes(PAYLOAD)
    assert bring(PATH, mirror=str(tmp_path / "mirror")).read_bytes() == PAYLOAD
    assert not file_server.requests


@pytest.mark.parametrize("path", ["/copy" + PATH.removeprefix("/data"), "/copy/M103595705LE.IMG"])
def test_a_mirror_server_is_asked_first(file_server, bring, path):
    file_server.files[path] = PAYLOAD
    assert bring(PATH, mirror=f"{file_server.url}/copy").read_bytes() == PAYLOAD
    assert PATH not in file_server.paths


@pytest.mark.parametrize("mirror", ["server", "folder"])
def test_what_a_mirror_lacks_comes_from_the_archive(file_server, bring, tmp_path, mirror):
    file_server.files[PATH] = PAYLOAD
    (tmp_path / "mirror").mkdir()
    place = f"{file_server.url}/copy" if mirror == "server" else str(tmp_path / "mirror")
    assert bring(PATH, mirror=place).read_bytes() == PAYLOAD
