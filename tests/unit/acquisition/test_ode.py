"""Searches against an ODE on loopback: its shapes, its pages, its troubles; what becomes of its answers."""

import json
from urllib.parse import parse_qs, urlparse

import geopandas
import pandas as pd
import pytest
import shapely

from imfmap.acquisition import ode
from imfmap.acquisition.age import asked_at
from imfmap.acquisition.http import session
from imfmap.acquisition.search import locate, search
from imfmap.acquisition.sun import sun_directions
from imfmap.core.errors import InputError
from imfmap.maps.geometry import lonlat_of
from imfmap.run.settings import read_products
from tests.helpers.catalogues import swath
from tests.helpers.servers import Trouble, ode_product, serving, settings_for

TARGET = {
    "lat": 10.0,
    "lon": -20.0,
    "diameter_km": 10.0,
    "body": "moon",
    "projection": "equirectangular",
    "resolution_m": 1.5,
    "standard_parallel_deg": None,
    "search": {"incidence_deg": [0, 80], "emission_deg": [0, 90], "resolution_m": [0, 1.6]},
}
WEST, EAST = swath(339.91, 10.0, 0.0, 6000.0, 13000.0), swath(340.09, 10.0, 0.0, 6000.0, 13000.0)


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture
def ask(server, tmp_path):
    """Search, with changes of the target's limits; the table, and the report."""

    def run(target=TARGET, acquisition=None, asked=None, **limits):
        outputs = {name: tmp_path / f"products.{suffix}" for name, suffix in OUTPUTS.items()}
        target = {**target, "search": {**target["search"], **limits}}
        search(target, acquisition or settings_for(server), outputs, asked)
        return pd.read_csv(outputs["table"]), json.loads(outputs["report"].read_text())

    return run


OUTPUTS = {"table": "csv", "footprints": "gpkg", "report": "json"}


def queries(server):
    return [{key: value[0] for key, value in parse_qs(urlparse(path).query).items()} for path in server.paths]


def left_out(report, product):
    return report["images"][product]["left_out"]


# Asking


def test_a_search_pages_filters_and_chooses_for_coverage(server, ask, tmp_path):
    server.products = [ode_product(f"M1000{number:05d}LE", WEST) for number in range(230)]
    server.products += [
        ode_product("M200000001RE", EAST, Incidence_angle="85.0"),
        ode_product("M200000002RE", EAST, kilobytes=258000),
    ]
    table, report = ask()
    assert list(table["product"]) == ["M100000000LE", "M200000002RE"]
    assert list(table["bytes"]) == [2048, 258000 * 1024]
    assert [query["offset"] for query in queries(server)] == ["0", "100", "200"]
    assert report["found"] == 232 and report["within_limits"] == 231 and report["coverage"] > 0.99
    assert left_out(report, "M200000001RE") == "incidence_deg 85 is outside 0 to 80"
    assert "adds no coverage" in left_out(report, "M100000123LE")
    assert read_products(tmp_path / "products.csv") == list(table["product"])


def test_the_query_is_what_ode_wants(server, ask):
    server.products = [ode_product("M100000001LE", WEST)]
    ask()
    (query,) = queries(server)
    assert {key: query[key] for key in ("target", "ihid", "iid", "pt", "loc", "output")} == {
        "target": "moon",
        "ihid": "LRO",
        "iid": "LROC",
        "pt": "EDRNAC4",
        "loc": "f",
        "output": "JSON",
    }
    assert 339 < float(query["westernlon"]) < 340 < float(query["easternlon"]) < 341
    assert 9 < float(query["minlat"]) < 10 < float(query["maxlat"]) < 11


def test_smaller_pages_than_asked_for_are_no_end(server, ask):
    server.page_limit = 40
    server.products = [ode_product(f"M1000{number:05d}LE", WEST) for number in range(90)]
    assert ask()[1]["found"] == 90


def test_a_server_that_pages_badly_does_not_hold_us_for_ever(server):
    """It gives its first page whatever the offset, and says that there are more."""
    inner = {"Product": [ode_product("M100000001LE", WEST)]}
    body = json.dumps({"ODEResults": {"Status": "Success", "Count": "5", "Products": inner}}).encode()
    server.troubles = [Trouble("garbage", body=body) for _ in range(9)]
    acquisition = settings_for(server)
    assert len(ode.query(session(acquisition), acquisition, productid="*M1000*")) == 1
    assert len(server.requests) == 2


def test_one_hit_as_an_object_and_none_as_a_string(server, ask, tmp_path):
    with pytest.raises(InputError, match="search at 10.0, -20.0: no image within the limits"):
        ask()
    assert not list(tmp_path.iterdir())
    server.products = [ode_product("M100000007LE", WEST)]
    assert list(ask()[0]["product"]) == ["M100000007LE"]


