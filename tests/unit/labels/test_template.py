"""The template that labels are drawn into."""

import shutil
import sys

import geopandas
import pyogrio
import pytest
import shapely
from pyproj import CRS

from imfmap.fractures.accept import BOUNDARY_LAYERS, read_boundary
from imfmap.labels.reading import check_labels, read_labels
from imfmap.labels.template import AREAS, write_template
from imfmap.maps.bodies import body, body_of
from imfmap.maps.grids import MapGrid
from imfmap.maps.vectors import layers_of
from tests.helpers.label_widths import GRID, MAP, WIDTHS


@pytest.fixture(scope="module")
def made(root, tmp_path_factory):
    """Folder that resources/label_template.py wrote to."""
    sys.path.insert(0, str(root / "resources"))
    import label_template

    folder = tmp_path_factory.mktemp("labels")
    label_template.main(folder)
    return folder


@pytest.mark.parametrize("name", ["template.gpkg", "template_mercury.gpkg", "lines.qml", "polygons.qml"])
def test_the_committed_files_are_what_the_script_makes(root, made, name):
    committed = root / "resources" / "labels" / name
    if name.endswith(".qml"):
        assert committed.read_text() == (made / name).read_text()
        return
    for layer in ("lines", "polygons", "labelled", "layer_styles"):
        one, other = (pyogrio.read_dataframe(path, layer=layer) for path in (committed, made / name))
        assert one.equals(other)
    assert layers_of(committed) == ["lines", "polygons", "labelled"]


def test_gdal_opens_the_template(made):
    path = made / "template.gpkg"
    lines, polygons = (pyogrio.read_info(path, layer=layer) for layer in ("lines", "polygons"))
    assert (lines["geometry_type"], polygons["geometry_type"]) == ("LineString", "MultiPolygon")
    assert (list(lines["fields"]), list(polygons["fields"])) == (["width_class", "note"], ["note"])
    assert body_of(CRS.from_user_input(lines["crs"])) == body("moon")
    assert check_labels(path, GRID) == []
    assert len(read_labels(path, MAP)) == 0


@pytest.mark.parametrize(
    ("name", "known"), [("floor_template.gpkg", "moon"), ("floor_template_mercury.gpkg", "mercury")]
)
def test_floors_and_ponds_have_a_template(root, made, tmp_path, name, known):
    """What is drawn into it is a boundary; it is styled; the committed file is what the script makes."""
    committed = root / "resources" / "labels" / name
    for layer in (*BOUNDARY_LAYERS, "layer_styles"):
        one, other = (pyogrio.read_dataframe(path, layer=layer) for path in (committed, made / name))
        assert one.equals(other)
    assert layers_of(committed) == list(BOUNDARY_LAYERS) == list(AREAS)
    assert set(pyogrio.read_dataframe(committed, layer="layer_styles").f_table_name) == set(BOUNDARY_LAYERS)
    crs = body(known).projected("equirectangular", 1.0, 2.0)
    assert all(len(areas) == 0 for areas in read_boundary(committed, crs).values())
    drawn = tmp_path / "drawn.gpkg"
    shutil.copy(committed, drawn)
    shape = geopandas.GeoDataFrame(
        {"note": ["mine"]}, geometry=[shapely.box(1.9, 0.9, 2.1, 1.1)], crs=body(known).geographic
    )
    pyogrio.write_dataframe(shape, drawn, layer="ponds", append=True, promote_to_multi=True)
    areas = read_boundary(drawn, crs)
    assert (len(areas["floor"]), len(areas["ponds"])) == (0, 1)


def test_mercury_has_a_template_of_its_own(made):
    projected = body("mercury").projected("equirectangular", -30.0, 40.0)
    grid = MapGrid.centred(projected, 40.0, -30.0, 900, 900, 1.5)
    assert check_labels(made / "template_mercury.gpkg", grid) == []
    assert "lies on moon, the map on mercury" in str(check_labels(made / "template.gpkg", grid)[0])


def test_what_is_drawn_into_the_template_is_a_label(made, tmp_path):
    path = tmp_path / "drawn.gpkg"
    path.write_bytes((made / "template.gpkg").read_bytes())
    drawn = geopandas.GeoDataFrame(
        {"width_class": ["medium"], "note": ["by hand"]}, geometry=[shapely.LineString([(20, 10), (20.01, 10)])],
        crs=body("moon").geographic,
    )  # fmt: skip
    drawn.to_file(path, layer="lines", mode="a")
    assert read_labels(path, MAP).width_class.tolist() == ["medium"]
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    assert len(styles) == 2


def test_qgis_finds_the_styles_in_the_file(made):
    styles = pyogrio.read_dataframe(made / "template.gpkg", layer="layer_styles").set_index("f_table_name")
    assert list(styles.index) == ["lines", "polygons"]
    # QGIS asks for an empty schema and the layer's own geometry column.
    assert (styles.f_table_schema == "").all() and (styles.f_geometry_column == "geom").all()
    assert styles.useAsDefault.all()
    assert styles.styleQML["lines"] == (made / "lines.qml").read_text()
    assert styles.styleQML["polygons"] == (made / "polygons.qml").read_text()


def test_the_template_says_no_time_of_day(tmp_path):
    for name in ("a.gpkg", "b.gpkg"):
        write_template(tmp_path / name, body("moon").geographic, WIDTHS)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
