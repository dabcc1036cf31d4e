"""EDRs: label, companding, checks on what comes in, and the writer."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.maps.times import ephemeris_time
from imfmap.nac.companding import MAX_COUNT
from imfmap.nac.edr import (
    companding_table,
    decompanding_table,
    label_value,
    read_edr,
    read_label,
    verify_md5,
    write_edr,
)
from tests.helpers.nac_samples import EXPOSURE_MS, FIELDS, START

# LRO:XTERM, LRO:MTERM, LRO:BTERM of archived labels by COMPAND_CODE.
SCHEMES = {
    0: ((0, 32, 136, 543, 2207), (0.5, 0.25, 0.125, 0.0625, 0.03125), (0, 8, 25, 59, 128)),
    1: ((511, 0, 0, 0, 0), (0.5, 0.25, 0.125, 0.0625, 0.03125), (0, 0, 0, 0, 0)),
    3: ((0, 64, 424, 536, 800), (0.5, 0.25, 0.125, 0.0625, 0.03125), (0, 16, 69, 103, 128)),
}


@pytest.fixture
def codes():
    return np.random.default_rng(1).integers(0, 256, (6, 5064), dtype=np.uint8)


@pytest.fixture
def edr_path(tmp_path, codes):
    write_edr(tmp_path / "M900000001LE.IMG", codes, FIELDS)
    return tmp_path / "M900000001LE.IMG"


def rewrite(path, old, new):
    """Change bytes of a file's label without moving what follows."""
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new.ljust(len(old)) if len(new) < len(old) else new))


def fails(path, *parts, call=read_edr):
    """Assert that a file is refused in one line that names it and says what is wrong."""
    with pytest.raises(InputError) as caught:
        call(path)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400
    for part in (path.name, *parts):
        assert part in message


def test_written_edr_comes_back(edr_path, codes):
    edr = read_edr(edr_path)
    label = edr.label
    assert (label.camera, label.lines, label.samples, label.summing) == ("left", 6, 5064, 1)
    assert (label.exposure_ms, label.exposure_code, label.version) == (EXPOSURE_MS, 3, 1.8)
    assert label.start_time == START + "000"
    assert label.preroll_clock == "1/311000799:63569"
    np.testing.assert_array_equal(edr.read_codes(0, 6), codes)
    np.testing.assert_array_equal(edr.read_codes(4, 10), codes[4:])
    np.testing.assert_array_equal(edr.image, decompanding_table(*SCHEMES[0])[codes])
    np.testing.assert_array_equal(edr.read_lines(2, 3), edr.image[2:5])
    assert edr.image.dtype == np.float32
    assert edr.max_count == edr.image.max()
    verify_md5(edr_path)


def test_written_label_is_that_of_an_archived_product(edr_path):
    label = read_label(edr_path)
    assert label_value(label, "LRO:TEMPERATURE_FPA", edr_path) == 17.73
    assert label["^IMAGE"] == label["LABEL_RECORDS"] + 1
    assert edr_path.stat().st_size == label["RECORD_BYTES"] * label["FILE_RECORDS"]
    with pytest.raises(InputError, match="LRO:NOTHING"):
        label_value(label, "LRO:NOTHING", edr_path)


def test_written_label_has_every_keyword_of_a_real_one(edr_path, real_data):
    real, ours = read_label(real_data / "isis" / "nacl.img"), read_label(edr_path)
    assert set(ours.keys()) == set(real.keys())
    assert set(ours["IMAGE"].keys()) == set(real["IMAGE"].keys())


def test_writer_refuses_unknown_and_missing_keywords(tmp_path, codes):
    with pytest.raises(InputError, match="LRO:NOTHING"):
        write_edr(tmp_path / "a.IMG", codes, {**FIELDS, "LRO:NOTHING": 1})
    with pytest.raises(InputError, match="START_TIME"):
        write_edr(tmp_path / "a.IMG", codes, {key: value for key, value in FIELDS.items() if key != "START_TIME"})
    assert not list(tmp_path.iterdir())


def test_image_pointer_by_byte(edr_path, codes):
    rewrite(edr_path, b"^IMAGE                             = 2\r\n", b"^IMAGE = 5065 <BYTES>\r\n")
    np.testing.assert_array_equal(read_edr(edr_path).read_codes(0, 6), codes)


def test_image_pointer_is_taken_literally(edr_path, codes):
    """A pointer short of the image's start shifts the image, as lronac2isis has it."""
    rewrite(edr_path, b"^IMAGE                             = 2\r\n", b"^IMAGE = 5053 <BYTES>\r\n")
    data = edr_path.read_bytes()
    label = data[: data.index(b"\r\nEND\r\n") + 7]
    shifted = label.replace(b"= 5053 ", b"= %04d " % (len(label) - 12 + 1))
    edr_path.write_bytes(shifted + codes.tobytes())
    expected = np.frombuffer(shifted[-12:] + codes.tobytes()[:-12], np.uint8).reshape(codes.shape)
    np.testing.assert_array_equal(read_edr(edr_path).read_codes(0, 6), expected)


def test_summed_image(tmp_path, codes):
    write_edr(tmp_path / "s.IMG", codes[:, :2532], {**FIELDS, "CROSSTRACK_SUMMING": 2})
    edr = read_edr(tmp_path / "s.IMG")
    assert (edr.label.summing, edr.label.samples) == (2, 2532)
    np.testing.assert_array_equal(edr.read_codes(0, 6), codes[:, :2532])


