"""Vectors and numbers of a map as small JSON, in pixels of the map."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from ...fractures.fracture_columns import COLUMNS
from ...maps import qml_styles
from .steps import encoded

if TYPE_CHECKING:
    import geopandas

    from ...maps.grids import MapGrid

# Corners of outlines are rounded to quarter pixels. Outlines along pixel edges stay exact.
QUANTUM_PX = 0.25
_LABELLED = {column.name: column for column in COLUMNS if column.label}
# Width profiles, which `profiles` gives.
_PROFILE = ("distances_m", "widths_m")
_UNITS = {"_m": "m", "_m2": "m²", "_km": "km", "_km2": "km²", "_deg": "°"}


def features(frame: "geopandas.GeoDataFrame", grid: "MapGrid") -> dict[str, Any]:
    """Return a layer as values for JSON.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Polygons or lines in the CRS of the grid.
    grid : MapGrid

    Returns
    -------
    dict
        ``columns``: name, label, unit and decimals of each; ``values``: a list for each column; ``outlines``: for each
        feature a list of polygons, each with the number of corners of each ring; or ``lines``: for each feature the
        number of points of each line; ``corners``: columns and rows of all of them in quarter pixels (see
        `steps.encoded`). Lines are simplified to a quarter pixel.
    """
    frame = frame.drop(columns=[name for name in _PROFILE if name in frame.columns])
    names = [name for name in _LABELLED if name in frame.columns]
    names += [name for name in frame.columns if name not in _LABELLED and name != frame.geometry.name]
    return {
        "columns": [{"name": name, **_label_and_unit(name)} for name in names],
        "values": {name: _plain(frame[name]) for name in names},
        **_shapes(frame, grid),
    }


def profiles(centrelines: "geopandas.GeoDataFrame") -> dict[str, Any]:
    """Return the width profile of the longest line of each fracture.

    Parameters
    ----------
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`.

    Returns
    -------
    dict
        ``fractures``: the number of each fracture; ``counts``: how many widths its profile has; ``decimetres``:
        distance and width of all of them, in 0.1 m (see `steps.encoded`).
    """
    longest = centrelines[centrelines["line"] == 0]
    pairs = [
        np.array([json.loads(distances), json.loads(widths)], float).reshape(2, -1).T
        for distances, widths in zip(longest["distances_m"], longest["widths_m"], strict=True)
    ]
    values = np.concatenate([np.zeros((0, 2)), *pairs])
    return {
        "fractures": longest["fracture"].tolist(),
        "counts": [len(pair) for pair in pairs],
        "decimetres": encoded(np.rint(10 * values).astype(int)),
    }


def classes(name: str) -> dict[str, Any]:
    """Return the style of a layer: its column, and label, limits and colours of each class."""
    style = qml_styles.vector_style(name)
    return {
        "column": style.column,
        "classes": [
            {
                "label": part.label,
                "lower": part.lower,
                "upper": part.upper,
                "value": part.value,
                "fill": _rgba(part.fill),
                "line": _rgba(part.outline),
                "casing": _rgba(part.casing[0]) if part.casing else None,
                "swatch": qml_styles.css(part.outline),
            }
            for part in style.classes
        ],
    }


def _rgba(colour):
    return f"rgba({colour[0]}, {colour[1]}, {colour[2]}, {colour[3] / 255:.3g})"


def _label_and_unit(name):
    if name in _LABELLED:
        column = _LABELLED[name]
        return {
            "label": column.label,
            "unit": column.unit if column.kind is not str else "",
            "decimals": column.shown_decimals,
        }
    # A column without a label, such as one in a layer of the user's, has its unit in its name.
    stem, _, last = name.rpartition("_")
    unit = _UNITS.get(f"_{last}", "") if stem else ""
    words = stem if unit else name
    return {"label": words.replace("_", " ").capitalize(), "unit": unit, "decimals": 2}


def _plain(column):
    """Return the values of a column as JSON can hold them; None for missing values."""
    values = column.astype(object).where(column.notna(), None)
    if pd.api.types.is_float_dtype(column):
        return [None if value is None else round(float(value), 7) for value in values]
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _shapes(frame, grid):
    shapes = frame.geometry.values
    if len(frame) and frame.geom_type.isin(("LineString", "MultiLineString")).all():
        lines, owners = shapely.get_parts(shapely.simplify(shapes, QUANTUM_PX * grid.resolution_m), return_index=True)
        counts = shapely.get_num_coordinates(lines)
        return {
            "lines": _grouped(counts, owners, len(shapes)),
            "corners": _corners(shapely.get_coordinates(lines), grid),
        }
    polygons, owners = shapely.get_parts(shapes, return_index=True)
    there = ~shapely.is_empty(polygons)
    rings, parts = shapely.get_rings(polygons[there], return_index=True)
    # The last point of a ring is its first one again.
    open_rings = [shapely.get_coordinates(ring)[:-1] for ring in rings]
    by_polygon = _grouped([len(ring) for ring in open_rings], parts, int(there.sum()))
    outlines = _grouped(by_polygon, owners[there], len(shapes))
    return {"outlines": outlines, "corners": _corners(np.concatenate([np.zeros((0, 2)), *open_rings]), grid)}


def _grouped(items, owners, number):
    """Return a list for each of a number of owners, with its items."""
    groups = [[] for _ in range(number)]
    for item, owner in zip(items, owners, strict=True):
        groups[owner].append(item if isinstance(item, list) else int(item))
    return groups


def _corners(points, grid):
    row, column = grid.rowcol(*points.T)
    return encoded(np.rint(np.stack([column + 0.5, row + 0.5], axis=1) / QUANTUM_PX).astype(int))
