"""Fetching from servers on loopback that cut, drip, lie and are busy; from mirrors and folders."""

import hashlib
import json
import multiprocessing
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from imfmap.acquisition.download import download_file
from imfmap.acquisition.http import NotThereError
from imfmap.acquisition.weights_sources import download_torchvision_weights, download_zenodo_checkpoint
from imfmap.core.errors import InputError, SetupError
from imfmap.nac.edr import verify_md5, write_edr
from tests.helpers.nac_samples import fields
from tests.helpers.servers import Trouble, serving, settings_for

PAYLOAD = bytes(range(256)) * 40_000
PATH = "/data/LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/DATA/COM/2009211/NAC/M103595705LE.IMG"


@pytest.fixture
def server():
    with serving() as running:
        running.files["/a.IMG"] = PAYLOAD
        yield running


@pytest.fixture
def bring(server, tmp_path):
    """Fetch a file of the server; the path where it came to."""

    def run(path="/a.IMG", check=None, size=None, **changes):
        url = path if "://" in path else f"{server.url}{path}"
        download_file(url, tmp_path / "a.IMG", settings_for(server, **changes), check, size)
        return tmp_path / "a.IMG"

    return run


@pytest.fixture
def edr(tmp_path):
    """bytes: an EDR whose label has its MD5."""
    path = tmp_path / "made" / "M900000001LE.IMG"
    path.parent.mkdir()
    write_edr(path, np.random.default_rng(1).integers(0, 200, (300, 5064), np.uint8), fields())
    content = path.read_bytes()
    shutil.rmtree(path.parent)
    return content


def ranges(server):
    return [headers.get("Range") for _, headers in server.requests]


def alone(path):
    """Whether a file is all that lies in its folder."""
    return [other.name for other in path.parent.iterdir()] == [path.name]


# Cuts


def test_a_file_comes_whole_and_alone(server, bring):
    path = bring()
    assert path.read_bytes() == PAYLOAD and alone(path) and ranges(server) == [None]


def test_a_cut_transfer_goes_on_where_it_stopped(server, bring):
    server.troubles = [Trouble("cut", after=3_000_000), Trouble("cut", after=2_000_000)]
    path = bring()
    assert path.read_bytes() == PAYLOAD and alone(path)
    first, second, third = ranges(server)
    assert first is None and second == "bytes=3000000-" and third == "bytes=5000000-"
    assert server.requests[1][1]["If-Range"].startswith('"')


def test_a_run_that_was_killed_goes_on_in_the_next(server, bring, tmp_path):
    server.troubles = [Trouble("cut", after=4_000_000), *(Trouble("status", status=503) for _ in range(9))]
    with pytest.raises(InputError, match="did not answer|503"):
        bring()
    assert not (tmp_path / "a.IMG").exists() and (tmp_path / "a.IMG.part").stat().st_size == 4_000_000
    server.troubles, server.requests[:] = [], []
    assert bring().read_bytes() == PAYLOAD
    assert ranges(server) == ["bytes=4000000-"] and alone(tmp_path / "a.IMG")


def test_a_file_that_changed_since_the_cut_is_fetched_from_its_start(server, bring):
    server.troubles = [Trouble("cut", after=1_000_000), *(Trouble("status", status=503) for _ in range(9))]
    with pytest.raises(InputError):
        bring()
    server.troubles = []
    server.files["/a.IMG"] = PAYLOAD[::-1]
    assert bring().read_bytes() == PAYLOAD[::-1]


def test_a_part_of_another_url_is_not_gone_on_with(server, bring):
    server.files["/other/a.IMG"] = PAYLOAD[::-1]
    server.troubles = [Trouble("cut", after=1_000_000), *(Trouble("status", status=503) for _ in range(9))]
    with pytest.raises(InputError):
        bring()
    server.troubles = []
    assert bring("/other/a.IMG").read_bytes() == PAYLOAD[::-1]


@pytest.mark.parametrize("broken", ["ranges", "etags"])
def test_a_server_without_ranges_or_tags_will_do(server, bring, broken):
    setattr(server, broken, False)
    server.troubles = [Trouble("cut", after=1_000_000)]
    assert bring().read_bytes() == PAYLOAD


def test_a_server_that_always_cuts_is_given_up(server, bring, tmp_path):
    server.troubles = [Trouble("cut", after=1000) for _ in range(30)]
    with pytest.raises(InputError, match=r"gave \d+ bytes of \d+, then nothing; try again, it goes on from there"):
        bring()
    assert len(server.requests) == 4 and not (tmp_path / "a.IMG").exists()


def test_many_cuts_are_no_reason_to_give_up_while_something_comes(server, bring):
    server.troubles = [Trouble("cut", after=700_000) for _ in range(12)]
    assert bring().read_bytes() == PAYLOAD and len(server.requests) == 13


