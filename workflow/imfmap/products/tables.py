"""Fractures as files: GeoPackage, shapefile, GeoJSON, tables, and a summary in numbers."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas
import numpy as np
import pandas as pd
import shapely

from ..core.files import replacing
from ..fractures.accept import REASONS
from ..fractures.column_texts import MEANINGS, texts_of
from ..fractures.fracture_columns import COLUMNS, SHAPEFILE_FIELDS
from ..fractures.segments import segments_of
from ..labels.width_classes import WIDTH_CLASSES, width_class
from ..maps.bodies import body_of
from ..maps.large_shapes import places_along
from ..maps.vectors import LayerDescription, write_vector

if TYPE_CHECKING:
    from ..maps.coregistration_tag import Coregistration
    from ..maps.image_facts import ImageFacts


def write_fractures(
    directory: str | Path,
    kept: geopandas.GeoDataFrame,
    rejected: geopandas.GeoDataFrame,
    centrelines: geopandas.GeoDataFrame,
    ponds: geopandas.GeoDataFrame,
) -> None:
    """Write fractures in three formats.

    ``fractures.gpkg`` has the layers ``fractures``, ``centrelines``, ``segments`` (see `segments.segments_of`),
    ``candidate_ponds`` and ``rejected`` (with ``reason``), each with its style for QGIS. ``fractures.shp`` has the
    fractures with the field names of `SHAPEFILE_FIELDS`. Both are in the map's CRS.

    ``fractures.geojson`` has the fractures in longitude and latitude on the body. It names this CRS in the member
    ``crs`` of GeoJSON 2008, which GDAL reads. RFC 7946 allows only the Earth's WGS84; with it, distances would be wrong
    by the ratio of the radii. The longitudes of a fracture across the antimeridian continue past 180 degrees.

    Parameters
    ----------
    directory : str or Path
    kept, rejected : geopandas.GeoDataFrame
        See `accept.filter_fractures`.
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`. Only those of kept fractures are written.
    ponds : geopandas.GeoDataFrame
        See `pond_candidates.candidate_ponds`.
    """
    directory = Path(directory)
    kept, rejected = _rounded(kept), _rounded(rejected)
    lines = _rounded(centrelines[centrelines["fracture"].isin(kept["fracture"])])
    segments = _rounded(segments_of(lines))
    layers = {
        "fractures": kept,
        "centrelines": lines,
        "segments": segments,
        "candidate_ponds": ponds,
        "rejected": rejected,
    }
    types = {"centrelines": "LineString", "segments": "LineString", "candidate_ponds": "MultiPolygon"}
    write_vector(directory / "fractures.gpkg", layers, types, descriptions=descriptions_of(layers))
    write_vector(directory / "fractures.shp", kept.rename(columns=SHAPEFILE_FIELDS))
    write_vector(directory / "fractures.geojson", in_longitude_latitude(kept))


def in_longitude_latitude(fractures: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return fractures in planetocentric longitude and latitude (deg) on their body.

    The longitudes of a fracture across the antimeridian continue past 180 degrees.
    """
    geographic = fractures.to_crs(body_of(fractures.crs).geographic)
    geographic["geometry"] = [_unwrapped(geometry) for geometry in geographic.geometry]
    return geographic


def descriptions_of(layers: Iterable[str]) -> dict[str, LayerDescription]:
    """Return what the layers of fractures and of images hold, for their GeoPackages."""
    return {name: LayerDescription(MEANINGS[name], texts_of(name)) for name in layers}


def summarise(
    kept: geopandas.GeoDataFrame,
    rejected: geopandas.GeoDataFrame,
    images: "Sequence[ImageFacts]" = (),
    settings: Mapping[str, Any] | None = None,
    coregistrations: "Sequence[Coregistration | None]" = (),
) -> dict[str, Any]:
    """Return statistics of a target's fractures.

    Parameters
    ----------
    kept, rejected : geopandas.GeoDataFrame
        See `accept.filter_fractures`.
    images : sequence of image_facts.ImageFacts
        The images that were mapped.
    settings : mapping, optional
        How the map was made.
    coregistrations : sequence of coregistration_tag.Coregistration or None
        How each image was co-registered, if any was.

    Returns
    -------
    dict
        ``fractures``: ``polygons`` (their number) and ``groups`` (pieces in line count as one); statistics of
        ``area_m2``, ``length_m``, ``mean_width_m`` and ``max_width_m`` (None without fractures; ``sd`` is the standard
        deviation of the sample, None for one fracture); ``total_area_m2`` and ``total_length_m`` (with branches);
        ``width_classes``: for each width class of the paper, by mean width, ``polygons``, ``share``, ``area_m2`` and
        ``total_length_m``.
        ``rejected``: number by reason. ``images``: facts of each image, None for those not known; with
        ``coregistration``, if it was co-registered. ``settings``.
    """
    fractures = {"polygons": len(kept), "groups": int(kept["group"].nunique())}
    for name in ("area_m2", "length_m", "mean_width_m", "max_width_m"):
        fractures[name] = _statistics(kept[name])
    fractures["total_area_m2"], fractures["total_length_m"] = (
        round(float(kept[name].sum()), 1) for name in ("area_m2", "total_length_m")
    )
    fractures["width_classes"] = _width_classes(kept)
    return {
        "fractures": fractures,
        "rejected": {reason: int((rejected["reason"] == reason).sum()) for reason in REASONS},
        "images": [
            _known(facts.listed()) | ({"coregistration": asdict(shift)} if shift else {})
            for facts, shift in zip_longest(images, coregistrations[: len(images)])
        ],
        "settings": dict(settings or {}),
    }


def summarise_segments(segments: geopandas.GeoDataFrame) -> dict[str, Any]:
    """Return statistics of the segments of a target's fractures (see `segments.segments_of`).

    Returns
    -------
    dict
        ``number``, and statistics of ``length_m`` and ``mean_width_m`` as those of `summarise`.
    """
    names = ("length_m", "mean_width_m")
    return {"number": len(segments), **{name: _statistics(segments[name]) for name in names}}


def _known(facts):
    """Return facts with None for numbers that are not known: JSON has no NaN."""
    return {name: None if value != value else value for name, value in facts.items()}


def summarise_ground(
    kept: geopandas.GeoDataFrame, counted_km2: float, mapped_km2: float, density: np.ndarray
) -> dict[str, float | None]:
    """Return the amount of fractures per area of ground.

    Parameters
    ----------
    kept : geopandas.GeoDataFrame
    counted_km2 : float
        Mapped ground on which fractures count: only floor and ponds, if fractures elsewhere are rejected.
    mapped_km2 : float
        All mapped ground.
    density : ndarray
        Bands that `density.density_map` returns.

    Returns
    -------
    dict
        ``mapped_km2``; ``counted_km2``; per counted area ``length_km_per_km2``, ``fractures_per_km2`` and
        ``area_percent``; ``largest_km_per_km2``: the maximum of the density map. Values are None if nothing is mapped.
    """
    values = {
        "length_km_per_km2": kept["total_length_m"].sum() / 1e3,
        "fractures_per_km2": len(kept),
        "area_percent": kept["area_m2"].sum() / 1e4,
    }
    known = np.isfinite(density[0])
    return {
        "mapped_km2": round(mapped_km2, 4),
        "counted_km2": round(counted_km2, 4),
        **{name: round(float(value) / counted_km2, 3) if counted_km2 else None for name, value in values.items()},
        "largest_km_per_km2": round(float(density[0][known].max()), 3) if known.any() else None,
    }


def write_summary(path: str | Path, summary: Mapping[str, Any]) -> None:
    """Write the result of `summarise` as JSON."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_geoparquet(path: str | Path, fractures: geopandas.GeoDataFrame) -> None:
    """Write fractures as GeoParquet 1.1, in their CRS, with a column of bounding boxes by which readers find places."""
    with replacing(path) as temporary:
        fractures.to_parquet(
            temporary, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True
        )


def write_fracture_table(path: str | Path, fractures: geopandas.GeoDataFrame) -> None:
    """Write the numbers of fractures as CSV: one line for each fracture, with the column names of the GeoPackage."""
    with replacing(path) as temporary:
        pd.DataFrame(fractures.drop(columns=fractures.geometry.name)).to_csv(temporary, index=False)


def write_profiles(path: str | Path, centrelines: geopandas.GeoDataFrame) -> None:
    """Write width profiles as CSV: one line for each place along the longest path of a fracture.

    Columns: ``fracture``, ``distance_m`` from the path's first point, ``width_m``, ``lon_deg``, ``lat_deg``.

    Parameters
    ----------
    path : str or Path
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`.
    """
    paths = centrelines[centrelines["line"] == 0]
    columns = {"fracture": [], "distance_m": [], "width_m": []}
    places = []
    for row in paths.itertuples():
        distance = np.array(json.loads(row.distances_m))
        columns["fracture"].append(np.full(len(distance), row.fracture))
        columns["distance_m"].append(distance)
        columns["width_m"].append(json.loads(row.widths_m))
        places.append(places_along(row.geometry, distance / row.length_m))
    table = pd.DataFrame({name: np.concatenate(parts) if parts else [] for name, parts in columns.items()})
    crs = paths.crs
    xy = np.concatenate([np.zeros((0, 2)), *places])
    lon, lat = body_of(crs).to_lonlat(crs).transform(*xy.T)
    table["lon_deg"], table["lat_deg"] = np.round(lon, 7), np.round(lat, 7)
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def write_statistics(path: str | Path, summary: Mapping[str, Any]) -> None:
    """Write the result of `summarise` as CSV, each column of one type.

    Columns: ``quantity`` (path in the summary, joined by dots), ``value`` (a number, or empty) and ``text`` (or empty).
    """
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["quantity", "value", "text"])
        for name, value in _flat(summary):
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            writer.writerow([name, value if is_number else "", "" if is_number else value])


def _flat(value, name=""):
    """Yield path and value of every entry in nested dicts and lists. An image has its product id in the path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            key = inner.get("product", number) if isinstance(inner, dict) else number
            yield from _flat(inner, f"{name}.{key}")
    else:
        yield name, "" if value is None else value


def _width_classes(kept):
    names = np.array([width_class(width_m) for width_m in kept["mean_width_m"]], object)
    classes = {}
    for name in WIDTH_CLASSES:
        chosen = kept[names == name]
        classes[name] = {
            "polygons": len(chosen),
            "share": round(len(chosen) / len(kept), 4) if len(kept) else None,
            "area_m2": round(float(chosen["area_m2"].sum()), 1),
            "total_length_m": round(float(chosen["total_length_m"].sum()), 1),
        }
    return classes


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
    """Round measures to their significant digits."""
    decimals = {column.name: column.decimals for column in COLUMNS if column.decimals is not None}
    return frame.round({name: decimals[name] for name in frame.columns.intersection(list(decimals))})


def _unwrapped(geometry):
    """Return a geometry in degrees whose longitudes do not jump by 360."""
    first = shapely.get_coordinates(geometry)[0, 0]

    def follow(points):
        return np.column_stack([first + (points[:, 0] - first + 180.0) % 360.0 - 180.0, points[:, 1]])

    return shapely.transform(geometry, follow)