def test_none_as_an_error_is_none(server):
    body = {"ODEResults": {"Status": "ERROR", "Error": "No products found"}}
    server.troubles = [Trouble("garbage", body=json.dumps(body).encode())]
    acquisition = settings_for(server)
    assert ode.query(session(acquisition), acquisition, productid="*M1*") == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html>busy</html>",
        b"[1, 2]",
        b'{"ODEResults": "gone"}',
        b'{"ODEResults": {"Count": "1"}}',
        b'{"ODEResults": {"Status": "Success", "Products": {"Product": ["M1", 7]}}}',
    ],
)
def test_garbage_is_said_to_be_garbage(server, ask, tmp_path, body):
    server.troubles = [Trouble("garbage", body=body)]
    with pytest.raises(InputError, match="no ODE result; try again later") as caught:
        ask()
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_odes_own_error_is_passed_on(server, ask):
    body = {"ODEResults": {"Status": "ERROR", "Error": "Invalid minlat"}}
    server.troubles = [Trouble("garbage", body=json.dumps(body).encode())]
    with pytest.raises(InputError, match="answered Invalid minlat; check the search"):
        ask()


def test_a_busy_ode_is_asked_again(server, ask):
    server.products = [ode_product("M100000007LE", WEST)]
    server.troubles = [
        Trouble("status", status=503),
        Trouble("status", status=429, headers={"Retry-After": "1"}),
        Trouble("status", status=502),
    ]
    assert len(ask()[0]) == 1 and len(server.requests) == 4


def test_an_ode_that_stays_busy_or_silent_is_one_line(server, ask):
    server.troubles = [Trouble("status", status=503) for _ in range(4)]
    with pytest.raises(InputError, match="did not answer .*503") as caught:
        ask()
    assert "\n" not in str(caught.value)
    acquisition = settings_for(server, timeout_s=0.2, retries=1)
    server.troubles = [Trouble("slow", seconds=0.6), Trouble("slow", seconds=0.6)]
    with pytest.raises(InputError, match="did not answer .*timed out"):
        ask(acquisition=acquisition)
    with pytest.raises(InputError, match="did not answer"):
        ask(acquisition={**acquisition, "ode_url": "http://127.0.0.1:9/ode"})


# Products as rows


def test_numbers_are_numbers_and_what_is_missing_is_empty():
    row = ode.row_of(ode_product("M100000001LE", WEST, Emission_angle="", Phase_angle=None, Map_scale="0.7"))
    assert (row["incidence_deg"], row["resolution_m"]) == (45.0, 0.7)
    assert row["emission_deg"] != row["emission_deg"] and row["phase_deg"] != row["phase_deg"]


@pytest.mark.parametrize(
    "files",
    [
        None,
        {"Product_file": {"FileName": "M100000001LE_pyr.tif", "Type": "Browse", "URL": "u"}},
        {"Product_file": [{"FileName": "M100000001LE.IMG", "Type": "Derived", "URL": "u"}]},
        {"Product_file": [{"FileName": "M100000001LC.IMG", "Type": "Product", "URL": "u"}]},
        {"Product_file": "none"},
    ],
)
def test_a_product_without_its_image_is_no_row(files):
    assert ode.row_of(ode_product("M100000001LE", WEST, Product_files=files)) is None


def test_one_file_as_an_object():
    file = {"FileName": "m100000001le.img", "Type": "Product", "KBytes": "1", "URL": "u"}
    assert (
        ode.row_of(ode_product("M100000001LE", WEST, Product_files={"Product_file": file}))["product"] == "M100000001LE"
    )


def test_outlines_of_the_sphere_and_of_the_cylinder_agree():
    split = "MULTIPOLYGON (((179 0, 180 0, 180 1, 179 1, 179 0)), ((-180 0, -179 0, -179 1, -180 1, -180 0)))"
    ring = [(179.0, 0.0), (181.0, 0.0), (181.0, 1.0), (179.0, 1.0)]
    on_sphere = shapely.from_wkt(ode.row_of(ode_product("M100000001LE", ring))["footprint"])
    for gone in ("", None, "POLYGON EMPTY", "POLYGON ((what"):
        product = ode_product("M100000001LE", ring, Footprint_GL_geometry=gone, Footprint_C0_geometry=split)
        on_cylinder = shapely.from_wkt(ode.row_of(product)["footprint"])
        assert on_cylinder.symmetric_difference(on_sphere).area < 1e-3
    none = ode_product("M100000001LE", ring, Footprint_GL_geometry="")
    assert ode.row_of(none)["footprint"] == ""


# Places that maps dislike