@pytest.mark.parametrize(
    ("frame", "version", "mirrored"), [("RIGHT", "v1.2", True), ("RIGHT", "v1.3", False), ("LEFT", "v1.2", False)]
)
def test_old_right_frames_are_turned_round(tmp_path, codes, frame, version, mirrored):
    write_edr(tmp_path / "r.IMG", codes, {**FIELDS, "FRAME_ID": frame, "PRODUCT_VERSION_ID": version})
    edr = read_edr(tmp_path / "r.IMG")
    np.testing.assert_array_equal(edr.read_codes(1, 4), codes[1:5, ::-1] if mirrored else codes[1:5])


def isis_middle(code, xterm, mterm, bterm):
    """lronac2isis's rule for one code, said the other way round: the counts that compand to it, and their middle."""
    counts = np.flatnonzero(companding_table(xterm, mterm, bterm) == code)
    return (counts[0] + counts[-1]) / 2


@pytest.mark.parametrize("scheme", [0, 3])
def test_decompanding_gives_the_middle_of_the_counts_of_a_code(scheme):
    table = decompanding_table(*SCHEMES[scheme])
    codes = companding_table(*SCHEMES[scheme])
    for code in np.unique(codes)[:-1]:
        # The middle of the bin by the straight segments; counts are whole, so it may be half a slope off.
        slope = np.diff(np.flatnonzero(np.diff(codes.astype(int), prepend=-1)))[code]
        assert abs(table[code] - isis_middle(code, *SCHEMES[scheme])) <= slope / 2
    assert (np.diff(table) > 0).all()


def test_decompanding_at_segment_edges():
    """By hand from lronac2isis.cpp: the last bin of a segment is cut at the next one's start."""
    table = decompanding_table(*SCHEMES[0])
    # Codes 0..15 have bins of 2 counts, code 16 begins the second segment at 32.
    assert table[[0, 1, 15, 16, 17]].tolist() == [0.5, 2.5, 30.5, 33.5, 37.5]
    # Code 42 ends the second segment ((42 - 8) / 0.25 = 136: begins the third); code 41: 132..135.
    assert table[[41, 42, 43]].tolist() == [133.5, 139.5, 147.5]
    # Code 92: 536..543, not cut, since 543, where the fourth segment begins, has code 92 there too.
    assert table[[92, 93, 196, 197, 255]].tolist() == [539.5, 551.5, 2199.5, 2223.5, 4079.5]
    # Scheme 3: the fourth segment's line has code 136 from 528 on, but the segment begins at 536.
    assert decompanding_table(*SCHEMES[3])[[31, 32, 122, 136, 153]].tolist() == [62.5, 65.5, 427.5, 539.5, 815.5]


def test_uncompanded_scheme_is_the_identity():
    np.testing.assert_array_equal(decompanding_table(*SCHEMES[1]), np.arange(256))


schemes = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(1, 800), min_size=size, max_size=size, unique=True).map(sorted),
        st.lists(st.sampled_from([1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125]), min_size=size, max_size=size).map(
            lambda slopes: sorted(slopes, reverse=True)
        ),
    )
)


@given(schemes)
def test_companding_of_any_rising_scheme_comes_back_within_its_bin(scheme):
    xterm, mterm = scheme
    # Each segment begins at the code where the one before ends, the first where counts are their own codes.
    bterm = [(1 - mterm[0]) * xterm[0]]
    for before, after in pairwise(range(len(xterm))):
        bterm.append(bterm[before] + (mterm[before] - mterm[after]) * xterm[after])
    counts = np.arange(MAX_COUNT + 1)
    codes = companding_table(xterm, mterm, bterm)
    back = decompanding_table(xterm, mterm, bterm)[codes]
    assert (np.diff(codes.astype(int)) >= 0).all()
    inside = codes < 255
    assert (np.abs(back - counts)[inside] <= 1 / min(mterm)).all()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6), st.lists(st.floats(), max_size=6))
def test_decompanding_of_senseless_terms_is_refused_or_finite(xterm, mterm):
    try:
        table = decompanding_table(xterm, mterm, [0.0] * len(xterm))
    except ValueError:
        return
    assert table.shape == (256,) and np.isfinite(table).all()


def test_ephemeris_time_is_spices():
    # spiceypy.utc2et with naif0012.tls
    assert ephemeris_time("2009-11-29T14:51:21.968000") == pytest.approx(312778348.152, abs=2e-3)
    assert ephemeris_time("2017-01-01T00:00:00Z") - ephemeris_time("2016-12-31T23:59:59") == pytest.approx(
        2.0, abs=1e-6
    )
    with pytest.raises(InputError, match="1999"):
        ephemeris_time("1998-01-01T00:00:00")
    with pytest.raises(InputError, match="yesterday"):
        ephemeris_time("yesterday")


def test_missing_file(tmp_path):
    fails(tmp_path / "no.IMG", "cannot be read")


def test_not_pds(tmp_path):
    (tmp_path / "x.IMG").write_bytes(b"\x89PNG\r\n" + bytes(100))
    fails(tmp_path / "x.IMG", "no PDS3 product")


def test_label_without_end(tmp_path, edr_path):
    (tmp_path / "x.IMG").write_bytes(edr_path.read_bytes()[:1500])
    fails(tmp_path / "x.IMG", "no END")


@pytest.mark.parametrize("cut", [1, 5064, 20000])
def test_truncated(edr_path, cut):
    edr_path.write_bytes(edr_path.read_bytes()[:-cut])
    fails(edr_path, "truncated", str(cut))


@pytest.mark.parametrize("more", [1, 5064])
def test_over_long(edr_path, more):
    edr_path.write_bytes(edr_path.read_bytes() + bytes(more))
    fails(edr_path, "too long")


def test_wrong_md5(edr_path):
    data = bytearray(edr_path.read_bytes())
    data[-7] ^= 1
    edr_path.write_bytes(data)
    read_edr(edr_path)
    fails(edr_path, "MD5", call=verify_md5)


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
