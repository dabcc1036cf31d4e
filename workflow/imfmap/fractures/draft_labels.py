"""Predicted fractures as a label file, to be corrected."""

import geopandas
import numpy as np
import shapely

from ..labels.template import COLUMNS, write_layers
from ..labels.width_classes import CLASS_PIXEL_M, width_class
from ..maps.grids import MapGrid
from .centreline import polygon_lines

# A fracture is drawn as lines where these, as wide as their class, and its polygon have this much in common.
LEAST_IOU = 0.6
_TYPES = {"width_class": object, "note": object, "fracture": "int32", "confidence": float}


def write_as_labels(fractures, path, width_px_by_class, resolution_m):
    """Write predicted fractures in the form of drawn labels, so that correcting them makes the next round's.

    Each fracture becomes a line along its centreline and one along each of its branches, with the class of the width it
    has there; where it has no centreline, or lines as wide as their classes would have less than `LEAST_IOU` in common
    with it, it stays a polygon.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        Polygons, in a projected CRS; columns `fracture` and `confidence`, where there are any, go along.
    path : path
        GeoPackage as of `template.write_template`.
    width_px_by_class : mapping
        See `template.write_template`.
    resolution_m : float
        Pixel size that the fractures were found at.

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
    """Lines that describe a polygon, each with its width class; none where lines do not."""
    traced = polygon_lines(shape, grid)
    if not traced:
        return []
    # Fewer points are easier to move; half a pixel does not show.
    lines = shapely.simplify([shapely.LineString(points) for points, _ in traced], grid.resolution_m / 2)
    classes = [width_class(width_m) for _, width_m in traced]
    drawn = shapely.union_all(shapely.buffer(lines, [width_px_by_class[name] * CLASS_PIXEL_M / 2 for name in classes]))
    common = drawn.intersection(shape).area
    if common < LEAST_IOU * (drawn.area + shape.area - common):
        return []
    return list(zip(lines, classes, strict=True))
