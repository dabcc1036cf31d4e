"""Published weights, fetched from a record, and torchvision's weights."""

import hashlib
import json
from pathlib import Path

import pytest

from imfmap.acquisition.published_files import (
    download_torchvision_weights,
    download_zenodo_checkpoint,
    download_zenodo_shapes,
)
from imfmap.core.errors import InputError
from tests.helpers.downloads import PAYLOAD, alone
from tests.helpers.servers import Trouble, settings_for


def record(file_server, **changes):
    entry = {"key": "w.pt", "size": len(PAYLOAD), "links": {"self": f"{file_server.url}/a.IMG"}}
    entry["checksum"] = "md5:" + hashlib.md5(PAYLOAD, usedforsecurity=False).hexdigest()
    files = [{**entry, **changes}, {"key": "readme.md", "links": {"self": "x"}}]
    file_server.files["/records/7"] = json.dumps({"files": files}).encode()


def test_published_weights_come_with_their_md5(file_server, tmp_path):
    record(file_server)
    download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(file_server))
    assert (tmp_path / "w.pt").read_bytes() == PAYLOAD
    record(file_server, checksum="md5:00")
    with pytest.raises(InputError, match="came damaged twice .*Zenodo says 00"):
        download_zenodo_checkpoint(7, tmp_path / "v.pt", settings_for(file_server))


def test_a_record_without_weights(file_server, tmp_path):
    record(file_server, key="notes.txt")
    with pytest.raises(InputError, match="has 0 checkpoints among notes.txt, readme.md"):
        download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(file_server))
    file_server.files["/records/7"] = b"<html>"
    with pytest.raises(InputError, match="no Zenodo record"):
        download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(file_server))


@pytest.mark.parametrize("scheme", ["file://", "", "ftp://", "s3:/"])
def test_a_record_that_names_a_file_of_this_machine_is_refused(file_server, tmp_path, scheme):
    (tmp_path / "secret.pt").write_bytes(PAYLOAD)
    record(file_server, links={"self": f"{scheme}{tmp_path}/secret.pt"})
    with pytest.raises(InputError, match="records/7: gives the address .*secret.pt', which") as caught:
        download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(file_server))
    assert "\n" not in str(caught.value) and not (tmp_path / "w.pt").exists()


@pytest.mark.parametrize(
    "changes",
    [{"size": "many"}, {"size": -1}, {"links": "x"}, {"links": None}, {"checksum": []}, {"key": 5}, {"key": None}],
)
def test_a_record_of_wrong_types_is_none(file_server, tmp_path, changes):
    record(file_server, **changes)
    with pytest.raises(InputError, match="no Zenodo record"):
        download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(file_server))


def test_the_name_of_a_records_file_names_no_path(file_server, tmp_path):
    record(file_server, key="../../victim.pt")
    download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(file_server))
    assert alone(tmp_path / "w.pt")


# shapes


def shapes_record(file_server, *names):
    files = []
    for name in names:
        file_server.files[f"/files/{name}"] = name.encode()
        digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
        url = f"{file_server.url}/files/{name}"
        files.append({"key": name, "size": len(name), "links": {"self": url}, "checksum": f"md5:{digest}"})
    file_server.files["/records/7"] = json.dumps({"files": files}).encode()


def test_a_shapefile_comes_with_its_parts_under_names_of_its_own(file_server, tmp_path):
    names = [f"IMFs_Crookes{ending}" for ending in (".shp", ".shx", ".dbf", ".prj")]
    shapes_record(file_server, *names, "IMFs_Other.shp", "w.pt", "IMFs_Crookes.shp.xml")
    path = download_zenodo_shapes(7, "*crookes*", tmp_path, settings_for(file_server))
    assert path == tmp_path / "published.shp"
    found = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert found == {name.replace("IMFs_Crookes", "published"): name for name in names}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["IMFs_Crookes.shp", "IMFs_Crookes.dbf"], "has IMFs_Crookes.shp without its part .shx"),
        (
            ["a_crookes.shp", "b_crookes.gpkg"],
            r"has 2 files of shapes named like '\*crookes\*' among a_crookes.shp, b_",
        ),
        (["crookes.pt"], "has 0 files of shapes named like .* among crookes.pt; change the pattern under reproduction"),
    ],
)
def test_shapes_that_are_not_there_or_not_clear_are_told(file_server, tmp_path, names, message):
    shapes_record(file_server, *names)
    with pytest.raises(InputError, match=message):
        download_zenodo_shapes(7, "*crookes*", tmp_path, settings_for(file_server))
    assert not list(tmp_path.iterdir())


# torchvision's weights, by the beginning of their SHA-256

COCO = f"/models/net_coco-{hashlib.sha256(PAYLOAD).hexdigest()[:8]}.pth"


def test_torchvisions_weights_come_by_the_checksum_in_their_name(file_server, tmp_path):
    file_server.files[COCO] = PAYLOAD
    file_server.troubles = [Trouble("corrupt"), Trouble("cut", after=700_000)]
    download_torchvision_weights(
        f"{file_server.url}{COCO}", tmp_path / "out" / "coco.net.pth", settings_for(file_server)
    )
    assert (tmp_path / "out" / "coco.net.pth").read_bytes() == PAYLOAD and alone(tmp_path / "out" / "coco.net.pth")


@pytest.mark.parametrize("content", [None, b"other weights"])
def test_without_torchvisions_weights_it_is_said_what_to_put_where(file_server, tmp_path, content):
    if content:
        file_server.files[COCO] = content
    url = f"{file_server.url}{COCO}"
    with pytest.raises(InputError) as caught:
        download_torchvision_weights(url, tmp_path / "coco.net.pth", settings_for(file_server))
    message = str(caught.value)
    assert message.startswith(f"{url}: cannot be fetched (") and "\n" not in message
    assert message.endswith(f"and put it here as {tmp_path / 'coco.net.pth'}")
    assert ("its name says" in message) == bool(content)
    assert not (tmp_path / "coco.net.pth").exists()


def test_weights_that_torch_has_already_need_no_server(file_server, tmp_path):
    kept = tmp_path / "hub" / Path(COCO).name
    kept.parent.mkdir()
    kept.write_bytes(PAYLOAD)
    download_torchvision_weights(
        f"{file_server.url}{COCO}", tmp_path / "coco.net.pth", settings_for(file_server), cache=kept.parent
    )
    assert (tmp_path / "coco.net.pth").read_bytes() == PAYLOAD and not file_server.requests
