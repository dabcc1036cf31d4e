"""A QGIS project of a target: its layers in order, with styles, in the map's CRS and with relative paths.

The project has the form that QGIS writes, without the parts that QGIS fills in itself.
``tests/unit/products/test_qgis.py`` opens and draws it in QGIS 3.22.
"""

import os
import re
import warnings
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from ..core.errors import InputError
from ..core.files import replacing
from ..fractures.column_texts import texts_of
from ..fractures.fracture_columns import LAYERS
from ..maps import qml_styles
from ..maps.grids import MapGrid
from ..maps.rasters import open_raster
from ..maps.vectors import layers_of
from .layer_titles import TITLES, title_of
from .qgis_layout import print_layout

_WRITTEN_AS = "3.22.0-Białowieża"
_DTD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
# A zip file records when its files were written. With a fixed time, the same project gives the same bytes.
_EPOCH = (2000, 1, 1, 0, 0, 0)
# Layers that are switched off when the project opens.
_HIDDEN = ("probability", "density", "mosaic_sources", "rejected", "footprints", "centrelines", "segments")
# Style of the grey rasters, whose range is that of the raster.
_GREY = "mosaic"
# Rasters whose colours begin at zero, as in the figures.
_FROM_ZERO = ("density",)
_PERCENTILES = (0.5, 99.5)
_SAMPLED_PX = 1024
_TIP_COLUMNS = ("length_m", "mean_width_m", "depth_m", "confidence")


@dataclass(frozen=True)
class ProjectLayer:
    """One layer of a project.

    Attributes
    ----------
    path : Path
        File of the layer.
    name : str
        Name of the style in resources/styles. For a vector layer, also the name of the layer in the file.
    title : str
        Title in the layer tree.
    raster : bool
        Whether it is a raster layer.
    hidden : bool
        Whether it is switched off when the project opens.
    value_range : tuple of float or None
        Values at the ends of the colours, of a raster whose range no style knows.
    """

    path: Path
    name: str
    title: str
    raster: bool = False
    hidden: bool = False
    value_range: tuple[float, float] | None = None


def layers_of_target(
    fractures: str | Path,
    footprints: str | Path,
    boundary: str | Path | Sequence[str],
    probability: str | Path,
    mosaic: str | Path,
    others: Sequence[str | Path] = (),
    images: Sequence[str | Path] = (),
) -> list[ProjectLayer]:
    """Return the layers of a target, from the top of the map to its bottom.

    Parameters
    ----------
    fractures, footprints, boundary, probability, mosaic : str or Path
        Files of the target; `boundary` is empty if there is none.
    others : sequence of str or Path
        Further rasters of the target, such as ``density.tif``; the name of a file tells its title.
    images : sequence of str or Path
        Projected images, named by their product.

    Returns
    -------
    list of ProjectLayer
    """
    vectors = [(fractures, name) for name in layers_of(fractures)] + [(footprints, "footprints")]
    if boundary:
        vectors += [(boundary, "floor"), (boundary, "ponds")]
    grey = [(path, Path(path).stem, TITLES.get(Path(path).stem, Path(path).stem)) for path in (*others, *images)]
    return [
        *(ProjectLayer(path, name, title_of(name), hidden=name in _HIDDEN) for path, name in vectors),
        ProjectLayer(probability, "probability", TITLES["probability"], raster=True, hidden=True),
        *(
            ProjectLayer(
                path, name, title, raster=True, hidden=True, value_range=_value_range(path, name in _FROM_ZERO)
            )
            for path, name, title in grey
        ),
        ProjectLayer(mosaic, "mosaic", TITLES["mosaic"], raster=True),
    ]


def _value_range(path, from_zero):
    """Return the middle 99 % of a raster's values, or 0 and the largest, of a sample of its pixels; else 0 to 1."""
    with open_raster(path) as dataset:
        shape = tuple(min(_SAMPLED_PX, side) for side in dataset.shape)
        values = dataset.read(1, out_shape=shape, masked=True).astype(float).filled(np.nan)
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, (0, 100) if from_zero else _PERCENTILES) if len(known) else (0.0, 1.0)
    low = 0.0 if from_zero else low
    return float(low), float(max(high, low + 1e-9))


