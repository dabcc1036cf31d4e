"""How layers look: the QGIS styles of resources/styles, and what other programs need of them.

The ``.qml`` files are the one place where colours and classes stand. QGIS reads them as they are; SLD for other GIS,
the viewer's legend and its colour tables are read out of them.
"""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import numpy as np

from ..core.errors import InputError

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "styles"


@dataclass(frozen=True)
class StyleClass:
    """One class of a vector style.

    Attributes
    ----------
    label : str
    fill, outline : tuple of int
        Red, green, blue, alpha, 0..255.
    outline_mm : float
    lower, upper : float or None
        Of a graduated style: the class holds values from `lower` to below `upper`.
    value : str or None
        Of a categorised style: the value; empty for all others.
    """

    label: str
    fill: tuple
    outline: tuple
    outline_mm: float
    lower: float | None = None
    upper: float | None = None
    value: str | None = None


@dataclass(frozen=True)
class VectorStyle:
    """A vector style: classes of one column, or one class for all (`column` None), of areas or of lines."""

    column: str | None
    classes: tuple
    lines: bool = False


def qml(name):
    """Text of a layer's QGIS style; None where the layer has none.

    Parameters
    ----------
    name : str
        Layer name, as the file in resources/styles.
    """
    path = FOLDER / f"{name}.qml"
    return path.read_text() if path.exists() else None


def vector_style(name):
    """VectorStyle: what a layer's QGIS style says; the fill of a line is nothing.

    Raises
    ------
    InputError
        For a style with another renderer than single, categorised or graduated symbols.
    """
    renderer = ElementTree.parse(FOLDER / f"{name}.qml").getroot().find("renderer-v2")
    kind = renderer.get("type")
    symbols = {symbol.get("name"): _symbol(symbol) for symbol in renderer.iter("symbol")}
    lines = renderer.find(".//symbol").get("type") == "line"
    if kind == "singleSymbol":
        return VectorStyle(None, (StyleClass(name, *symbols["0"]),), lines)
    if kind == "graduatedSymbol":
        classes = [
            StyleClass(
                part.get("label"),
                *symbols[part.get("symbol")],
                lower=float(part.get("lower")),
                upper=float(part.get("upper")),
            )
            for part in renderer.iter("range")
        ]
    elif kind == "categorizedSymbol":
        classes = [
            StyleClass(part.get("label"), *symbols[part.get("symbol")], value=part.get("value"))
            for part in renderer.iter("category")
        ]
    else:
        raise InputError(FOLDER / f"{name}.qml", f"has a renderer of type {kind}", "use single, categorised, graduated")
    return VectorStyle(renderer.get("attr"), tuple(classes), lines)


def colour_table(name):
    """Colours of a raster style over its range.

    Parameters
    ----------
    name : str
        A pseudocolour style with interpolated colours.

    Returns
    -------
    ndarray
        uint8 (251, 4): RGBA of 0, 1/250 ... 1 of the range, as the codes of a probability raster.
    """
    shader = ElementTree.parse(FOLDER / f"{name}.qml").getroot().find(".//colorrampshader")
    low, high = float(shader.get("minimumValue")), float(shader.get("maximumValue"))
    stops = [
        (float(item.get("value")), *bytes.fromhex(item.get("color")[1:]), int(item.get("alpha")))
        for item in shader.iter("item")
    ]
    values, *channels = np.array(stops, float).T
    at = np.linspace(low, high, 251)
    return np.rint([np.interp(at, values, channel) for channel in channels]).T.astype(np.uint8)


def sld(name):
    """A layer's style as SLD 1.0, for GeoServer and other GIS: filled polygons, or lines, by class."""
    style = vector_style(name)
    rules = "".join(_rule(style.column, part, style.lines) for part in style.classes)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc">'
        f"<NamedLayer><Name>{name}</Name><UserStyle><Name>{name}</Name><FeatureTypeStyle>{rules}"
        "</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
    )


def css(rgba):
    """A colour as ``#rrggbb``, without its alpha."""
    return "#" + bytes(rgba[:3]).hex()


def _symbol(element):
    """Fill, outline and its width of a QGIS fill symbol, or of a line symbol."""
    options = {option.get("name"): option.get("value") for option in element.iter("Option")}
    if element.get("type") == "line":
        return (0, 0, 0, 0), tuple(map(int, options["line_color"].split(",")[:4])), float(options["line_width"])
    fill, outline = (tuple(map(int, options[key].split(",")[:4])) for key in ("color", "outline_color"))
    return (0, 0, 0, 0) if options.get("style") == "no" else fill, outline, float(options["outline_width"])


def _rule(column, part, lines):
    name = f"<Name>{escape(part.label)}</Name>"
    px = part.outline_mm / 0.28  # SLD's pixel is 0.28 mm
    fill = (
        f'<Fill><CssParameter name="fill">{css(part.fill)}</CssParameter>'
        f'<CssParameter name="fill-opacity">{part.fill[3] / 255:.2f}</CssParameter></Fill>'
    )
    stroke = (
        f'<Stroke><CssParameter name="stroke">{css(part.outline)}</CssParameter>'
        f'<CssParameter name="stroke-width">{px:.2f}</CssParameter></Stroke>'
    )
    symbol = (
        f"<LineSymbolizer>{stroke}</LineSymbolizer>"
        if lines
        else f"<PolygonSymbolizer>{fill}{stroke}</PolygonSymbolizer>"
    )
    return f"<Rule>{name}{_filter(column, part)}{symbol}</Rule>"


def _filter(column, part):
    if part.lower is not None:
        named = f"<ogc:PropertyName>{column}</ogc:PropertyName>"
        tests = "".join(
            f"<ogc:{test}>{named}<ogc:Literal>{value:g}</ogc:Literal></ogc:{test}>"
            for test, value in (
                ("PropertyIsGreaterThanOrEqualTo", part.lower),
                ("PropertyIsLessThan", part.upper),
            )
        )
        return f"<ogc:Filter><ogc:And>{tests}</ogc:And></ogc:Filter>"
    if part.value:
        return (
            f"<ogc:Filter><ogc:PropertyIsEqualTo><ogc:PropertyName>{column}</ogc:PropertyName>"
            f"<ogc:Literal>{escape(part.value)}</ogc:Literal></ogc:PropertyIsEqualTo></ogc:Filter>"
        )
    # What no other class took.
    return "<ElseFilter/>" if part.value is not None else ""
