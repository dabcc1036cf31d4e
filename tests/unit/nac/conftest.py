"""What the tests of this package share."""

import numpy as np
import pytest

from imfmap.nac.edr import write_edr
from tests.helpers.nac_samples import FIELDS


@pytest.fixture
def codes():
    return np.random.default_rng(1).integers(0, 256, (6, 5064), dtype=np.uint8)


@pytest.fixture
def edr_path(tmp_path, codes):
    write_edr(tmp_path / "M900000001LE.IMG", codes, FIELDS)
    return tmp_path / "M900000001LE.IMG"
