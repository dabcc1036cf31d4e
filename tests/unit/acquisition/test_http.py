"""Servers that are busy, slow, elsewhere, or refuse: everything in the project that asks a server copes."""

import gzip
import multiprocessing
import os
import signal
import socket
import time
from contextlib import suppress
from itertools import chain

import pytest

from imfmap.acquisition import limits
from imfmap.acquisition.download import download_file
from imfmap.acquisition.http import NotThereError, ask, session
from imfmap.core.errors import InputError, SetupError
from tests.helpers.downloaders import DOWNLOADERS, EDR, NEW_EDR, fill, run_by_name
from tests.helpers.downloads import PAYLOAD
from tests.helpers.liars import HEAD, dripping, lying, redirect_to, with_body, without_end
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
    assert not server.troubles
    lines = [record.getMessage() for record in caplog.records if "limits requests" in record.getMessage()]
    # A pause that is over before it is looked at has no line: the first ones are as short as a write to the disk.
    assert lines and all("429" in line and "waiting until 20" in line for line in lines)


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


# Servers that lie


ASKED = {"timeout_s": 0.4, "retries": 1, "backoff_s": 0.01}


def bring_from(liar, tmp_path, size=None, most=None, **changes):
    """Download a file of a server that lies; its bytes."""
    settings = settings_for(liar, **{**ASKED, **changes})
    download_file(f"{liar.url}/a.IMG", tmp_path / "a.IMG", settings, size=size, most=most)
    return (tmp_path / "a.IMG").read_bytes()


def ask_of(liar, **changes):
    settings = settings_for(liar, **{**ASKED, **changes})
    return ask(session(settings), liar.url, settings, "")


LIES = {
    "a head that drips": lambda: dripping(b"HTTP/1.1 200 OK\r\n" * 1000, 0.05),
    "a head without end": lambda: without_end(b"X-A: b\r\n"),
    "a line without end": lambda: without_end(b"H" * 1000),
    "continue without end": lambda: without_end(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "nothing": b"",
    "a bad status": b"HTTP/1.1 abc\r\n\r\n",
    "a body that drips": lambda: dripping(HEAD + b"Content-Length: 100000\r\n\r\n" + b"x" * 1000, 0.02),
    "chunks that drip": lambda: dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 1000, 0.02),
    "bad chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n",
    "an error with a body without end": lambda: chain([b"HTTP/1.1 503 Busy\r\n\r\n"], without_end(b"x" * 9999)),
    "a redirect with a body without end": lambda: chain(
        [b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n"], without_end(b"x" * 9999)
    ),
    "lengths that differ": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    "a bad location": redirect_to("http://[/"),
    "a location in no encoding": redirect_to("/é\udcff".encode("utf-8", "surrogateescape").decode("latin-1")),
    "a redirect to itself": redirect_to("/a.IMG"),
    "a redirect to a file": redirect_to("file:///etc/passwd"),
    "a redirect to ftp": redirect_to("ftp://archive.example/x"),
    "a redirect to this machine": redirect_to("http://localhost:9/x"),
    "a redirect to the network": redirect_to("//192.168.0.1/x"),
    "a redirect to the cloud's own address": redirect_to("http://169.254.169.254/latest/"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_lies_ends_in_one_line_and_in_time(lie, tmp_path):
    began = time.monotonic()
    with lying(LIES[lie]) as liar:
        for bring in (lambda: bring_from(liar, tmp_path), lambda: ask_of(liar)):
            with pytest.raises(SetupError) as caught:
                bring()
            assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000
    assert time.monotonic() - began < 20 and not (tmp_path / "a.IMG").exists()


def test_a_drip_that_never_pauses_long_is_too_slow(tmp_path):
    """The file's bytes come, one by one; the part stays, and a later run goes on."""
    body = b"x" * 5000
    head = HEAD + b"Content-Length: 5000\r\n\r\n"
    with (
        lying(lambda: chain([head], dripping(body, 0.02))) as liar,
        pytest.raises(SetupError, match="gave .* bytes of 5000, then nothing"),
    ):
        bring_from(liar, tmp_path)
    assert (tmp_path / "a.IMG.part").stat().st_size > 0


def test_a_file_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "FILE_BYTES", 1_000_000)
    for head in (HEAD + b"\r\n", HEAD + b"Content-Length: 999999999999999\r\n\r\n"):
        with lying(lambda head=head: chain([head], without_end(b"x" * 9999))) as liar:
            with pytest.raises(InputError, match="came damaged twice .sent .* bytes instead of at most 1000000"):
                bring_from(liar, tmp_path)
            with pytest.raises(InputError, match="came damaged twice .sent .* bytes instead of 7"):
                bring_from(liar, tmp_path, size=7)
            with pytest.raises(InputError, match="came damaged twice .sent .* bytes instead of at most 2000000"):
                bring_from(liar, tmp_path, most=2_000_000)
    assert not list(tmp_path.iterdir())


def test_a_server_that_begins_again_for_ever_is_given_up(tmp_path):
    """It cuts, and then says that there is no such part of the file."""
    cut = HEAD + b"Content-Length: 900000\r\n\r\n" + b"x" * 400_000
    beyond = b"HTTP/1.1 416 No\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n"
    with lying(*[cut, beyond] * 20) as liar:
        with pytest.raises(SetupError, match="then nothing"):
            bring_from(liar, tmp_path)
        assert len(liar.asked) < 8


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: abc"],
        ["Content-Length: -5"],
        ["Content-Length: " + "9" * 5000],
        ["Content-Range: bytes " + "9" * 5000 + "-1/2"],
        ['ETag: "\xff\x00"', "Last-Modified: never"],
        ['Content-Disposition: attachment; filename="../../victim"'],
    ],
)
def test_headers_that_are_odd_name_nothing(headers, tmp_path):
    head = HEAD + "".join(f"{header}\r\n" for header in headers).encode("latin-1") + b"\r\n"
    with lying(head + b"abcde") as liar, suppress(SetupError):
        assert bring_from(liar, tmp_path) == b"abcde"
    assert {path.name for path in tmp_path.iterdir()} <= {"a.IMG", "a.IMG.part", "a.IMG.part.json"}


