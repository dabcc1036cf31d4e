"""Servers that are busy, slow, elsewhere, or refuse: everything in the project that asks a server copes."""

import multiprocessing
import os
import signal
import time

import pytest

from imfmap.acquisition.download import download_file
from imfmap.acquisition.http import NotThereError
from imfmap.core.errors import InputError, SetupError
from tests.helpers.downloaders import DOWNLOADERS, EDR, NEW_EDR, fill, run_by_name
from tests.helpers.downloads import PAYLOAD
from tests.helpers.servers import LOGIN_PAGE, Trouble, serving, settings_for

FILES = [downloader for downloader in DOWNLOADERS if downloader.is_file]
SERVICES = [downloader for downloader in DOWNLOADERS if not downloader.is_file]


def named(downloaders):
    return pytest.mark.parametrize("downloader", downloaders, ids=lambda downloader: downloader.name)


@pytest.fixture
def server():
    with serving() as running:
        running.settings = fill(running)
        yield running


@pytest.fixture
def download(server, tmp_path):
    """Run a downloader; what came."""

    def run(downloader, folder="out", **changes):
        return downloader.run(server.url, tmp_path / folder, {**server.settings, **changes})

    return run


def asked(server, downloader):
    return [path for path in server.paths if path.startswith(downloader.path)]


@named(DOWNLOADERS)
def test_failures_of_a_server_are_asked_about_again(server, download, downloader):
    right = download(downloader, "first")
    server.requests.clear()
    server.troubles = [
        Trouble("status", downloader.path, status=503),
        Trouble("status", downloader.path, status=500),
        Trouble("status", downloader.path, status=503, headers={"Retry-After": "0"}),
        Trouble("cut", downloader.path, after=5),
    ]
    assert download(downloader) == right
    assert len(asked(server, downloader)) >= 5 and not server.troubles


@named(DOWNLOADERS)
def test_a_server_that_limits_requests_is_waited_for(server, download, downloader, caplog):
    """As the archive does: 429 without Retry-After, for longer than a few tries would wait."""
    right = download(downloader, "first")
    server.troubles = [Trouble("status", downloader.path, status=429) for _ in range(8)]
    assert download(downloader, retries=1, backoff_s=0.0002) == right
    lines = [record.getMessage() for record in caplog.records if "limits requests" in record.getMessage()]
    assert len(lines) == 8 and all("429" in line and "waiting until 20" in line for line in lines)


@named(DOWNLOADERS)
def test_a_limit_that_does_not_end_is_one_line(server, download, downloader):
    server.troubles = [Trouble("status", downloader.path, lasting=True, status=429)]
    with pytest.raises(InputError, match="limits requests .429 .*after 39 tries.*run again later") as caught:
        download(downloader, backoff_s=1e-6)
    assert "\n" not in str(caught.value) and "network" not in str(caught.value)
    assert len(asked(server, downloader)) == 39


def test_a_limit_of_all_requests_holds_up_no_file(server, download):
    """Some requests are answered, then none for a while, over and over."""
    server.limit = (7, 0.05)
    for downloader in DOWNLOADERS:
        assert download(downloader, retries=1, backoff_s=0.0005)


@named(FILES)
@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_missing_file_is_one_line_that_says_what_was_asked(server, download, downloader, tmp_path, status):
    server.troubles = [Trouble("status", downloader.path, lasting=True, status=status)]
    with pytest.raises(InputError, match=f"{downloader.path}: answered {status} .*; ") as caught:
        download(downloader)
    assert "\n" not in str(caught.value) and len(asked(server, downloader)) == 1
    assert not [path for path in (tmp_path / "out").rglob("*.part*")]


@named(SERVICES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 511])
def test_a_service_that_refuses_is_no_fault_of_an_image(server, download, downloader, status):
    server.troubles = [Trouble("status", downloader.path, lasting=True, status=status)]
    with pytest.raises(SetupError, match=f"answered {status} .*; ") as caught:
        download(downloader)
    assert "\n" not in str(caught.value)


@named([downloader for downloader in FILES if downloader.name != "torchvision"])
@pytest.mark.parametrize("status", [400, 401, 407, 500, 503])
def test_a_refusal_of_another_kind_is_no_fault_of_an_image(server, download, downloader, status, tmp_path):
    server.troubles = [Trouble("status", downloader.path, lasting=True, status=status)]
    with pytest.raises(SetupError, match=f"{downloader.path}: answered {status} .*; ") as caught:
        download(downloader, backoff_s=0)
    assert "\n" not in str(caught.value) and not [path for path in (tmp_path / "out").rglob("*.part*")]