def test_a_stated_length_that_is_too_long(server, bring):
    server.troubles = [Trouble("wrong length", more=1000)]
    assert bring().read_bytes() == PAYLOAD


def test_a_size_that_is_not_the_one_expected(server, bring, tmp_path):
    with pytest.raises(InputError, match=f"came damaged twice .{len(PAYLOAD)} bytes instead of 5"):
        bring(size=5)
    assert len(server.requests) == 2 and not list(tmp_path.iterdir())


# Busy, slow, gone


def test_busy_servers_are_asked_again_when_they_say(server, bring):
    server.troubles = [
        Trouble("status", status=503),
        Trouble("status", status=429, headers={"Retry-After": "0"}),
        Trouble("status", status=500),
    ]
    assert bring().read_bytes() == PAYLOAD and len(server.requests) == 4


def test_a_slow_server_is_waited_for_and_a_silent_one_not(server, bring):
    server.troubles = [Trouble("slow", seconds=0.3), Trouble("drip", seconds=0.02)]
    assert bring().read_bytes() == PAYLOAD
    server.troubles = [Trouble("slow", seconds=0.5) for _ in range(9)]
    with pytest.raises(InputError, match="did not answer .*timed out"):
        download_file(f"{server.url}/a.IMG", bring().with_name("b.IMG"), settings_for(server, timeout_s=0.1, retries=1))


def test_a_redirect_is_followed(server, bring):
    server.files["/moved/a.IMG"] = PAYLOAD
    server.troubles = [Trouble("redirect", to="/moved/a.IMG")]
    assert bring("/gone.IMG").read_bytes() == PAYLOAD


def test_a_missing_file_is_one_clear_line(server, bring, tmp_path):
    with pytest.raises(NotThereError, match="nowhere.IMG: answered 404 Not Found; search again") as caught:
        bring("/nowhere.IMG")
    assert "\n" not in str(caught.value) and len(server.requests) == 1 and not list(tmp_path.iterdir())


def test_a_refusal_is_one_clear_line(server, bring, tmp_path):
    server.troubles = [Trouble("status", status=403)]
    with pytest.raises(InputError, match="answered 403 Forbidden"):
        bring()
    assert not list(tmp_path.iterdir())


def test_no_room_is_said_before_a_byte_is_written(server, bring, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 5_000_000))
    with pytest.raises(SetupError, match=r"10 MB for a.IMG do not fit, 5 MB are free; make room"):
        bring()
    assert not list(tmp_path.iterdir())


# Right


def test_the_md5_of_the_label_is_compared(server, bring, edr):
    server.files["/a.IMG"] = edr
    assert hashlib.sha256(bring(check=verify_md5).read_bytes()).digest() == hashlib.sha256(edr).digest()


def test_a_corrupt_file_is_fetched_again_once(server, bring, edr):
    server.files["/a.IMG"] = edr
    server.troubles = [Trouble("corrupt")]
    path = bring(check=verify_md5)
    assert path.read_bytes() == edr and alone(path) and ranges(server) == [None, None]


def test_a_file_that_is_always_corrupt_is_reported(server, bring, edr, tmp_path):
    server.files["/a.IMG"] = edr[:-1] + bytes([edr[-1] ^ 1])
    with pytest.raises(InputError, match="came damaged twice .*MD5") as caught:
        bring(check=verify_md5)
    assert "\n" not in str(caught.value) and len(server.requests) == 2 and not list(tmp_path.iterdir())


def test_a_page_of_html_is_no_edr(server, bring, tmp_path):
    server.troubles = [Trouble("garbage"), Trouble("garbage")]
    with pytest.raises(InputError, match="came damaged twice .*no PDS3 product"):
        bring(check=verify_md5)
    assert not list(tmp_path.iterdir())


def test_an_edr_cut_short_in_the_archive_itself(server, bring, edr):
    server.files["/a.IMG"] = edr[:-5064]
    with pytest.raises(InputError, match="came damaged twice .*5064 of its"):
        bring(check=verify_md5)


# Other places


@pytest.mark.parametrize("below", ["", "LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/DATA/COM/2009211/NAC"])
def test_a_folder_is_as_good_as_the_archive(server, bring, tmp_path, below):
    mirror = tmp_path / "mirror" / below
    mirror.mkdir(parents=True)
    (mirror / "M103595705LE.IMG").write_bytes(PAYLOAD)
    assert bring(PATH, mirror=str(tmp_path / "mirror")).read_bytes() == PAYLOAD
    assert not server.requests


@pytest.mark.parametrize("path", ["/copy" + PATH.removeprefix("/data"), "/copy/M103595705LE.IMG"])
def test_a_mirror_server_is_asked_first(server, bring, path):
    server.files[path] = PAYLOAD
    assert bring(PATH, mirror=f"{server.url}/copy").read_bytes() == PAYLOAD
    assert PATH not in server.paths


