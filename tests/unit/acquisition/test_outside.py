"""Paths and addresses from outside: none leaves its folder, none leads to this machine."""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from imfmap.acquisition import outside
from imfmap.core.errors import InputError
from tests.helpers.servers import settings_for

FOLDER = Path("/a/tree")
CONFIG = {
    "ode_url": "https://ode.example/live2",
    "zenodo_url": "https://zenodo.example/api",
    "isisdata_url": "https://bucket.example/usgs_data",
    "mirror": "http://127.0.0.2:8000/copy",
}
PARTS = [
    "..",
    ".",
    "",
    "lro",
    "kernels",
    "a.bsp",
    "/etc",
    "~",
    "~root",
    "C:",
    "\\",
    "..\\..",
    "%2e%2e",
    "%2f",
    "\x00",
    "\n",
]
PARTS += ["‥", "．．", "é", "\ud800", "a" * 300, "$HOME", "vsicurl", "/vsicurl/http:", "file:", "-", ".ssh", "a.?.db"]
paths = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=20)), max_size=6).map("/".join)


@settings(max_examples=50, deadline=None)
@given(paths | st.text(max_size=2000))
@example("../victim.txt")
@example("/etc/passwd")
@example("lro/kernels/../../../victim.txt")
@example("lro/" + "a/" * 3000 + "x")
@example("")
def test_no_path_from_outside_leaves_its_folder(name):
    try:
        path = outside.path_below(FOLDER, name, "x.db")
    except InputError as error:
        assert "\n" not in str(error) and str(error).isprintable()
        assert not outside.is_path_below(name)
        return
    assert path.is_relative_to(FOLDER) and path != FOLDER and ".." not in path.parts
    assert str(path) == f"{FOLDER}/{name}" and path.resolve().is_relative_to(FOLDER)
    assert name.isascii() and name.isprintable() and "\\" not in name and max(map(len, path.parts)) <= 200


@pytest.mark.parametrize(
    "name",
    [
        "lro/kernels/ck/moc42r_2009181_2009213_v14.bc",
        "base/kernels/pck/pck?????.tpc",
        "lro/calibration/nac_darks/NACL_AverageDarks_302228504T_Summed_exp0.0001.cub",
        "lro/kernels/spk/LRO_NO_01_201308_GRGM660PRIMAT270.bsp",
    ],
)
def test_the_stores_own_paths_are_paths(name):
    assert outside.path_below(FOLDER, name, "x.db") == FOLDER / name


def test_nothing_is_written_behind_a_link_that_leads_out(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree" / "inside").mkdir()
    (tmp_path / "tree" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "tree" / "round").symlink_to(tmp_path / "tree" / "round")
    (tmp_path / "tree" / "to_inside").symlink_to(tmp_path / "tree" / "inside")
    (tmp_path / "tree_by_a_link").symlink_to(tmp_path / "tree")
    for folder in (tmp_path / "tree", tmp_path / "tree_by_a_link"):
        outside.check_links(folder, folder / "to_inside" / "x.bsp")
        outside.check_links(folder, folder / "not_yet" / "there" / "x.bsp")
        for name in ("out/x.bsp", "out/deeper/x.bsp", "round/x.bsp"):
            with pytest.raises(InputError, match="a link that leads out") as caught:
                outside.check_links(folder, folder / name)
            assert "\n" not in str(caught.value)


# Addresses

HOSTS = [
    "archive.example",
    "127.0.0.1",
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
]
HOSTS += ["10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254", "[fe80::1]", "[fd00::1]", "127.0.0.2", "1.1.1.1"]
HOSTS += [
    "user:secret@archive.example",
    "archive.example\\@127.0.0.1",
    "１２７.0.0.1",
    "",
    "a" * 80,
    "[",
    "[::1",
    "a..b",
]
urls = st.builds(
    "{}://{}{}/{}{}".format,
    st.sampled_from(["http", "https", "HTTP", "file", "ftp", "s3", "gopher", "data", "jar:http", "", "/vsicurl/http"]),
    st.sampled_from(HOSTS) | st.text(max_size=12) | st.ip_addresses().map(str),
    st.sampled_from(["", ":80", ":99999", ":-1", ":x", ":0"]),
    paths,
    st.sampled_from(["", "?a=../b", "#x", "?\x00", " "]),
)


@settings(max_examples=50, deadline=None)
@given(urls | st.text(max_size=3000))
@example("/etc/passwd")
@example("file:///etc/passwd")
@example("http://archive.example/a/%2e%2e/b")
@example("http://archive.example/" + "a" * 3000)
@example("http://\ud800/")
def test_an_address_from_outside_is_of_a_server_elsewhere(url):
    try:
        assert outside.address(url, "ODE", CONFIG) == url
    except InputError as error:
        assert "\n" not in str(error) and str(error).isprintable()
        return
    # As the HTTP client reads it.
    parsed = parse_url(url)
    assert parsed.scheme in ("http", "https") and parsed.host and parsed.auth is None and len(url) <= 2048
    assert parsed.host == "127.0.0.2" or not is_of_this_machine(parsed.host.strip("[]"))
    assert ".." not in url.partition("?")[0].partition("#")[0].split("/") and url.isprintable()


def is_of_this_machine(host):
    if host.rstrip(".").endswith("localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "does not begin with http:// or https://"),
        ("/etc/passwd", "is no complete address"),
        ("ftp://archive.example/x.IMG", "does not begin with http:// or https://"),
        ("s3://bucket/x.IMG", "does not begin with http:// or https://"),
        ("http://user:secret@archive.example/x", "names no plain server"),
        ("http://archive.example/a/../../x.IMG", "leads out of a folder"),
        ("http://archive.example/a/%2E%2e/x.IMG", "leads out of a folder"),
        ("http://archive.example/a b", "is no complete address"),
        ("http://localhost:8000/x", "is an address of this machine"),
        ("http://[::1]/x", "is an address of this machine"),
        ("http://[::ffff:10.0.0.1]/x", "is an address of this machine"),
        ("http://169.254.169.254/latest/meta-data", "is an address of this machine"),
        ("https://192.168.1.1/x", "is an address of this machine"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(url, said):
    with pytest.raises(InputError, match=said):
        outside.address(url, "ODE", CONFIG)


def test_what_the_config_names_is_taken_and_a_server_may_name_itself():
    assert outside.address("http://127.0.0.2:9/x", "ODE", CONFIG)
    for host in ("127.0.0.1", "localhost", "[::1]", "10.0.0.1"):
        near = f"http://{host}:99/x"
        assert outside.address(near, "ODE", {**CONFIG, "mirror": f"http://{host}/copy"}) == near
        assert outside.address(near, "ODE", CONFIG, given_by=f"http://{host}:80/ode") == near
        with pytest.raises(InputError, match="the config does not name it"):
            outside.address(near, "ODE", CONFIG, given_by="https://ode.example/live2")
    with pytest.raises(InputError):
        outside.address("http://localhost/x", "ODE", CONFIG, given_by="http://127.0.0.1/ode")


def test_text_from_outside_steers_no_terminal():
    assert outside.shown("\x1b[2Jgone\r\nsecond\tline \u202eback") == "[2Jgone second line back"
    assert len(outside.shown("a" * 10_000_000)) < 300


def test_the_servers_of_tests_are_named_by_their_settings():
    class Running:
        url = "http://127.0.0.1:1"

    assert outside.named_hosts(settings_for(Running)) == {"127.0.0.1"}
    assert outside.named_hosts({"mirror": "/a/folder", "isisdata_url": None}) == set()
