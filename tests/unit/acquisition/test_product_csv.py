"""Product tables as spreadsheets save them."""

import re
import time

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imfmap.acquisition.product_csv import read_lines
from imfmap.acquisition.table import read_table, url_of
from imfmap.core.errors import InputError
from imfmap.core.product_ids import named_product
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
    table.write_text(
        'sep=;\nproduct;url;footprint;bytes\n\nM100000001LE;file:///x;"POLYGON (a;b)";many\n', encoding="utf-8-sig"
    )
    with pytest.raises(InputError, match="line 4: bytes: 'many' is"):
        reader(table)


def test_a_table_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_products(tmp_path / "products.csv")


HEADER = ["product", "url", "bytes", "incidence_deg", "start_time", "footprint"]
NUMBERS = st.integers(100_000_000, 199_999_999)


def row(number, side, bytes_, deg, quoted):
    product = f"M{number}{side}E"
    address = f"https://a/{product}.IMG"
    outline = '"POLYGON ((0 0, 1 1))"' if quoted else ""
    return [product, f'"{address}"' if quoted else address, bytes_, deg, "2010-01-01T00:00:00", outline]


ROWS = st.builds(row, NUMBERS, st.sampled_from("LR"), st.sampled_from(["", "12"]), st.just("45.5"), st.booleans())
TABLES = st.tuples(
    st.lists(ROWS, min_size=1, max_size=6, unique_by=lambda cells: cells[0]),
    st.sampled_from([len(HEADER), 5, 2]),
)


def text_of(rows, columns):
    return "".join(",".join(cells[:columns]) + "\n" for cells in (HEADER, *rows))


def broken(text, data):
    """A table with one fault."""
    kind = data.draw(st.sampled_from(["byte", "quote", "open", "cut", "join", "break", "quoted"]))
    at = data.draw(st.integers(0, len(text) - 1))
    ends = [place for place, sign in enumerate(text) if sign == "\n"]
    quotes = [place for place, sign in enumerate(text) if sign == '"']
    if kind == "quote" and quotes:
        at = data.draw(st.sampled_from(quotes))
        return text[:at] + text[at + 1 :]
    if kind == "open":
        at = data.draw(st.sampled_from([place for place, sign in enumerate(text) if sign in ",\n"][:-1]))
        return f'{text[: at + 1]}"{text[at + 1 :]}'
    if kind == "cut":
        end = data.draw(st.sampled_from(ends))
        start = text.rfind("\n", 0, end) + 1
        # A line that is cut from its first sign on is a line that somebody took out.
        return text[: data.draw(st.integers(start + 1, end))] + text[end:]
    if kind == "join":
        at = data.draw(st.sampled_from(ends[:-1]))
        return text[:at] + data.draw(st.sampled_from(["", " ", ","])) + text[at + 1 :]
    added = {"break": "\n", "quoted": '"'}.get(kind) or data.draw(st.characters(max_codepoint=0x2FF))
    return text[:at] + added + text[at + (kind == "byte") :]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TABLES, st.data())
def test_a_fault_in_a_table_is_told_or_every_row_is_still_there(tmp_path, table, data):
    """Never fewer rows without a word."""
    rows, columns = table
    path = tmp_path / "products.csv"
    path.write_text(text_of(rows, columns))
    whole = read_products(path)
    assert whole == [cells[0] for cells in rows]
    path.write_text(broken(path.read_text(), data), newline="")
    try:
        found = read_products(path)
        lines = read_lines(path).lines
    except InputError as error:
        said = str(error)
        assert said.startswith(f"{path}: ") and "\n" not in said
        assert re.match(r"line \d+: |lists no products", said.removeprefix(f"{path}: ")), said
        return
    assert len(found) == len(whole) and sum(one != two for one, two in zip(found, whole, strict=True)) <= 1
    same = [cells for (_, cells), product, before in zip(lines, found, whole, strict=True) if product == before]
    assert all(named_product(cells["url"].rpartition("/")[2]) in (None, cells["product"]) for cells in same)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            ['M100000001LE,"file:///a,,,', "M100000002RE,file:///b,,,"],
            "line 2: a quote is not closed on its line, or stan",
        ),
        (['"M100000001LE', '",file:///a,,,'], "line 2: a quote is not closed on its line"),
        (
            ['M100000001LE,file:///a,,,"POLYGON ((0 0))" x'],
            "line 2: a quote is not closed on its line, or stands inside",
        ),
        (['M100000001LE,fi"le:///a,,,'], "line 2: a quote is not closed on its line, or stands inside a cell"),
        (["M100000001LE,file:///a,,"], "line 2: has 4 cells, and the header 5; it ends with ''; complete the line"),
        (["M100000001LE,file:///a.I"], "line 2: has 2 cells, and the header 5; it ends with 'file:///a.I'"),
        (["M100000001LE,file:///a,1,2,x,y"], "line 2: has more cells than the header"),
        (["M100000001LE,file:///a\x00,,,"], "line 2: holds the control character"),
        (["M100000001LE,file:///M100000001RE.IMG,,,"], "line 2: product M100000001LE has the url of M100000001RE"),
        (
            ["M100000001LE,file:///a,,,", "M100000001L,file:///b,,,"],
            "line 3: product M100000001L is in the table twice",
        ),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(tmp_path, lines, said):
    table = tmp_path / "products.csv"
    table.write_text("\n".join([LINES[0], *lines]) + "\n")
    with pytest.raises(InputError) as caught:
        read_products(table)
    assert str(caught.value).startswith(f"{table}: {said}"), caught.value


def test_a_line_added_by_hand_may_end_after_the_url(tmp_path):
    table = tmp_path / "products.csv"
    table.write_text("\n".join([*LINES, "M100000003LE,file:///data/third.img"]) + "\n")
    assert read_products(table) == ["M100000001LE", "M100000003LE"]


def test_a_long_outline_is_read(tmp_path):
    table = tmp_path / "products.csv"
    outline = f"POLYGON (({'0 0, ' * 50_000}0 0))"
    table.write_text(f'product,url,footprint\nM100000001LE,file:///x.IMG,"{outline}"\n')
    assert read_products(table) == ["M100000001LE"] and read_table(table)["footprint"][0] == outline


def test_a_header_of_very_many_columns_takes_no_longer_than_its_length(tmp_path):
    path = tmp_path / "wide.csv"
    header = ",".join(f"c{number}" for number in range(100_000))
    path.write_text(f"{header}\n{header}\n")
    began_s = time.process_time()
    assert len(read_lines(path).columns) == 100_000
    path.write_text(f"{header},c7\n")
    with pytest.raises(InputError, match="column 'c7' is there twice"):
        read_lines(path)
    assert time.process_time() - began_s < 5
