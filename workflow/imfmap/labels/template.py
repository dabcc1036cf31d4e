"""Label files in the form in which people draw them: layers, columns, styles."""

from collections.abc import Mapping
from pathlib import Path

import geopandas
import numpy as np
from pyproj import CRS

from ..maps.vectors import write_vector
from .labelled_area import LAYER
from .qgis_style import lines_qml, polygons_qml

COLUMNS = {"lines": ("width_class", "note"), "polygons": ("note",)}
_TEMPLATE_COLUMNS = COLUMNS | {LAYER: ("note",)}
AREAS = ("floor", "ponds")
_GEOMETRY_TYPES = {"lines": "LineString", "polygons": "MultiPolygon", LAYER: "MultiPolygon"}


def write_template(path: str | Path, crs: CRS | str, width_px_by_class: Mapping[str, float]) -> None:
    """Write an empty label file, for which QGIS offers the width classes as a pick list.

    Parameters
    ----------
    path : path
        GeoPackage with layers `lines` (`width_class`, `note`), `polygons` and `labelled` (`note`). The first two are
        styled.
    crs : CRS
        CRS of the labels.
    width_px_by_class : mapping
        Width, in pixels of 1.5 m, to which lines of each class are buffered.
    """
    layers = {
        name: geopandas.GeoDataFrame({column: np.empty(0, object) for column in columns}, geometry=[], crs=crs)
        for name, columns in _TEMPLATE_COLUMNS.items()
    }
    write_layers(path, layers, width_px_by_class)


def write_area_template(path: str | Path, crs: CRS | str) -> None:
    """Write an empty file for the outlines of a crater floor and its melt ponds (key ``boundary`` of a target).

    Parameters
    ----------
    path : path
        GeoPackage with layers `floor` and `ponds` (`note`), styled.
    crs : CRS
        CRS of the outlines.
    """
    empty = geopandas.GeoDataFrame({"note": np.empty(0, object)}, geometry=[], crs=crs)
    write_vector(path, dict.fromkeys(AREAS, empty), dict.fromkeys(AREAS, "MultiPolygon"))


def write_layers(
    path: str | Path, layers: Mapping[str, geopandas.GeoDataFrame], width_px_by_class: Mapping[str, float]
) -> None:
    """Write the layers of a label file, with their styles for QGIS.

    Parameters
    ----------
    path : path
        GeoPackage.
    layers : mapping of str to geopandas.GeoDataFrame
        Layers `lines` and `polygons`, each with its `COLUMNS`; other columns are written, too.
    width_px_by_class : mapping
        See `write_template`.
    """
    qml = {"lines": lines_qml(width_px_by_class), "polygons": polygons_qml()}
    write_vector(path, layers, _GEOMETRY_TYPES, qml)
