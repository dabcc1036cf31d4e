"""Fractures as files: GeoPackage, shapefile, GeoJSON, tables, and a summary in numbers."""

import csv
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from .bodies import body_of
from .filters import REASONS
from .rasters import replacing
from .vectors import write_vector

# Shapefiles hold names of 10 characters at most.
SHAPEFILE_FIELDS = {
    "fracture": "fracture",
    "area_m2": "area_m2",
    "length_m": "length_m",
    "total_length_m": "total_m",
    "mean_width_m": "mean_w_m",
    "max_width_m": "max_w_m",
    "orientation_deg": "orient_deg",
    "sinuosity": "sinuosity",
    "confidence": "confidence",
    "lon_deg": "lon_deg",
    "lat_deg": "lat_deg",
    "group": "group",
}
_DECIMALS = {"sinuosity": 3, "confidence": 3, "lon_deg": 7, "lat_deg": 7, "orientation_deg": 1}


def write_fractures(directory, kept, rejected):
    """Write fractures in three formats.

    ``fractures.gpkg`` has the layers ``fractures`` and ``rejected`` (with ``reason``), each with its style for QGIS.
    ``fractures.shp`` holds the fractures under the field names of `SHAPEFILE_FIELDS`. Both are on the map's CRS.
    ``fractures.geojson`` holds the fractures in longitude and latitude on the body, and names that CRS in the member
    ``crs`` of GeoJSON 2008: RFC 7946 knows no CRS but the Earth's WGS84, and a reader that assumes it would be wrong by
    the ratio of the radii. GDAL reads the member. A fracture across the antimeridian runs on past 180 degrees.

    Parameters
    ----------
    directory : path
    kept, rejected : geopandas.GeoDataFrame
        See `filters.filter_fractures`.
    """
    directory = Path(directory)
    kept, rejected = _rounded(kept), _rounded(rejected)
    write_vector(directory / "fractures.gpkg", {"fractures": kept, "rejected": rejected})
    write_vector(directory / "fractures.shp", kept.rename(columns=SHAPEFILE_FIELDS))
    geographic = kept.to_crs(body_of(kept.crs).geographic)
    geographic["geometry"] = [_unwrapped(geometry) for geometry in geographic.geometry]
    write_vector(directory / "fractures.geojson", geographic)


def summarise(kept, rejected, images=(), settings=None):
    """Statistics of a target's fractures.

    Parameters
    ----------
    kept, rejected : geopandas.GeoDataFrame
        See `filters.filter_fractures`.
    images : sequence of products.ImageFacts
        The images that were mapped.
    settings : mapping, optional
        How the map was made.

    Returns
    -------
    dict
        ``fractures``: ``polygons``, and ``groups`` once pieces in line count as one; ``area_m2``, ``length_m``,
        ``mean_width_m``: statistics (None without fractures; ``sd`` is the sample's, None below two);
        ``total_area_m2``, ``total_length_m`` (with branches).
        ``rejected``: number by reason. ``images``: facts of each. ``settings``.
    """
    fractures = {"polygons": len(kept), "groups": int(kept["group"].nunique())}
    for name in ("area_m2", "length_m", "mean_width_m"):
        fractures[name] = _statistics(kept[name])
    fractures["total_area_m2"], fractures["total_length_m"] = (
        round(float(kept[name].sum()), 1) for name in ("area_m2", "total_length_m")
    )
    return {
        "fractures": fractures,
        "rejected": {reason: int((rejected["reason"] == reason).sum()) for reason in REASONS},
        "images": [asdict(facts) for facts in images],
        "settings": dict(settings or {}),
    }


def write_summary(path, summary):
    """Write `summarise`'s result as JSON."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_fracture_table(path, fractures):
    """Write the fractures' numbers as CSV, a line each, under the names of the GeoPackage."""
    with replacing(path) as temporary:
        pd.DataFrame(fractures.drop(columns=fractures.geometry.name)).to_csv(temporary, index=False)


def write_statistics(path, summary):
    """Write `summarise`'s numbers as CSV: ``quantity`` (its path in the summary, joined by dots) and ``value``."""
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["quantity", "value"])
        writer.writerows(_flat(summary))


def _flat(value, name=""):
    """(path, value) of every number and word in nested dicts and lists; images go by their product."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            key = inner.get("product", number) if isinstance(inner, dict) else number
            yield from _flat(inner, f"{name}.{key}")
    else:
        yield name, "" if value is None else value


def _statistics(values):
    if not len(values):
        return None
    values = np.asarray(values, float)
    return {
        "mean": round(float(values.mean()), 1),
        "sd": round(float(values.std(ddof=1)), 1) if len(values) > 1 else None,
        "median": round(float(np.median(values)), 1),
        "min": round(float(values.min()), 1),
        "max": round(float(values.max()), 1),
    }


def _rounded(frame):
    """Round measures to the digits that mean something."""
    digits = {name: _DECIMALS.get(name, 2) for name in SHAPEFILE_FIELDS if pd.api.types.is_float_dtype(frame.get(name))}
    return frame.round(digits)


def _unwrapped(geometry):
    """Geometry in degrees whose longitudes do not jump by 360."""
    first = shapely.get_coordinates(geometry)[0, 0]

    def follow(points):
        return np.column_stack([first + (points[:, 0] - first + 180.0) % 360.0 - 180.0, points[:, 1]])

    return shapely.transform(geometry, follow)
