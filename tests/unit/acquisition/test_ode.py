"""Questions to ODE and its answers, good and bad."""

import json
import math
import time

import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from imfmap.acquisition import limits, ode
from imfmap.acquisition.answers import OdeProduct
from imfmap.acquisition.http import session
from imfmap.core.errors import InputError
from tests.helpers.generated import examples
from tests.helpers.searches import TARGET, WEST, queries
from tests.helpers.servers import Trouble, ode_product, settings_for

CONFIG = {"ode_url": "https://ode.example/live2"}
IMAGE = "https://archive.example/M100000001LE.IMG"


def row_of(product):
    return ode.row_of(OdeProduct.model_validate(product), CONFIG)


def product_of(*arguments, **changes):
    return ode_product(*arguments, **{"url": IMAGE, **changes})


def test_the_query_is_what_ode_wants(ode_server, ask):
    ode_server.products = [ode_product("M100000001LE", WEST)]
    ask()
    (query,) = queries(ode_server)
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


def test_smaller_pages_than_asked_for_are_no_end(ode_server, ask):
    ode_server.page_limit = 40
    ode_server.products = [ode_product(f"M1000{number:05d}LE", WEST) for number in range(90)]
    assert ask()[1]["found"] == 90


def test_a_server_that_pages_badly_does_not_hold_us_for_ever(ode_server):
    """It gives its first page whatever the offset, and says that there are more."""
    inner = {"Product": [ode_product("M100000001LE", WEST)]}
    body = json.dumps({"ODEResults": {"Status": "Success", "Count": "5", "Products": inner}}).encode()
    ode_server.troubles = [Trouble("garbage", body=body) for _ in range(9)]
    acquisition = settings_for(ode_server)
    assert len(ode.query(session(acquisition), acquisition, productid="*M1000*")) == 1
    assert len(ode_server.requests) == 2


def test_one_hit_as_an_object_and_none_as_a_string(ode_server, ask, tmp_path):
    with pytest.raises(InputError, match="search at 10.0, -20.0: no image is within the limits"):
        ask()
    assert not list(tmp_path.iterdir())
    ode_server.products = [ode_product("M100000007LE", WEST)]
    assert list(ask()[0]["product"]) == ["M100000007LE"]


def test_none_as_an_error_is_none(ode_server):
    body = {"ODEResults": {"Status": "ERROR", "Error": "No products found"}}
    ode_server.troubles = [Trouble("garbage", body=json.dumps(body).encode())]
    acquisition = settings_for(ode_server)
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
def test_garbage_is_said_to_be_garbage(ode_server, ask, tmp_path, body):
    ode_server.troubles = [Trouble("garbage", body=body)]
    with pytest.raises(InputError, match="no ODE result; check acquisition.ode_url") as caught:
        ask()
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_odes_own_error_is_passed_on(ode_server, ask):
    body = {"ODEResults": {"Status": "ERROR", "Error": "Invalid minlat"}}
    ode_server.troubles = [Trouble("garbage", body=json.dumps(body).encode())]
    with pytest.raises(InputError, match="answered Invalid minlat; check the search"):
        ask()


def test_a_busy_ode_is_asked_again(ode_server, ask):
    ode_server.products = [ode_product("M100000007LE", WEST)]
    ode_server.troubles = [
        Trouble("status", status=503),
        Trouble("status", status=429, headers={"Retry-After": "1"}),
        Trouble("status", status=502),
    ]
    assert len(ask()[0]) == 1 and len(ode_server.requests) == 4


def test_an_ode_that_stays_busy_or_silent_is_one_line(ode_server, ask):
    ode_server.troubles = [Trouble("status", status=503) for _ in range(4)]
    with pytest.raises(InputError, match="answered 503 Service Unavailable; try again later") as caught:
        ask()
    assert "\n" not in str(caught.value)
    acquisition = settings_for(ode_server, timeout_s=0.2, retries=1)
    ode_server.troubles = [Trouble("slow", seconds=0.6), Trouble("slow", seconds=0.6)]
    with pytest.raises(InputError, match="did not answer .*timed out"):
        ask(acquisition=acquisition)
    with pytest.raises(InputError, match="did not answer"):
        ask(acquisition={**acquisition, "ode_url": "http://127.0.0.1:9/ode"})


