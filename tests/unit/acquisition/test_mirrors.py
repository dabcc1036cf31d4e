"""Copies of the archive: folders and servers, in both layouts, broken in every way."""

import re
import shutil
from collections import namedtuple

import numpy as np
import pytest

from imfmap.acquisition.download import download_file
from imfmap.acquisition.http import NotThereError
from imfmap.core.errors import InputError, SetupError
from imfmap.nac.edr import verify_md5, write_edr
from tests.helpers.downloaders import EDR, NEW_EDR
from tests.helpers.downloads import alone
from tests.helpers.nac_samples import fields
from tests.helpers.servers import LOGIN_PAGE, Trouble, serving, settings_for

DEAD = "http://127.0.0.1:9"
BELOW = EDR.partition("V1.0/")[2]
LOWER = "M103595705LE.IMG".lower()


@pytest.fixture(scope="module")
def edr(tmp_path_factory):
    path = tmp_path_factory.mktemp("edr") / "x.IMG"
    codes = np.random.default_rng(1).integers(0, 200, (300, 5064), np.uint8)
    write_edr(path, codes, fields(PRODUCT_ID="M103595705LE"))
    return path.read_bytes()


@pytest.fixture
def archive(edr):
    with serving() as running:
        running.files |= {EDR: edr, NEW_EDR: edr}
        yield running


@pytest.fixture
def mirror():
    with serving() as running:
        yield running


@pytest.fixture
def bring(archive, tmp_path):
    """Fetch the EDR, with changes of the settings; its bytes."""

    def run(mirror, url=None, **changes):
        path = tmp_path / "edr" / "M103595705LE.IMG"
        settings = settings_for(archive, mirror=mirror, **changes)
        download_file(url or archive.url + EDR, path, settings, verify_md5)
        assert alone(path)
        return path.read_bytes()

    return run


@pytest.fixture(scope="module")
def other_edr(tmp_path_factory):
    """bytes: a whole EDR of another product, with its own right MD5."""
    path = tmp_path_factory.mktemp("other") / "x.IMG"
    codes = np.random.default_rng(2).integers(0, 200, (300, 5064), np.uint8)
    write_edr(path, codes, fields(PRODUCT_ID="M103595706LE"))
    return path.read_bytes()


def mirror_lines(caplog):
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("mirror ")]


@pytest.mark.parametrize("name", ["M103595705LE.IMG", "M103595705LE.img", LOWER])
@pytest.mark.parametrize("below", ["", EDR.rpartition("/")[0][1:], NEW_EDR.rpartition("/")[0][1:], "NAC/2009"])
@pytest.mark.parametrize("form", ["path", "file"])
def test_a_folder_is_as_good_as_the_archive(archive, bring, tmp_path, edr, below, name, form):
    folder = tmp_path / "a mirror"
    (folder / below).mkdir(parents=True)
    (folder / below / name).write_bytes(edr)
    assert bring(str(folder) if form == "path" else folder.as_uri()) == edr
    assert not archive.requests


@pytest.mark.parametrize("url", [EDR, NEW_EDR])
@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", EDR),
        ("", NEW_EDR),
        ("/data", EDR),
        ("/data/store/img/lunar_reconnaissance_orbiter/pds4/lroc/", NEW_EDR),
        ("/copy/LRO-L-LROC-2-EDR-V1.0", f"/copy/LRO-L-LROC-2-EDR-V1.0/{BELOW}"),
        ("/copy/lro-l-lroc-2-edr/", f"/copy/lro-l-lroc-2-edr/{BELOW}"),
        ("/copy", f"/copy/{BELOW}"),
        ("/flat", "/flat/M103595705LE.IMG"),
    ],
)
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("absent", [403, 404])
def test_a_mirror_server_in_either_layout(archive, mirror, bring, edr, url, base, path, lower, absent):
    mirror.absent = absent
    mirror.files[path.replace("M103595705LE.IMG", LOWER) if lower else path] = edr
    assert bring(mirror.url + base, archive.url + url) == edr
    assert not archive.requests


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 410, 418, 429, 500, 502, 503])
def test_a_mirror_that_refuses_leaves_it_to_the_archive(mirror, bring, edr, caplog, status):
    mirror.troubles = [Trouble("status", lasting=True, status=status)]
    assert bring(mirror.url) == edr
    (line,) = mirror_lines(caplog)
    assert line.startswith(f"mirror {mirror.url}: ") and f"answered {status}" in line
    assert line.endswith("the archive is asked for M103595705LE.IMG")


