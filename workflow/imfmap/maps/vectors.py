"""Read vector files on a known CRS, and write them whole or not at all."""

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError
from pyproj import CRS

from ..core.errors import InputError
from ..core.files import replacing, written_by_library
from ..core.temporary import folder_beside
from . import qml_styles
from .bodies import body_of
from .user_files import features_in, with_pending_edits

# A GeoPackage holds the time of writing. With a fixed time, the same features give the same bytes.
_EPOCH = "2000-01-01T00:00:00.000Z"
# 3 mm on the Moon.
_DEGREE_DECIMALS = 7
# QGIS looks for styles in this table of a GeoPackage. It has no geometry.
STYLES_LAYER = "layer_styles"
_KINDS = "use GeoPackage, shapefile or GeoJSON"
# Tables of the extension "schema" (GeoPackage 1.2, OGC 12-128r15, annex F.9), which describe columns.
_DESCRIPTIONS = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,
  max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
"""
_SCHEMA = (None, "gpkg_schema", "http://www.geopackage.org/spec121/#extension_schema", "read-write")


@dataclass(frozen=True)
class LayerDescription:
    """What a layer holds, in words, and for each of its columns a title and a description."""

    meaning: str
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def layers_of(path: str | Path) -> list[str]:
    """Return the layer names of a vector file, without the table of styles.

    Raises
    ------
    InputError
        If the file is missing or is not a vector file.
    """
    if not Path(path).exists():
        raise InputError(path, "does not exist", "check the path, or that the step before made it")
    _refuse_xml(path)
    with _naming(path), with_pending_edits(path) as file:
        return [str(name) for name, _ in pyogrio.list_layers(file) if name != STYLES_LAYER]


def _refuse_xml(path):
    """Refuse XML: GDAL follows the addresses of servers and files in it."""
    if Path(path).is_file():
        with open(path, "rb") as file:
            if file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
                raise InputError(path, "is XML, which may lead elsewhere", _KINDS)


def read_vector(
    path: str | Path,
    layer: str | None = None,
    crs: CRS | str | None = None,
    columns: Sequence[str] = (),
    assumed: CRS | None = None,
) -> gpd.GeoDataFrame:
    """Read a layer and transform it to a CRS.

    Parameters
    ----------
    path : path
        GeoPackage, shapefile or GeoJSON, on a lunar or Mercurian CRS.
    layer : str, optional
        Layer name; by default the first one.
    crs : CRS, optional
        CRS to transform the geometries to; by default they stay as they are.
    columns : sequence of str
        Columns that the layer must have.
    assumed : CRS, optional
        CRS of a file that names none; by default such a file is refused.

    Returns
    -------
    geopandas.GeoDataFrame

    Raises
    ------
    InputError
        If the file, the layer, a column or the CRS is missing, or if the CRS is of another body than `crs`.
    """
    frame = read_as_drawn(path, layer).reset_index(drop=True)
    if frame.crs is None and assumed is not None:
        frame = frame.set_crs(assumed)
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        found = f"has no column '{missing[0]}'" + (f" in layer '{layer}'" if layer else "")
        raise InputError(path, found, f"its columns: {', '.join(map(str, frame.columns))}")
    fault = crs_fault(frame.crs, crs)
    if fault:
        raise InputError(path, *fault)
    if crs is None:
        return frame
    with _naming(path):
        return frame.to_crs(CRS.from_user_input(crs))


def read_as_drawn(path: str | Path, layer: str | None = None) -> gpd.GeoDataFrame:
    """Read a layer without any change. The index holds the feature ids.

    Raises
    ------
    InputError
        If the file or the layer is missing or damaged, or is a table without geometries, such as a CSV.
    """
    names = layers_of(path)
    if layer is not None and layer not in names:
        raise InputError(path, f"has no layer '{layer}'", f"its layers: {', '.join(names) or 'none'}")
    if not names:
        raise InputError(path, "has no layer", "save the shapes to it again")
    with _naming(path), with_pending_edits(path) as file:
        held = features_in(file, layer or names[0])
        frame = gpd.read_file(file, layer=layer or names[0], fid_as_index=True)
    if held not in (None, len(frame)):
        found = f"layer '{layer or names[0]}' holds {held} features, of which {len(frame)} can be read"
        raise InputError(path, found, "save its lines and polygons to a new file")
    if not isinstance(frame, gpd.GeoDataFrame):
        found = f"layer '{layer or names[0]}' is a table without shapes"
        raise InputError(path, found, "save lines or polygons as GeoPackage, shapefile or GeoJSON")
    return frame


@contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    """Name the file in errors of its reader, which has many types of them."""
    try:
        yield
    except DataSourceError:
        raise InputError(path, "cannot be opened as vector data", _KINDS) from None
    except (InputError, MemoryError, OSError):
        raise
    except Exception as error:
        found = f"cannot be read, it is damaged or holds shapes of no known kind ({str(error)[:120]})"
        raise InputError(path, found, "save its lines and polygons to a new file") from None


def crs_fault(found: CRS | None, wanted: CRS | str | None = None) -> tuple[str, str] | None:
    """Return what is wrong with the CRS of a vector file for a map.

    Parameters
    ----------
    found : CRS or None
        CRS of the vector file.
    wanted : CRS, optional
        CRS of the map.

    Returns
    -------
    tuple of str or None
        What was found, and what to do; None if nothing is wrong.
    """
    if found is None:
        return "has no coordinate reference system", "save it with the CRS of the map that it was drawn on"
    if wanted is None:
        return None
    try:
        body = body_of(found)
    except InputError as error:
        return f"its CRS {found.name} lies on no known body ({error})", "save it with the map's CRS"
    wanted_body = body_of(CRS.from_user_input(wanted))
    if body == wanted_body:
        return None
    return f"lies on {body.name}, the map on {wanted_body.name}", "save it with the map's CRS"


def write_vector(
    path: str | Path,
    layers: Mapping[str, gpd.GeoDataFrame] | gpd.GeoDataFrame,
    geometry_types: Mapping[str, str] | None = None,
    qml: Mapping[str, str] | None = None,
    descriptions: Mapping[str, LayerDescription] | None = None,
) -> None:
    """Write layers to one file.

    A GeoPackage also gets the layers' styles from resources/styles, in the table where QGIS looks for them.

    Parameters
    ----------
    path : path
        ``.gpkg`` (any number of layers), ``.shp`` or ``.geojson`` (one).
    layers : dict of str to geopandas.GeoDataFrame, or one GeoDataFrame
        Frames by layer name. A layer without features keeps its columns. A single frame gets the file's name.
    geometry_types : dict of str to str, optional
        Geometry types by layer name, such as "MultiPolygon"; by default those of the features.
    qml : dict of str to str, optional
        QGIS styles by layer name, for a GeoPackage. They replace those of resources/styles.
    descriptions : dict of str to LayerDescription, optional
        What the layers and columns of a GeoPackage are, for people, by layer name.
    """
    path = Path(path)
    if isinstance(layers, gpd.GeoDataFrame):
        layers = {path.stem: layers}
    if path.suffix == ".shp":
        (frame,) = layers.values()
        _write_shapefile(path, frame)
        return
    with replacing(path) as temporary, written_by_library(temporary):
        for name, frame in layers.items():
            _write_layer(temporary, name, frame, (geometry_types or {}).get(name))
        own = qml or {}
        styled = {name: own.get(name) or qml_styles.qml(name) for name in layers}
        styled = {name: text for name, text in styled.items() if text}
        if styled and path.suffix == ".gpkg":
            slds = ["" if name in own else qml_styles.sld(name) for name in styled]
            _write(_style_table(styled, slds), temporary, layer=STYLES_LAYER, FID="id")
        if descriptions and path.suffix == ".gpkg":
            _describe(temporary, descriptions)
        if path.suffix == ".gpkg":
            _check_geopackage(temporary, {name: len(frame) for name, frame in layers.items()})


def _describe(path, descriptions):
    """Write descriptions into a GeoPackage, where GDAL and QGIS look for them. Columns that it lacks are left out."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_DESCRIPTIONS)
        for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
            database.execute("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", (table, *_SCHEMA))
        for layer, said in descriptions.items():
            update = "UPDATE gpkg_contents SET description = ? WHERE table_name = ?"
            database.execute(update, (said.meaning, layer))
            there = {row[0] for row in database.execute("SELECT name FROM pragma_table_info(?)", (layer,))}
            rows = [(layer, name, title, text) for name, (title, text) in said.columns.items() if name in there]
            insert = "INSERT INTO gpkg_data_columns (table_name, column_name, title, description) VALUES (?, ?, ?, ?)"
            database.executemany(insert, rows)