def test_numbers_are_numbers_and_what_is_missing_is_empty():
    row = row_of(product_of("M100000001LE", WEST, Emission_angle="", Phase_angle=None, Map_scale="0.7"))
    assert (row["incidence_deg"], row["resolution_m"]) == (45.0, 0.7)
    assert row["emission_deg"] != row["emission_deg"] and row["phase_deg"] != row["phase_deg"]


@pytest.mark.parametrize(
    "files",
    [
        None,
        {"Product_file": {"FileName": "M100000001LE_pyr.tif", "Type": "Browse", "URL": IMAGE}},
        {"Product_file": [{"FileName": "M100000001LE.IMG", "Type": "Derived", "URL": IMAGE}]},
        {"Product_file": [{"FileName": "M100000001LC.IMG", "Type": "Product", "URL": IMAGE}]},
        {"Product_file": "none"},
    ],
)
def test_a_product_without_its_image_is_no_row(files):
    assert row_of(product_of("M100000001LE", WEST, Product_files=files)) is None


def test_one_file_as_an_object():
    file = {"FileName": "m100000001le.img", "Type": "Product", "KBytes": "1", "URL": IMAGE}
    assert row_of(product_of("M100000001LE", WEST, Product_files={"Product_file": file}))["product"] == "M100000001LE"


def test_outlines_of_the_sphere_and_of_the_cylinder_agree():
    split = "MULTIPOLYGON (((179 0, 180 0, 180 1, 179 1, 179 0)), ((-180 0, -179 0, -179 1, -180 1, -180 0)))"
    ring = [(179.0, 0.0), (181.0, 0.0), (181.0, 1.0), (179.0, 1.0)]
    on_sphere = shapely.from_wkt(row_of(product_of("M100000001LE", ring))["footprint"])
    for gone in ("", None, "POLYGON EMPTY", "POLYGON ((what"):
        product = product_of("M100000001LE", ring, Footprint_GL_geometry=gone, Footprint_C0_geometry=split)
        on_cylinder = shapely.from_wkt(row_of(product)["footprint"])
        assert on_cylinder.symmetric_difference(on_sphere).area < 1e-3
    none = product_of("M100000001LE", ring, Footprint_GL_geometry="")
    assert row_of(none)["footprint"] == ""


@pytest.mark.parametrize("lat", [89.95, -89.95])
def test_a_polar_place_is_asked_for_in_two_halves(ode_server, ask, lat):
    ring = [(lon, 89.0 * (1 if lat > 0 else -1)) for lon in (0.0, 90.0, 180.0, 270.0)]
    whole = {"Westernmost_longitude": "0", "Easternmost_longitude": "360", "Minimum_latitude": "-90"}
    ode_server.products = [ode_product("M100000001LE", ring, **{**whole, "Maximum_latitude": "90"})]
    table, report = ask({**TARGET, "lat": lat, "projection": "polar_stereographic"})
    asked = [(float(query["westernlon"]), round(float(query["easternlon"]))) for query in queries(ode_server)]
    assert asked == [(0, 180), (180, 360)]
    assert len(table) == 1 and report["coverage"] == 1.0


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "/etc/passwd", "ftp://archive.example/x.IMG", "http://localhost/x.IMG", "http://10.0.0.1/x"],
)
def test_an_address_that_may_not_be_asked_ends_the_search(ode_server, ask, tmp_path, url):
    ode_server.products = [ode_product("M100000001LE", WEST, url=url)]
    with pytest.raises(
        InputError, match="M100000001LE: gives the address '.*', which .*; use another source"
    ) as caught:
        ask()
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["../M100000001LE.IMG", "M100000001LEX.IMG", "M1000000\u0661\u0661LE.IMG", "M1LE.IMG", ""]
)
def test_a_file_of_another_name_is_no_image(name):
    file = {"FileName": name, "Type": "Product", "KBytes": "1", "URL": IMAGE}
    assert row_of(product_of("M100000001LE", WEST, Product_files={"Product_file": file})) is None


