"""Vectors and numbers of a map as small JSON, in pixels of the map."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from ...fractures.fracture_columns import COLUMNS
from ...maps import qml_styles

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
        feature a list of polygons, each a list of rings; or ``lines``: a list of lines. A ring or line has column and
        row of its first corner in quarter pixels, then the steps from corner to corner.
    """
    frame = frame.drop(columns=[name for name in _PROFILE if name in frame.columns])
    names = [name for name in _LABELLED if name in frame.columns]
    names += [name for name in frame.columns if name not in _LABELLED and name != frame.geometry.name]
    return {
        "columns": [{"name": name, **_label_and_unit(name)} for name in names],
        "values": {name: _plain(frame[name]) for name in names},
        **_shapes(frame, grid),
    }


def profiles(centrelines: "geopandas.GeoDataFrame") -> dict[str, list[list[float]]]:
    """Return the width profile of the longest line of each fracture: distances and widths in metres, by its number.

    Parameters
    ----------
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`.
    """
    longest = centrelines[centrelines["line"] == 0]
    return {
        str(number): [[round(value, 1) for value in json.loads(values)] for values in (distances, widths)]
        for number, distances, widths in zip(
            longest["fracture"], longest["distances_m"], longest["widths_m"], strict=True
        )
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
    if len(frame) and frame.geom_type.isin(("LineString", "MultiLineString")).all():
        return {"lines": [[_steps(line, grid) for line in shapely.get_parts(shape)] for shape in frame.geometry]}
    return {"outlines": [_rings(shape, grid) for shape in frame.geometry]}


def _rings(geometry, grid):
    return [
        [_steps(ring, grid) for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shapely.get_parts(geometry)
        if not polygon.is_empty
    ]


def _steps(line, grid):
    points = shapely.get_coordinates(line)
    # The last point of a ring is its first one again.
    row, column = grid.rowcol(*(points[:-1] if line.geom_type == "LinearRing" else points).T)
    points = np.rint(np.stack([column + 0.5, row + 0.5], axis=1) / QUANTUM_PX).astype(int)
    return np.diff(points, axis=0, prepend=0).ravel().tolist()
