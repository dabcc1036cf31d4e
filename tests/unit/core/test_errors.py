"""Errors are told in one line of bounded words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError


@given(st.lists(st.text(max_size=40), max_size=4), st.integers(1, 5000))
def test_whatever_is_told_is_one_line_of_bounded_printable_words(parts, repeats):
    text = str(InputError("a.tif", " ".join(parts) * repeats, "look at it"))
    assert text.startswith("a.tif: ") and text.endswith("look at it") and text.isprintable()
    assert max(map(len, text.split(" "))) <= 300


@pytest.mark.parametrize("length", [1, 254])
def test_a_path_is_told_as_it_is(length):
    path = f"/data/{'x' * length}/image.tif"
    assert str(InputError(path, "is empty")) == f"{path}: is empty"


def test_of_a_long_value_both_ends_are_told():
    said = str(InputError("config.yaml", f"'{'0' * 20_000}1' is no address", "give an address"))
    assert said == f"config.yaml: '{'0' * 149}...{'0' * 98}1' is no address; give an address"
