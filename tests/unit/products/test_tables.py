"""Files of fractures: read back as a GIS reads them."""

import json
import sqlite3
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from imfmap.core.errors import InputError
from imfmap.fractures.accept import REASONS
from imfmap.fractures.fracture_columns import SHAPEFILE_FIELDS
from imfmap.fractures.measures import MEASURES
from imfmap.maps import qml_styles
from imfmap.maps.bodies import body, body_of
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.vectors import layers_of, read_vector, write_vector
from imfmap.products.tables import (
    summarise,
    write_fracture_table,
    write_fractures,
    write_statistics,
    write_summary,
)

MOON = body("moon")
CRS = MOON.projected("equirectangular", -10.4, -165.1)


def fractures(*boxes, crs=CRS):
    frame = gpd.GeoDataFrame({"fracture": np.arange(1, len(boxes) + 1)}, geometry=list(boxes), crs=crs)
    for number, name in enumerate(MEASURES):
        frame[name] = np.arange(len(boxes)) * 10.0 + number + 1 / 3
    frame["area_m2"] = frame.area
    frame["group"] = 1
    return frame


def write(folder, kept, rejected, lines=None, ponds=None):
    """Write fractures, by default with a line each along their middles, and no ponds."""
    if lines is None:
        ends = [((left, (low + high) / 2), (right, (low + high) / 2)) for left, low, right, high in kept.bounds.values]
        columns = {"fracture": kept["fracture"], "line": 0, "length_m": 30.0, "mean_width_m": 10 / 3}
        columns |= {"distances_m": "[7.5, 22.5]", "widths_m": "[3.0, 4.5]"}
        lines = gpd.GeoDataFrame(columns, geometry=[shapely.LineString(pair) for pair in ends], crs=kept.crs)
    ponds = gpd.GeoDataFrame({"pond": []}, geometry=[], crs=kept.crs) if ponds is None else ponds
    write_fractures(folder, kept, rejected, lines, ponds)


def test_three_formats_say_the_same(tmp_path):
    kept = fractures(
        shapely.box(0, 0, 30, 10), shapely.MultiPolygon([shapely.box(50, 0, 60, 9), shapely.box(60, 9, 65, 20)])
    )
    rejected = fractures(shapely.box(0, 50, 5, 60)).assign(reason="small")
    write(tmp_path, kept, rejected)
    assert layers_of(tmp_path / "fractures.gpkg") == ["fractures", "centrelines", "candidate_ponds", "rejected"]
    lines = read_vector(tmp_path / "fractures.gpkg", "centrelines")
    assert lines.geom_type.unique() == ["LineString"] and lines.fracture.tolist() == [1, 2]
    assert json.loads(lines.widths_m[0]) == [3.0, 4.5]
    package = read_vector(tmp_path / "fractures.gpkg", "fractures")
    assert read_vector(tmp_path / "fractures.gpkg", "rejected").reason.tolist() == ["small"]
    shapefile = read_vector(tmp_path / "fractures.shp").rename(
        columns={new: old for old, new in SHAPEFILE_FIELDS.items()}
    )
    geojson = read_vector(tmp_path / "fractures.geojson")
    assert body_of(geojson.crs) is MOON and geojson.crs.is_geographic
    assert package.crs == CRS and shapefile.crs == CRS
    for frame in (package, shapefile, geojson.to_crs(CRS)):
        np.testing.assert_allclose(frame.area, kept.area, rtol=2e-3)
        for name in (*MEASURES, "fracture", "group"):
            np.testing.assert_allclose(frame[name].astype(float), kept[name], atol=0.06)
    longitude, latitude = geojson.geometry.iloc[0].centroid.coords[0]
    assert (longitude, latitude) == pytest.approx(MOON.to_lonlat(CRS).transform(15, 5), abs=1e-6)
    assert "IAU" in json.loads((tmp_path / "fractures.geojson").read_text())["crs"]["properties"]["name"]
    assert all(not path.name.startswith(".") for path in tmp_path.iterdir())


def test_shapefile_names_fit():
    assert all(len(name) <= 10 for name in SHAPEFILE_FIELDS.values())
    assert len(set(SHAPEFILE_FIELDS.values())) == len(SHAPEFILE_FIELDS)
    assert set(MEASURES) < set(SHAPEFILE_FIELDS)


def test_across_the_antimeridian_a_fracture_stays_small(tmp_path):
    crs = MOON.projected("equirectangular", 0, 180)
    kept = fractures(shapely.box(-300, 0, 300, 30), crs=crs)
    write(tmp_path, kept, kept.iloc[:0].assign(reason=[]))
    left, _, right, _ = read_vector(tmp_path / "fractures.geojson").total_bounds
    assert right - left == pytest.approx(np.degrees(600 / MOON.radius_m), rel=1e-3)


