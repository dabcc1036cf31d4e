"""Compare maps of one place that have finer and coarser pixels."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..core.files import replacing
from ..labels.width_classes import WIDTH_BOUNDS_M, WIDTH_CLASSES, width_class
from ..learning.evaluation_tables import write_table_pages
from ..maps.vectors import read_vector
from .polygon_scores import score_polygons

# A fracture counts as found if at least this share of its area, or of its centreline, is covered.
FOUND_SHARE = 0.5
_CLASSES = WIDTH_BOUNDS_M.items()
_NOTES = (
    "Found again: of the fractures of the finest map, those of which a coarser one covers at least half of the area. "
    "True ones found: those of which at least half of the centreline lies in a mapped fracture, or within half a "
    "pixel of the coarsest map of one. Precision, recall and F1 are of the pixels of the exact truth, at its own "
    "resolution. Classes are the paper's, of the mean width: "
    + ", ".join(f"{name} below {high:g} m" if high < math.inf else f"{name} above." for name, (_, high) in _CLASSES)
)


def compare_maps(
    maps: Mapping[str, gpd.GeoDataFrame], resolutions_m: Sequence[float], truth_folder: str | Path | None = None
) -> pd.DataFrame:
    """Return sizes and scores of the maps of one place.

    Parameters
    ----------
    maps : mapping of str to geopandas.GeoDataFrame
        Fractures of each map by its name, the map with the finest pixels first (see `measures.measure`).
    resolutions_m : sequence of float
        Pixel sizes of the maps, in the same order.
    truth_folder : path, optional
        Folder with ``truth.tif`` and ``truth.gpkg`` of a simulated target.

    Returns
    -------
    pandas.DataFrame
        One row per map: ``map``, ``resolution_m``; ``fractures`` (their number), ``length_km`` (with branches),
        ``area_m2``, ``median_width_m``, ``largest_m2``, ``longest_m``; for all maps but the first ``found_again`` and
        ``found_again_<width class>``, shares of the first map's fractures (NaN if it has none). With the truth also
        ``precision``, ``recall``, ``f1`` of pixels, and ``true_found``, ``true_found_<width class>``. All shares are
        0..1.
    """
    finest = next(iter(maps.values()))
    classes = _classes(finest["mean_width_m"])
    lines = read_vector(f"{truth_folder}/truth.gpkg", "centrelines", finest.crs) if truth_folder else None
    # The same reach for all maps: else the rule would be less strict for coarser maps.
    reach_m = max(resolutions_m) / 2
    rows = []
    for (name, found), resolution_m in zip(maps.items(), resolutions_m, strict=True):
        row = {"map": name, "resolution_m": resolution_m, **_size(found)}
        if found is not finest:
            row |= _shares("found_again", covered(finest.geometry, found.geometry) >= FOUND_SHARE, classes)
        if truth_folder:
            scores = score_polygons(found, f"{truth_folder}/truth.tif")
            row |= {key: np.nan if scores[key] is None else scores[key] for key in ("precision", "recall", "f1")}
            seen = covered(lines.geometry, found.geometry.buffer(reach_m)) >= FOUND_SHARE
            row |= _shares("true_found", seen, _classes(lines["width_m"]))
        rows.append(row)
    return pd.DataFrame(rows)


def covered(shapes: gpd.GeoSeries, others: gpd.GeoSeries) -> np.ndarray:
    """Return the share of each shape's area, or of each line's length, that lies in any of the polygons `others`.

    Parameters
    ----------
    shapes, others : geopandas.GeoSeries
        In the same CRS.

    Returns
    -------
    ndarray
        (N,), 0..1.
    """
    shapes = np.asarray(shapes, object)
    share = np.zeros(len(shapes))
    if not len(shapes) or not len(others):
        return share
    polygons = gpd.GeoSeries(others).union_all()
    parts = shapely.get_parts(polygons)
    which, _ = shapely.STRtree(parts).query(shapes, predicate="intersects")
    for index in np.unique(which):
        inside = shapely.intersection(shapes[index], polygons)
        area = shapes[index].area
        share[index] = inside.area / area if area else inside.length / max(shapes[index].length, 1e-9)
    return share


def write_comparison(
    tables: Mapping[str, pd.DataFrame], csv_path: str | Path, markdown_path: str | Path, html_path: str | Path
) -> None:
    """Write the tables of `compare_maps`.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables by target.
    csv_path : path
        File of all tables in one, with ``target`` as first column; shares 0..1.
    markdown_path, html_path : path
        Files for people; shares in percent.
    """
    whole = pd.concat([table.assign(target=name) for name, table in tables.items()])
    whole = whole[["target", *[column for column in whole.columns if column != "target"]]]
    with replacing(csv_path) as temporary:
        whole.round(4).to_csv(temporary, index=False)
    parts = []
    for name, table in tables.items():
        parts.append((f"{name}: the maps", _rounded_sizes(table)))
        if "f1" in table:
            parts.append((f"{name}: against the exact truth, %", _against_truth(table)))
    write_table_pages(parts, markdown_path, html_path, "Finer and coarser pixels", _NOTES)


def _size(found):
    width = float(found["mean_width_m"].median()) if len(found) else np.nan
    return {
        "fractures": len(found),
        "length_km": float(found["total_length_m"].sum()) / 1000.0,
        "area_m2": float(found["area_m2"].sum()),
        "median_width_m": width,
        "largest_m2": float(found["area_m2"].max()) if len(found) else np.nan,
        "longest_m": float(found["length_m"].max()) if len(found) else np.nan,
    }


def _classes(widths_m):
    return np.array([width_class(width) for width in widths_m], object)


def _shares(name, hit, classes):
    def share(chosen):
        return float(chosen.mean()) if len(chosen) else np.nan

    return {name: share(hit)} | {f"{name}_{kind}": share(hit[classes == kind]) for kind in WIDTH_CLASSES}


def _rounded_sizes(table):
    columns = {"map": table["map"], "fractures": table["fractures"].astype(str)}
    columns |= {
        "length, km": table["length_km"].map("{:.1f}".format),
        "area, m\u00b2": table["area_m2"].map("{:.0f}".format),
        "median width, m": table["median_width_m"].map(_number),
        "largest, m\u00b2": table["largest_m2"].map("{:.0f}".format).replace("nan", "-"),
        "longest, m": table["longest_m"].map("{:.0f}".format).replace("nan", "-"),
    }
    if "found_again" in table:
        columns |= _percents(table, "found_again", "found again, %")
    return pd.DataFrame(columns)


def _against_truth(table):
    names = {"precision": "P", "recall": "R", "f1": "F1"}
    columns = {"map": table["map"]} | {short: (100 * table[name]).map(_number) for name, short in names.items()}
    return pd.DataFrame(columns | _percents(table, "true_found", "true ones found"))


def _percents(table, name, title):
    kinds = [kind for kind in WIDTH_CLASSES if table[f"{name}_{kind}"].notna().any()]
    columns = {title: (100 * table[name]).map(_number)}
    return columns | {kind: (100 * table[f"{name}_{kind}"]).map(_number) for kind in kinds}


def _number(value):
    return "-" if np.isnan(value) else f"{value:.1f}"
