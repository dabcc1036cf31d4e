"""Product ids in names of files and in labels."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imfmap.core.product_ids import OtherProductError, check_name, full_id, named_product

IDS = st.from_regex(r"M[0-9]{6,12}[LR]E?", fullmatch=True)
# What people and ISIS put after an id; letters and digits would make it another one.
ENDINGS = st.sampled_from(["", ".IMG", ".img", ".cal.echo.crop.cub", ".IMG.part", "_crop.IMG", " (1).IMG", "-2.json"])


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("M143947267L.cal.echo.crop.cub", "M143947267LE"),
        ("data/m143947267le.img", "M143947267LE"),
        ("M143947267LE.IMG.part", "M143947267LE"),
        ("M143947267LC.IMG", None),
        ("M143947267LE2.IMG", None),
        ("crater.IMG", None),
        (".M143947267LE.123.part.IMG", None),
    ],
)
def test_a_name_tells_its_product_or_none(name, product):
    assert named_product(name) == product


@given(IDS, ENDINGS, st.booleans())
def test_a_file_of_the_product_that_its_name_says_is_taken(product, ending, lower):
    name = product.lower() if lower else product
    check_name(f"/data/{name}{ending}", full_id(product))
    check_name(f"/data/{name}{ending}", product.removesuffix("E"))


@given(IDS, IDS, ENDINGS)
def test_any_other_product_is_refused_with_both_ids(one, other, ending):
    assume(full_id(one) != full_id(other))
    with pytest.raises(OtherProductError) as caught:
        check_name(f"/data/{one}{ending}", other)
    said = str(caught.value)
    assert f"is product {other}, but its name says {full_id(one)}; " in said and "\n" not in said
