"""Answers that are right but for one thing, and answers of any kind: a right result, or one line."""

import copy
import hashlib
import json
import math

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imfmap.acquisition import answers, ode
from imfmap.acquisition.http import Answer
from imfmap.acquisition.outside import is_path_below
from imfmap.acquisition.sun import sun_directions
from imfmap.acquisition.table import COLUMNS, read_table, table_of, write_table
from imfmap.core.errors import InputError, SetupError
from tests.helpers.searches import WEST
from tests.helpers.servers import ode_product

CONFIG = {"ode_url": "https://ode.example/live2"}
URL = "https://archive.example/M100000001LE.IMG"
FUZZ = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
odd = st.sampled_from(
    [
        "",
        "x",
        "\x1b[0m",
        "\ud800",
        "9" * 5000,
        "-1",
        "1e400",
        "NaN",
        "../../x",
        "file:///etc/passwd",
        "http://localhost/x",
    ]
    + [
        None,
        True,
        0,
        -1,
        2**70,
        1e308,
        math.inf,
        math.nan,
        [],
        {},
        [[]],
        {"a": []},
        [None],
        "2010-13-45",
        "POLYGON EMPTY",
    ]
)
anything = st.recursive(
    odd | st.text() | st.floats() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def answer_of(content):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer("https://ode.example/live2", body)


def page():
    products = [ode_product(f"M10000000{number}LE", WEST, url=URL.replace("1LE", f"{number}LE")) for number in (1, 2)]
    return {"ODEResults": {"Count": "2", "Status": "Success", "Products": {"Product": products}}}


def record():
    md5 = hashlib.md5(b"x", usedforsecurity=False).hexdigest()
    files = [{"key": "w.pt", "size": 1, "checksum": f"md5:{md5}", "links": {"self": "https://zenodo.example/w.pt"}}]
    return {"id": 7, "files": [*files, {"key": "readme.md", "size": 3, "links": {"self": "https://zenodo.example/r"}}]}


def places(content, path=()):
    """Paths of all values in JSON."""
    yield path
    if isinstance(content, dict | list):
        for key in content if isinstance(content, dict) else range(len(content)):
            yield from places(content[key], (*path, key))


def replaced(content, path, value):
    """JSON with one value replaced; with a key gone where the value is `odd`'s None."""
    if not path:
        return value
    content = copy.deepcopy(content)
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return content


def rows_of(answer):
    rows = [ode.row_of(product, CONFIG) for product in answers.ode_results(answer, "").products]
    return [row for row in rows if row is not None]


def check_rows(rows, tmp_path):
    """Rows that the rest takes: a table that is written and read, outlines, directions to the Sun."""
    for row in rows:
        assert list(row) == COLUMNS and row["url"].startswith("https://") and 0 <= row["bytes"] < 2**60
        assert row["product"].isascii() and row["product"].isalnum()
        assert all(math.isnan(row[angle]) or 0 <= row[angle] <= 180 for angle in ("incidence_deg", "emission_deg"))
        assert not row["footprint"] or shapely.from_wkt(row["footprint"]).area > 0
    sun_directions([row["start_time"] for row in rows])
    write_table(tmp_path / "t.csv", table_of(rows))
    assert list(read_table(tmp_path / "t.csv")["url"]) == sorted(row["url"] for row in rows)


@FUZZ
@given(path=st.sampled_from(list(places(page()))), value=anything)
def test_a_page_of_ode_with_one_thing_changed(path, value, tmp_path_factory):
    try:
        rows = rows_of(answer_of(replaced(page(), path, value)))
    except InputError as error:
        assert "\n" not in str(error) and str(error).isprintable()
        return
    right = rows_of(answer_of(page()))
    check_rows(rows, tmp_path_factory.getbasetemp())
    # Two products and each column at a time: what was not changed is as it was.
    if len(rows) == len(right):
        same = sum(got[key] == old[key] for got, old in zip(rows, right, strict=True) for key in COLUMNS)
        assert same >= 2 * len(COLUMNS) - 2 - 2


@FUZZ
@given(content=anything | st.fixed_dictionaries({"ODEResults": anything}))
def test_any_json_is_a_page_of_ode_or_none(content):
    try:
        assert isinstance(rows_of(answer_of(content)), list)
    except InputError as error:
        assert "\n" not in str(error)


@FUZZ
@given(path=st.sampled_from(list(places(record()))), value=anything)
def test_a_record_with_one_thing_changed(path, value):
    try:
        files = answers.zenodo_record(answer_of(replaced(record(), path, value)), "").files
    except SetupError as error:
        assert "\n" not in str(error) and str(error).isprintable()
        return
    for file in files:
        assert isinstance(file.key, str) and isinstance(file.checksum, str) and isinstance(file.links.own, str)
        assert file.size is None or 0 <= file.size <= 10**15


@FUZZ
@given(content=st.binary(max_size=200) | anything.map(lambda content: json.dumps(content).encode()))
def test_any_bytes_are_an_answer_or_none(content):
    for read in (answers.ode_results, answers.zenodo_record, answers.bucket_page):
        try:
            read(answer_of(content), "check it")
        except SetupError as error:
            assert "answered something that is no" in str(error) and "\n" not in str(error)


@pytest.mark.parametrize("what", ["[", '{"a":', '{"ODEResults":{"Status":"Success","Products":{"Product":['])
def test_json_within_json_without_end_is_no_answer(what):
    for read in (answers.ode_results, answers.zenodo_record):
        with pytest.raises(SetupError, match="answered something that is no"):
            read(answer_of(what.encode() * 200_000), "")


# Listings


def listing(key="usgs_data/a", size="5", more="", before=""):
    return (
        f"{before}<ListBucketResult><Contents><Key>{key}</Key><Size>{size}</Size></Contents>{more}</ListBucketResult>"
    )


BOMB = (
    '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n + 1} "{f"&a{n or str()};" * 10}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        listing("&a9;", before=BOMB),
        listing("&a;", before='<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        listing(before='<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd">'),
        listing(size="-1"),
        listing(size="9" * 5000),
        listing(size="many"),
        listing(size=""),
        listing(more="<Contents><Size>1</Size></Contents>"),
        "<a>" * 100_000,
    ],
)
def test_xml_that_is_no_plain_listing(text, encoding):
    with pytest.raises(SetupError, match="answered something that is no listing"):
        answers.bucket_page(answer_of(text.encode(encoding)), "")


def test_a_plain_listing():
    page = answers.bucket_page(answer_of(listing(more="<Other><Key>x</Key></Other>").encode()), "")
    assert [(entry.key, entry.size) for entry in page.keys] == [("usgs_data/a", 5)] and page.token is None
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    assert answers.bucket_page(answer_of(listing(more=more).encode()), "").token == "t"
    assert is_path_below("a")
