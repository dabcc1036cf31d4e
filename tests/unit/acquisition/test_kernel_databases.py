"""Kernels chosen from ISIS's databases."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imfmap.acquisition.kernel_databases import Subject, select
from imfmap.acquisition.outside import is_path_below
from imfmap.core.errors import InputError
from tests.helpers.isis_requests import LABEL
from tests.helpers.isis_store import MONTH, NEXT_MONTH, database, span

A, B, C = "$lro/kernels/ck/a.bc", "$lro/kernels/ck/b.bc", "$lro/kernels/ck/c.bc"


def pick(*selections, allowed=("RECONSTRUCTED",), subject=None, entry="SpacecraftPointing"):
    text = database(entry, *selections).decode()
    return [choice.files for choice in select(text, entry, subject or Subject.of(LABEL), allowed, "x.db")]


def kernel(path, time=MONTH, quality="Reconstructed", **more):
    return {"Time": time, "File": path, "Type": quality, **more}


def name(path):
    return path.lstrip("$")


def test_the_time_must_hold_the_whole_image():
    assert pick(kernel(A), kernel(B, NEXT_MONTH)) == [(name(A),)]
    assert pick(kernel(B, NEXT_MONTH)) == []
    # Times are dynamical, 66.2 s ahead of UTC in 2009.
    ends = span("2009 JUL 30 12:21:44.3", "2009 JUL 30 12:22:38.4")
    assert pick(kernel(A, ends)) == [(name(A),)]
    assert pick(kernel(A, span("2009 JUL 30 12:20:38", "2009 JUL 30 12:21:33"))) == []
    assert pick(kernel(A, '("2009 JUL 30 12:20:38", "2009 JUL 30 12:21:33")')) == [(name(A),)]


def test_of_equals_the_last_wins_and_a_better_quality_wins_over_all():
    assert pick(kernel(A), kernel(B))[0] == (name(B),)
    chosen = pick(
        kernel(A, quality="Smithed"), kernel(B), kernel(C, quality="Predicted"), allowed=("SMITHED", "RECONSTRUCTED")
    )
    assert chosen == [(name(A),), (name(B),)]
    assert pick(kernel(A, quality="Smithed"), kernel(B)) == [(name(B),)]
    assert pick(kernel(C, quality="Predicted"), allowed=("RECONSTRUCTED", "PREDICTED")) == [(name(C),)]


def test_a_kernel_with_a_quality_is_none_for_an_entry_that_has_none():
    assert pick(kernel(A), {"File": B}, allowed=()) == [(name(B),)]


def test_an_image_over_the_edge_of_two_kernels_gets_both():
    first = span("2009 JUL 01 00:00:00", "2009 JUL 30 12:22:00")
    second = span("2009 JUL 30 12:21:50", "2009 AUG 30 00:00:00")
    assert pick(kernel(A, first), kernel(B, second)) == [(name(A), name(B))]
    # A gap between them is no bridge.
    late = span("2009 JUL 30 12:22:10", "2009 AUG 30 00:00:00")
    assert pick(kernel(A, first), kernel(B, late)) == []
    # One that holds the whole image is taken instead.
    assert set(pick(kernel(A, first), kernel(B, second), kernel(C))) == {(name(C),), (name(A), name(B))}
    assert pick(kernel(A, first), kernel(B, second), kernel(C))[0] == (name(C),)
    # Another quality does not help out.
    assert pick(kernel(A, first), kernel(B, second, "Predicted"), allowed=("RECONSTRUCTED", "PREDICTED")) == []


def test_several_times_and_files_of_one_selection():
    times = [span("2005 SEP 16 05:42:48.85", "2005 NOV 04 07:05:06.46"), MONTH]
    assert pick(kernel([A, B], times)) == [(name(A), name(B))]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"Match": '("Instrument","TargetName","Moon")'}, True),
        ({"Match": '("Instrument","TargetName","Mars")'}, False),
        ({"Match": '("Instrument","NoSuchKeyword","Moon")'}, False),
        ({"Match": ['("Instrument","TargetName","MOON")', '("Instrument","InstrumentId","NACR")']}, False),
        ({"Instrument": "NACL"}, True),
        ({"Instrument": "NACR"}, False),
        ({"CameraVersion": "2"}, True),
        ({"CameraVersion": '"1-2"'}, True),
        ({"CameraVersion": "1"}, False),
    ],
)
def test_conditions_beside_the_time(more, found):
    assert bool(pick(kernel(A, **more))) == found


def test_offsets_widen_the_time():
    short = span("2009 JUL 30 12:21:45", "2009 JUL 30 12:22:00")
    assert pick(kernel(A, short)) == []
    assert pick(kernel(A, short, StartOffset="1.0", EndOffset="40.0")) == [(name(A),)]


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        ({"File": "just.bc"}, "x.db: its File = just.bc"),
        ({"File": A, "Time": "(yesterday, today)"}, "x.db: its Time"),
        ({"File": "("}, "x.db: cannot be read as PVL"),
    ],
)
def test_a_broken_database_is_one_line(selection, said):
    with pytest.raises(InputError, match=said) as caught:
        pick(selection)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        {"Match": "5"},
        {"Match": "(a, b)"},
        {"CameraVersion": "x"},
        {"StartOffset": "x"},
        {"Time": "5"},
        {"Time": "(1, 2, 3)"},
    ],
)
def test_a_group_that_isis_would_not_read_is_one_line(more):
    with pytest.raises(InputError, match="^x.db: .*; fetch the database again") as caught:
        pick({**kernel(A), **more})
    assert "\n" not in str(caught.value)


values = st.text(max_size=8) | st.sampled_from(
    [A, MONTH, "(", "..", "$/etc/passwd", '("..", "x")', "5", "(a, (b, c))", '"', "{1}"]
)
groups = st.dictionaries(
    st.sampled_from(["Time", "File", "Type", "Match", "CameraVersion", "EndOffset", "Group"]), values
)


@settings(max_examples=40, deadline=None)
@given(st.lists(groups, max_size=3))
def test_any_groups_give_paths_below_the_data_or_one_line(selections):
    try:
        found = pick(*selections)
    except InputError as error:
        assert "\n" not in str(error)
        return
    assert all(is_path_below(path) for files in found for path in files)


@pytest.mark.parametrize(
    "text",
    [
        "Group = Selection\n" * 100_000,
        "Object = SpacecraftPointing\n" * 100_000,
        "Object = SpacecraftPointing\nGroup = Selection\n" + "Time = (2009" * 50_000 + "\nEnd_Group\nEnd_Object\n",
        "Object = SpacecraftPointing\nGroup = Selection\nTime = (" + " " * 500_000 + "\nEnd_Group\nEnd_Object\n",
        "Object = SpacecraftPointing\n" + "Group = Selection\nEnd_Group\n" * 5000 + "End_Object\n",
    ],
)
def test_a_database_made_to_take_long_takes_no_time(text):
    began = time.process_time()
    with suppress(InputError):
        assert select(text, "SpacecraftPointing", Subject.of(LABEL), (), "x.db") == []
    assert time.process_time() - began < 10


def test_another_object_of_the_file_is_left_alone():
    text = (database("Dem", {"File": A}) + database("SpacecraftPointing", {"File": B})).decode()
    assert [choice.files for choice in select(text, "Dem", Subject.of(LABEL), (), "x.db")] == [(name(A),)]
    assert select(text, "Frame", Subject.of(LABEL), (), "x.db") == []
