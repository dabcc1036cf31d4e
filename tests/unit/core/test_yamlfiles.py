"""YAML files are read strictly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.core.yamlfiles import read_yaml
from tests.helpers.generated import examples


def refusal(path, text):
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "a stands twice, in lines 1 and 3; keep one of the two"),
        ("a:\n  b: {c: 1, c: 2}\n", "a.b.c stands twice, in lines 2 and 2; keep one of the two"),
        ("a:\n- b: 1\n- {b: 1, c: 2,\n   'b': 3}\n", "a.1.b stands twice, in lines 3 and 4; keep one of the two"),
        ("a: {1: x, 1: y}\n", "a.1 stands twice, in lines 1 and 1; keep one of the two"),
    ],
)
def test_a_key_that_stands_twice_is_refused_at_any_depth(tmp_path, text, line):
    assert refusal(tmp_path / "a.yaml", text) == line


@pytest.mark.parametrize("text", ["a: [1\n", "a: {b\n", "a: 2010-13-41\n", "a: &x 1\nb: *y\n", "a: \x01\n"])
def test_what_is_no_yaml_is_told_in_one_line(tmp_path, text):
    assert "cannot be read as YAML" in refusal(tmp_path / "a.yaml", text)


def test_a_merged_mapping_may_be_overridden(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("x: &x {a: 1, b: 2}\ny: &y {<<: *x, b: 3}\nz: {<<: *y, a: 4}\n")
    assert read_yaml(path) == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}, "z": {"a": 4, "b": 3}}


def test_a_file_that_is_missing_or_empty(tmp_path):
    with pytest.raises(InputError, match=r"a\.yaml: cannot be read"):
        read_yaml(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text("# nothing\n")
    assert read_yaml(tmp_path / "a.yaml") is None


def test_every_yaml_file_of_the_repository_is_strict(root):
    for folder in ("config", "envs", "profiles", "tests"):
        for path in (root / folder).rglob("*.yaml"):
            assert read_yaml(path), path


NINE = "\n".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]" for level in range(1, 9))
MERGED = "\n".join(f"l{level}: &l{level} {{<<: [{', '.join([f'*l{level - 1}'] * 9)}]}}" for level in range(1, 9))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a {x: *a}\n", "holds itself"),
        ("a: &a [*a]\n", "holds itself"),
        (f"l0: &l0 [lol]\n{NINE}\n", "more than 100000 values"),
        (f"l0: &l0 {{k: 1}}\n{MERGED}\n", "more than 100000 values"),
        (f"a: {'[' * 100_000}\n", "more than 50 levels"),
        (f"a: {'{b: ' * 60}1{'}' * 60}\n", "more than 50 levels"),
        ("a: !!python/object/apply:os.system [touch harm]\n", "cannot be read as YAML"),
        ("a: !!binary 'a'\n", "cannot be read as YAML"),
        ("a:\n\tb: 1\n", "cannot be read as YAML"),
        ("{[1]: 2}\n", "cannot be read as YAML"),
        ("a: 1\n---\nb: 2\n", "cannot be read as YAML"),
    ],
)
def test_what_would_keep_or_crash_the_reader_is_refused(tmp_path, text, said):
    began = time.process_time()
    assert said in refusal(tmp_path / "a.yaml", text)
    assert time.process_time() - began < 1


@given(st.binary(max_size=60))
@examples(50)
def test_bytes_of_any_kind_are_read_or_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("yaml") / "a.yaml"
    path.write_bytes(content)
    try:
        read_yaml(path)
    except InputError as error:
        assert "\n" not in str(error) and str(path) in str(error)
