"""PVL as ISIS writes it."""

import pytest

from imfmap.core.errors import InputError
from imfmap.maps.pvl import read_pvl


def test_pvl_without_underscores(tmp_path):
    (tmp_path / "x.pvl").write_text(
        "Object = A\n  Group = B\n    C=1.5\n  EndGroup\nEndObject\n\nObject = D\nEndObject\n"
    )
    assert read_pvl(tmp_path / "x.pvl")["A"]["B"]["C"] == 1.5
    (tmp_path / "x.pvl").write_text("Object = A (\n")
    with pytest.raises(InputError, match="x.pvl"):
        read_pvl(tmp_path / "x.pvl")
