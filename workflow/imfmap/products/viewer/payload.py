"""A map's vectors and numbers as JSON: small, and in the map's own pixels."""

import numpy as np
import pandas as pd
import shapely

from ...maps import qml_styles

# Outlines are whole numbers of quarter pixels; those along pixel edges are exact.
QUANTUM_PX = 0.25
# Columns by their order in the viewer: what it says, its unit, decimals.
COLUMNS = {
    "fracture": ("Number", "", 0),
    "reason": ("Rejected as", "", None),
    "length_m": ("Length", "m", 1),
    "total_length_m": ("Length with branches", "m", 1),
    "mean_width_m": ("Mean width", "m", 1),
    "max_width_m": ("Largest width", "m", 1),
    "area_m2": ("Area", "m²", 0),
    "orientation_deg": ("Orientation", "°", 1),
    "sinuosity": ("Sinuosity", "", 2),
    "confidence": ("Confidence", "", 2),
    "group": ("Group", "", 0),
    "products": ("Seen by", "", None),
    "images_seen": ("Images that cover it", "", 0),
    "images_agreed": ("Images that agree", "", 0),
    "sun_azimuth_north_deg": ("Sun azimuth from north", "°", 1),
    "incidences_deg": ("Incidence, all", "", None),
    "sun_azimuths_north_deg": ("Sun azimuths, all", "", None),
    "pond": ("Candidate", "", 0),
    "fractures": ("Fractures", "", 0),
    "density_km_km2": ("Length over area", "km/km²", 1),
    "lon_deg": ("Longitude", "°", 5),
    "lat_deg": ("Latitude", "°", 5),
    "product": ("Image", "", None),
    "start_time": ("Start", "", None),
    "sun_azimuth_deg": ("Sun azimuth on the map", "°", 1),
    "incidence_deg": ("Incidence", "°", 1),
    "emission_deg": ("Emission", "°", 1),
    "phase_deg": ("Phase", "°", 1),
    "ground_resolution_m": ("Image pixel", "m", 2),
}
_UNITS = {"_m": "m", "_m2": "m²", "_km": "km", "_km2": "km²", "_deg": "°"}


def features(frame, grid):
    """A layer as JSON.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In the CRS of the grid.
    grid : MapGrid

    Returns
    -------
    dict
        ``columns``: list of name, label, unit, decimals; ``values``: a list by column; ``outlines``: of each feature
        its polygons, of each polygon its rings, of each ring column and row of its first corner in quarter pixels,
        then steps from corner to corner.
    """
    names = [name for name in COLUMNS if name in frame.columns]
    names += [name for name in frame.columns if name not in COLUMNS and name != frame.geometry.name]
    return {
        "columns": [{"name": name, **_told(name)} for name in names],
        "values": {name: _plain(frame[name]) for name in names},
        "outlines": [_rings(geometry, grid) for geometry in frame.geometry],
    }


def classes(name):
    """Classes of a layer's style: column, and of each class its label, limits and colours."""
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
                "swatch": qml_styles.css(part.outline),
            }
            for part in style.classes
        ],
    }


def _rgba(colour):
    return f"rgba({colour[0]}, {colour[1]}, {colour[2]}, {colour[3] / 255:.3g})"


def _told(name):
    if name in COLUMNS:
        label, unit, decimals = COLUMNS[name]
        return {"label": label, "unit": unit, "decimals": decimals}
    # A column that the viewer does not know says its unit in its name.
    stem, _, last = name.rpartition("_")
    unit = _UNITS.get(f"_{last}", "") if stem else ""
    words = stem if unit else name
    return {"label": words.replace("_", " ").capitalize(), "unit": unit, "decimals": 2}


def _plain(column):
    """Values of a column that JSON can hold; None for what is missing."""
    values = column.astype(object).where(column.notna(), None)
    if pd.api.types.is_float_dtype(column):
        return [None if value is None else round(float(value), 7) for value in values]
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _rings(geometry, grid):
    return [
        [_steps(ring, grid) for ring in (polygon.exterior, *polygon.interiors)]
        for polygon in shapely.get_parts(geometry)
        if not polygon.is_empty
    ]


def _steps(ring, grid):
    # The last point of a ring is its first one again.
    row, column = grid.rowcol(*shapely.get_coordinates(ring)[:-1].T)
    points = np.rint(np.stack([column + 0.5, row + 0.5], axis=1) / QUANTUM_PX).astype(int)
    return np.diff(points, axis=0, prepend=0).ravel().tolist()
