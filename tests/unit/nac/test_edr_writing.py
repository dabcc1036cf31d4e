"""EDRs that are written, held to those of the archive."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.nac.edr import decompanding_table, label_value, read_edr, read_label, verify_md5, write_edr
from tests.helpers.edr_files import SCHEMES
from tests.helpers.nac_samples import EXPOSURE_MS, FIELDS, START


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
