"""Labels as a person draws them: lines with a width class, and polygons for what no line can describe.

A label file has lines, with a column `width_class`, and, or, polygons: in layers `lines` and `polygons` of a
GeoPackage, in its only layer, or in a shapefile. Le Corre et al. (2025) draw each fracture once along its path and
buffer the line to the width of its class; pits and shapes that no line describes (about 5 % of theirs) are drawn as
polygons and merged in.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pyogrio
import rasterio.features
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from .bodies import body_of
from .errors import InputError

WIDTH_CLASSES = ("tiny", "small", "medium", "large", "huge")
# Middles of the paper's classes (0-5, 5-10, 10-20, 20-30 px); `huge` (30 px and more) has no middle.
WIDTH_PX_BY_CLASS = {"tiny": 2.5, "small": 7.5, "medium": 15.0, "large": 25.0, "huge": 35.0}
LAYERS = ("lines", "polygons")
_LINES, _POLYGONS = ("LineString", "MultiLineString"), ("Polygon", "MultiPolygon")
# A shapefile cuts column names to ten characters.
_WIDTH_COLUMNS = ("width_class", "width_clas")
_NAMED_PROBLEMS = 5


@dataclass(frozen=True)
class LabelProblem:
    """What is wrong with one feature, or (`fid` None) with a whole layer."""

    layer: str
    fid: int | None
    found: str
    remedy: str

    def __str__(self):
        where = f"layer {self.layer}" if self.fid is None else f"layer {self.layer}, feature {self.fid}"
        return f"{where}: {self.found} ({self.remedy})"


def check_labels(path, crs=None):
    """Everything that is wrong with a label file.

    Parameters
    ----------
    path : path
        GeoPackage or shapefile.
    crs : CRS, optional
        CRS of the map the labels are for: they must lie on the same body, and be finite on that map.

    Returns
    -------
    list of LabelProblem
        Empty where all is well.

    Raises
    ------
    InputError
        Where the file cannot be read at all.
    """
    return _read(path, crs)[1]


def read_labels(path, crs=None):
    """Read and validate a label file.

    Parameters
    ----------
    path : path
        GeoPackage or shapefile.
    crs : CRS, optional
        CRS to bring the labels to; by default they keep their own.

    Returns
    -------
    GeoDataFrame
        Columns `layer`, `fid` (feature id in the file), `width_class` (None for polygons) and `geometry`, lines and
        polygons, two-dimensional.

    Raises
    ------
    InputError
        Naming the features at fault, where `check_labels` finds any.
    """
    labels, problems = _read(path, crs)
    if problems:
        named = "; ".join(str(problem) for problem in problems[:_NAMED_PROBLEMS])
        more = f"; and {len(problems) - _NAMED_PROBLEMS} more" if len(problems) > _NAMED_PROBLEMS else ""
        raise InputError(path, f"{len(problems)} bad label(s): {named}{more}")
    return labels


def labels_to_polygons(labels, width_px_by_class, resolution_m):
    """Buffer lines to the width of their class, with round caps; polygons stay as drawn.

    Parameters
    ----------
    labels : GeoDataFrame
        As `read_labels` gives, in a projected CRS in metres.
    width_px_by_class : mapping
        Full width in pixels of each class that occurs.
    resolution_m : float
        Pixel size in metres that those widths are counted in (the paper's classes: 1.5), whatever the grid's.

    Returns
    -------
    GeoDataFrame
        Columns `layer`, `fid`, `width_class`, `width_m` (NaN for polygons), `geometry` (polygons).

    Raises
    ------
    InputError
        For labels that are not in map metres, or a class without a width.
    """
    if not labels.crs.is_projected:
        raise InputError("labels", "are in degrees and cannot be buffered in metres", "read them with the map's CRS")
    unknown = sorted(set(labels.width_class.dropna()) - set(width_px_by_class))
    if unknown:
        known = ", ".join(width_px_by_class)
        raise InputError("width_px_by_class", f"no width for class '{unknown[0]}'", f"widths are given for: {known}")
    polygons = labels.copy()
    polygons["width_m"] = labels.width_class.map(width_px_by_class).astype(float) * resolution_m
    lines = labels.geom_type.isin(_LINES).to_numpy()
    buffered = labels.geometry[lines].buffer(polygons.width_m[lines] / 2, cap_style="round", join_style="round")
    polygons.loc[lines, "geometry"] = buffered
    return polygons


def rasterise_labels(polygons, grid):
    """Binary mask of label polygons: 1 where a pixel's centre lies in any of them.

    Parameters
    ----------
    polygons : GeoDataFrame
        In any CRS on the grid's body.
    grid : MapGrid

    Returns
    -------
    ndarray
        uint8 (rows, columns), 0 or 1.
    """
    shapes = list(polygons.to_crs(grid.crs).geometry)
    if not shapes:
        return np.zeros(grid.shape, np.uint8)
    return rasterio.features.rasterize(shapes, grid.shape, transform=grid.transform, dtype="uint8")


def _read(path, crs):
    """Labels of all layers of a file, and their problems; the labels are whole only where there are none."""
    path = Path(path)
    frames, problems = [], []
    for name, table in _tables(path):
        if crs is not None:
            found = _crs_problem(table.crs, crs)
            if found:
                problems.append(LabelProblem(name, None, found, "draw the labels in the CRS of the map"))
                continue
        elif table.crs is None:
            problems.append(LabelProblem(name, None, "no CRS", "set the layer's CRS"))
            continue
        frame, bad = _checked(name, table)
        problems += bad
        if crs is not None and not bad:
            frame = frame.to_crs(crs)
            outside = ~np.isfinite(frame.bounds.to_numpy()).all(axis=1)
            problems += [
                LabelProblem(name, fid, "lies off the map", "check its coordinates") for fid in frame.fid[outside]
            ]
        frames.append(frame)
    if problems:
        return None, problems
    return pandas.concat(frames, ignore_index=True), []


def _tables(path):
    """Yield (layer, GeoDataFrame with feature ids as index) of the label layers of a file."""
    try:
        listed = dict(pyogrio.list_layers(path))
    except (DataSourceError, DataLayerError) as error:
        raise InputError(path, f"cannot be read as labels ({error})", "give a GeoPackage or a shapefile") from None
    spatial = [name for name, geometry_type in listed.items() if geometry_type is not None]
    wanted = [name for name in LAYERS if name in spatial] or spatial
    if not wanted or (len(wanted) > 1 and wanted[0] not in LAYERS):
        raise InputError(path, f"has layers {', '.join(listed)}", f"name those with labels {' and '.join(LAYERS)}")
    for name in wanted:
        yield name, geopandas.read_file(path, layer=name, fid_as_index=True)


def _crs_problem(found, wanted):
    """What is wrong with a layer's CRS for a map, or None."""
    if found is None:
        return "no CRS"
    try:
        body = body_of(found)
    except InputError as error:
        return f"its CRS {found.name}: {error}"
    wanted_body = body_of(CRS.from_user_input(wanted))
    return None if body == wanted_body else f"its CRS lies on {body.name}, the map on {wanted_body.name}"


def _checked(name, table):
    """Labels of one layer in the form of `read_labels`, and the layer's problems."""
    problems = []
    geometry = table.geometry.array
    is_line = table.geom_type.isin(_LINES).to_numpy()
    column = next((column for column in _WIDTH_COLUMNS if column in table), None)
    if column is None and is_line.any():
        problems.append(LabelProblem(name, None, "no column width_class", f"add it: {', '.join(WIDTH_CLASSES)}"))
    classes = np.full(len(table), None, object)
    if column is not None:
        classes[is_line] = [None if pandas.isna(value) else value for value in table[column][is_line]]
        for fid, value in zip(table.index[is_line], classes[is_line], strict=True):
            if value not in WIDTH_CLASSES:
                found = "no width class" if value in (None, "") else f"unknown width class '{value}'"
                problems.append(LabelProblem(name, fid, found, f"one of {', '.join(WIDTH_CLASSES)}"))
    for fid, shape in zip(table.index, geometry, strict=True):
        found = _geometry_problem(shape)
        if found:
            problems.append(LabelProblem(name, fid, found, "draw it again or delete it"))
    frame = geopandas.GeoDataFrame(
        {"layer": name, "fid": table.index.to_numpy(), "width_class": classes},
        geometry=shapely.force_2d(geometry),
        crs=table.crs,
    )
    return frame, sorted(problems, key=lambda problem: -1 if problem.fid is None else problem.fid)


def _geometry_problem(shape):
    """What is wrong with a feature's geometry, or None."""
    if shape is None or shape.is_empty:
        return "no geometry"
    if shape.geom_type not in (*_LINES, *_POLYGONS):
        return f"a {shape.geom_type}, neither line nor polygon"
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return "coordinates that are no numbers"
    if shape.geom_type in _LINES and any(part.length == 0 for part in shapely.get_parts(shape)):
        return "a line without length"
    if not shape.is_valid:
        return f"bad geometry: {shapely.is_valid_reason(shape)}"
    return None
