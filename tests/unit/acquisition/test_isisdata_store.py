"""The store of ISIS data, in trouble too."""

import pytest

from imfmap.acquisition import limits
from imfmap.acquisition.isisdata import gather
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.core.errors import InputError
from tests.helpers.isis_requests import LABEL
from tests.helpers.isis_store import database
from tests.helpers.servers import Trouble


def test_a_folder_is_as_good_as_the_store(isisdata_server, data, tmp_path):
    image = gather(LABEL, data)
    isisdata_server.requests.clear()
    copied = IsisData(tmp_path / "copy", {**data.acquisition, "isisdata_url": str(data.folder)})
    assert gather(LABEL, copied) == image and (tmp_path / "copy" / image.paths[0]).is_file()
    in_place = IsisData(data.folder, {**data.acquisition, "isisdata_url": None})
    assert gather(LABEL, in_place) == image and not in_place.fetched
    assert not isisdata_server.requests


def test_a_listing_of_many_pages(isisdata_server, data):
    isisdata_server.keys_a_page = 2
    assert gather(LABEL, data).calibration


def test_a_store_in_trouble(isisdata_server, data):
    isisdata_server.troubles = [
        Trouble("status", status=503),
        Trouble("status", status=429, headers={"Retry-After": "0"}),
    ]
    isisdata_server.troubles += [Trouble("cut", only="moc42r", after=100), Trouble("corrupt", only="naif0012.tls")]
    image = gather(LABEL, data)
    assert len(image.paths) == len(data.sizes)
    path = data.folder / "lro/kernels/ck/moc42r_2009181_2009213_v14.bc"
    assert path.stat().st_size == data.sizes["lro/kernels/ck/moc42r_2009181_2009213_v14.bc"]


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"no xml", b"<Error><Code>SlowDown</Code></Error>"])
def test_a_store_that_answers_garbage(isisdata_server, data, body):
    isisdata_server.troubles = [Trouble("garbage", body=body)]
    with pytest.raises(InputError, match="no listing; set acquisition.isisdata_url"):
        gather(LABEL, data)


def test_a_kernel_that_came_half_is_fetched_whole(isisdata_server, data):
    data.folder.mkdir()
    path = data.folder / "base/kernels/lsk/naif0012.tls"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    gather(LABEL, data)
    assert path.stat().st_size == data.sizes["base/kernels/lsk/naif0012.tls"]


# Stores that lie


VICTIM = "precious\n"


@pytest.fixture
def victim(tmp_path):
    """A file outside the tree; the test fails if it changes."""
    path = tmp_path / "victim.txt"
    path.write_text(VICTIM)
    yield path
    assert path.read_text() == VICTIM


FILES = ['("..", "victim.txt")', "$/etc/passwd", "$lro/../../victim.txt", '("lro", "/etc/passwd")', "$../victim.txt"]
FILES += ['("", "etc/passwd")', "$lro/kernels/\\\\..\\\\x", "$ISISDATA/../victim.txt", '("/vsicurl/http:", "/x")']


@pytest.mark.parametrize("file", FILES)
def test_a_kernel_database_that_names_a_file_elsewhere_is_refused(isisdata_server, data, victim, file):
    isisdata_server.files["/usgs_data/base/kernels/lsk/kernels.0001.db"] = database("LeapSecond", {"File": file})
    isisdata_server.files |= {"/victim.txt": b"evil", "/usgs_data/../victim.txt": b"evil", "/etc/passwd": b"evil"}
    with pytest.raises(InputError, match="kernels.0001.db: .*; fetch the database again") as caught:
        gather(LABEL, data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key", ["../victim.txt", "/etc/passwd", "lro/../../victim.txt", "lro//x", "lro/.hidden", "lro/a b"]
)
@pytest.mark.parametrize("as_folder", [False, True])
def test_a_path_that_leads_out_is_not_taken(isisdata_server, data, tmp_path, victim, key, as_folder):
    isisdata_server.files |= {f"/usgs_data/{key}": b"evil", "/victim.txt": b"evil"}
    if as_folder:
        data.acquisition["isisdata_url"] = str(tmp_path / "store")
        (tmp_path / "store" / "lro").mkdir(parents=True)
    with pytest.raises(InputError):
        data.take(key)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]


def test_keys_that_lead_out_are_left_out_of_a_listing(isisdata_server, data, caplog):
    isisdata_server.files |= {
        f"/usgs_data/lro/{key}": b"x" for key in ("a.bsp", "../b.bsp", "c\\..\\d", "folder/", "e?.bsp")
    }
    assert list(data.names("lro/")) and "lro/a.bsp" in data.names("lro/")
    assert not [name for name in data.names("lro/") if ".." in name or name.endswith("/") or "\\" in name]
    assert "lists 2 keys that are left out" in caplog.text


def test_a_listing_of_what_was_not_asked_names_nothing(isisdata_server, data):
    body = b"<ListBucketResult><Contents><Key>other/lro/a.bsp</Key><Size>1</Size></Contents></ListBucketResult>"
    isisdata_server.troubles = [Trouble("garbage", body=body)]
    assert data.names("lro/") == {}


def test_a_listing_without_end_ends(isisdata_server, data, monkeypatch):
    monkeypatch.setattr(limits, "PAGES", 5)
    isisdata_server.keys_a_page = 1
    with pytest.raises(InputError, match="sent 6 pages"):
        data.names("")
    more = b"<IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>"
    body = b"<ListBucketResult>" + more + b"</ListBucketResult>"
    isisdata_server.troubles = [Trouble("garbage", lasting=True, body=body)]
    with pytest.raises(InputError, match="sent 6 pages"):
        data.names("lro/")


def test_a_link_that_leads_out_is_read_and_not_written_through(isisdata_server, data, tmp_path):
    path = "base/kernels/lsk/naif0012.tls"
    (tmp_path / "elsewhere" / "kernels" / "lsk").mkdir(parents=True)
    data.folder.mkdir()
    (data.folder / "base").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="lies behind a link that leads out of .*isisdata"):
        data.take(path)
    assert not [found for found in (tmp_path / "elsewhere").rglob("*") if found.is_file()]
    (data.folder / path).write_bytes(isisdata_server.files[f"/usgs_data/{path}"])
    assert data.take(path).is_file()


def test_the_target_of_a_link_in_a_files_place_stays_as_it_is(isisdata_server, data, victim):
    path = data.folder / "base/kernels/lsk/naif0012.tls"
    path.parent.mkdir(parents=True)
    path.symlink_to(victim)
    data.take("base/kernels/lsk/naif0012.tls")
    assert not path.is_symlink()
    part = path.with_name("naif0011.tls.part")
    part.symlink_to(victim)
    with pytest.raises(InputError, match="cannot be written"):
        data.take("base/kernels/lsk/naif0011.tls")


def test_names_that_are_file_and_folder_at_once_are_one_line(isisdata_server, data):
    isisdata_server.files |= {"/usgs_data/lro/a": b"x", "/usgs_data/lro/a/b": b"x"}
    data.take("lro/a")
    with pytest.raises(InputError, match="cannot be written .*; look at what stands in its place"):
        data.take("lro/a/b")


def test_a_database_larger_than_any_is_not_read(isisdata_server, data, monkeypatch):
    monkeypatch.setattr(limits, "DATABASE_BYTES", 100)
    with pytest.raises(InputError, match="more than any kernel database"):
        gather(LABEL, data)
