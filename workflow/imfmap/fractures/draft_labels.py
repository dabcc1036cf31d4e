"""Write predicted fractures as a label file that a person can correct."""

from collections.abc import Mapping
from pathlib import Path

import geopandas
import numpy as np
import shapely

from ..labels.template import COLUMNS, write_layers
from ..labels.width_classes import CLASS_PIXEL_M, width_class
from ..maps.grids import MapGrid
from .centreline import polygon_lines

# A fracture is written as lines if these, drawn as wide as their class, and its polygon have at least this IoU.
LEAST_IOU = 0.6
_TYPES = {"width_class": object, "note": object, "fracture": "int32", "confidence": float}


def write_as_labels(
    fractures: geopandas.GeoDataFrame, path: str | Path, width_px_by_class: Mapping[str, float], resolution_m: float
) -> dict[str, geopandas.GeoDataFrame]:
    """Write predicted fractures in the form of drawn labels: corrected, they are labels of the next training.

    Each fracture becomes a line along its centreline and a line along each of its branches. The width class of a line
    is that of the fracture's width there. The fracture stays a polygon if it has no centreline, or if the lines, drawn
    as wide as their classes, have an IoU with it below `LEAST_IOU`.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        Polygons, in a projected CRS. Columns `fracture` and `confidence` are copied to the labels if they exist.
    path : path
        GeoPackage to write, in the form of `template.write_template`.
    width_px_by_class : mapping
        See `template.write_template`.
    resolution_m : float
        Pixel size of the map that the fractures were found on.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        What was written, by layer.
    """
    grid = MapGrid.covering(fractures.crs, fractures.total_bounds, resolution_m) if len(fractures) else None
    kept = [column for column in ("fracture", "confidence") if column in fractures]
    rows = {"lines": [], "polygons": []}
    for shape, *facts in zip(fractures.geometry, *(fractures[column] for column in kept), strict=True):
        facts = {"note": None} | dict(zip(kept, facts, strict=True))
        lines = _as_lines(shape, grid, width_px_by_class)
        rows["lines"] += [{"geometry": line, "width_class": name} | facts for line, name in lines]
        if not lines:
            rows["polygons"].append({"geometry": shape} | facts)
    layers = {
        name: geopandas.GeoDataFrame(
            {
                column: np.array([row[column] for row in rows[name]], _TYPES[column])
                for column in (*COLUMNS[name], *kept)
            },
            geometry=[row["geometry"] for row in rows[name]],
            crs=fractures.crs,
        )
        for name in rows
    }
    write_layers(path, layers, width_px_by_class)
    return layers


def _as_lines(shape, grid, width_px_by_class):
    """Return lines that describe a polygon, each with its width class; an empty list if lines do not describe it."""
    traced = polygon_lines(shape, grid)
    if not traced:
        return []
    # Fewer points are easier to move. A shift of half a pixel is not visible.
    lines = shapely.simplify([shapely.LineString(points) for points, _ in traced], grid.resolution_m / 2)
    classes = [width_class(width_m) for _, width_m in traced]
    drawn = shapely.union_all(shapely.buffer(lines, [width_px_by_class[name] * CLASS_PIXEL_M / 2 for name in classes]))
    common = drawn.intersection(shape).area
    if common < LEAST_IOU * (drawn.area + shape.area - common):
        return []
    return list(zip(lines, classes, strict=True))
