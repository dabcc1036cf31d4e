"""Product tables: what a search found, for the run to use and for people to read, edit and commit."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..core.errors import InputError
from ..core.files import replacing
from ..maps.bodies import body
from ..maps.vectors import write_vector
from .product_csv import read_lines

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
_TEXT = {"product": str, "url": str, "start_time": str, "footprint": str}
# Beyond these digits the archive's numbers say nothing.
_DECIMALS = {
    "incidence_deg": 3,
    "emission_deg": 3,
    "phase_deg": 3,
    "resolution_m": 4,
    "sub_solar_azimuth_deg": 2,
}


def table_of(rows):
    """Product table (pandas.DataFrame) of rows by column, sorted by product."""
    table = pd.DataFrame(list(rows), columns=COLUMNS).sort_values("product", ignore_index=True)
    return table.round(_DECIMALS)


def read_table(path: str | Path) -> pd.DataFrame:
    """Product table of a CSV file, in its order; columns that it lacks are empty.

    `run.product_table.read_products` checks its lines.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; text columns have empty text where nothing is known, the others NaN.

    Raises
    ------
    InputError
        Where the file cannot be read, or a number is none.
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


def write_table(path, table):
    """Write a product table as CSV."""
    with replacing(path) as temporary:
        table.assign(bytes=table["bytes"].astype("Int64")).to_csv(temporary, index=False, columns=COLUMNS)


def url_of(path, product):
    """URL of a product in a product table.

    Raises
    ------
    InputError
        Where the table does not have it.
    """
    table = read_table(path)
    found = table.loc[table["product"] == product, "url"]
    if found.empty or not found.iloc[0]:
        raise InputError(path, f"has no URL of product {product}", "search again, or add it to the table")
    return found.iloc[0]


def write_footprints(path, table, left_out, body_name="moon"):
    """Write outlines of images as GeoPackage, on the body's geographic CRS.

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
