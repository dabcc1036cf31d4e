"""Lines of product tables, as the workflow writes them and as spreadsheets save them.

The workflow reads this as it starts: nothing here takes long to import.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError

# Comma: the standard. Semicolon: spreadsheets in languages that write 0,5. Tab: "text" of spreadsheets.
_SEPARATORS = ",;\t"
_REMEDY = "save the table as CSV in UTF-8"


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
        """Return a cell as a number; as it is where it is none."""
        text = cell.replace(",", ".") if self.decimal_comma else cell
        try:
            return float(text)
        except ValueError:
            return cell


def read_lines(path: str | Path) -> ProductLines:
    """Read the lines of a product table (CSV).

    The separator is a comma, a semicolon or a tab: the first of them in the header, or what a line ``sep=;`` above
    the header says. A byte-order mark is skipped.

    Raises
    ------
    InputError
        Where the file cannot be read as text in UTF-8, or a line has more cells than the header.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = Path(path).read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(path, f"line {line}: is not text in UTF-8", _REMEDY) from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None
    rows, separator = _rows(path, text)
    header_line, header = next(rows, (1, []))
    columns = [name.strip() for name in header]
    for name in columns:
        if name and columns.count(name) > 1:
            raise InputError(path, f"line {header_line}: column '{name}' is there twice", "delete one of them")
    lines = []
    for number, row in rows:
        cells = [cell.strip() for cell in row]
        for place, cell in enumerate(cells):
            if cell and (place >= len(columns) or not columns[place]):
                raise InputError(
                    path,
                    f"line {number}: has more cells than the header ('{cell}')",
                    f"quote cells that hold '{separator}'",
                )
        named = {column: cell for column, cell in zip(columns, cells, strict=False) if cell}
        if named:
            lines.append((number, named))
    return ProductLines(tuple(filter(None, columns)), header_line, separator != ",", tuple(lines))


def _rows(path: str | Path, text: str) -> tuple[Iterator, str]:
    """Rows with the number of their first line, and the separator."""
    lines = [line + "\n" for line in text.split("\n")]
    skipped = 0
    while skipped < len(lines) and not lines[skipped].strip():
        skipped += 1
    first = lines[skipped].strip() if skipped < len(lines) else ""
    if first.lower().startswith("sep=") and first[4:] in tuple(_SEPARATORS):
        skipped, separator = skipped + 1, first[4:]
    else:
        separator = min((mark for mark in _SEPARATORS if mark in first), key=first.index, default=",")

    def rows():
        # A footprint may be longer than the module's own limit.
        csv.field_size_limit(max(len(text), csv.field_size_limit()))
        reader = csv.reader(lines[skipped:], delimiter=separator)
        while True:
            number = skipped + reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise InputError(path, f"line {number}: is no CSV ({error})", _REMEDY) from None
            yield number, row

    return rows(), separator
