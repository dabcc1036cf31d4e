"""Fetching from servers on loopback that cut, drip, lie and are busy; from mirrors and folders."""

import hashlib
import multiprocessing
import shutil
from collections import namedtuple

import numpy as np
import pytest

from imfmap.acquisition.download import download_file
from imfmap.acquisition.http import NotThereError
from imfmap.core.errors import InputError, SetupError
from imfmap.nac.edr import verify_md5, write_edr
from tests.helpers.downloads import PAYLOAD, alone
from tests.helpers.nac_samples import fields
from tests.helpers.servers import Trouble, settings_for


@pytest.fixture
def edr(tmp_path):
    """bytes: an EDR whose label has its MD5."""
    path = tmp_path / "made" / "M900000001LE.IMG"
    path.parent.mkdir()
    write_edr(path, np.random.default_rng(1).integers(0, 200, (300, 5064), np.uint8), fields())
    content = path.read_bytes()
    shutil.rmtree(path.parent)
    return content


def ranges(file_server):
    return [headers.get("Range") for _, headers in file_server.requests]


def test_a_file_comes_whole_and_alone(file_server, bring):
    path = bring()
    assert path.read_bytes() == PAYLOAD and alone(path) and ranges(file_server) == [None]


def test_a_cut_transfer_goes_on_where_it_stopped(file_server, bring):
    file_server.troubles = [Trouble("cut", after=3_000_000), Trouble("cut", after=2_000_000)]
    path = bring()
    assert path.read_bytes() == PAYLOAD and alone(path)
    first, second, third = ranges(file_server)
    assert first is None and second == "bytes=3000000-" and third == "bytes=5000000-"
    assert file_server.requests[1][1]["If-Range"].startswith('"')


def test_a_run_that_was_killed_goes_on_in_the_next(file_server, bring, tmp_path):
    file_server.troubles = [Trouble("cut", after=4_000_000), *(Trouble("status", status=503) for _ in range(9))]
    with pytest.raises(InputError, match="did not answer|503"):
        bring()
    assert not (tmp_path / "a.IMG").exists() and (tmp_path / "a.IMG.part").stat().st_size == 4_000_000
    file_server.troubles, file_server.requests[:] = [], []
    assert bring().read_bytes() == PAYLOAD
    assert ranges(file_server) == ["bytes=4000000-"] and alone(tmp_path / "a.IMG")


def test_a_file_that_changed_since_the_cut_is_fetched_from_its_start(file_server, bring):
    file_server.troubles = [Trouble("cut", after=1_000_000), *(Trouble("status", status=503) for _ in range(9))]
    with pytest.raises(InputError):
        bring()
    file_server.troubles = []
    file_server.files["/a.IMG"] = PAYLOAD[::-1]
    assert bring().read_bytes() == PAYLOAD[::-1]


def test_a_part_of_another_url_is_not_gone_on_with(file_server, bring):
    file_server.files["/other/a.IMG"] = PAYLOAD[::-1]
    file_server.troubles = [Trouble("cut", after=1_000_000), *(Trouble("status", status=503) for _ in range(9))]
    with pytest.raises(InputError):
        bring()
    file_server.troubles = []
    assert bring("/other/a.IMG").read_bytes() == PAYLOAD[::-1]


@pytest.mark.parametrize("broken", ["ranges", "etags"])
def test_a_server_without_ranges_or_tags_will_do(file_server, bring, broken):
    setattr(file_server, broken, False)
    file_server.troubles = [Trouble("cut", after=1_000_000)]
    assert bring().read_bytes() == PAYLOAD


def test_a_server_that_always_cuts_is_given_up(file_server, bring, tmp_path):
    file_server.troubles = [Trouble("cut", after=1000) for _ in range(30)]
    with pytest.raises(InputError, match=r"gave \d+ bytes of \d+, then nothing; try again, it goes on from there"):
        bring()
    assert len(file_server.requests) == 4 and not (tmp_path / "a.IMG").exists()


def test_many_cuts_are_no_reason_to_give_up_while_something_comes(file_server, bring):
    file_server.troubles = [Trouble("cut", after=700_000) for _ in range(12)]
    assert bring().read_bytes() == PAYLOAD and len(file_server.requests) == 13


def test_a_stated_length_that_is_too_long(file_server, bring):
    file_server.troubles = [Trouble("wrong length", more=1000)]
    assert bring().read_bytes() == PAYLOAD


def test_a_size_that_is_not_the_one_expected(file_server, bring, tmp_path):
    with pytest.raises(InputError, match=f"came damaged twice .sent {len(PAYLOAD)} bytes instead of 5"):
        bring(size=5)
    assert len(file_server.requests) == 2 and not list(tmp_path.iterdir())


def test_no_room_is_said_before_a_byte_is_written(file_server, bring, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 5_000_000))
    with pytest.raises(SetupError, match=r"10 MB for a.IMG do not fit, 5 MB are free; make room"):
        bring()
    assert not list(tmp_path.iterdir())


def test_the_md5_of_the_label_is_compared(file_server, bring, edr):
    file_server.files["/a.IMG"] = edr
    assert hashlib.sha256(bring(check=verify_md5).read_bytes()).digest() == hashlib.sha256(edr).digest()


def test_a_corrupt_file_is_fetched_again_once(file_server, bring, edr):
    file_server.files["/a.IMG"] = edr
    file_server.troubles = [Trouble("corrupt")]
    path = bring(check=verify_md5)
    assert path.read_bytes() == edr and alone(path) and ranges(file_server) == [None, None]


def test_a_file_that_is_always_corrupt_is_reported(file_server, bring, edr, tmp_path):
    file_server.files["/a.IMG"] = edr[:-1] + bytes([edr[-1] ^ 1])
    with pytest.raises(InputError, match="came damaged twice .*MD5") as caught:
        bring(check=verify_md5)
    assert "\n" not in str(caught.value) and len(file_server.requests) == 2 and not list(tmp_path.iterdir())


def test_something_else_is_no_edr(file_server, bring, tmp_path):
    file_server.troubles = [Trouble("garbage", body=b"busy"), Trouble("garbage", body=b"busy")]
    with pytest.raises(InputError, match="came damaged twice .*no PDS3 product"):
        bring(check=verify_md5)
    assert not list(tmp_path.iterdir())


def test_an_edr_cut_short_in_the_archive_itself(file_server, bring, edr):
    file_server.files["/a.IMG"] = edr[:-5064]
    with pytest.raises(InputError, match="came damaged twice .*5064 of its"):
        bring(check=verify_md5)


def test_a_file_url_of_the_table(bring, tmp_path):
    (tmp_path / "with space.IMG").write_bytes(PAYLOAD)
    assert bring((tmp_path / "with space.IMG").as_uri()).read_bytes() == PAYLOAD
    with pytest.raises(NotThereError, match="nowhere.IMG: cannot be read"):
        download_file("file:///nowhere.IMG", tmp_path / "b.IMG", {"mirror": None, "retries": 0, "backoff_s": 0})


def _fetch_in_a_process(url, path, settings):
    download_file(url, path, settings)


def test_two_processes_fetch_a_file_once(file_server, tmp_path):
    file_server.troubles = [Trouble("drip", seconds=0.01)]
    context = multiprocessing.get_context("spawn")
    arguments = (f"{file_server.url}/a.IMG", tmp_path / "a.IMG", settings_for(file_server))
    both = [context.Process(target=_fetch_in_a_process, args=arguments) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(file_server.requests) == 1 and (tmp_path / "a.IMG").read_bytes() == PAYLOAD and alone(tmp_path / "a.IMG")
