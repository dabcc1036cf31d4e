"""Label files in the form that people draw them: layers, columns, styles."""

import geopandas
import numpy as np

from ..maps.vectors import write_vector
from .qgis_style import lines_qml, polygons_qml

COLUMNS = {"lines": ("width_class", "note"), "polygons": ("note",)}
_GEOMETRY_TYPES = {"lines": "LineString", "polygons": "MultiPolygon"}


def write_template(path, crs, width_px_by_class):
    """Write an empty label file, its width classes a pick list in QGIS.

    Parameters
    ----------
    path : path
        GeoPackage with layers `lines` (`width_class`, `note`) and `polygons` (`note`), styled.
    crs : CRS
        That labels are stored in.
    width_px_by_class : mapping
        Width in pixels of 1.5 m that lines of each class are buffered to.
    """
    layers = {
        name: geopandas.GeoDataFrame({column: np.empty(0, object) for column in columns}, geometry=[], crs=crs)
        for name, columns in COLUMNS.items()
    }
    write_layers(path, layers, width_px_by_class)


def write_layers(path, layers, width_px_by_class):
    """Write the layers of a label file with the styles that QGIS draws them in.

    Parameters
    ----------
    path : path
        GeoPackage.
    layers : dict of str to geopandas.GeoDataFrame
        Layers `lines` and `polygons`, each with its `COLUMNS`; other columns go along.
    width_px_by_class : mapping
        See `write_template`.
    """
    qml = {"lines": lines_qml(width_px_by_class), "polygons": polygons_qml()}
    write_vector(path, layers, _GEOMETRY_TYPES, qml)
