"""The table of a search, and how it grows."""

import geopandas
import pytest

from imfmap.acquisition.table import compare_image, url_of
from imfmap.core.errors import InputError
from tests.helpers.searches import EAST, WEST, left_out
from tests.helpers.servers import ode_product


def test_the_table_is_sorted_and_the_same_bytes_again(ode_server, ask, tmp_path):
    ode_server.products = [ode_product("M200000002RE", EAST), ode_product("M100000001LE", WEST)]
    ask()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".json"}
    for path in tmp_path.iterdir():
        path.unlink()
    ode_server.products.reverse()
    ask()
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert (
        before["products.csv"].splitlines()[1].startswith(b"M100000001LE,http://127.0.0.1:9/x.IMG,2048,45.0,1.2,46.2,")
    )


def test_outlines_lie_in_a_geopackage_on_the_moon(ode_server, ask, tmp_path):
    ode_server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002LE", WEST)]
    ask()
    kept = geopandas.read_file(tmp_path / "products.gpkg", layer="products")
    other = geopandas.read_file(tmp_path / "products.gpkg", layer="left_out")
    assert list(kept["product"]) == ["M100000001LE"] and kept.crs.ellipsoid.semi_major_metre == 1737400
    assert list(other["product"]) == ["M100000002LE"] and other["reason"][0].startswith("adds no coverage")


def test_new_images_come_behind_and_nothing_is_moved(ode_server, ask, tmp_path):
    ode_server.products = [ode_product("M300000001LE", WEST)]
    assert ask()[1]["coverage"] < 0.6
    ode_server.products += [ode_product("M200000002RE", EAST), ode_product("M100000003LE", WEST)]
    table, report = ask()
    assert list(table["product"]) == ["M300000001LE", "M200000002RE"]
    assert report["new"] == ["M200000002RE"] and report["coverage"] > 0.99
    assert "adds no coverage" in left_out(report, "M100000003LE")


def test_a_line_deleted_by_hand_stays_deleted_and_one_written_in_stays(ode_server, ask, tmp_path):
    ode_server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002RE", EAST)]
    ask()
    path = tmp_path / "products.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "M900000009LE,file:///data/mine.IMG,,,,,,,,", lines[1]]) + "\n")
    table, report = ask()
    assert list(table["product"]) == ["M900000009LE", "M100000001LE"]
    assert table["url"][0] == "file:///data/mine.IMG"
    assert left_out(report, "M100000002RE") == "deleted from the table by hand"
    assert report["withdrawn"] == ["M900000009LE"]


def test_a_withdrawn_product_is_told_and_not_lost(ode_server, ask, caplog):
    ode_server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002RE", EAST)]
    ask()
    ode_server.products.pop()
    table, report = ask()
    assert len(table) == 2 and report["withdrawn"] == ["M100000002RE"]
    assert "no longer in the archive, left in the table: M100000002RE" in caplog.text


def test_an_archive_that_moved_is_followed(ode_server, ask):
    ode_server.products = [ode_product("M100000001LE", WEST)]
    ask()
    ode_server.products = [ode_product("M100000001LE", WEST, url="http://127.0.0.1:9/new/x.IMG")]
    assert ask()[0]["url"][0] == "http://127.0.0.1:9/new/x.IMG"


def test_other_limits_make_the_table_anew(ode_server, ask):
    ode_server.products = [ode_product("M200000001LE", WEST), ode_product("M100000001LE", WEST, Incidence_angle="85")]
    assert list(ask()[0]["product"]) == ["M200000001LE"]
    assert list(ask(incidence_deg=[0, 90])[0]["product"]) == ["M100000001LE"]


@pytest.mark.parametrize(
    ("start", "incidence", "warned"),
    [
        ("2010-01-01T00:00:00", "61.0", []),
        ("2010-01-01T00:00:01.5Z", "58.1", []),
        ("soon", "", []),
        ("", "", []),
        ("2010-01-02T00:00:00", "60", ["start_time"]),
        ("2010-01-01T00:00:00", "64", ["incidence_deg"]),
        ("2010-01-02T00:00:00", "10", ["start_time", "incidence_deg"]),
    ],
)
def test_an_image_that_is_not_as_the_table_says_is_warned_of(tmp_path, caplog, start, incidence, warned):
    path = tmp_path / "products.csv"
    path.write_text(f"product,url,start_time,incidence_deg\nM100000001LE,http://a,{start},{incidence}\n")
    for product, expected in (("M100000001LE", warned), ("M100000002LE", [])):
        caplog.clear()
        compare_image(path, product, "2010-01-01T00:00:00.250000", 60.0)
        lines = [record.getMessage() for record in caplog.records]
        said = [line.removeprefix(f"{path}: product {product} has ").split()[0] for line in lines]
        assert said == expected
    caplog.clear()
    compare_image(path, "M100000001LE", "2010-01-01T00:00:00.250000")
    assert len(caplog.records) == ("start_time" in warned), "an angle that is not known is not compared"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://archive.example/x.IMG", None),
        ("file:///data/x%201.IMG", None),
        ("http://127.0.0.1:8000/x.IMG", None),
        ("http://localhost:8000/x.IMG", "is an address of this machine"),
        ("http://169.254.169.254/x", "is an address of this machine"),
        ("file://elsewhere/x.IMG", "does not begin with http:// or https://"),
        ("ftp://archive.example/x.IMG", "does not begin with http:// or https://"),
        ("http://archive.example/../x.IMG", "leads out of a folder"),
        ("/data/x.IMG", "is no complete address"),
    ],
)
def test_an_address_of_a_table_is_one_that_may_be_asked(tmp_path, url, said):
    table = tmp_path / "products.csv"
    table.write_text(f"product,url\nM100000001LE,{url}\n")
    config = {"ode_url": "https://ode.example/live2", "mirror": "http://127.0.0.1:8000/copy"}
    if said is None:
        assert url_of(table, "M100000001LE", config) == url
        return
    with pytest.raises(InputError, match=f"products.csv: gives the address '.*', which {said}"):
        url_of(table, "M100000001LE", config)