@pytest.mark.parametrize("mirror", ["server", "folder"])
def test_what_a_mirror_lacks_comes_from_the_archive(server, bring, tmp_path, mirror):
    server.files[PATH] = PAYLOAD
    (tmp_path / "mirror").mkdir()
    place = f"{server.url}/copy" if mirror == "server" else str(tmp_path / "mirror")
    assert bring(PATH, mirror=place).read_bytes() == PAYLOAD


def test_a_file_url_of_the_table(bring, tmp_path):
    (tmp_path / "with space.IMG").write_bytes(PAYLOAD)
    assert bring((tmp_path / "with space.IMG").as_uri()).read_bytes() == PAYLOAD
    with pytest.raises(NotThereError, match="nowhere.IMG: cannot be read"):
        download_file("file:///nowhere.IMG", tmp_path / "b.IMG", {"mirror": None, "retries": 0, "backoff_s": 0})


# Together


def _fetch_in_a_process(url, path, settings):
    download_file(url, path, settings)


def test_two_processes_fetch_a_file_once(server, tmp_path):
    server.troubles = [Trouble("drip", seconds=0.01)]
    context = multiprocessing.get_context("spawn")
    arguments = (f"{server.url}/a.IMG", tmp_path / "a.IMG", settings_for(server))
    both = [context.Process(target=_fetch_in_a_process, args=arguments) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(server.requests) == 1 and (tmp_path / "a.IMG").read_bytes() == PAYLOAD and alone(tmp_path / "a.IMG")


# Published weights


def record(server, **changes):
    entry = {"key": "w.pt", "size": len(PAYLOAD), "links": {"self": f"{server.url}/a.IMG"}}
    entry["checksum"] = "md5:" + hashlib.md5(PAYLOAD, usedforsecurity=False).hexdigest()
    files = [{**entry, **changes}, {"key": "readme.md", "links": {"self": "x"}}]
    server.files["/records/7"] = json.dumps({"files": files}).encode()


def test_published_weights_come_with_their_md5(server, tmp_path):
    record(server)
    download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(server))
    assert (tmp_path / "w.pt").read_bytes() == PAYLOAD
    record(server, checksum="md5:00")
    with pytest.raises(InputError, match="came damaged twice .*Zenodo says 00"):
        download_zenodo_checkpoint(7, tmp_path / "v.pt", settings_for(server))


def test_a_record_without_weights(server, tmp_path):
    record(server, key="notes.txt")
    with pytest.raises(InputError, match="has 0 checkpoints among notes.txt, readme.md"):
        download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(server))
    server.files["/records/7"] = b"<html>"
    with pytest.raises(InputError, match="no Zenodo record"):
        download_zenodo_checkpoint(7, tmp_path / "w.pt", settings_for(server))


# torchvision's weights, by the beginning of their SHA-256

COCO = f"/models/net_coco-{hashlib.sha256(PAYLOAD).hexdigest()[:8]}.pth"


def test_torchvisions_weights_come_by_the_checksum_in_their_name(server, tmp_path):
    server.files[COCO] = PAYLOAD
    server.troubles = [Trouble("corrupt"), Trouble("cut", after=700_000)]
    download_torchvision_weights(f"{server.url}{COCO}", tmp_path / "out" / "coco.net.pth", settings_for(server))
    assert (tmp_path / "out" / "coco.net.pth").read_bytes() == PAYLOAD and alone(tmp_path / "out" / "coco.net.pth")


@pytest.mark.parametrize("content", [None, b"other weights"])
def test_without_torchvisions_weights_it_is_said_what_to_put_where(server, tmp_path, content):
    if content:
        server.files[COCO] = content
    url = f"{server.url}{COCO}"
    with pytest.raises(InputError) as caught:
        download_torchvision_weights(url, tmp_path / "coco.net.pth", settings_for(server))
    message = str(caught.value)
    assert message.startswith(f"{url}: cannot be fetched (") and "\n" not in message
    assert message.endswith(f"and put it here as {tmp_path / 'coco.net.pth'}")
    assert ("its name says" in message) == bool(content)
    assert not (tmp_path / "coco.net.pth").exists()


def test_weights_that_torch_has_already_need_no_server(server, tmp_path):
    kept = tmp_path / "hub" / Path(COCO).name
    kept.parent.mkdir()
    kept.write_bytes(PAYLOAD)
    download_torchvision_weights(
        f"{server.url}{COCO}", tmp_path / "coco.net.pth", settings_for(server), cache=kept.parent
    )
    assert (tmp_path / "coco.net.pth").read_bytes() == PAYLOAD and not server.requests
