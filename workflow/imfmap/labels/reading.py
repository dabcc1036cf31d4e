"""Labels as a person draws them: lines with a width class, and polygons for shapes that no line can describe.

A label file has lines with a column `width_class`, or polygons, or both. They are in the layers `lines` and `polygons`
of a GeoPackage (in capitals or not), in its only layer, or in a shapefile. Le Corre et al. (2025) draw each fracture
once along its path and buffer the line to the width of its class. They draw pits and other shapes (about 5 % of their
labels) as polygons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas
import rasterio.features
import shapely
from pyproj import CRS
from rasterio.windows import Window

from ..core.errors import InputError
from ..core.limits import MOST_LABEL_PIXELS, check_limit
from ..maps.grids import MapGrid
from ..maps.large_shapes import MOST_POINTS, pieces_of
from ..maps.rasters import BLOCK, create_raster
from ..maps.vectors import crs_fault, layers_of, read_as_drawn
from .labelled_area import LAYER, LabelledArea
from .width_classes import WIDTH_CLASSES

LAYERS = ("lines", "polygons")
_LINES, _POLYGONS = ("LineString", "MultiLineString"), ("Polygon", "MultiPolygon")
# A shapefile cuts the names of columns to ten characters.
_WIDTH_COLUMNS = ("width_class", "width_clas")
_NAMED_PROBLEMS = 5
# A line of more points is buffered segment by segment: where a line crosses itself thousands of times, the outline of
# the whole would have as many corners as there are crossings.
_LONG_LINE = 256
# Side in pixels of the parts that are rasterised at once: whole blocks of the file.
_PART_PX = 8 * BLOCK
_OFF_MAP = ("lies off the map's projection", "check its coordinates")


@dataclass(frozen=True)
class LabelProblem:
    """Problem of one feature or, if `fid` is None, of a whole layer."""

    layer: str
    fid: int | None
    found: str
    remedy: str

    def __str__(self):
        where = f"layer {self.layer}" if self.fid is None else f"layer {self.layer}, feature {self.fid}"
        return f"{where}: {self.found} ({self.remedy})"


def check_labels(path: str | Path, grid: MapGrid | None = None) -> list[LabelProblem]:
    """Return all problems of a label file.

    Labels that are drawn twice and labels outside the map are problems here, though `read_labels` accepts them. They
    spoil no mask (one file may serve two targets), but a person will want to know of them.

    Parameters
    ----------
    path : path
        GeoPackage or shapefile.
    grid : MapGrid, optional
        Map of the target: labels must lie on the same body, and touch the map.

    Returns
    -------
    list of LabelProblem
        In order of layer and feature id; empty if there is no problem.

    Raises
    ------
    InputError
        If the file cannot be read at all.
    """
    problems = []
    for name, table in _tables(path):
        fault = crs_fault(table.crs, grid.crs if grid else None)
        found = [LabelProblem(name, None, *fault)] if fault else []
        found += _checked(name, table)[1]
        sound = table.loc[np.array([_geometry_problem(shape) is None for shape in table.geometry], bool)]
        found += _repeated(name, sound)
        if grid is not None and not fault:
            found += _outside(name, sound, grid)
        problems += sorted(found, key=_by_fid)
    return problems


def read_labels(path: str | Path, crs: CRS | str | None = None) -> geopandas.GeoDataFrame:
    """Read and validate a label file.

    Parameters
    ----------
    path : path
        GeoPackage or shapefile.
    crs : CRS, optional
        CRS to transform the labels to; by default they keep their own.

    Returns
    -------
    GeoDataFrame
        Columns `layer`, `fid` (feature id in the file), `width_class` (None for polygons) and `geometry`
        (two-dimensional lines and polygons).

    Raises
    ------
    InputError
        If a layer or a feature is bad; the message names the first of them.
    """
    frames, problems = [], []
    for name, table in _tables(path):
        frame, bad = _checked(name, table)
        fault = crs_fault(table.crs, crs)
        if fault:
            bad.insert(0, LabelProblem(name, None, *fault))
        elif crs is not None and not bad:
            frame = frame.to_crs(crs)
            bad += [LabelProblem(name, fid, *_OFF_MAP) for fid in frame.fid[~_on_map(frame)]]
        frames.append(frame)
        problems += bad
    if problems:
        named = "; ".join(str(problem) for problem in problems[:_NAMED_PROBLEMS])
        more = f"; and {len(problems) - _NAMED_PROBLEMS} more" if len(problems) > _NAMED_PROBLEMS else ""
        raise InputError(path, f"{len(problems)} bad label(s): {named}{more}")
    return pandas.concat(frames, ignore_index=True)


def labels_to_polygons(
    labels: geopandas.GeoDataFrame, width_px_by_class: Mapping[str, float], resolution_m: float, least_m: float = 0.0
) -> geopandas.GeoDataFrame:
    """Buffer lines to the width of their class, with round caps; polygons stay as drawn.

    Parameters
    ----------
    labels : GeoDataFrame
        As `read_labels` returns them, in a projected CRS in metres.
    width_px_by_class : mapping
        Full width in pixels of each class that occurs.
    resolution_m : float
        Pixel size in metres in which these widths are counted (1.5 for the paper's classes), whatever the grid's.
    least_m : float
        Least width of a line in metres, such as the grid's pixel size: on wider pixels a line would fall to pieces.

    Returns
    -------
    GeoDataFrame
        Columns `layer`, `fid`, `width_class`, `width_m` (NaN for polygons), `geometry` (polygons). A line of more
        than 256 points has a row for each of its segments.

    Raises
    ------
    InputError
        If the labels are not in map metres, or a class has no width.
    """
    if not labels.crs.is_projected:
        raise InputError("labels", "are in degrees and cannot be buffered in metres", "read them with the map's CRS")
    unknown = sorted(set(labels.width_class.dropna()) - set(width_px_by_class))
    if unknown:
        known = ", ".join(width_px_by_class)
        raise InputError("width_px_by_class", f"no width for class '{unknown[0]}'", f"widths are given for: {known}")
    polygons = _in_segments(labels)
    width_m = polygons.width_class.map(width_px_by_class).astype(float) * resolution_m
    polygons["width_m"] = width_m.clip(lower=least_m)
    lines = polygons.geom_type.isin(_LINES).to_numpy()
    buffered = polygons.geometry[lines].buffer(polygons.width_m[lines] / 2, cap_style="round", join_style="round")
    polygons.loc[lines, "geometry"] = buffered
    return polygons


def _in_segments(labels):
    """Return labels with the lines of many points cut into their segments, a row each; the others stay."""
    long = (shapely.get_num_coordinates(labels.geometry) > _LONG_LINE) & labels.geom_type.isin(_LINES).to_numpy()
    shapes = [_segments(shape) if cut else [shape] for shape, cut in zip(labels.geometry, long, strict=True)]
    rows = labels.iloc[np.repeat(np.arange(len(labels)), list(map(len, shapes)))].reset_index(drop=True)
    return rows.set_geometry(geopandas.GeoSeries([part for parts in shapes for part in parts], crs=labels.crs))


def _segments(line):
    points, part = shapely.get_coordinates(shapely.get_parts(line), return_index=True)
    joined = np.diff(part) == 0
    return shapely.linestrings(np.stack([points[:-1][joined], points[1:][joined]], axis=1))


def rasterise_labels(polygons: geopandas.GeoDataFrame, grid: MapGrid) -> np.ndarray:
    """Return the binary mask of label polygons: 1 where a pixel's centre lies in any of them.

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
    return _rasterised(pieces_of(polygons.to_crs(grid.crs).geometry.values)[0], grid)


def write_labels(path: str | Path, polygons: geopandas.GeoDataFrame, grid: MapGrid, drawn: str | Path) -> None:
    """Write the mask of `rasterise_labels` as a GeoTIFF, with `truth_classes.NOT_LABELLED` where nobody looked.

    It is written part by part, as a whole crater's may not fit into memory.

    Parameters
    ----------
    path : path
    polygons : GeoDataFrame
    grid : MapGrid
    drawn : path
        Label file: for the message, and for its layer `labelled`.

    Raises
    ------
    InputError
        If there are labels but none lies on the map: the mask would teach that there are no fractures. Or if they
        would take too long to draw.
    """
    shapes = polygons.to_crs(grid.crs).geometry
    _check_size(shapes, grid, drawn)
    pieces, _ = pieces_of(shapes.values)
    index, labelled, area = shapely.STRtree(pieces), False, LabelledArea(drawn, grid.crs)
    with create_raster(path, grid, "uint8", overviews="nearest") as dataset:
        for row, column, part in grid.blocks(_PART_PX):
            inside = index.query(shapely.box(*part.bounds))
            if len(inside) or not area.is_whole:
                mask = _rasterised(pieces[np.sort(inside)], part)
                labelled |= bool(mask.any())
                dataset.write(area.mark(mask, part), 1, window=Window(column, row, *part.shape[::-1]))
        if len(shapes) and not labelled:
            found = f"none of its labels ({len(shapes)}) lies on the map"
            raise InputError(drawn, found, "give the target the labels of its own crater")


def _check_size(shapes, grid, drawn):
    """Refuse labels that are too many for one place. To draw one, each of its points is met on each of its rows."""
    left, bottom, right, top = grid.bounds
    low, high = shapes.bounds["miny"].clip(bottom, top), shapes.bounds["maxy"].clip(bottom, top)
    rows = (high - low) / grid.resolution_m
    pixels = np.minimum(shapes.area / grid.resolution_m**2, grid.shape[0] * grid.shape[1])
    work = float((rows * np.minimum(shapely.get_num_coordinates(shapes), MOST_POINTS) + pixels).sum())
    remedy = "delete labels that lie on each other (snakemake check_labels names those drawn twice)"
    check_limit(work, MOST_LABEL_PIXELS, drawn, f"pixels to draw for its {len(shapes):,} labels", remedy)


def _rasterised(shapes, grid):
    if not len(shapes):
        return np.zeros(grid.shape, np.uint8)
    return rasterio.features.rasterize(shapes, grid.shape, transform=grid.transform, dtype="uint8")


def unread_layers(path: str | Path) -> list[str]:
    """Return the layers of a label file that are not read, as they are named neither lines nor polygons."""
    return [name for name in layers_of(path) if name not in _layers(path) and name.lower() != LAYER]


def _layers(path):
    """Return the names of the label layers of a file."""
    there = [name for name in layers_of(path) if name.lower() != LAYER]
    return [name for kind in LAYERS for name in there if name.lower() == kind] or there


def _tables(path):
    """Yield the name and the table of each label layer of a file; the index of a table is the feature id."""
    wanted = _layers(path)
    if not wanted:
        raise InputError(path, "has no layer", "draw the labels again, or take a copy of the file")
    if len(wanted) > 1 and wanted[0].lower() not in LAYERS:
        raise InputError(path, f"has layers {', '.join(wanted)}", f"name those with labels {' and '.join(LAYERS)}")
    for name in wanted:
        yield name, read_as_drawn(path, name)


def _checked(name, table):
    """Return the labels of one layer in the form of `read_labels`, and the layer's problems."""
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
    return frame, sorted(problems, key=_by_fid)


def _by_fid(problem):
    return -1 if problem.fid is None else problem.fid


def _repeated(name, table):
    """Return problems of features with the same shape as an earlier one, in whatever direction it was drawn."""
    first, problems = {}, []
    for fid, shape in zip(table.index, shapely.normalize(shapely.force_2d(table.geometry.array)), strict=True):
        other = first.setdefault(shapely.to_wkb(shape), fid)
        if other != fid:
            problems.append(LabelProblem(name, fid, f"the same shape as feature {other}", "delete one of the two"))
    return problems


def _outside(name, table, grid):
    """Return problems of features that do not touch a map."""
    on_map = table.to_crs(grid.crs)
    finite = _on_map(on_map)
    touches = finite & on_map.geometry.intersects(shapely.box(*grid.bounds)).to_numpy()
    return [
        LabelProblem(name, fid, "lies outside the target", "delete it, or enlarge the target's extent_km")
        if seen
        else LabelProblem(name, fid, *_OFF_MAP)
        for fid, seen in zip(table.index[~touches], finite[~touches], strict=True)
    ]


def _on_map(frame):
    return np.isfinite(frame.bounds.to_numpy()).all(axis=1)


def _geometry_problem(shape):
    """Return what is wrong with a feature's geometry, or None."""
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
