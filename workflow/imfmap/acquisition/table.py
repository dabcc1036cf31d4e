"""Product tables: the images that a search chose. The run uses them; people may read, edit and commit them."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..camera.times import parse_utc
from ..core.errors import InputError
from ..core.files import replacing
from ..maps.bodies import body
from ..maps.vectors import write_vector
from .outside import address
from .product_csv import read_lines

log = logging.getLogger(__name__)

# The archive's lists give times to a second or better.
_START_TOLERANCE_S = 2.0
# A table gives the angle at the image's centre. It changes by a degree in 30 km, and an image is some 26 km long.
_INCIDENCE_TOLERANCE_DEG = 3.0
COLUMNS = [
    "product",
    "url",
    "bytes",
    "incidence_deg",
    "emission_deg",
    "phase_deg",
    "resolution_m",
    "sub_solar_azimuth_deg",
    "start_time",
    "footprint",
]
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_TEXT = {"product": str, "url": str, "start_time": str, "footprint": str}
# The archive's numbers have no more significant decimals.
_DECIMALS = {
    "incidence_deg": 3,
    "emission_deg": 3,
    "phase_deg": 3,
    "resolution_m": 4,
    "sub_solar_azimuth_deg": 2,
}


def table_of(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the product table of rows, which are mappings by column, sorted by product."""
    table = pd.DataFrame(list(rows), columns=COLUMNS).sort_values("product", ignore_index=True)
    return table.round(_DECIMALS)


def read_table(path: str | Path) -> pd.DataFrame:
    """Return the product table of a CSV file, in its order; columns that the file lacks are empty.

    The run checks the lines of the table before it uses them (`product_table.read_products`).

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; cells that are empty or missing are empty text in text columns, NaN in the others.

    Raises
    ------
    InputError
        Where the file cannot be read, or a cell of a numeric column is no number.
    """
    lines = read_lines(path)
    rows = []
    for number, cells in lines.lines:
        row = {}
        for column in COLUMNS:
            cell = cells.get(column, "")
            row[column] = cell if column in _TEXT else lines.number(cell or "nan")
            if column not in _TEXT and isinstance(row[column], str):
                raise InputError(path, f"line {number}: {column}: '{cell}' is not a number", "correct the line")
        rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(set(COLUMNS) - set(_TEXT), float)).astype(_TEXT)
    whole = np.isfinite(table["bytes"]).all() and (table["bytes"] % 1 == 0).all()
    return table.astype({"bytes": np.int64}) if whole else table


def write_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write a product table as CSV."""
    with replacing(path) as temporary:
        table.assign(bytes=table["bytes"].astype("Int64")).to_csv(temporary, index=False, columns=COLUMNS)


def url_of(path: str | Path, product: str, acquisition: Mapping[str, Any] = _NOTHING) -> str:
    """Return the URL of a product in a product table.

    Parameters
    ----------
    path : path
    product : str
    acquisition : mapping
        The section of the config: the servers that it names may be anywhere.

    Raises
    ------
    InputError
        Where the table does not have the product, or no URL of it that may be asked (`outside.address`). An address of
        a file on this machine (``file:``) may: searches write none, and people may.
    """
    url = _row_of(path, product).get("url")
    if not url:
        raise InputError(path, f"has no URL of product {product}", "search again, or add it to the table")
    return url if url.startswith("file:///") else address(url, path, acquisition)


def _row_of(path, product):
    """Cells of a product in a table, by column; none where the table lacks it."""
    table = read_table(path)
    rows = table[table["product"] == product].to_dict("records")
    return rows[0] if rows else {}


def compare_image(path: str | Path, product: str, start_time: str, incidence_deg: float = np.nan) -> None:
    """Warn in the log if a product table says something else of an image than the image itself.

    What the table does not give, or does not give as a time or a number, is not compared.

    Parameters
    ----------
    path : path
        Product table.
    product : str
    start_time : str
        UTC of the first line, ISO 8601, from the label.
    incidence_deg : float
        Incidence angle in the middle of the image's part on the map; NaN if it is not known.
    """
    row = _row_of(path, product)
    try:
        difference_s = abs((parse_utc(row["start_time"]) - parse_utc(start_time)).total_seconds())
    except (KeyError, ValueError):
        difference_s = 0.0
    differs = {"start_time": difference_s > _START_TOLERANCE_S}
    differs["incidence_deg"] = abs(row.get("incidence_deg", np.nan) - incidence_deg) > _INCIDENCE_TOLERANCE_DEG
    found = {"start_time": start_time, "incidence_deg": incidence_deg}
    for column in (column for column, other in differs.items() if other):
        log.warning(
            "%s: product %s has %s %s, and the image that came has %s: check that it is the image that you want",
            path,
            product,
            column,
            row[column],
            found[column],
        )


def write_footprints(path: str | Path, table: pd.DataFrame, left_out: pd.DataFrame, body_name: str = "moon") -> None:
    """Write the outlines of images as GeoPackage, in the body's geographic CRS.

    Parameters
    ----------
    path : path
    table : pandas.DataFrame
        Product table: layer ``products``.
    left_out : pandas.DataFrame
        Product table with the column ``reason``: layer ``left_out``.
    """
    layers = {}
    for name, rows in (("products", table), ("left_out", left_out)):
        footprints = [shapely.from_wkt(wkt or None) for wkt in rows["footprint"]]
        frame = gpd.GeoDataFrame(
            rows.drop(columns="footprint"), geometry=footprints, crs=body(body_name).geographic
        ).reset_index(drop=True)
        layers[name] = frame[frame.geometry.notna()]
    write_vector(path, layers)