def write_project(path: str | Path, title: str, mosaic_path: str | Path, layers: Sequence[ProjectLayer]) -> None:
    """Write a project.

    Parameters
    ----------
    path : str or Path
        ``.qgz`` to write. Paths in it are relative to its folder, so that the folder can move.
    title : str
    mosaic_path : str or Path
        Raster that gives the project its CRS and extent.
    layers : sequence of ProjectLayer
        Layers from the top of the map to its bottom. A vector layer that is not in its file is left out.

    Raises
    ------
    InputError
        If a file is missing.
    """
    path = Path(path)
    layers = [layer for layer in layers if layer.raster or layer.name in layers_of(layer.path)]
    with open_raster(mosaic_path) as mosaic:
        grid = MapGrid.of(mosaic)
    root = ElementTree.Element("qgis", projectname=title, version=_WRITTEN_AS)
    ElementTree.SubElement(root, "title").text = title
    ElementTree.SubElement(root, "projectCrs").append(_crs(grid.crs))
    tree = ElementTree.SubElement(root, "layer-tree-group")
    canvas = ElementTree.SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    ElementTree.SubElement(canvas, "units").text = "meters"
    canvas.append(_extent(grid.bounds))
    ElementTree.SubElement(canvas, "rotation").text = "0"
    ElementTree.SubElement(canvas, "destinationsrs").append(_crs(grid.crs))
    project = ElementTree.SubElement(root, "projectlayers")
    order = ElementTree.SubElement(root, "layerorder")
    legend = []
    for layer in layers:
        source = _source(layer, path.parent)
        ident = re.sub(r"\W", "_", f"imfmap_{layer.name}_{Path(layer.path).stem}")
        ElementTree.SubElement(
            tree,
            "layer-tree-layer",
            id=ident,
            name=layer.title,
            source=source,
            providerKey="gdal" if layer.raster else "ogr",
            checked="Qt::Unchecked" if layer.hidden else "Qt::Checked",
            expanded="0" if layer.raster else "1",
        )
        ElementTree.SubElement(order, "layer", id=ident)
        if not (layer.raster or layer.hidden):
            legend.append((ident, layer.title))
        project.append(_layer(layer, ident, source, grid.crs))
    layouts = ElementTree.SubElement(root, "Layouts")
    layouts.append(print_layout(grid, title, legend, _crs(grid.body.geographic)))
    root.append(_properties())
    text = _DTD + ElementTree.tostring(root, encoding="unicode") + "\n"
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{path.stem}.qgs", _EPOCH), text)


def _source(layer, folder):
    if not Path(layer.path).exists():
        raise InputError(layer.path, "does not exist", "check that the step before made it")
    source = os.path.relpath(layer.path, folder)
    source = source if source.startswith("..") else f"./{source}"
    return source if layer.raster else f"{source}|layername={layer.name}"


def _layer(layer, ident, source, crs):
    element = ElementTree.Element(
        "maplayer",
        type="raster" if layer.raster else "vector",
        autoRefreshEnabled="0",
        styleCategories="AllStyleCategories",
    )
    if not layer.raster:
        lines = qml_styles.qml(layer.name) is not None and qml_styles.vector_style(layer.name).lines
        element.set("geometry", "Line" if lines else "Polygon")
    ElementTree.SubElement(element, "id").text = ident
    ElementTree.SubElement(element, "datasource").text = source
    ElementTree.SubElement(element, "layername").text = layer.title
    ElementTree.SubElement(element, "srs").append(_crs(crs))
    provider = ElementTree.SubElement(element, "provider")
    provider.text = "gdal" if layer.raster else "ogr"
    if not layer.raster:
        provider.set("encoding", "UTF-8")
    text = qml_styles.qml(layer.name) or (qml_styles.qml(_GREY) if layer.value_range else None)
    if text:
        for part in ElementTree.fromstring(text):
            element.append(deepcopy(part))
    if layer.value_range:
        _stretch(element, *layer.value_range)
    if layer.name in LAYERS:
        _add_words(element, layer.name)
    return element


