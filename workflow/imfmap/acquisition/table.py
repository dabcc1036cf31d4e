"""Product tables: what a search found, for the run to use and for people to read, edit and commit."""

import geopandas as gpd
import pandas as pd
import shapely

from ..core.errors import InputError
from ..core.files import replacing
from ..maps.bodies import body
from ..maps.vectors import write_vector

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


def read_table(path):
    """Product table of a CSV file, in its order; columns that it lacks are empty.

    `run.product_table.read_products` checks its lines.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; text columns have empty text where nothing is known.
    """
    table = pd.read_csv(path, dtype=_TEXT).reindex(columns=COLUMNS)
    return table.fillna(dict.fromkeys(_TEXT, "")).astype(_TEXT)


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
