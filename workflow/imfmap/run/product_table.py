"""The product table of a target (products.csv). A user may edit it, so that every line is checked."""

import csv
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from ..core.errors import InputError
from .config.explain import explain, near
from .config.fields import ABSENT, Azimuth, NotNegativeCount, Positive, ProductId, Section, number, text

_Angle: Any = number(ge=0, le=180)


class ProductRow(Section):
    """One line of the table, without its empty cells."""

    product: ProductId = Field(description="product id")
    url: text(r"^(https?|file)://", "an address", "http://, https:// or file://") = Field(
        description="address of the EDR"
    )
    bytes: NotNegativeCount = Field(ABSENT, description="size of the EDR")
    incidence_deg: _Angle = Field(ABSENT, description="incidence angle at the image's centre")
    emission_deg: _Angle = Field(ABSENT, description="emission angle at the image's centre")
    phase_deg: _Angle = Field(ABSENT, description="phase angle at the image's centre")
    resolution_m: Positive = Field(ABSENT, description="pixel size, metres")
    sub_solar_azimuth_deg: Azimuth = Field(ABSENT, description="direction towards the Sun in the image")
    start_time: str = Field(ABSENT, description="start of the image, UTC")
    footprint: str = Field(ABSENT, description="outline as WKT, longitudes -180..180")


_TEXT = ("product", "url", "start_time", "footprint")


def read_products(path: str | Path) -> list[str]:
    """Check every line of a product table, and return its product ids.

    Parameters
    ----------
    path : str or Path
        CSV with the columns of `ProductRow`.

    Returns
    -------
    list of str
        In the order of the table.

    Raises
    ------
    InputError
        On the first fault: file, line, column, what was found, what is allowed.
    """
    products = []
    with open(path, newline="") as file:
        table = csv.DictReader(file)
        for column in table.fieldnames or ():
            if column not in ProductRow.model_fields:
                found = f"line 1: unknown column '{column}'{near(column, ProductRow.model_fields)}"
                raise InputError(path, found, f"allowed: {', '.join(ProductRow.model_fields)}")
        for row in table:
            line = f"line {len(products) + 2}"
            if None in row:
                raise InputError(path, f"{line}: has more cells than the header", "quote cells that hold commas")
            cells = {column: _typed(column, cell) for column, cell in row.items() if cell not in ("", None)}
            try:
                product = ProductRow.model_validate(cells).product
            except ValidationError as error:
                found, remedy = explain(error.errors(include_url=False), ProductRow)
                raise InputError(path, f"{line}: {found}", remedy) from None
            if product in products:
                raise InputError(path, f"{line}: product {product} is in the table twice", "delete one of the lines")
            products.append(product)
    if not products:
        raise InputError(path, "lists no products", "search again, or add lines")
    return products


def _typed(column, cell):
    """Return a cell as a number if its column holds numbers; a cell that is not a number stays text."""
    if column in _TEXT:
        return cell
    try:
        return float(cell)
    except ValueError:
        return cell
