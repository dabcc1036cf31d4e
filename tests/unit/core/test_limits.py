"""What is larger than a limit is refused with its number and the limit."""

import math

import pytest

from imfmap.core.errors import InputError
from imfmap.core.limits import check_limit


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1001, "a.tif: 1,001 pixels, and the limit is 1,000; crop it"),
        (1e300, "a.tif: 1e\\+300 pixels, and the limit is 1,000; crop it"),
        (math.inf, "a.tif: inf pixels, and"),
        (math.nan, "a.tif: nan pixels, and"),
    ],
)
def test_more_is_refused(count, said):
    with pytest.raises(InputError, match=said):
        check_limit(count, 1000, "a.tif", "pixels", "crop it")


def test_the_limit_itself_is_allowed():
    check_limit(1000, 1000, "a.tif", "pixels", "crop it")
