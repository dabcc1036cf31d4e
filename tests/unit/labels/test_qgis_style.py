"""QGIS styles of labels."""

from xml.etree import ElementTree

from imfmap.labels.qgis_style import lines_qml, polygons_qml
from imfmap.labels.width_classes import WIDTH_BOUNDS_PX, WIDTH_CLASSES
from tests.helpers.label_widths import WIDTHS


def test_the_style_names_colours_and_widens_every_class():
    root = ElementTree.fromstring(lines_qml(WIDTHS))
    renderer = root.find("renderer-v2")
    assert (renderer.get("type"), renderer.get("attr")) == ("categorizedSymbol", "width_class")
    categories = {part.get("value"): part.get("symbol") for part in renderer.iter("category")}
    assert tuple(categories) == (*WIDTH_CLASSES, "")
    symbols = {symbol.get("name"): symbol for symbol in renderer.iter("symbol")}
    colours = set()
    for name, number in categories.items():
        layers = [
            {option.get("name"): option.get("value") for option in layer.iter("Option")}
            for layer in symbols[number].iter("layer")
        ]
        colours.add(layers[-1]["line_color"])
        if name:
            # As wide on the ground as the mask will be.
            assert float(layers[0]["line_width"]) == 1.5 * WIDTHS[name]
            assert layers[0]["line_width_unit"] == "RenderMetersInMapUnits"
    assert len(colours) == 6
    field = next(field for field in root.iter("field") if field.get("name") == "width_class")
    assert field.find("editWidget").get("type") == "ValueMap"
    choices = {option.get("value"): option.get("name") for option in field.iter("Option") if option.get("value")}
    assert tuple(choices) == WIDTH_CLASSES
    for name, (low, high) in WIDTH_BOUNDS_PX.items():
        assert choices[name].startswith(f"{name} ({low:g}")
        assert high == float("inf") or f"-{high:g} px" in choices[name]
    assert root.find("constraints/constraint").get("field") == "width_class"
    assert ElementTree.fromstring(polygons_qml()).find("renderer-v2//symbol").get("type") == "fill"
