"""Labels of EDRs: each fault is one clear line."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.nac.edr import read_edr, write_edr
from imfmap.nac.label import product_of
from tests.helpers.edr_files import fails, rewrite
from tests.helpers.nac_samples import FIELDS


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
