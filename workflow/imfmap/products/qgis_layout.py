"""The print layout of a QGIS project: a page of A3 with map, graticule, legend, scale bar and projection.

The layout has the form that QGIS 3.22 writes, without the parts that QGIS fills in itself.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ..plots.cartography import nice_below
from .figures.map_facts import reference_words

if TYPE_CHECKING:
    from ..maps.grids import MapGrid

NAME = "Map, A3"
# QGIS's numbers of the types of items.
_PAGE, _MAP, _LABEL, _LEGEND, _SCALE_BAR = "65638", "65639", "65641", "65642", "65646"
_PAGE_MM = (420.0, 297.0)
# Left and top, and the largest width and height of the map.
_MAP_PLACE_MM, _MAP_MM = (18.0, 26.0), (292.0, 252.0)
_SIDE_MM, _SIDE_WIDTH_MM = 322.0, 88.0
_MAP_UUID = "{imfmap-map}"
# The graticule has about so many lines along the longer side of the map.
_LINES = 5


def print_layout(
    grid: "MapGrid", title: str, legend: Sequence[tuple[str, str]], geographic: ElementTree.Element
) -> ElementTree.Element:
    """Return the element of a layout that shows a whole map.

    Parameters
    ----------
    grid : MapGrid
    title : str
        Title above the map.
    legend : sequence of (str, str)
        Id and title of each layer in the legend.
    geographic : Element
        QGIS's description of the CRS of longitude and latitude on the body.
    """
    layout = ElementTree.Element("Layout", name=NAME, units="mm", printResolution="300")
    pages = ElementTree.SubElement(layout, "PageCollection")
    _item(pages, _PAGE, "page", (0.0, 0.0), _PAGE_MM)
    layout.append(_legend(legend))
    layout.append(_scale_bar(grid))
    _label(layout, "title", title, (_MAP_PLACE_MM[0], 8.0), (_PAGE_MM[0] - 2 * _MAP_PLACE_MM[0], 12.0), 18)
    _label(layout, "note", reference_words(grid), (_SIDE_MM, 236.0), (_SIDE_WIDTH_MM, 46.0), 8)
    layout.append(_map(grid, geographic))
    return layout


def _item(parent, kind, name, place_mm, size_mm, **attributes):
    """Add an item to a layout, or return it without a parent."""
    place, size = (",".join([*(f"{value:g}" for value in pair), "mm"]) for pair in (place_mm, size_mm))
    facts = {
        "type": kind,
        "id": name,
        "uuid": f"{{imfmap-{name}}}",
        "position": place,
        "positionOnPage": place,
        "size": size,
        "referencePoint": "0",
        "visibility": "1",
        "opacity": "1",
        "background": "true" if kind in (_PAGE, _MAP) else "false",
        "frame": "false",
        **attributes,
    }
    if parent is None:
        return ElementTree.Element("LayoutItem", facts)
    return ElementTree.SubElement(parent, "LayoutItem", facts)


def _label(parent, name, text, place_mm, size_mm, points):
    item = _item(parent, _LABEL, name, place_mm, size_mm, labelText=text, htmlState="0", valign="32", halign="1")
    ElementTree.SubElement(item, "LabelFont", description=_font(points))


def _font(points):
    return f"Sans Serif,{points},-1,5,50,0,0,0,0,0"


def _map(grid, geographic):
    """Return the map, as large as its room allows, with its graticule."""
    left, bottom, right, top = grid.bounds
    scale = min(_MAP_MM[0] / (right - left), _MAP_MM[1] / (top - bottom))
    size_mm = ((right - left) * scale, (top - bottom) * scale)
    item = _item(None, _MAP, "map", _MAP_PLACE_MM, size_mm, keepLayerSet="false", followPreset="false", frame="true")
    extent = dict(zip(("xmin", "ymin", "xmax", "ymax"), (repr(float(value)) for value in grid.bounds), strict=True))
    ElementTree.SubElement(item, "Extent", extent)
    lon, lat = _graticule_steps(grid)
    shown = {f"{side}AnnotationDisplay": "0" for side in ("left", "right", "top", "bottom")}
    placed = {f"{side}AnnotationPosition": "1" for side in ("left", "right", "top", "bottom")}
    graticule = ElementTree.SubElement(
        item,
        "ComposerMapGrid",
        **shown,
        **placed,
        name="Graticule",
        uuid="{imfmap-graticule}",
        show="1",
        gridStyle="0",
        unit="0",
        position="3",
        intervalX=f"{lon:g}",
        intervalY=f"{lat:g}",
        offsetX="0",
        offsetY="0",
        showAnnotation="1",
        annotationFormat="3",
        annotationPrecision=str(max(0, *(len(f"{step:f}".rstrip("0").partition(".")[2]) for step in (lon, lat)))),
        frameAnnotationDistance="1",
        annotationFontColor="0,0,0,255",
        leftAnnotationDirection="1",
        rightAnnotationDirection="1",
        blendMode="0",
    )
    graticule.append(geographic)
    lines = ElementTree.SubElement(ElementTree.SubElement(graticule, "lineStyle"), "symbol", type="line", alpha="0.6")
    line = ElementTree.SubElement(lines, "layer", {"class": "SimpleLine", "enabled": "1", "pass": "0", "locked": "0"})
    for key, value in (("line_color", "255,255,255,255"), ("line_width", "0.2"), ("line_width_unit", "MM")):
        ElementTree.SubElement(line, "prop", k=key, v=value)
    ElementTree.SubElement(graticule, "annotationFontProperties", description=_font(8))
    return item


def _graticule_steps(grid):
    """Return steps of longitude and latitude, in degrees, that give about `_LINES` lines."""
    left, bottom, right, top = grid.bounds
    degrees = math.degrees(max(right - left, top - bottom) / grid.body.radius_m)
    lat = nice_below(degrees / _LINES)
    lon_span = abs(grid.lonlat(grid.shape[0] / 2, grid.shape[1])[0] - grid.lonlat(grid.shape[0] / 2, 0)[0]) % 360
    return nice_below(max(min(lon_span, 360.0 - lon_span), degrees) / _LINES), lat


def _scale_bar(grid):
    left, _, right, _ = grid.bounds
    item = _item(
        None,
        _SCALE_BAR,
        "scale bar",
        (_SIDE_MM, 216.0),
        (_SIDE_WIDTH_MM, 14.0),
        mapUuid=_MAP_UUID,
        style="Single Box",
        unitType="meters",
        unitLabel="m",
        numMapUnitsPerScaleBarUnit="1",
        numSegments="2",
        numSegmentsLeft="0",
        numUnitsPerSegment=f"{nice_below((right - left) / 8):g}",
        segmentSizeMode="0",
        height="2.5",
        boxContentSpace="1",
        labelBarSpace="2",
    )
    style = ElementTree.SubElement(item, "text-style", fontFamily="Sans Serif", fontSize="9", fontSizeUnit="Point")
    style.set("textColor", "0,0,0,255")
    return item


def _legend(layers):
    item = _item(
        None,
        _LEGEND,
        "legend",
        (_SIDE_MM, 26.0),
        (_SIDE_WIDTH_MM, 180.0),
        title="",
        map_uuid=_MAP_UUID,
        resizeToContents="1",
        symbolWidth="7",
        symbolHeight="4",
        boxSpace="3",
        columnCount="1",
        fontColor="#000000",
        background="true",
    )
    # Outlines are light, for dark ground: on white paper they would not be seen.
    ElementTree.SubElement(item, "BackgroundColor", red="160", green="160", blue="160", alpha="255")
    styles = ElementTree.SubElement(item, "styles")
    for name, points, margin in (("title", 12, 2), ("group", 11, 3), ("subgroup", 10, 3), ("symbolLabel", 9, 2)):
        style = ElementTree.SubElement(styles, "style", name=name, alignment="1", marginTop=str(margin))
        style.set("marginLeft", "2" if name == "symbolLabel" else "0")
        ElementTree.SubElement(style, "styleFont", description=_font(points), style="")
    tree = ElementTree.SubElement(item, "layer-tree-group")
    for ident, title in layers:
        ElementTree.SubElement(tree, "layer-tree-layer", id=ident, name=title, checked="Qt::Checked", expanded="1")
    return item