@pytest.mark.parametrize("lat", [89.95, -89.95])
def test_a_polar_place_is_asked_for_in_two_halves(server, ask, lat):
    ring = [(lon, 89.0 * (1 if lat > 0 else -1)) for lon in (0.0, 90.0, 180.0, 270.0)]
    whole = {"Westernmost_longitude": "0", "Easternmost_longitude": "360", "Minimum_latitude": "-90"}
    server.products = [ode_product("M100000001LE", ring, **{**whole, "Maximum_latitude": "90"})]
    table, report = ask({**TARGET, "lat": lat, "projection": "polar_stereographic"})
    asked = [(float(query["westernlon"]), round(float(query["easternlon"]))) for query in queries(server)]
    assert asked == [(0, 180), (180, 360)]
    assert len(table) == 1 and report["coverage"] == 1.0


@pytest.mark.parametrize("lon", [180.0, 0.0])
def test_a_place_over_a_seam_is_covered_from_both_sides(server, ask, lon):
    server.products = [
        ode_product("M100000001LE", swath(lon - 0.09, 10.0, 0.0, 6000.0, 13000.0)),
        ode_product("M100000002RE", swath(lon + 0.09, 10.0, 0.0, 6000.0, 13000.0)),
    ]
    table, report = ask({**TARGET, "lon": lon})
    assert len(table) == 2 and report["coverage"] > 0.99 and len(server.requests) == 1


def test_a_polygon_is_searched_instead_of_the_map(server, ask):
    server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002RE", EAST)]
    table, report = ask(polygon="POLYGON ((-20.15 9.9, -20.05 9.9, -20.05 10.1, -20.15 10.1, -20.15 9.9))")
    assert list(table["product"]) == ["M100000001LE"] and report["coverage"] == 1.0
    assert float(queries(server)[0]["easternlon"]) == pytest.approx(339.95, abs=0.001)


def test_dates_limit_a_search(server, ask):
    server.products = [
        ode_product("M100000001LE", WEST, UTC_start_time="2009-12-31T23:59:59.9"),
        ode_product("M100000002RE", EAST, UTC_start_time="2010-06-01T12:00:00"),
        ode_product("M100000003RE", EAST, UTC_start_time=""),
    ]
    table, report = ask(dates=["2010-01-01", "2010-06-01"])
    assert list(table["product"]) == ["M100000002RE"]
    assert left_out(report, "M100000001LE") == "date 2009-12-31 is outside 2010-01-01 to 2010-06-01"
    assert left_out(report, "M100000003RE") == "its date is not known"


# The Sun


def test_the_sun_is_where_the_almanac_has_it():
    """Subsolar longitudes from the Moon's phases (USNO): overhead at 0 at full moon, at 180 at new moon."""
    lon, lat = lonlat_of(sun_directions(["2010-01-30T06:18:00", "2010-01-15T07:11:00"]))
    # Libration moves the sub-Earth point by up to 8 degrees.
    assert abs((lon[0] + 180) % 360 - 180) < 9 and abs(lon[1] - 180) < 9
    assert (abs(lat) < 1.6).all()
    assert sun_directions([""]).shape == (1, 3)


def test_the_suns_azimuth_fills_the_table(server, ask):
    server.products = [ode_product("M100000001LE", WEST)]
    azimuth = ask()[0]["sub_solar_azimuth_deg"][0]
    sun_lon, sun_lat = lonlat_of(sun_directions(["2010-01-01T00:00:00"])[0])
    east = (float(sun_lon) - 340.0 + 180) % 360 - 180 > 0
    assert (0 < azimuth < 180) == east and abs(sun_lat) < 1.6


# Tables


def test_the_table_is_sorted_and_the_same_bytes_again(server, ask, tmp_path):
    server.products = [ode_product("M200000002RE", EAST), ode_product("M100000001LE", WEST)]
    ask()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".json"}
    for path in tmp_path.iterdir():
        path.unlink()
    server.products.reverse()
    ask()
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert (
        before["products.csv"].splitlines()[1].startswith(b"M100000001LE,http://127.0.0.1:9/x.IMG,2048,45.0,1.2,46.2,")
    )


def test_outlines_lie_in_a_geopackage_on_the_moon(server, ask, tmp_path):
    server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002LE", WEST)]
    ask()
    kept = geopandas.read_file(tmp_path / "products.gpkg", layer="products")
    other = geopandas.read_file(tmp_path / "products.gpkg", layer="left_out")
    assert list(kept["product"]) == ["M100000001LE"] and kept.crs.ellipsoid.semi_major_metre == 1737400
    assert list(other["product"]) == ["M100000002LE"] and other["reason"][0].startswith("adds no coverage")


# Asking again


def test_new_images_come_behind_and_nothing_is_moved(server, ask, tmp_path):
    server.products = [ode_product("M300000001LE", WEST)]
    assert ask()[1]["coverage"] < 0.6
    server.products += [ode_product("M200000002RE", EAST), ode_product("M100000003LE", WEST)]
    table, report = ask()
    assert list(table["product"]) == ["M300000001LE", "M200000002RE"]
    assert report["new"] == ["M200000002RE"] and report["coverage"] > 0.99
    assert "adds no coverage" in left_out(report, "M100000003LE")


