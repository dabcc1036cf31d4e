"""Product tables as spreadsheets save them."""

import pandas as pd
import pytest

from imfmap.acquisition.product_csv import read_lines
from imfmap.acquisition.table import read_table, url_of
from imfmap.core.errors import InputError
from imfmap.run.product_table import read_products

LINES = ["product,url,bytes,incidence_deg,footprint", 'M100000001LE,file:///x 1.IMG,12,45.5,"POLYGON ((0 0, 1 1))"']
OTHER = ["M100000002RE,https://a/b.IMG,,,"]


def forms():
    """The same table in each form, as bytes."""
    plain = "\n".join([*LINES, *OTHER]) + "\n"
    semicolons = plain.replace('"', "").replace("0 0, 1 1", "0 0@ 1 1").replace(",", ";").replace("@", ",")
    decimal = semicolons.replace("45.5", "45,5")
    tabs = semicolons.replace(";", "\t")
    texts = {
        "plain": plain,
        "semicolons": semicolons,
        "decimal commas": decimal,
        "tabs": tabs,
        "sep=": "sep=;\n" + semicolons,
        "empty lines": plain.replace("\n", "\n\n") + ",,,,\n",
        "empty columns": "\n".join(line + ";;" for line in semicolons.splitlines()),
        "spaces": plain.replace("product,url", " product , url"),
        "quotes": plain.replace("file:///x 1.IMG", '"file:///x 1.IMG"').replace("product,url", '"product","url"'),
    }
    for name, text in texts.items():
        for bom in ("", "\ufeff"):
            for ends in ("\n", "\r\n", "\r"):
                title = f"{name}{', BOM' * bool(bom)}, ends {ends!r}"
                yield pytest.param((bom + text.replace("\n", ends)).encode(), id=title)


@pytest.mark.parametrize("content", list(forms()))
def test_every_form_of_csv_is_the_same_table(tmp_path, content):
    table, plain = tmp_path / "products.csv", tmp_path / "plain.csv"
    table.write_bytes(content)
    plain.write_text("\n".join([*LINES, *OTHER]) + "\n")
    assert read_products(table) == ["M100000001LE", "M100000002RE"]
    pd.testing.assert_frame_equal(read_table(table), read_table(plain))
    assert url_of(table, "M100000001LE") == "file:///x 1.IMG"
    row = read_table(table).iloc[0]
    assert (row["bytes"], row["incidence_deg"], row["footprint"]) == (12, 45.5, "POLYGON ((0 0, 1 1))")


@pytest.mark.parametrize("reader", [read_products, read_table, read_lines])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("product,url\nM100000001LE,file:///x\n".encode("utf-16"), "line 1: is not text in UTF-8; save the table"),
        ("product,url\nM100000001LE,file:///ä\n".encode("latin-1"), "line 2: is not text in UTF-8; save the table"),
        (b"product;url\n\nM100000001LE;file:///x;1\n", "line 3: has more cells than the header ('1'); quote"),
        (b"product,url,product\n", "line 1: column 'product' is there twice"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path, reader, content, said):
    table = tmp_path / "products.csv"
    table.write_bytes(content)
    with pytest.raises(InputError) as caught:
        reader(table)
    assert str(caught.value).startswith(f"{table}: {said}") and "\n" not in str(caught.value)


@pytest.mark.parametrize("reader", [read_products, read_table])
def test_a_bad_number_is_named_with_its_line_and_column(tmp_path, reader):
    table = tmp_path / "products.csv"
    table.write_text('sep=;\nproduct;url;footprint;bytes\n\nM100000001LE;file:///x;"POLYGON (a;b)";many\n', encoding="utf-8-sig")
    with pytest.raises(InputError, match="line 4: bytes: 'many' is"):
        reader(table)


def test_a_table_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_products(tmp_path / "products.csv")
