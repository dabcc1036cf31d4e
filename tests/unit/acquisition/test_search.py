"""A search from the query to the table, against a stand-in for ODE."""

import numpy as np
import pytest

from imfmap.acquisition.search import locate
from imfmap.acquisition.sun import sun_directions
from imfmap.core.errors import InputError
from imfmap.maps.geometry import lonlat_of
from imfmap.nac.edr import write_edr
from imfmap.run.product_table import read_products
from tests.helpers.catalogues import swath
from tests.helpers.nac_samples import fields
from tests.helpers.searches import EAST, TARGET, WEST, left_out, queries
from tests.helpers.servers import ode_product, settings_for


def test_a_search_pages_filters_and_chooses_for_coverage(ode_server, ask, tmp_path):
    ode_server.products = [ode_product(f"M1000{number:05d}LE", WEST) for number in range(230)]
    ode_server.products += [
        ode_product("M200000001RE", EAST, Incidence_angle="85.0"),
        ode_product("M200000002RE", EAST, kilobytes=258000),
    ]
    table, report = ask()
    assert list(table["product"]) == ["M100000000LE", "M200000002RE"]
    assert list(table["bytes"]) == [2048, 258000 * 1024]
    assert [query["offset"] for query in queries(ode_server)] == ["0", "100", "200"]
    assert report["found"] == 232 and report["within_limits"] == 231 and report["coverage"] > 0.99
    assert left_out(report, "M200000001RE") == "incidence_deg 85 is outside 0 to 80"
    assert "adds no coverage" in left_out(report, "M100000123LE")
    assert read_products(tmp_path / "products.csv") == list(table["product"])


@pytest.mark.parametrize("lon", [180.0, 0.0])
def test_a_place_over_a_seam_is_covered_from_both_sides(ode_server, ask, lon):
    ode_server.products = [
        ode_product("M100000001LE", swath(lon - 0.09, 10.0, 0.0, 6000.0, 13000.0)),
        ode_product("M100000002RE", swath(lon + 0.09, 10.0, 0.0, 6000.0, 13000.0)),
    ]
    table, report = ask({**TARGET, "lon": lon})
    assert len(table) == 2 and report["coverage"] > 0.99 and len(ode_server.requests) == 1


def test_a_polygon_is_searched_instead_of_the_map(ode_server, ask):
    ode_server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002RE", EAST)]
    table, report = ask(polygon="POLYGON ((-20.15 9.9, -20.05 9.9, -20.05 10.1, -20.15 10.1, -20.15 9.9))")
    assert list(table["product"]) == ["M100000001LE"] and report["coverage"] == 1.0
    assert float(queries(ode_server)[0]["easternlon"]) == pytest.approx(339.95, abs=0.001)


def test_dates_limit_a_search(ode_server, ask):
    ode_server.products = [
        ode_product("M100000001LE", WEST, UTC_start_time="2009-12-31T23:59:59.9"),
        ode_product("M100000002RE", EAST, UTC_start_time="2010-06-01T12:00:00"),
        ode_product("M100000003RE", EAST, UTC_start_time=""),
    ]
    table, report = ask(dates=["2010-01-01", "2010-06-01"])
    assert list(table["product"]) == ["M100000002RE"]
    assert left_out(report, "M100000001LE") == "date 2009-12-31 is outside 2010-01-01 to 2010-06-01"
    assert left_out(report, "M100000003RE") == "its date is not known"


def test_the_suns_azimuth_fills_the_table(ode_server, ask):
    ode_server.products = [ode_product("M100000001LE", WEST)]
    azimuth = ask()[0]["sub_solar_azimuth_deg"][0]
    sun_lon, sun_lat = lonlat_of(sun_directions(["2010-01-01T00:00:00"])[0])
    east = (float(sun_lon) - 340.0 + 180) % 360 - 180 > 0
    assert (0 < azimuth < 180) == east and abs(sun_lat) < 1.6


def test_named_products_are_located_in_their_order(ode_server):
    ode_server.products = [
        ode_product(name, WEST, url=f"http://a/{name}.IMG") for name in ("M100000001LE", "M100000002RE")
    ]
    table = locate(["M100000002R", "M100000001LE"], settings_for(ode_server))
    assert list(table["product"]) == ["M100000002R", "M100000001LE"]
    assert list(table["url"]) == ["http://a/M100000002RE.IMG", "http://a/M100000001LE.IMG"]
    assert table["sub_solar_azimuth_deg"].notna().all()


def test_an_unknown_product_is_named(ode_server):
    with pytest.raises(InputError, match="M100000001L: is not in the archive; check the product id"):
        locate(["M100000001L"], settings_for(ode_server))


def test_a_product_in_a_local_folder_is_not_asked_for(ode_server, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "M100000001LE.IMG").write_bytes(b"12345")
    table = locate(["M100000001L"], settings_for(ode_server, mirror=str(tmp_path)))
    assert table["url"][0] == (tmp_path / "deep" / "M100000001LE.IMG").as_uri() and table["bytes"][0] == 5
    assert not ode_server.requests


def test_another_product_in_a_local_folder_is_not_taken(ode_server, tmp_path, caplog):
    ode_server.products = [ode_product("M100000001LE", WEST, url="http://a/M100000001LE.IMG")]
    codes = np.zeros((2, 5064), np.uint8)
    write_edr(tmp_path / "x.IMG", codes, fields(PRODUCT_ID="M100000002LE"))
    (tmp_path / "x.IMG").rename(tmp_path / "M100000001LE.IMG")
    table = locate(["M100000001LE"], settings_for(ode_server, mirror=str(tmp_path)))
    assert table["url"][0] == "http://a/M100000001LE.IMG"
    (line,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("mirror ")]
    assert "is product M100000002LE, but its name says M100000001LE" in line and line.endswith("for M100000001LE")