def test_a_line_deleted_by_hand_stays_deleted_and_one_written_in_stays(server, ask, tmp_path):
    server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002RE", EAST)]
    ask()
    path = tmp_path / "products.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "M900000009LE,file:///data/mine.IMG,,,,,,,,", lines[1]]) + "\n")
    table, report = ask()
    assert list(table["product"]) == ["M900000009LE", "M100000001LE"]
    assert table["url"][0] == "file:///data/mine.IMG"
    assert left_out(report, "M100000002RE") == "deleted from the table by hand"
    assert report["withdrawn"] == ["M900000009LE"]


def test_a_withdrawn_product_is_told_and_not_lost(server, ask, caplog):
    server.products = [ode_product("M100000001LE", WEST), ode_product("M100000002RE", EAST)]
    ask()
    server.products.pop()
    table, report = ask()
    assert len(table) == 2 and report["withdrawn"] == ["M100000002RE"]
    assert "no longer in the archive, left in the table: M100000002RE" in caplog.text


def test_an_archive_that_moved_is_followed(server, ask):
    server.products = [ode_product("M100000001LE", WEST)]
    ask()
    server.products = [ode_product("M100000001LE", WEST, url="http://127.0.0.1:9/new/x.IMG")]
    assert ask()[0]["url"][0] == "http://127.0.0.1:9/new/x.IMG"


def test_other_limits_make_the_table_anew(server, ask):
    server.products = [ode_product("M200000001LE", WEST), ode_product("M100000001LE", WEST, Incidence_angle="85")]
    assert list(ask()[0]["product"]) == ["M200000001LE"]
    assert list(ask(incidence_deg=[0, 90])[0]["product"]) == ["M100000001LE"]


def test_an_answer_stays_until_it_is_too_old_or_is_asked_for_anew(server, ask, tmp_path):
    server.products = [ode_product("M100000001LE", WEST)]
    report = ask()[1]
    path, start = tmp_path / "products.json", "2026-03-05T00:00:00+00:00"
    path.write_text(json.dumps({**report, "asked": "2026-03-01T00:00:00+00:00"}))
    for refresh, max_age_days, stays in [
        (False, None, True),
        (False, 4, True),
        (False, 3.9, False),
        (True, None, False),
    ]:
        asked = asked_at(path, start, refresh, max_age_days)
        assert asked == ("2026-03-01T00:00:00+00:00" if stays else start), (refresh, max_age_days)


def test_a_run_asks_once_however_young_its_answer_has_to_be(server, ask, tmp_path):
    server.products = [ode_product("M100000001LE", WEST)]
    start = "2026-03-05T00:00:00+00:00"
    assert asked_at(tmp_path / "products.json", start, False, None) == start, "there is no answer yet"
    assert ask(asked=start)[1]["asked"] == start
    assert asked_at(tmp_path / "products.json", start, True, 0) == start
    assert asked_at(tmp_path / "products.json", start, False, 0) == start
    # The next run keeps this answer, unless it has to be younger.
    later = "2026-03-05T00:00:07+00:00"
    assert asked_at(tmp_path / "products.json", later, False, None) == start
    assert asked_at(tmp_path / "products.json", later, False, 0) == later


def test_a_report_that_cannot_be_read_is_asked_for_anew(tmp_path):
    path, start = tmp_path / "products.json", "2026-03-05T00:00:00+00:00"
    for broken in ("{}", "[]", "no json", '{"asked": 7}', '{"asked": "yesterday"}'):
        path.write_text(broken)
        assert asked_at(path, start, False, None) == start


# Named products


def test_named_products_are_located_in_their_order(server):
    server.products = [ode_product(name, WEST, url=f"http://a/{name}.IMG") for name in ("M100000001LE", "M100000002RE")]
    table = locate(["M100000002R", "M100000001LE"], settings_for(server))
    assert list(table["product"]) == ["M100000002R", "M100000001LE"]
    assert list(table["url"]) == ["http://a/M100000002RE.IMG", "http://a/M100000001LE.IMG"]
    assert table["sub_solar_azimuth_deg"].notna().all()


def test_an_unknown_product_is_named(server):
    with pytest.raises(InputError, match="M100000001L: is not in the archive; check the product id"):
        locate(["M100000001L"], settings_for(server))


def test_a_product_in_a_local_folder_is_not_asked_for(server, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "M100000001LE.IMG").write_bytes(b"12345")
    table = locate(["M100000001L"], settings_for(server, mirror=str(tmp_path)))
    assert table["url"][0] == (tmp_path / "deep" / "M100000001LE.IMG").as_uri() and table["bytes"][0] == 5
    assert not server.requests
