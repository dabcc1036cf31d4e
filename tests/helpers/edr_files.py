"""EDRs for tests, and changes to their labels."""

import pytest

from imfmap.core.errors import InputError
from imfmap.nac.edr import read_edr

# LRO:XTERM, LRO:MTERM and LRO:BTERM of archived labels, by COMPAND_CODE.
SCHEMES = {
    0: ((0, 32, 136, 543, 2207), (0.5, 0.25, 0.125, 0.0625, 0.03125), (0, 8, 25, 59, 128)),
    1: ((511, 0, 0, 0, 0), (0.5, 0.25, 0.125, 0.0625, 0.03125), (0, 0, 0, 0, 0)),
    3: ((0, 64, 424, 536, 800), (0.5, 0.25, 0.125, 0.0625, 0.03125), (0, 16, 69, 103, 128)),
}


def rewrite(path, old, new):
    """Replace bytes in the label of a file; later bytes stay where they are."""
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new.ljust(len(old)) if len(new) < len(old) else new))


def fails(path, *parts, call=read_edr):
    """Assert that reading a file fails with one line that names the file and the fault."""
    with pytest.raises(InputError) as caught:
        call(path)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400
    for part in (path.name, *parts):
        assert part in message
