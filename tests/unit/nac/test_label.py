"""What the name of a NAC file says."""

import pytest

from imfmap.nac.label import product_of


@pytest.mark.parametrize("path", ["/data/M143947267L.cal.echo.crop.cub", "M143947267L.IMG", "a.b/M143947267L"])
def test_product_is_the_name_before_the_first_dot(path):
    assert product_of(path) == "M143947267L"
