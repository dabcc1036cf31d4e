"""Write the files of resources/labels for drawing: templates of labels and of floors for each body, and QGIS styles.

Run ``python resources/label_template.py``. Colours, classes and columns come from the library, widths from the defaults
of the configuration.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Each body has its own template: a label file with the CRS of another body is an error.
TEMPLATES = {"moon": "template.gpkg", "mercury": "template_mercury.gpkg"}
AREA_TEMPLATES = {name: f"floor_{file}" for name, file in TEMPLATES.items()}
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.labels.qgis_style import lines_qml, polygons_qml  # noqa: E402
from imfmap.labels.template import write_area_template, write_template  # noqa: E402
from imfmap.labels.width_classes import LINE_WIDTH_PX  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402


def main(folder: Path = ROOT / "resources" / "labels") -> None:
    """Write the files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in TEMPLATES.items():
        write_template(folder / file, body(name).geographic, LINE_WIDTH_PX)
        write_area_template(folder / AREA_TEMPLATES[name], body(name).geographic)
    (folder / "lines.qml").write_text(lines_qml(LINE_WIDTH_PX))
    (folder / "polygons.qml").write_text(polygons_qml())


if __name__ == "__main__":
    main()
