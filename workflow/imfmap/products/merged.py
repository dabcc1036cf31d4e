"""The fractures of all targets of a run in one file: a GeoPackage, and GeoParquet."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas
import pandas

from ..labels.width_classes import width_class
from ..maps.bodies import body_of
from ..maps.vectors import read_vector, write_vector
from .tables import in_longitude_latitude, write_geoparquet

# Columns that come before those of a target's own file.
COLUMNS = ("target", "model", "threshold", "width_class")


@dataclass(frozen=True)
class MappedTarget:
    """The fractures of one target, and how they were found.

    Attributes
    ----------
    name : str
    fractures : Path
        Its ``fractures.gpkg``.
    model : str
        Name of the model that mapped it.
    threshold : float
        Probability from which on a pixel is fracture.
    """

    name: str
    fractures: Path
    model: str
    threshold: float


def merge_fractures(path: str | Path, parquet_path: str | Path, targets: Iterable[MappedTarget]) -> None:
    """Write the fractures of several targets to one file, in planetocentric longitude and latitude, in two formats.

    The GeoPackage has the layer ``fractures``; with targets on several bodies, a layer ``fractures_<body>`` for each.
    GeoParquet has one layer. With several bodies it names no CRS, but the body in column ``body``.

    Parameters
    ----------
    path, parquet_path : path
        GeoPackage and GeoParquet file.
    targets : iterable of MappedTarget

    Raises
    ------
    InputError
        If a file is missing or damaged.
    """
    frames = {}
    for target in targets:
        frame = in_longitude_latitude(read_vector(target.fractures, "fractures", columns=["mean_width_m"]))
        classes = [width_class(width_m) for width_m in frame["mean_width_m"]]
        first = {
            "target": pandas.Series(target.name, frame.index, dtype=str),
            "model": pandas.Series(target.model, frame.index, dtype=str),
            "threshold": pandas.Series(target.threshold, frame.index, dtype=float),
            "width_class": pandas.Series(classes, frame.index, dtype=str),
        }
        others = frame.drop(columns=list(COLUMNS), errors="ignore")
        frames.setdefault(body_of(frame.crs).name, []).append(others.assign(**first)[[*first, *others.columns]])
    merged = {}
    for name, parts in frames.items():
        # A target without fractures says nothing of the types of its columns.
        filled = [part for part in parts if len(part)] or parts[:1]
        merged[name] = geopandas.GeoDataFrame(pandas.concat(filled, ignore_index=True), crs=parts[0].crs)
    layers = {"fractures" if len(merged) == 1 else f"fractures_{name.lower()}": merged[name] for name in merged}
    write_vector(path, layers, dict.fromkeys(layers, "MultiPolygon"))
    write_geoparquet(parquet_path, _in_one(merged))


def _in_one(merged):
    """Return the fractures of all bodies (frames by the body's name) as one frame."""
    if len(merged) == 1:
        return next(iter(merged.values()))
    frames = [frame.set_crs(None, allow_override=True).assign(body=name) for name, frame in merged.items()]
    return pandas.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