def test_no_fractures_are_files_too(tmp_path):
    none = fractures().assign(reason=[])
    write(tmp_path, none.drop(columns="reason"), none)
    for name in ("fractures.gpkg", "fractures.shp", "fractures.geojson"):
        assert len(read_vector(tmp_path / name)) == 0
    assert {"area_m2", "confidence"} < set(read_vector(tmp_path / "fractures.gpkg", "fractures").columns)
    summary = summarise(none, none)
    assert summary["fractures"]["polygons"] == 0 and summary["fractures"]["area_m2"] is None
    assert summary["rejected"] == {"small": 0, "seam": 0, "outside": 0}


def test_same_fractures_same_bytes(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10))
    for folder in ("one", "two"):
        write(tmp_path / folder, kept, kept.assign(reason="seam"))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_summary_counts_honestly(tmp_path):
    kept = fractures(shapely.box(0, 0, 20, 10), shapely.box(30, 0, 70, 10), shapely.box(500, 0, 560, 10))
    kept["group"] = [1, 1, 2]
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 90.0, 55.0, 1.0, 60.0, 1.0, "native")
    summary = summarise(kept, kept.iloc[:2].assign(reason=["small", "outside"]), [facts], {"threshold": 0.5})
    write_summary(tmp_path / "summary.json", summary)
    read = json.loads((tmp_path / "summary.json").read_text())
    assert read["fractures"]["polygons"] == 3 and read["fractures"]["groups"] == 2
    assert read["fractures"]["total_area_m2"] == 1200
    assert read["fractures"]["area_m2"] == {"mean": 400, "sd": 200, "median": 400, "min": 200, "max": 600}
    assert read["rejected"] == {"small": 1, "seam": 0, "outside": 1}
    assert read["images"][0]["incidence_deg"] == 55.0 and read["settings"] == {"threshold": 0.5}
    assert summarise(kept.iloc[:1], kept.iloc[:0].assign(reason=[]))["fractures"]["area_m2"]["sd"] is None


def test_a_failed_write_leaves_the_old_file(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10))
    write_vector(tmp_path / "f.gpkg", {"a": kept})
    before = (tmp_path / "f.gpkg").read_bytes()
    with pytest.raises(AttributeError):
        write_vector(tmp_path / "f.gpkg", {"a": kept, "b": "no frame"})
    assert (tmp_path / "f.gpkg").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["f.gpkg"]


def test_unusable_vector_files_are_named(tmp_path):
    (tmp_path / "text.gpkg").write_text("no")
    with pytest.raises(InputError, match="cannot be opened as vector data"):
        read_vector(tmp_path / "text.gpkg")
    write_vector(tmp_path / "f.gpkg", {"a": fractures(shapely.box(0, 0, 1, 1))})
    with pytest.raises(InputError, match="no column 'width_class' in layer 'a'"):
        read_vector(tmp_path / "f.gpkg", "a", columns=("width_class",))
    write_vector(tmp_path / "bare.shp", gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS))
    (tmp_path / "bare.prj").unlink()
    with pytest.raises(InputError, match="no coordinate reference system"):
        read_vector(tmp_path / "bare.shp")


def test_the_geopackage_carries_its_styles(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10))
    write(tmp_path, kept, kept.assign(reason="small"))
    with sqlite3.connect(tmp_path / "fractures.gpkg") as database:
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, styleSLD, useAsDefault FROM layer_styles ORDER BY id"
        ).fetchall()
        columns = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
    assert [row[0] for row in rows] == ["fractures", "centrelines", "candidate_ponds", "rejected"]
    for name, column, qml, sld, default in rows:
        assert columns[name] == column and default == 1
        assert qml == (qml_styles.FOLDER / f"{name}.qml").read_text()
        rules = ElementTree.fromstring(sld).iter("{http://www.opengis.net/sld}Rule")
        assert len(list(rules)) == len(qml_styles.vector_style(name).classes)
    assert len(layers_of(tmp_path / "fractures.gpkg")) == 4
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


def test_tables_hold_what_the_geopackage_holds(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10), shapely.box(50, 0, 60, 90))
    write_fracture_table(tmp_path / "f.csv", kept)
    table = pd.read_csv(tmp_path / "f.csv")
    assert list(table.columns) == [name for name in kept.columns if name != "geometry"]
    np.testing.assert_allclose(table["area_m2"], kept["area_m2"])
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 90.0, 55.0, 1.0, 60.0, 1.0, "native")
    write_statistics(
        tmp_path / "s.csv", summarise(kept, kept.iloc[:0].assign(reason=[]), [facts], {"hysteresis": None})
    )
    said = pd.read_csv(tmp_path / "s.csv", keep_default_na=False).set_index("quantity")["value"]
    assert said["fractures.polygons"] == "2" and said["fractures.area_m2.max"] == "900.0"
    assert said["images.M1L.incidence_deg"] == "55.0" and said["settings.hysteresis"] == ""