@named([downloader for downloader in DOWNLOADERS if downloader.name != "torchvision"])
@pytest.mark.parametrize("page", [LOGIN_PAGE, b"\xef\xbb\xbf\n <HTML><body>busy</body></HTML>"])
def test_a_login_page_is_no_fault_of_an_image(server, download, downloader, page, tmp_path):
    server.troubles = [Trouble("garbage", downloader.path, lasting=True, body=page)]
    with pytest.raises(SetupError, match="web page|answered something that is no") as caught:
        download(downloader)
    assert "\n" not in str(caught.value) and not [path for path in (tmp_path / "out").rglob("*.part*")]


@named(DOWNLOADERS)
def test_a_dead_server_is_no_fault_of_an_image(server, downloader, tmp_path):
    dead = "http://127.0.0.1:9"
    settings = {
        **server.settings,
        "retries": 0,
        "ode_url": dead,
        "zenodo_url": dead,
        "isisdata_url": f"{dead}/usgs_data",
    }
    with pytest.raises(InputError, match=r"did not answer \(.*refused.*check the network") as caught:
        downloader.run(dead, tmp_path / "out", settings)
    assert "\n" not in str(caught.value)


@named(DOWNLOADERS)
def test_a_redirect_to_another_host_is_followed(server, download, downloader):
    right = download(downloader, "first")
    with serving() as other:
        fill(other)
        for path in [path for path in other.files if path.startswith(downloader.path)]:
            other.files["/moved" + path] = other.files.pop(path)
        target = downloader.path if downloader.path.startswith(("/ode", "/?")) else "/moved" + downloader.path
        server.moved = {downloader.path: other.url + target}
        assert download(downloader) == right
        assert any(path.startswith(target) for path in other.paths)


def test_the_archives_redirect_to_its_new_layout(server, tmp_path):
    """302 to another host, folder and collection name; a cut there goes on with Range, and the file keeps its name."""
    with serving() as store:
        store.files[NEW_EDR] = PAYLOAD
        store.absent = 403
        store.troubles = [Trouble("cut", after=3_000_000)]
        old, new = EDR.rpartition("LROLRC")[0], NEW_EDR.rpartition("LROLRC")[0]
        server.moved = {old: store.url + new}
        path = tmp_path / "edr" / "M103595705LE.IMG"
        download_file(server.url + EDR, path, server.settings)
        assert path.read_bytes() == PAYLOAD and store.requests[1][1]["Range"] == "bytes=3000000-"
        with pytest.raises(NotThereError) as caught:
            download_file(f"{server.url}{EDR[:-6]}RE.IMG", tmp_path / "b.IMG", server.settings)
        asked = (
            f"{server.url}{EDR[:-6]}RE.IMG: answered 403 Forbidden after a redirect to {store.url}{NEW_EDR[:-6]}RE.IMG"
        )
        assert str(caught.value).startswith(asked)


def test_a_slow_server_is_waited_for_and_a_silent_one_not(file_server, bring):
    file_server.troubles = [Trouble("slow", seconds=0.3), Trouble("drip", seconds=0.02)]
    assert bring().read_bytes() == PAYLOAD
    file_server.troubles = [Trouble("slow", seconds=0.5) for _ in range(9)]
    with pytest.raises(SetupError, match="did not answer .*timed out"):
        download_file(
            f"{file_server.url}/a.IMG", bring().with_name("b.IMG"), settings_for(file_server, timeout_s=0.1, retries=1)
        )


# Two processes at once


def start(name, server, folder, settings):
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=run_by_name, args=(name, server.url, folder, settings))
    process.start()
    return process


@pytest.mark.slow
@named(FILES)
def test_two_processes_fetch_a_file_once(server, downloader, tmp_path):
    server.troubles = [Trouble("slow", downloader.path, seconds=1.0)]
    both = [start(downloader.name, server, tmp_path / "out", server.settings) for _ in range(2)]
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert len(asked(server, downloader)) == 1
    assert not [path for path in (tmp_path / "out").rglob("*.part*")]


@pytest.mark.slow
@named([FILES[0], FILES[1]])
def test_a_process_that_died_leaves_no_lock(server, downloader, download, tmp_path):
    server.troubles = [Trouble("slow", downloader.path, seconds=60.0)]
    process = start(downloader.name, server, tmp_path / "out", server.settings)
    deadline = time.monotonic() + 60
    while not asked(server, downloader) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    began = time.monotonic()
    assert download(downloader) and time.monotonic() - began < 30


@pytest.mark.slow
def test_a_process_that_fails_hands_over_to_the_one_that_waits(server, tmp_path):
    """The first finds the server refusing, and removes its empty part, on which the second waits."""
    server.troubles = [Trouble("slow status", EDR, seconds=1.0, status=404)]
    both = [start("edr", server, tmp_path / "out", server.settings) for _ in range(2)]
    for process in both:
        process.join(60)
    assert sorted(process.exitcode for process in both) == [0, 1]
    assert (tmp_path / "out" / "M.IMG").read_bytes() == PAYLOAD
