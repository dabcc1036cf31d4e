"""QGIS styles of label layers: colours by width class, classes as a pick list, lines as wide as their mask."""

from xml.etree import ElementTree

from .width_classes import CLASS_PIXEL_M, WIDTH_BOUNDS_PX

# Okabe & Ito (2008) from cool to warm: they show on grey images, and to any colour vision.
COLOURS = {
    "tiny": (86, 180, 233),
    "small": (0, 158, 115),
    "medium": (240, 228, 66),
    "large": (230, 159, 0),
    "huge": (213, 94, 0),
}
# A line whose class is still to be chosen, and polygons.
UNKNOWN, POLYGON = (255, 0, 255), (204, 121, 167)
_SHEER = 80


def lines_qml(width_px_by_class):
    """Style of the layer of lines.

    Parameters
    ----------
    width_px_by_class : mapping
        Full width of each class in pixels of 1.5 m, as lines are buffered to it.

    Returns
    -------
    str
        QML. Each line is drawn thin along its path, and sheer at its class's width on the ground.
    """
    root = _root()
    renderer = _under(root, "renderer-v2", type="categorizedSymbol", attr="width_class", symbollevels="0")
    categories, symbols = _under(renderer, "categories"), _under(renderer, "symbols")
    looks = [(name, _with_bounds(name), COLOURS[name], width_px_by_class[name]) for name in WIDTH_BOUNDS_PX]
    looks.append(("", "choose a class", UNKNOWN, None))
    for number, (value, label, colour, width_px) in enumerate(looks):
        _under(categories, "category", value=value, label=label, symbol=str(number), render="true", type="string")
        symbol = _under(symbols, "symbol", type="line", name=str(number), alpha="1", clip_to_extent="1")
        if width_px is not None:
            wide = {"line_width": f"{width_px * CLASS_PIXEL_M:g}", "line_width_unit": "RenderMetersInMapUnits"}
            _line(symbol, (*colour, _SHEER), **wide)
        _line(symbol, (*colour, 255), line_width="0.4", line_width_unit="MM")
    fields = _under(root, "fieldConfiguration")
    choices = {_with_bounds(name): name for name in WIDTH_BOUNDS_PX}
    _field(fields, "width_class", choices)
    _field(fields, "note")
    constraints = _under(root, "constraints")
    # A hard constraint: QGIS keeps no line without a class.
    _under(
        constraints, "constraint", field="width_class", constraints="1", notnull_strength="1", unique_strength="0",
        exp_strength="0",
    )  # fmt: skip
    return _text(root)


def polygons_qml():
    """Style of the layer of polygons, as QML."""
    root = _root()
    renderer = _under(root, "renderer-v2", type="singleSymbol", symbollevels="0")
    symbol = _under(_under(renderer, "symbols"), "symbol", type="fill", name="0", alpha="1", clip_to_extent="1")
    layer = _under(symbol, "layer", **{"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"})
    _options(
        layer,
        color=_rgba(*POLYGON, _SHEER),
        style="solid",
        outline_color=_rgba(*POLYGON, 255),
        outline_style="solid",
        outline_width="0.4",
        outline_width_unit="MM",
        joinstyle="round",
    )
    _field(_under(root, "fieldConfiguration"), "note")
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


def _under(parent, tag, **attributes):
    return ElementTree.SubElement(parent, tag, attributes)


def _line(symbol, rgba, **options):
    layer = _under(symbol, "layer", **{"class": "SimpleLine", "enabled": "1", "locked": "0", "pass": "0"})
    _options(layer, line_color=_rgba(*rgba), line_style="solid", capstyle="round", joinstyle="round", **options)


def _options(layer, **values):
    options = _under(layer, "Option", type="Map")
    for name, value in values.items():
        _under(options, "Option", type="QString", name=name, value=value)


def _field(fields, name, choices=None):
    """How a column is edited: as text, or picked from a list of labels and values."""
    widget = _under(_under(fields, "field", name=name), "editWidget", type="ValueMap" if choices else "TextEdit")
    options = _under(_under(widget, "config"), "Option", type="Map")
    if choices:
        listed = _under(options, "Option", type="List", name="map")
        for label, value in choices.items():
            _under(_under(listed, "Option", type="Map"), "Option", type="QString", name=label, value=value)


def _rgba(*colour):
    return ",".join(map(str, colour))


def _text(root):
    ElementTree.indent(root, " ")
    doctype = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return doctype + ElementTree.tostring(root, encoding="unicode") + "\n"
