"""Companding and decompanding, against their definition."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.nac.companding import MAX_COUNT
from imfmap.nac.edr import companding_table, decompanding_table
from tests.helpers.edr_files import SCHEMES


def isis_middle(code, xterm, mterm, bterm):
    """lronac2isis's rule for one code, said the other way round: the counts that compand to it, and their middle."""
    counts = np.flatnonzero(companding_table(xterm, mterm, bterm) == code)
    return (counts[0] + counts[-1]) / 2


@pytest.mark.parametrize("scheme", [0, 3])
def test_decompanding_gives_the_middle_of_the_counts_of_a_code(scheme):
    table = decompanding_table(*SCHEMES[scheme])
    codes = companding_table(*SCHEMES[scheme])
    for code in np.unique(codes)[:-1]:
        # The middle of the bin by the straight segments; counts are whole, so it may be half a slope off.
        slope = np.diff(np.flatnonzero(np.diff(codes.astype(int), prepend=-1)))[code]
        assert abs(table[code] - isis_middle(code, *SCHEMES[scheme])) <= slope / 2
    assert (np.diff(table) > 0).all()


def test_decompanding_at_segment_edges():
    """By hand from lronac2isis.cpp: the last bin of a segment is cut at the next one's start."""
    table = decompanding_table(*SCHEMES[0])
    # Codes 0..15 have bins of 2 counts, code 16 begins the second segment at 32.
    assert table[[0, 1, 15, 16, 17]].tolist() == [0.5, 2.5, 30.5, 33.5, 37.5]
    # Code 42 ends the second segment ((42 - 8) / 0.25 = 136: begins the third); code 41: 132..135.
    assert table[[41, 42, 43]].tolist() == [133.5, 139.5, 147.5]
    # Code 92: 536..543, not cut, since 543, where the fourth segment begins, has code 92 there too.
    assert table[[92, 93, 196, 197, 255]].tolist() == [539.5, 551.5, 2199.5, 2223.5, 4079.5]
    # Scheme 3: the fourth segment's line has code 136 from 528 on, but the segment begins at 536.
    assert decompanding_table(*SCHEMES[3])[[31, 32, 122, 136, 153]].tolist() == [62.5, 65.5, 427.5, 539.5, 815.5]


def test_uncompanded_scheme_is_the_identity():
    np.testing.assert_array_equal(decompanding_table(*SCHEMES[1]), np.arange(256))


schemes = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        st.lists(st.integers(1, 800), min_size=size, max_size=size, unique=True).map(sorted),
        st.lists(st.sampled_from([1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125]), min_size=size, max_size=size).map(
            lambda slopes: sorted(slopes, reverse=True)
        ),
    )
)


@given(schemes)
def test_companding_of_any_rising_scheme_comes_back_within_its_bin(scheme):
    xterm, mterm = scheme
    # Each segment begins at the code where the one before ends, the first where counts are their own codes.
    bterm = [(1 - mterm[0]) * xterm[0]]
    for before, after in pairwise(range(len(xterm))):
        bterm.append(bterm[before] + (mterm[before] - mterm[after]) * xterm[after])
    counts = np.arange(MAX_COUNT + 1)
    codes = companding_table(xterm, mterm, bterm)
    back = decompanding_table(xterm, mterm, bterm)[codes]
    assert (np.diff(codes.astype(int)) >= 0).all()
    inside = codes < 255
    assert (np.abs(back - counts)[inside] <= 1 / min(mterm)).all()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6), st.lists(st.floats(), max_size=6))
def test_decompanding_of_senseless_terms_is_refused_or_finite(xterm, mterm):
    try:
        table = decompanding_table(xterm, mterm, [0.0] * len(xterm))
    except ValueError:
        return
    assert table.shape == (256,) and np.isfinite(table).all()