@pytest.mark.parametrize(
    ("key", "value", "column"),
    [
        ("Incidence_angle", "1e300", "incidence_deg"),
        ("Incidence_angle", -999, "incidence_deg"),
        ("Emission_angle", {"a": 1}, "emission_deg"),
        ("Phase_angle", "nan", "phase_deg"),
        ("Map_resolution", 10**400, "resolution_m"),
    ],
)
def test_a_number_that_cannot_be_is_not_known(key, value, column):
    row = row_of(product_of("M100000001LE", WEST, **{key: value}))
    assert row[column] != row[column]


@pytest.mark.parametrize("kilobytes", ["1e308", "inf", -5, None, [], "9" * 5000])
def test_a_size_that_overflows_is_not_known(kilobytes):
    assert row_of(product_of("M100000001LE", WEST, kilobytes=kilobytes))["bytes"] == 0


@pytest.mark.parametrize(
    "outline",
    [
        "GEOMETRYCOLLECTION (" * 100_000,
        "POLYGON ((1e300 0, 1e301 0, 0 1e300, 1e300 0))",
        "POLYGON ((0 91, 1 91, 1 92, 0 91))",
        "POLYGON ((0 0, nan 1, 1 1, 0 0))",
        "POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))",
        "POLYGON ((0 0, 0 0, 0 0, 0 0))",
        "POLYGON ((" + "0 0, " * 30_000 + "0 0))",
        "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))",
        "MULTIPOLYGON (((-720 0, 720 0, 0 80, -720 0)))",
        "POLYGON ((179 -90, 0 90, -179 -90, 0 -90, 179 -90))",
    ],
)
def test_an_odd_outline_is_an_outline_or_none(outline):
    row = row_of(product_of("M100000001LE", WEST, Footprint_GL_geometry=outline))
    assert row["footprint"] == "" or shapely.from_wkt(row["footprint"]).area > 0


LON = st.sampled_from([0.0, 180.0, -180.0, 179.9, 360.0, 540.0]) | st.floats(-540, 540)
LAT = st.sampled_from([90.0, -90.0, 89.9, 0.0]) | st.floats(-90, 90)
RING = st.lists(st.tuples(LON, LAT), min_size=3, max_size=40)
STAR = [(10 * math.cos(n * 2500), 10 * math.sin(n * 2500)) for n in range(1500)]


@examples(25)
@given(rings=st.lists(RING | st.just([]), min_size=1, max_size=4), key=st.sampled_from(["GL", "C0"]))
@example(rings=[[(0, 90), (90, 90), (180, 90)]], key="GL")
@example(rings=[[], [(0, 0), (1, 0), (1, 1)]], key="GL")
@example(rings=[STAR], key="GL")
@example(rings=[[(170 * (n % 2), 80 * (-1) ** n + n / 1000) for n in range(500)]], key="GL")
@example(rings=[[(n, 0), (n + 20, 0), (n, 20)] for n in range(300)], key="GL")
def test_an_outline_of_any_corners_costs_little(rings, key):
    """Edges round half the Moon, stars whose edges all cross, corners at the poles, parts without a corner."""
    parts = [
        "((" + ",".join(f"{lon:.4f} {lat:.4f}" for lon, lat in [*ring, *ring[:1]]) + "))" if ring else "EMPTY"
        for ring in rings
    ]
    outlines = {"Footprint_GL_geometry": "", f"Footprint_{key}_geometry": f"MULTIPOLYGON ({', '.join(parts)})"}
    began_s = time.process_time()
    row = row_of(product_of("M100000001LE", WEST, **outlines))
    assert row["footprint"] == "" or shapely.from_wkt(row["footprint"]).area > 0
    assert time.process_time() - began_s < 5


def test_pages_without_end_end(ode_server, monkeypatch):
    monkeypatch.setattr(limits, "PAGES", 20)
    ode_server.products = [ode_product(f"M1000{number:05d}LE", WEST) for number in range(50)]
    ode_server.page_limit = 2
    acquisition = settings_for(ode_server)
    with pytest.raises(InputError, match="/ode: sent 21 pages .*, and says there are more; ask for less"):
        ode.query(session(acquisition), acquisition, productid="*M1000*")
    assert len(ode_server.requests) == 21
