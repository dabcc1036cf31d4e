"""Vector files: read with a known CRS, written whole or not at all."""

import os
import tempfile
from pathlib import Path

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataSourceError
from pyproj import CRS

from .bodies import body_of
from .errors import InputError
from .rasters import replacing

# A GeoPackage notes when it was written; a fixed time makes the same features the same bytes.
_EPOCH = "2000-01-01T00:00:00.000Z"
# 3 mm on the Moon.
_DEGREE_DECIMALS = 7


def layers_of(path):
    """Layer names of a vector file.

    Raises
    ------
    InputError
        Where the file is missing or no vector file.
    """
    if not Path(path).exists():
        raise InputError(path, "does not exist", "check the path, or that the step before made it")
    try:
        return [str(name) for name, _ in pyogrio.list_layers(path)]
    except DataSourceError:
        raise InputError(path, "cannot be opened as vector data", "use GeoPackage, shapefile or GeoJSON") from None


def read_vector(path, layer=None, crs=None, columns=()):
    """Read a layer, on the CRS that is wanted.

    Parameters
    ----------
    path : path
        GeoPackage, shapefile or GeoJSON, on a lunar or Mercurian CRS.
    layer : str, optional
        Layer name; by default the first one.
    crs : CRS, optional
        CRS to bring the geometries to.
    columns : sequence of str
        Columns that must be there.

    Returns
    -------
    geopandas.GeoDataFrame

    Raises
    ------
    InputError
        For a missing file, layer or column, or a file whose CRS is missing, or lies on another body than `crs`.
    """
    names = layers_of(path)
    if layer is not None and layer not in names:
        raise InputError(path, f"has no layer '{layer}'", f"its layers: {', '.join(names) or 'none'}")
    frame = gpd.read_file(path, layer=layer or names[0])
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        found = f"has no column '{missing[0]}'" + (f" in layer '{layer}'" if layer else "")
        raise InputError(path, found, f"its columns: {', '.join(map(str, frame.columns))}")
    if frame.crs is None:
        raise InputError(path, "says no coordinate reference system", "save it with the CRS of the map it was drawn on")
    if crs is None:
        return frame
    crs = CRS.from_user_input(crs)
    if body_of(frame.crs) != body_of(crs):
        found = f"lies on {body_of(frame.crs).name}, the map on {body_of(crs).name}"
        raise InputError(path, found, "save it with the map's CRS")
    return frame.to_crs(crs)


def write_vector(path, layers):
    """Write layers to one file.

    Parameters
    ----------
    path : path
        ``.gpkg`` (any number of layers), ``.shp`` or ``.geojson`` (one).
    layers : dict of str to geopandas.GeoDataFrame, or one GeoDataFrame
        Frames by layer name; a layer without features keeps its columns. One frame alone is named as the file.
    """
    path = Path(path)
    if isinstance(layers, gpd.GeoDataFrame):
        layers = {path.stem: layers}
    if path.suffix == ".shp":
        (frame,) = layers.values()
        _write_shapefile(path, frame)
        return
    with replacing(path) as temporary:
        temporary.unlink(missing_ok=True)
        for name, frame in layers.items():
            _write_layer(temporary, name, frame)


def _write_layer(path, name, frame):
    kinds = frame.geom_type.unique() if len(frame) else ["Unknown"]
    promote = any(str(kind).startswith("Multi") for kind in kinds)
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _EPOCH})
    try:
        pyogrio.write_dataframe(
            frame,
            path,
            layer=name,
            append=path.exists() and path.suffix == ".gpkg",
            promote_to_multi=promote,
            geometry_type=None if len(frame) else "Unknown",
            **({"COORDINATE_PRECISION": _DEGREE_DECIMALS} if path.suffix == ".geojson" else {}),
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _write_shapefile(path, frame):
    """Write the parts of a shapefile beside `path`, then move them in, the .shp last: where it is, all are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.stem}.") as folder:
        geometry_type = None if len(frame) else "Polygon"
        pyogrio.write_dataframe(frame, Path(folder) / path.name, geometry_type=geometry_type, ENCODING="UTF-8")
        path.unlink(missing_ok=True)
        for part in sorted(Path(folder).iterdir(), key=lambda part: part.suffix == ".shp"):
            os.replace(part, path.with_suffix(part.suffix))
