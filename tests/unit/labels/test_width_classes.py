"""Classes of width."""

import yaml

from imfmap.labels.width_classes import CLASS_PIXEL_M, WIDTH_BOUNDS_PX, WIDTH_CLASSES, width_class


def test_the_configurations_widths_lie_in_their_classes(root):
    schema = yaml.safe_load((root / "workflow" / "schemas" / "config.schema.yaml").read_text())
    widths = schema["$defs"]["labels"]["properties"]["width_px"]["properties"]
    assert tuple(widths) == WIDTH_CLASSES
    for name, entry in widths.items():
        assert width_class(entry["default"] * CLASS_PIXEL_M) == name
        low, high = WIDTH_BOUNDS_PX[name]
        # The open class begins at 30 px; as wide as its neighbours, its middle is at 35.
        assert entry["default"] == (low + min(high, low + 10)) / 2
