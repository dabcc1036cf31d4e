"""Lines of product tables, as the workflow writes them and as spreadsheets save them.

The workflow reads this as it starts: nothing here takes long to import.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError

# Comma: the standard. Semicolon: spreadsheets in languages that write 0,5. Tab: "text" of spreadsheets.
_SEPARATORS = ",;\t"
_REMEDY = "save the table as CSV in UTF-8"
# Characters that no table of a spreadsheet holds: those of UTF-16 that was read as UTF-8, above all.
_STRANGE = re.compile(r"[^\n\t\x20-\x7e\xa0-\U0010ffff]")


@dataclass(frozen=True)
class ProductLines:
    """Cells of a product table.

    Attributes
    ----------
    columns : tuple of str
        Names in the header, in its order.
    header_line : int
        Number of the header's line in the file; the first line is 1.
    decimal_comma : bool
        Whether numbers may have a comma for the decimal point: the file has another separator.
    lines : tuple of (int, dict)
        Number of a line in the file, and its cells by column. Empty cells are left out, and so are empty lines.
    """

    columns: tuple
    header_line: int
    decimal_comma: bool
    lines: tuple

    def number(self, cell: str) -> float | str:
        """Return a cell as a number, or unchanged if it is no number."""
        text = cell.replace(",", ".") if self.decimal_comma else cell
        try:
            return float(text)
        except ValueError:
            return cell


def read_lines(path: str | Path) -> ProductLines:
    """Read the lines of a product table (CSV), strictly: what could be read in two ways is refused.

    The separator is a comma, a semicolon or a tab: the first of them in the header, or what a line ``sep=;`` above
    the header says. A byte-order mark is skipped. Every line is one row, so that a forgotten quote cannot take the
    lines after it for its own. A row has as many cells as the header; one that was added by hand may end after a url
    that names an image (``.IMG``).

    Raises
    ------
    InputError
        The line names the file, the line in it and what was found there: no text in UTF-8, a control character, a
        quote that is not closed or stands where none belongs, a column that is there twice, a row of fewer or more
        cells than the header.
    """
    lines = enumerate(_text_of(path).split("\n"), 1)
    number, header, separator = _header(path, lines)
    columns = [name.strip() for name in header]
    twice = next((name for name, count in Counter(columns).items() if name and count > 1), None)
    if twice is not None:
        raise InputError(path, f"line {number}: column '{twice}' is there twice", "delete one of them")
    needed = max((place for place, name in enumerate(columns, 1) if name), default=0)
    rows = []
    for row_number, line in lines:
        cells = [cell.strip() for cell in _cells(path, row_number, line, separator)]
        if any(cells):
            _check_length(path, row_number, cells, columns, needed, separator)
            rows.append((row_number, {name: cell for name, cell in zip(columns, cells, strict=False) if cell}))
    return ProductLines(tuple(filter(None, columns)), number, separator != ",", tuple(rows))


def _text_of(path: str | Path) -> str:
    """Text of a table. Its lines end with a line feed, whatever they end with in the file."""
    try:
        content = Path(path).read_bytes()
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(path, f"line {line}: is not text in UTF-8", _REMEDY) from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    strange = _STRANGE.search(text)
    if strange is not None:
        line = text.count("\n", 0, strange.start()) + 1
        raise InputError(path, f"line {line}: holds the control character {strange[0]!r}", _REMEDY)
    return text


def _header(path: str | Path, lines: Iterator[tuple[int, str]]) -> tuple[int, list[str], str]:
    """Number and cells of the header, and the separator. The lines up to the header are taken from the iterator."""
    filled = ((number, line) for number, line in lines if line.strip())
    number, first = next(filled, (1, ""))
    stated = first.strip(" ")
    if stated[:4].lower() == "sep=" and stated[4:] in tuple(_SEPARATORS):
        separator = stated[4:]
        number, first = next(filled, (number, ""))
    else:
        separator = min((mark for mark in _SEPARATORS if mark in first), key=first.index, default=",")
    return number, _cells(path, number, first, separator), separator


def _cells(path: str | Path, number: int, line: str, separator: str) -> list[str]:
    # An outline may be longer than the module's own limit.
    csv.field_size_limit(max(len(line), csv.field_size_limit()))
    try:
        cells = next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        cells = None
    quoted = next((cell for cell in cells or () if '"' in cell), None)
    if cells is None or quoted is not None:
        shown = line[max(0, line.find('"')) :][:40]
        found = f"line {number}: a quote is not closed on its line, or stands inside a cell ({shown})"
        raise InputError(path, found, "put quotes round whole cells, and no line breaks into cells")
    return cells


def _check_length(path, number, cells, columns, needed, separator):
    """Refuse a row that does not fill the columns that are `needed`, or more. Separators at its end do not count."""
    for place, cell in enumerate(cells):
        if cell and (place >= len(columns) or not columns[place]):
            found = f"line {number}: has more cells than the header ('{cell}')"
            raise InputError(path, found, f"quote cells that hold '{separator}'")
    if len(cells) < needed and not (columns[len(cells) - 1] == "url" and cells[-1].lower().endswith(".img")):
        found = f"line {number}: has {len(cells)} cells, and the header {needed}; it ends with '{cells[-1][-40:]}'"
        raise InputError(path, found, f"complete the line, or write a '{separator}' for each cell that stays empty")
