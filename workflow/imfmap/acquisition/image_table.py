"""What a user knows of images that were projected elsewhere: a table (CSV), and names of files.

The workflow reads this as it starts: nothing here takes long to import.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from ..camera.times import parse_utc
from ..core.errors import InputError
from .product_csv import read_lines

# Least and largest value of each number. The largest incidence does not count: no ground is lit there.
_LIMITS = {
    "sun_azimuth_deg": (0.0, 360.0),
    "incidence_deg": (0.0, 90.0),
    "emission_deg": (0.0, 180.0),
    "phase_deg": (0.0, 180.0),
    "resolution_m": (0.0, math.inf),
}
# LROC's id of a NAC image somewhere in a file's name.
_NAC_ID = re.compile(r"(?<![A-Z0-9])M[0-9]{9,10}[LR][EC]?(?![A-Z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class KnownFacts:
    """What is known of one image; None for what is not.

    Attributes
    ----------
    start_time : str
        UTC, ISO 8601.
    sun_azimuth_deg : float
        Direction towards the Sun on the ground, clockwise from north.
    incidence_deg, emission_deg, phase_deg : float
    resolution_m : float
        Size of the camera's pixels on the ground.
    """

    start_time: str | None = None
    sun_azimuth_deg: float | None = None
    incidence_deg: float | None = None
    emission_deg: float | None = None
    phase_deg: float | None = None
    resolution_m: float | None = None

    @classmethod
    def of(cls, cells: Mapping[str, str | float], where: str) -> Self:
        """Return the facts in the cells of a line or in the tags of a file. Other cells are ignored.

        Parameters
        ----------
        cells : mapping
            Values by the names of the attributes.
        where : str
            File, and line or tags, named in messages.

        Raises
        ------
        InputError
            If a value is no number, out of its range, or no time.
        """
        given = {field.name: cells[field.name] for field in fields(cls) if field.name in cells}
        if "start_time" in given:
            given["start_time"] = _time(given["start_time"], where)
        for name, (low, high) in _LIMITS.items():
            if name in given:
                given[name] = _number(given[name], f"{where}: {name}", low, high, open_ended=name != "sun_azimuth_deg")
        return cls(**given)

    def or_else(self, other: Self) -> Self:
        """Return these facts, with those of `other` in the place of what is not known."""
        pairs = ((name, getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__)
        return type(self)(**{name: mine if mine is not None else theirs for name, mine, theirs in pairs})


def _time(value, where):
    try:
        return parse_utc(str(value)).isoformat(timespec="milliseconds")
    except ValueError:
        remedy = "write it as 2009-11-29T14:51:21.968"
        raise InputError(f"{where}: start_time", f"'{value}' is not a UTC time in ISO 8601", remedy) from None


def _number(value, where, low, high, open_ended):
    try:
        number = float(value)
    except ValueError:
        raise InputError(where, f"'{value}' is not a number", "correct it") from None
    if not low <= number <= high or (open_ended and number == high) or not math.isfinite(number):
        allowed = f"at least {low:g}" + (f" and {'below' if open_ended else 'at most'} {high:g}" * math.isfinite(high))
        raise InputError(where, f"{number:g} is out of range", f"allowed: {allowed}")
    return number


def row_of(table_path: str | Path, image_path: str | Path) -> dict[str, str | float]:
    """Return what a table says of one image.

    A line is for an image if its cell ``product`` is the name of the image's file, with or without its suffix, or the
    id of the NAC image in that name. Columns other than those of `KnownFacts` are ignored.

    Parameters
    ----------
    table_path : path
        CSV; `product_csv.read_lines` says which forms of it.
    image_path : path

    Returns
    -------
    dict
        Values by attribute of `KnownFacts`, without empty cells; empty if the table does not have the image.

    Raises
    ------
    InputError
        If the table cannot be read, lacks the column ``product`` or all others, has two lines for the image, or a wrong
        value in its line.
    """
    table = read_lines(table_path)
    known = [field.name for field in fields(KnownFacts)]
    if "product" not in table.columns or not set(known) & set(table.columns):
        found = f"line {table.header_line}: its columns are {', '.join(table.columns) or 'none'}"
        raise InputError(table_path, found, f"give product, and any of {', '.join(known)}")
    name = Path(image_path).name
    names = {name, Path(name).stem}
    lines = [
        (number, cells)
        for number, cells in table.lines
        if "product" in cells and (cells["product"] in names or cells["product"].upper() == nac_id(name))
    ]
    if len(lines) > 1:
        numbers = " and ".join(str(number) for number, _ in lines)
        raise InputError(table_path, f"lines {numbers} are both for {name}", "delete one of them")
    if not lines:
        return {}
    ((number, cells),) = lines
    row = {key: cell if key == "start_time" else table.number(cell) for key, cell in cells.items() if key in known}
    KnownFacts.of(row, f"{table_path}: line {number}")
    return row


def nac_id(path: str | Path) -> str | None:
    """Return the id of a NAC image in the name of a file, in capitals; None if there is none."""
    found = _NAC_ID.search(Path(path).name)
    return found[0].upper() if found else None