def _stretch(element, low, high):
    """Lay the greys of a raster, or its colours for 0 to 1, between two values."""
    shader = element.find(".//colorrampshader")
    if shader is None:
        for key, value in (("minValue", low), ("maxValue", high)):
            element.find(f".//contrastEnhancement/{key}").text = f"{value:.6g}"
        return
    shader.attrib |= {"minimumValue": f"{low:.6g}", "maximumValue": f"{high:.6g}"}
    element.find(".//rasterrenderer").attrib |= {"classificationMin": f"{low:.6g}", "classificationMax": f"{high:.6g}"}
    for item in shader.iter("item"):
        value = low + (high - low) * float(item.get("value"))
        item.attrib |= {"value": f"{value:.6g}", "label": f"{value:.3g}"}


def _add_words(element, name):
    """Add names of fields for people, the name of a feature, and the text that appears under the pointer."""
    texts = texts_of(name)
    aliases = ElementTree.SubElement(element, "aliases")
    # The first field of a GeoPackage is the feature id.
    for index, (column, (title, _)) in enumerate(texts.items(), start=1):
        ElementTree.SubElement(aliases, "alias", index=str(index), field=column, name=title)
    if "fracture" not in texts:
        return
    ElementTree.SubElement(element, "previewExpression").text = "'Fracture ' || \"fracture\""
    rows = [f'<b>{TITLES[name]}: fracture [% "fracture" %]</b>']
    rows += [f'{texts[column][0]}: [% "{column}" %]' for column in _TIP_COLUMNS if column in texts]
    ElementTree.SubElement(element, "mapTip").text = "<br>".join(rows)


def _crs(crs):
    """Return a CRS as QGIS writes one that is in no catalogue: by its WKT."""
    with warnings.catch_warnings():
        # Older readers use the PROJ string, which is complete for a sphere.
        warnings.simplefilter("ignore", UserWarning)
        proj4 = crs.to_proj4()
    element = ElementTree.Element("spatialrefsys", nativeFormat="Wkt")
    radius = crs.ellipsoid.semi_major_metre
    for key, value in (
        ("wkt", crs.to_wkt("WKT2_2019")),
        ("proj4", proj4),
        ("srsid", "0"),
        ("srid", "0"),
        ("authid", ""),
        ("description", crs.name),
        ("projectionacronym", re.search(r"\+proj=(\w+)", proj4)[1]),
        ("ellipsoidacronym", _ellipsoid(radius)),
        ("geographicflag", "true" if crs.is_geographic else "false"),
    ):
        ElementTree.SubElement(element, key).text = value
    return element


def _ellipsoid(radius_m):
    return f"PARAMETER:{radius_m:.0f}:{radius_m:.0f}"


def _extent(bounds):
    element = ElementTree.Element("extent")
    for key, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        ElementTree.SubElement(element, key).text = repr(float(value))
    return element


def _properties():
    """Return the project's properties: relative paths; lengths and areas are measured on the map."""
    properties = ElementTree.Element("properties")
    paths = ElementTree.SubElement(properties, "Paths")
    ElementTree.SubElement(paths, "Absolute", type="bool").text = "false"
    # With an ellipsoid that is not the Earth's, QGIS 3.22 measures NaN. Without one, it measures on the map.
    measure = ElementTree.SubElement(properties, "Measure")
    ElementTree.SubElement(measure, "Ellipsoid", type="QString").text = "NONE"
    measurement = ElementTree.SubElement(properties, "Measurement")
    ElementTree.SubElement(measurement, "DistanceUnits", type="QString").text = "meters"
    ElementTree.SubElement(measurement, "AreaUnits", type="QString").text = "m2"
    reference = ElementTree.SubElement(properties, "SpatialRefSys")
    ElementTree.SubElement(reference, "ProjectionsEnabled", type="int").text = "1"
    return properties
