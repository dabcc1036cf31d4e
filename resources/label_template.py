"""Make the files of resources/labels that labels are drawn with: a template for each body, and its QGIS styles.

From the repository: ``python resources/label_template.py``. Colours, classes and columns come from the library, widths
from the defaults of the configuration; the files hold nothing else.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A label file of another body's CRS is refused.
TEMPLATES = {"moon": "template.gpkg", "mercury": "template_mercury.gpkg"}
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.labels.qgis_style import lines_qml, polygons_qml  # noqa: E402
from imfmap.labels.template import write_template  # noqa: E402
from imfmap.labels.width_classes import LINE_WIDTH_PX  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402


def main(folder=ROOT / "resources" / "labels"):
    """Write the files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in TEMPLATES.items():
        write_template(folder / file, body(name).geographic, LINE_WIDTH_PX)
    (folder / "lines.qml").write_text(lines_qml(LINE_WIDTH_PX))
    (folder / "polygons.qml").write_text(polygons_qml())


if __name__ == "__main__":
    main()
