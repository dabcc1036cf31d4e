"""QGIS styles of the products."""

import sqlite3
from xml.etree import ElementTree

import numpy as np
import shapely

from imfmap.fractures.accept import REASONS
from imfmap.maps import qml_styles
from imfmap.maps.vectors import layers_of, read_vector
from tests.helpers.fracture_tables import fractures, write


def test_the_geopackage_carries_its_styles(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10))
    write(tmp_path, kept, kept.assign(reason="small"))
    with sqlite3.connect(tmp_path / "fractures.gpkg") as database:
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, styleSLD, useAsDefault FROM layer_styles ORDER BY id"
        ).fetchall()
        columns = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
    assert [row[0] for row in rows] == ["fractures", "centrelines", "segments", "candidate_ponds", "rejected"]
    for name, column, qml, sld, default in rows:
        assert columns[name] == column and default == 1
        assert qml == (qml_styles.FOLDER / f"{name}.qml").read_text()
        rules = ElementTree.fromstring(sld).iter("{http://www.opengis.net/sld}Rule")
        assert len(list(rules)) == len(qml_styles.vector_style(name).classes)
    assert len(layers_of(tmp_path / "fractures.gpkg")) == 5
    read = {column for name in ("fractures", "rejected") for column in read_vector(tmp_path / "fractures.gpkg", name)}
    assert {qml_styles.vector_style(name).column for name in ("fractures", "rejected")} <= read


def test_every_fracture_and_every_reason_has_a_class():
    classes = qml_styles.vector_style("fractures").classes
    assert classes[0].lower == 0 and classes[-1].upper >= 1e5
    assert all(one.upper == other.lower for one, other in zip(classes, classes[1:], strict=False))
    reasons = [part.value for part in qml_styles.vector_style("rejected").classes]
    assert set(REASONS) < set(reasons) and reasons[-1] == "", "the last one takes any other reason"


def test_every_style_can_be_read():
    for path in qml_styles.FOLDER.glob("*.qml"):
        root = ElementTree.parse(path).getroot()
        if root.find("renderer-v2") is not None:
            assert qml_styles.vector_style(path.stem).classes
    table = qml_styles.colour_table("probability")
    assert table.shape == (251, 4) and table[0, 3] == 0 and table[250, 3] == 255
    table = qml_styles.colour_table("density")[::10].astype(int)
    # Larger densities are brighter, so that a print in grey says the same.
    assert (np.diff(table[:, :3] @ [0.21, 0.72, 0.07]) > 0).all() and (table[:, 3] == 255).all()
