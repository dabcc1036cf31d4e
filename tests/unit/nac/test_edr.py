"""EDRs: label, companding, checks on what comes in, and the writer."""

import numpy as np
import pytest

from imfmap.nac.edr import read_edr, verify_md5, write_edr
from tests.helpers.edr_files import fails, rewrite
from tests.helpers.nac_samples import FIELDS


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


def test_missing_file(tmp_path):
    fails(tmp_path / "no.IMG", "cannot be read")


def test_not_pds(tmp_path):
    (tmp_path / "x.IMG").write_bytes(b"\x89PNG\r\n" + bytes(100))
    fails(tmp_path / "x.IMG", "no PDS3 product")


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
