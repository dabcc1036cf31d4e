"""PVL as ISIS writes it."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.maps.pvl import parse_pvl, read_pvl


def test_pvl_without_underscores(tmp_path):
    (tmp_path / "x.pvl").write_text(
        "Object = A\n  Group = B\n    C=1.5\n  EndGroup\nEndObject\n\nObject = D\nEndObject\n"
    )
    assert read_pvl(tmp_path / "x.pvl")["A"]["B"]["C"] == 1.5
    (tmp_path / "x.pvl").write_text("Object = A (\n")
    with pytest.raises(InputError, match="x.pvl"):
        read_pvl(tmp_path / "x.pvl")


# What statements are made of, in any order.
words = st.sampled_from(
    [*"a5=(){}<>,;\"'\n", "b =", "Group", "End_Group", "Object", "End_Object", "END", "-\n", "/*", "*/"]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(words, max_size=12).map(" ".join))
@example("a = 5\n = 3\nEND")
@example("Group = Selection\n Group = \n Time = (1, 2)\n = 5\nEnd_Group\nEND")
def test_reading_ends_whatever_the_text_says(text):
    began = time.process_time()
    try:
        parse_pvl(text, "x.pvl")
    except InputError as error:
        assert "x.pvl" in str(error) and "\n" not in str(error)
    assert time.process_time() - began < 5