def _check_geopackage(path, counts):
    """Stop if a GeoPackage lacks features or a spatial index.

    If the disk is full when GDAL closes the file, GDAL takes the index back without an error, and makes room by it.

    Parameters
    ----------
    path : Path
    counts : dict of str to int
        Number of features by layer.
    """
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        query = "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'"
        indexed = {name for (name,) in database.execute(query)}
        for name, count in counts.items():
            quoted = '"' + name.replace('"', '""') + '"'
            (found,) = database.execute(f"SELECT count(*) FROM {quoted}").fetchone()
            if found != count or name not in indexed:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _style_table(qml, slds):
    """Return QGIS's table of styles for layers; `qml` holds styles by layer name, `slds` the SLD of each."""
    names = list(qml)
    return pd.DataFrame(
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": names,
            "f_geometry_column": "geom",
            "styleName": names,
            "styleQML": list(qml.values()),
            "styleSLD": slds,
            "useAsDefault": True,
            "description": [f"imfmap: {name}" for name in names],
            "owner": "",
            "ui": "",
            "update_time": pd.Timestamp(_EPOCH),
        }
    )


def _write_layer(path, name, frame, geometry_type=None):
    options = {"COORDINATE_PRECISION": _DEGREE_DECIMALS} if path.suffix == ".geojson" else {}
    kinds = [geometry_type] if geometry_type else frame.geom_type.unique() if len(frame) else ["Unknown"]
    options["promote_to_multi"] = any(str(kind).startswith("Multi") for kind in kinds)
    options["geometry_type"] = geometry_type or (None if len(frame) else "Unknown")
    _write(frame, path, layer=name, **options)


class _CrsWithoutEpsg(CRS):
    """CRS without an EPSG code. EPSG has only CRS of the Earth, and PROJ would search it for 0.2 s a layer."""

    def to_epsg(self, min_confidence=70):
        return None


def _write(frame, path, layer, **options):
    """Write a layer, or a table without geometry. A GeoPackage keeps the layers that it has."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _EPOCH})
    try:
        if isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None:
            frame = frame.set_crs(_CrsWithoutEpsg(frame.crs), allow_override=True)
        pyogrio.write_dataframe(frame, path, layer=layer, append=path.exists() and path.suffix == ".gpkg", **options)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _write_shapefile(path, frame):
    """Write the parts of a shapefile beside `path`, then move them in. The .shp comes last: if it is there, all are."""
    with folder_beside(path) as folder:
        geometry_type = None if len(frame) else "Polygon"
        with written_by_library(folder):
            _write(frame, folder / path.name, path.stem, geometry_type=geometry_type, ENCODING="UTF-8")
        path.unlink(missing_ok=True)
        for part in sorted(folder.iterdir(), key=lambda part: part.suffix == ".shp"):
            os.replace(part, path.with_suffix(part.suffix))
