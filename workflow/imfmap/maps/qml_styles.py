"""Styles of layers: the QGIS styles of resources/styles, and the styles for other programs that are made from them.

Colours and classes are defined only in the ``.qml`` files. QGIS reads these files. The SLD for other GIS programs and
the legend and colour tables of the viewer are made from them.
"""

from collections.abc import Sequence
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
        In a graduated style: the class holds values from `lower` to below `upper`.
    value : str or None
        In a categorised style: the value of the class. The empty text stands for all other values.
    casing : tuple of (tuple of int, float) or None
        Colour and width in millimetres of a wider line below the outline, which shows on ground of the outline's own
        brightness.
    """

    label: str
    fill: tuple[int, int, int, int]
    outline: tuple[int, int, int, int]
    outline_mm: float
    lower: float | None = None
    upper: float | None = None
    value: str | None = None
    casing: tuple[tuple[int, int, int, int], float] | None = None


@dataclass(frozen=True)
class VectorStyle:
    """A style of areas or lines: classes of one column, or one class for all features (then `column` is None)."""

    column: str | None
    classes: tuple[StyleClass, ...]
    lines: bool = False


def qml(name: str) -> str | None:
    """Return the text of a layer's QGIS style; None if the layer has no style.

    Parameters
    ----------
    name : str
        Name of the layer, and of the file in resources/styles.
    """
    path = FOLDER / f"{name}.qml"
    return path.read_text() if path.exists() else None


def vector_style(name: str) -> VectorStyle:
    """Return the style in a layer's QGIS file. The fill of lines is transparent.

    Raises
    ------
    InputError
        If the style has other symbols than single, categorised or graduated ones.
    """
    renderer = ElementTree.parse(FOLDER / f"{name}.qml").getroot().find("renderer-v2")
    kind = renderer.get("type")
    symbols = {symbol.get("name"): _symbol(symbol) for symbol in renderer.iter("symbol")}
    casings = {symbol.get("name"): _casing(symbol) for symbol in renderer.iter("symbol")}
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
                casing=casings[part.get("symbol")],
            )
            for part in renderer.iter("range")
        ]
    elif kind == "categorizedSymbol":
        classes = [
            StyleClass(part.get("label"), *symbols[part.get("symbol")], value=part.get("value"))
            for part in renderer.iter("category")
        ]
    else:
        raise InputError(
            FOLDER / f"{name}.qml", f"has a renderer of type {kind}", "use single, categorised or graduated symbols"
        )
    return VectorStyle(renderer.get("attr"), tuple(classes), lines)


def colour_table(name: str) -> np.ndarray:
    """Return the colours of a raster style over its range.

    Parameters
    ----------
    name : str
        Name of a pseudocolour style with interpolated colours.

    Returns
    -------
    ndarray
        uint8 (251, 4): RGBA at 0, 1/250 ... 1 of the range. A row each for the codes of a probability raster.
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


def sld(name: str) -> str:
    """Return a layer's style as SLD 1.0, for GeoServer and other GIS programs."""
    style = vector_style(name)
    rules = "".join(_rule(style.column, part, style.lines) for part in style.classes)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<StyledLayerDescriptor version="1.0.0" xmlns="http://www.opengis.net/sld" xmlns:ogc="http://www.opengis.net/ogc">'
        f"<NamedLayer><Name>{name}</Name><UserStyle><Name>{name}</Name><FeatureTypeStyle>{rules}"
        "</FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
    )


def css(rgba: Sequence[int]) -> str:
    """Return a colour as ``#rrggbb``, without its alpha."""
    return "#" + bytes(rgba[:3]).hex()


def _symbol(element):
    """Return fill, outline and width of the outline of a QGIS fill symbol or line symbol."""
    options = {option.get("name"): option.get("value") for option in element.iter("Option")}
    if element.get("type") == "line":
        return (0, 0, 0, 0), tuple(map(int, options["line_color"].split(",")[:4])), float(options["line_width"])
    fill, outline = (tuple(map(int, options[key].split(",")[:4])) for key in ("color", "outline_color"))
    return (0, 0, 0, 0) if options.get("style") == "no" else fill, outline, float(options["outline_width"])


def _casing(element):
    """Return colour and width of the line below the outline of a QGIS fill symbol; None if there is none."""
    layer = element.find("layer[@class='SimpleLine']") if element.get("type") == "fill" else None
    if layer is None:
        return None
    options = {option.get("name"): option.get("value") for option in layer.iter("Option")}
    return tuple(map(int, options["line_color"].split(",")[:4])), float(options["line_width"])


def _stroke(colour, width_mm):
    # SLD's pixel is 0.28 mm.
    return (
        f'<Stroke><CssParameter name="stroke">{css(colour)}</CssParameter>'
        f'<CssParameter name="stroke-width">{width_mm / 0.28:.2f}</CssParameter></Stroke>'
    )


def _rule(column, part, lines):
    name = f"<Name>{escape(part.label)}</Name>"
    fill = (
        f'<Fill><CssParameter name="fill">{css(part.fill)}</CssParameter>'
        f'<CssParameter name="fill-opacity">{part.fill[3] / 255:.2f}</CssParameter></Fill>'
    )
    stroke = _stroke(part.outline, part.outline_mm)
    casing = f"<LineSymbolizer>{_stroke(*part.casing)}</LineSymbolizer>" if part.casing else ""
    symbol = casing + (
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
    # The class of all values that no other class has.
    return "<ElseFilter/>" if part.value is not None else ""
