"""JSON is read strictly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.core.jsonfiles import parse_json, read_json, write_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_was_written_is_read(value):
    assert parse_json(json.dumps(value).encode(), "x.json") == value


@given(st.text(max_size=5), VALUES, VALUES, st.sampled_from(['{{"a": [{}]}}', "[{}]", "{}"]))
def test_a_key_that_stands_twice_is_refused_wherever_it_is(key, one, two, around):
    name = json.dumps(key)
    inner = f"{{{name}: {json.dumps(one)}, {name}: {json.dumps(two)}}}"
    with pytest.raises(InputError, match="x.json: has the key '.*' twice in one object; keep one of the two"):
        parse_json(around.format(inner).encode(), "x.json")


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": \xff}', b"[" * 100_000, '{"a": 1}'.encode("utf-16")])
def test_what_is_no_json_is_one_line(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match="x.json: cannot be read as JSON") as caught:
        read_json(tmp_path / "x.json")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no.json: cannot be read as JSON .No such file"):
        read_json(tmp_path / "no.json")


def test_numbers_that_are_not_finite_become_null(tmp_path):
    write_json(tmp_path / "x.json", {"a": [float("nan"), 1.5]})
    assert read_json(tmp_path / "x.json") == {"a": [None, 1.5]}
