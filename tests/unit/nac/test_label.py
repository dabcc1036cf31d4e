"""Labels of EDRs: each fault is one clear line."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.core.product_ids import full_id
from imfmap.nac.edr import read_edr, verify_md5, write_edr
from imfmap.nac.label import product_of
from tests.helpers.edr_files import fails, rewrite
from tests.helpers.nac_samples import FIELDS, fields


def test_label_without_end(tmp_path, edr_path):
    (tmp_path / "x.IMG").write_bytes(edr_path.read_bytes()[:1500])
    fails(tmp_path / "x.IMG", "no END")


def test_other_products(edr_path):
    rewrite(edr_path, b"LRO-L-LROC-2-EDR-V1.0", b"LRO-L-LROC-3-CDR-V1.0")
    fails(edr_path, "LRO-L-LROC-3-CDR-V1.0", "give the EDR")


def test_wide_angle_image(edr_path):
    rewrite(edr_path, b"FRAME_ID                           = LEFT", b"FRAME_ID                           = WAC ")
    fails(edr_path, "no NAC image", "WAC")


@pytest.mark.parametrize(
    "keyword",
    [b"LRO:XTERM", b"LINE_EXPOSURE_DURATION", b"DATA_SET_ID", b"^IMAGE", b"START_TIME", b"FRAME_ID", b"    LINES"],
)
def test_missing_keyword(edr_path, keyword):
    rewrite(edr_path, b"\n" + keyword + b" ", b"\nX" + keyword[1:].strip(b" :") + b" ")
    fails(edr_path, keyword.strip().decode())


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            b"LINE_EXPOSURE_DURATION             = 0.360000",
            b"LINE_EXPOSURE_DURATION             = -1",
            "LINE_EXPOSURE_DURATION",
        ),
        (b"LINES                          = 6", b"LINES                          = a", "LINES"),
        (b"(0, 32, 136, 543, 2207)", b"(0, 32, 136, 543)", "companding terms"),
        (b"(0, 32, 136, 543, 2207)", b"(0, b, 136, 543, 2207)", "LRO:XTERM"),
        (b"START_TIME                         = 2010-", b"START_TIME                         = soon-", "START_TIME"),
        (b"CROSSTRACK_SUMMING                 = 1", b"CROSSTRACK_SUMMING                 = 3", "CROSSTRACK_SUMMING"),
        (b"SAMPLE_BITS                    = 8", b"SAMPLE_BITS                    = 9", "9 bits"),
        (b"^IMAGE                             = 2", b"^IMAGE                             = 0", "^IMAGE"),
    ],
)
def test_senseless_value(edr_path, old, new, named):
    rewrite(edr_path, old, new)
    fails(edr_path, named)


@pytest.fixture(scope="module")
def whole_edr(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "whole.IMG"
    write_edr(path, np.zeros((2, 5064), np.uint8), FIELDS)
    return path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_fuzzed_label_gives_an_edr_or_one_clear_line(whole_edr, data):
    content = bytearray(whole_edr.read_bytes())
    end = content.index(b"\r\nEND\r\n")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, end))
        content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    path = whole_edr.with_name("fuzzed.IMG")
    path.write_bytes(content)
    try:
        edr = read_edr(path)
        assert edr.read_lines(0, 2).shape == (min(2, edr.label.lines), edr.label.samples)
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("path", ["/data/M143947267L.cal.echo.crop.cub", "M143947267L.IMG", "a.b/M143947267L"])
def test_product_is_the_name_before_the_first_dot(path):
    assert product_of(path) == "M143947267L"


IDS = st.from_regex(r"M[0-9]{6,12}[LR]E", fullmatch=True)


def edr_of(folder, name, product):
    """A whole EDR of a product, with its own right MD5, under a name."""
    side = {"L": "left", "R": "right"}[product[-2]]
    write_edr(folder / "written.IMG", np.zeros((2, 5064), np.uint8), fields(side, PRODUCT_ID=product))
    return (folder / "written.IMG").replace(folder / name)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(IDS, IDS)
def test_an_edr_is_the_product_that_its_name_says_or_none(tmp_path, product, name):
    path = edr_of(tmp_path, f"{product}.IMG", product)
    verify_md5(path)
    assume(full_id(name) != full_id(product))
    path = path.replace(tmp_path / f"{name}.IMG")
    for call in (read_edr, verify_md5):
        fails(path, f"is product {product}, but its name says {name}", f"put the file of {name} there", call=call)


def test_a_name_that_is_no_product_id_says_nothing(tmp_path):
    assert read_edr(edr_of(tmp_path, "crater.IMG", "M143947267LE")).label.product_id == "M143947267LE"


def test_the_other_camera_in_the_label_is_refused(tmp_path):
    path = tmp_path / "M143947267LE.IMG"
    write_edr(path, np.zeros((2, 5064), np.uint8), fields("right", PRODUCT_ID="M143947267LE"))
    fails(path, "says product M143947267LE, and camera RIGHT")


@pytest.mark.parametrize(
    ("product", "clock", "warned"),
    [
        # Of real labels.
        ("M103595705LE", "1/270649237:07208", False),
        ("M143947267LE", "1/311000799:63569", False),
        ("M1333276014RE", "1/600329546:58589", False),
        ("M143947267LE", "1/270649237:07208", True),
        ("M143947277LE", "1/311000799:63569", True),
    ],
)
def test_a_clock_of_another_product_is_warned_of(tmp_path, caplog, product, clock, warned):
    side = {"L": "left", "R": "right"}[product[-2]]
    changes = {"PRODUCT_ID": product, "LRO:SPACECRAFT_CLOCK_PREROLL_COUNT": clock}
    write_edr(tmp_path / "x.IMG", np.zeros((2, 5064), np.uint8), fields(side, **changes))
    read_edr(tmp_path / "x.IMG")
    lines = [record.getMessage() for record in caplog.records]
    assert [product in line and clock in line for line in lines] == [True] * warned


def test_a_keyword_with_two_values_is_refused(edr_path):
    rewrite(edr_path, b"ORIGINAL_PRODUCT_ID                = simulated", b"PRODUCT_ID = M100000001LE")
    fails(edr_path, "gives PRODUCT_ID twice, M100000001LE and M900000001LE")
