"""QGIS styles of label layers: colours by width class, classes as a pick list, lines as wide as their mask."""

from collections.abc import Mapping
from xml.etree import ElementTree

from .width_classes import CLASS_PIXEL_M, WIDTH_BOUNDS_PX

# Colours of Okabe & Ito (2008), from cool to warm. People with any colour vision can tell them apart on grey images.
COLOURS = {
    "tiny": (86, 180, 233),
    "small": (0, 158, 115),
    "medium": (240, 228, 66),
    "large": (230, 159, 0),
    "huge": (213, 94, 0),
}
# Colours of a line without a class, and of polygons.
UNKNOWN, POLYGON = (255, 0, 255), (204, 121, 167)
_TRANSLUCENT = 80


def lines_qml(width_px_by_class: Mapping[str, float]) -> str:
    """Return the style of the layer of lines.

    Parameters
    ----------
    width_px_by_class : mapping
        Full width of each class in pixels of 1.5 m, as lines are buffered to it.

    Returns
    -------
    str
        QML. Each line is drawn thin along its path, and translucent with its class's width on the ground.
    """
    root = _root()
    renderer = _child(root, "renderer-v2", type="categorizedSymbol", attr="width_class", symbollevels="0")
    categories, symbols = _child(renderer, "categories"), _child(renderer, "symbols")
    looks = [(name, _with_bounds(name), COLOURS[name], width_px_by_class[name]) for name in WIDTH_BOUNDS_PX]
    looks.append(("", "choose a class", UNKNOWN, None))
    for number, (value, label, colour, width_px) in enumerate(looks):
        _child(categories, "category", value=value, label=label, symbol=str(number), render="true", type="string")
        symbol = _child(symbols, "symbol", type="line", name=str(number), alpha="1", clip_to_extent="1")
        if width_px is not None:
            wide = {"line_width": f"{width_px * CLASS_PIXEL_M:g}", "line_width_unit": "RenderMetersInMapUnits"}
            _line(symbol, (*colour, _TRANSLUCENT), **wide)
        _line(symbol, (*colour, 255), line_width="0.4", line_width_unit="MM")
    fields = _child(root, "fieldConfiguration")
    choices = {_with_bounds(name): name for name in WIDTH_BOUNDS_PX}
    _field(fields, "width_class", choices)
    _field(fields, "note")
    constraints = _child(root, "constraints")
    # A hard constraint: QGIS saves no line without a class.
    _child(
        constraints, "constraint", field="width_class", constraints="1", notnull_strength="1", unique_strength="0",
        exp_strength="0",
    )  # fmt: skip
    return _text(root)


def polygons_qml() -> str:
    """Return the style of the layer of polygons, as QML."""
    root = _root()
    renderer = _child(root, "renderer-v2", type="singleSymbol", symbollevels="0")
    symbol = _child(_child(renderer, "symbols"), "symbol", type="fill", name="0", alpha="1", clip_to_extent="1")
    layer = _child(symbol, "layer", **{"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"})
    _options(
        layer,
        color=_rgba(*POLYGON, _TRANSLUCENT),
        style="solid",
        outline_color=_rgba(*POLYGON, 255),
        outline_style="solid",
        outline_width="0.4",
        outline_width_unit="MM",
        joinstyle="round",
    )
    _field(_child(root, "fieldConfiguration"), "note")
    return _text(root)


def _with_bounds(name):
    low, high = WIDTH_BOUNDS_PX[name]
    return (
        f"{name} ({low:g}-{high:g} px of {CLASS_PIXEL_M:g} m)"
        if high < float("inf")
        else f"{name} ({low:g} px and more)"
    )


def _root():
    return ElementTree.Element("qgis", version="3.28.0", styleCategories="Symbology|Fields|Forms")


def _child(parent, tag, **attributes):
    return ElementTree.SubElement(parent, tag, attributes)


def _line(symbol, rgba, **options):
    layer = _child(symbol, "layer", **{"class": "SimpleLine", "enabled": "1", "locked": "0", "pass": "0"})
    _options(layer, line_color=_rgba(*rgba), line_style="solid", capstyle="round", joinstyle="round", **options)


def _options(layer, **values):
    options = _child(layer, "Option", type="Map")
    for name, value in values.items():
        _child(options, "Option", type="QString", name=name, value=value)


def _field(fields, name, choices=None):
    """Add how a column is edited: as text, or picked from a list of labels and values."""
    widget = _child(_child(fields, "field", name=name), "editWidget", type="ValueMap" if choices else "TextEdit")
    options = _child(_child(widget, "config"), "Option", type="Map")
    if choices:
        listed = _child(options, "Option", type="List", name="map")
        for label, value in choices.items():
            _child(_child(listed, "Option", type="Map"), "Option", type="QString", name=label, value=value)


def _rgba(*colour):
    return ",".join(map(str, colour))


def _text(root):
    ElementTree.indent(root, " ")
    doctype = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return doctype + ElementTree.tostring(root, encoding="unicode") + "\n"
