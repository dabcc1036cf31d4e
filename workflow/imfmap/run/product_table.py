"""The product table of a target (products.csv). A user may edit it, so that every line is checked."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from pydantic import Field, ValidationError

from ..acquisition.product_csv import read_lines
from ..core.errors import InputError
from ..core.product_ids import full_id, named_product
from .config.explain import explain, near
from .config.fields import ABSENT, Azimuth, NotNegativeCount, Positive, ProductId, Section, number, text

# By their signs alone: an archive may write what no reader here knows, but nothing of another line's address.
_Time: Any = text(r"^[A-Za-z0-9 .:+-]+$", "a time", "in UTC, such as 2010-01-31T12:00:00")
_Outline: Any = text(r"^[A-Za-z0-9 .,()+-]+$", "an outline", "as WKT, such as POLYGON ((...))")
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
    start_time: _Time = Field(ABSENT, description="start of the image, UTC")
    footprint: _Outline = Field(ABSENT, description="outline as WKT, longitudes -180..180")


_TEXT = ("product", "url", "start_time", "footprint")


def read_products(path: str | Path) -> list[str]:
    """Check every line of a product table, and return its product ids.

    Parameters
    ----------
    path : str or Path
        CSV with the columns of `ProductRow`; `product_csv.read_lines` says which forms of CSV.

    Returns
    -------
    list of str
        In the order of the table.

    Raises
    ------
    InputError
        On the first fault: file, line, column, what was found, what is allowed.
    """
    products, lines_of = [], {}
    table = read_lines(path)
    for column in table.columns:
        if column not in ProductRow.model_fields:
            found = f"line {table.header_line}: unknown column '{column}'{near(column, ProductRow.model_fields)}"
            raise InputError(path, found, f"allowed: {', '.join(ProductRow.model_fields)}")
    for number_of_line, row in table.lines:
        line = f"line {number_of_line}"
        cells = {column: cell if column in _TEXT else table.number(cell) for column, cell in row.items()}
        try:
            checked = ProductRow.model_validate(cells)
        except ValidationError as error:
            found, remedy = explain(error.errors(include_url=False), ProductRow)
            raise InputError(path, f"{line}: {found}", remedy) from None
        product = checked.product
        other = named_product(unquote(urlparse(checked.url).path))
        if other not in (None, full_id(product)):
            raise InputError(path, f"{line}: product {product} has the url of {other}", "correct one of the two")
        first = lines_of.setdefault(full_id(product), number_of_line)
        if first != number_of_line:
            found = f"{line}: product {product} is in the table twice, first in line {first}"
            raise InputError(path, found, "delete one of the lines")
        products.append(product)
    if not products:
        raise InputError(path, "lists no products", "search again, or add lines")
    return products
