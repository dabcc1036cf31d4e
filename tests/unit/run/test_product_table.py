"""Product tables: every line is checked."""

import pytest

from imfmap.acquisition.table import COLUMNS
from imfmap.core.errors import InputError
from imfmap.run.product_table import ProductRow, read_products

HEADER = "product,url,bytes,incidence_deg,start_time\n"


def test_a_product_table_is_read_in_its_order(tmp_path):
    table = tmp_path / "products.csv"
    table.write_text(HEADER + "M200000001LE,https://a/b.IMG,12,45.5,\nM100000001RE,https://a/c.IMG,,,2010-01-01\n")
    assert read_products(table) == ["M200000001LE", "M100000001RE"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("M1,https://a/b.IMG,12,45,\n", "line 2: product: 'M1' has the wrong form"),
        ("M100000001RE,https://a/c.IMG,,195,\n", "line 2: incidence_deg: 195.0 is out of range; allowed"),
        ("M100000001RE,https://a/c.IMG,many,,\n", "line 2: bytes: 'many' is no whole number"),
        ("M100000001RE,,,,\n", "line 2: url: is missing"),
        ("M100000001RE,https://a,1,1,x,y\n", "line 2: has more cells"),
        (2 * "M100000001RE,https://a/c.IMG,,,\n", "line 3: product M100000001RE is in the table twice"),
        ("", "lists no products"),
    ],
)
def test_a_bad_product_table_is_refused(tmp_path, lines, said):
    table = tmp_path / "products.csv"
    table.write_text(HEADER + lines)
    with pytest.raises(InputError, match=said) as caught:
        read_products(table)
    assert str(caught.value).startswith(str(table))


def test_an_unknown_column_is_told_with_the_one_that_was_meant(tmp_path):
    table = tmp_path / "products.csv"
    table.write_text("product,url,incidence\n")
    with pytest.raises(
        InputError, match=r"line 1: unknown column 'incidence' \(did you mean incidence_deg\?\); allowed"
    ):
        read_products(table)


def test_a_search_writes_the_columns_that_are_read():
    assert tuple(COLUMNS) == tuple(ProductRow.model_fields)