def test_an_answer_that_unpacks_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 1_000_000)
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    for body, headers in ((bomb, ["Content-Encoding: gzip"]), (gzip.compress(bomb), ["Content-Encoding: gzip, gzip"])):
        with lying(with_body(body, *headers)) as liar, pytest.raises(SetupError, match="sends more than 1 MB"):
            ask_of(liar)
    with lying(with_body(gzip.compress(b"{}"), "Content-Encoding: gzip")) as liar:
        assert ask_of(liar).body == b"{}"


def test_an_answer_that_is_cut_or_longer_than_said_is_not_taken_for_whole():
    with lying(HEAD + b"Content-Length: 50\r\n\r\n{}", with_body(b"[]")) as liar:
        assert ask_of(liar).body == b"[]"
    with lying(with_body(b"{}") + b"and more") as liar:
        assert ask_of(liar).body == b"{}"


def test_redirects_end(tmp_path):
    hops = [redirect_to(f"/{number}") for number in range(limits.REDIRECTS)]
    with lying(*hops, with_body(b"here")) as liar:
        assert bring_from(liar, tmp_path) == b"here"
    with lying(*hops, redirect_to("/more"), with_body(b"here")) as liar, pytest.raises(SetupError, match="8 redirects"):
        bring_from(liar, tmp_path / "b")


@pytest.mark.parametrize("name", ["localhost", "127.1", "0x7f000001", "2130706433", "archive.example"])
def test_a_name_that_leads_to_this_machine_is_asked_nothing(name, tmp_path, monkeypatch):
    """Whatever the name: the server that answers is looked at, before it is asked."""
    lookup = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *more, **named: lookup("127.0.0.1" if host == name else host, *more, **named),
    )
    with lying(with_body(b"secret")) as liar:
        url = liar.url.replace("127.0.0.1", name)
        settings = settings_for(liar, **ASKED)
        with pytest.raises(SetupError, match="leads to 127.0.0.1, which is this machine"):
            download_file(url, tmp_path / "a.IMG", settings)
        assert not liar.asked and not list(tmp_path.iterdir())
        download_file(url, tmp_path / "a.IMG", {**settings, "ode_url": f"{url}/ode"})
        assert (tmp_path / "a.IMG").read_bytes() == b"secret"


def test_a_proxy_of_this_machine_is_used(tmp_path, monkeypatch):
    with lying(with_body(b"by proxy")) as liar:
        monkeypatch.setenv("http_proxy", liar.url)
        settings = settings_for(liar, **ASKED)
        download_file("http://archive.example/a.IMG", tmp_path / "a.IMG", settings)
        assert liar.asked == ["GET http://archive.example/a.IMG HTTP/1.1"]
    assert (tmp_path / "a.IMG").read_bytes() == b"by proxy"


def test_pages_are_counted_in_bytes_and_hours_too(monkeypatch):
    pages = limits.Pages("ODE")
    pages.add(limits.PAGES_BYTES)
    with pytest.raises(SetupError, match="ODE: sent 2 pages .2147 MB"):
        pages.add(1)
    pages = limits.Pages("ODE")
    later = time.monotonic() + limits.PAGES_HOURS * 3600 + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(SetupError, match="12.0 hours"):
        pages.add(1)


@pytest.mark.parametrize(
    "page", [b"<!--a-->" * 400, b"<!--" * 900, b" " * 4000, b"<?xml" * 700, b"<!---->" * 500 + b"<"]
)
def test_what_looks_like_a_page_for_long_is_no_page(page, tmp_path):
    with lying(with_body(page)) as liar:
        assert bring_from(liar, tmp_path) == page


@pytest.mark.parametrize("url", ["/etc/passwd", "ftp://x/y", "s3://x/y", "http://[", "", "../x", "data:,x", "x" * 9999])
def test_what_is_no_address_is_not_fetched(url, tmp_path):
    with pytest.raises(InputError, match="is no address of http, https or file"):
        download_file(url, tmp_path / "a.IMG", {"mirror": None, **ASKED})
    assert not list(tmp_path.iterdir())