def broken(mirror, kind, edr):
    """Break a mirror; its address."""
    mirror.files[EDR] = edr
    if kind == "dead":
        return DEAD
    if kind == "tls":
        return mirror.url.replace("http:", "https:")
    if kind == "wrong size":
        mirror.files[EDR] = edr[:-5064]
    if kind == "wrong md5":
        mirror.files[EDR] = edr[:-1] + bytes([edr[-1] ^ 1])
    if kind == "login page":
        mirror.troubles = [Trouble("garbage", lasting=True, body=LOGIN_PAGE)]
    if kind == "empty":
        mirror.files[EDR] = b""
    if kind == "cuts":
        mirror.troubles = [Trouble("cut", lasting=True, after=1000)]
    if kind == "silent":
        mirror.troubles = [Trouble("slow", lasting=True, seconds=3.0)]
    if kind == "redirects in a circle":
        mirror.moved = {"/": mirror.url + "/"}
    return mirror.url + "/data"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("dead", "did not answer"),
        ("tls", "did not answer .*SSL"),
        ("wrong size", "sent a damaged file"),
        ("wrong md5", "sent a damaged file: .*MD5"),
        ("login page", "sent a web page instead of the file"),
        ("empty", "sent a damaged file"),
        ("cuts", "then nothing"),
        ("silent", "did not answer .*timed out"),
        ("redirects in a circle", "did not answer .*redirects"),
    ],
)
def test_a_broken_mirror_leaves_it_to_the_archive(mirror, bring, edr, caplog, kind, said):
    place = broken(mirror, kind, edr)
    assert bring(place, timeout_s=1, retries=1) == edr
    (line,) = mirror_lines(caplog)
    assert line.startswith(f"mirror {place}: ") and "\n" not in line
    assert re.search(said, line)


def test_a_mirror_that_sends_a_page_for_what_is_not_there(archive, mirror, bring, edr):
    mirror.troubles = [Trouble("garbage", "/LRO-L-LROC", lasting=True, body=LOGIN_PAGE)]
    mirror.files[NEW_EDR] = edr
    assert bring(mirror.url) == edr and not archive.requests


@pytest.mark.parametrize("kind", ["nowhere", "empty", "damaged", "unreadable"])
def test_a_broken_folder_leaves_it_to_the_archive(bring, edr, caplog, tmp_path, kind):
    folder = tmp_path / "mirror"
    if kind != "nowhere":
        folder.mkdir()
    if kind == "damaged":
        (folder / LOWER).write_bytes(edr[:-5064])
    if kind == "unreadable":
        (folder / LOWER).symlink_to("/proc/self/mem")
    assert bring(str(folder)) == edr
    (line,) = mirror_lines(caplog)
    assert ("is not there" in line) == (kind == "nowhere") and ("damaged" in line) == (kind == "damaged")


def test_a_broken_archive_behind_a_good_mirror_does_not_matter(mirror, bring, edr):
    mirror.files[EDR] = edr
    assert bring(mirror.url, DEAD + EDR) == edr


@pytest.mark.parametrize(
    ("place", "error", "said"),
    [(DEAD, SetupError, "did not answer"), ("archive", NotThereError, "answered 403 Forbidden")],
)
def test_without_a_file_anywhere_the_archives_answer_counts(archive, mirror, bring, place, error, said):
    archive.absent, url = 403, (archive.url if place == "archive" else place) + EDR
    archive.files.clear()
    with pytest.raises(error, match=f"^{url}: {said}"):
        bring(mirror.url, url)


def test_a_full_disk_is_no_fault_of_the_mirror(archive, mirror, bring, edr, monkeypatch):
    mirror.files[EDR] = edr
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 1000))
    with pytest.raises(SetupError, match="do not fit"):
        bring(mirror.url)
    assert not archive.requests


def test_what_the_archive_sent_before_is_kept_while_the_mirror_lacks_the_file(archive, mirror, bring, edr):
    archive.troubles = [Trouble("cut", after=900_000), *(Trouble("status", status=503) for _ in range(9))]
    with pytest.raises(InputError):
        bring(mirror.url)
    archive.troubles = []
    archive.requests.clear()
    assert bring(mirror.url) == edr
    assert archive.requests[0][1]["Range"] == "bytes=900000-"


@pytest.mark.parametrize("kind", ["server", "folder"])
def test_a_mirror_with_another_product_under_the_name_is_blamed(mirror, bring, edr, other_edr, caplog, tmp_path, kind):
    mirror.files[EDR] = other_edr
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / LOWER).write_bytes(other_edr)
    assert bring(mirror.url if kind == "server" else str(tmp_path / "mirror")) == edr
    (line,) = mirror_lines(caplog)
    assert "sent another product: its file is product M103595706LE, but its name says M103595705LE" in line
    assert line.endswith("the archive is asked for M103595705LE.IMG")


def test_an_archive_with_another_product_under_the_name_is_reported(archive, bring, other_edr, tmp_path):
    archive.files[EDR] = other_edr
    with pytest.raises(InputError, match="is product M103595706LE, but its name says M103595705LE") as caught:
        bring(None)
    assert str(caught.value).startswith(archive.url) and "\n" not in str(caught.value)
    assert not list((tmp_path / "edr").iterdir())


def test_a_file_of_another_product_that_is_there_already_is_replaced(archive, bring, edr, other_edr, tmp_path):
    path = tmp_path / "edr" / "M103595705LE.IMG"
    path.parent.mkdir()
    path.write_bytes(other_edr)
    assert bring(None) == edr
    archive.requests.clear()
    assert bring(None) == edr and not archive.requests, "the right one stays"
