"""Label files that are made: the template as QGIS and GDAL see it, predictions that come back as labels."""

import sys
from xml.etree import ElementTree

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS
from rasterio.features import rasterize

from imfmap.fractures.draft_labels import write_as_labels
from imfmap.fractures.polygons import vectorise
from imfmap.labels.qgis_style import lines_qml, polygons_qml
from imfmap.labels.reading import check_labels, labels_to_polygons, rasterise_labels, read_labels
from imfmap.labels.template import write_template
from imfmap.labels.width_classes import BUFFERED_PX, WIDTH_BOUNDS_PX, WIDTH_CLASSES
from imfmap.maps.bodies import body, body_of
from imfmap.maps.grids import MapGrid
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.vectors import layers_of

MAP = body("moon").projected("equirectangular", 10.0, 20.0)
GRID = MapGrid.covering(MAP, (0, 300000, 900, 300600), 1.5)
WIDTHS = BUFFERED_PX


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
    for layer in ("lines", "polygons", "layer_styles"):
        one, other = (pyogrio.read_dataframe(path, layer=layer) for path in (committed, made / name))
        assert one.equals(other)
    assert layers_of(committed) == ["lines", "polygons"]


def test_gdal_opens_the_template(made):
    path = made / "template.gpkg"
    lines, polygons = (pyogrio.read_info(path, layer=layer) for layer in ("lines", "polygons"))
    assert (lines["geometry_type"], polygons["geometry_type"]) == ("LineString", "MultiPolygon")
    assert (list(lines["fields"]), list(polygons["fields"])) == (["width_class", "note"], ["note"])
    assert body_of(CRS.from_user_input(lines["crs"])) == body("moon")
    assert check_labels(path, GRID) == []
    assert len(read_labels(path, MAP)) == 0


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


def predicted(tmp_path, shapes):
    """What the map would hold of fractures of these shapes: polygons of the pixels."""
    mask = rasterize(shapes, GRID.shape, transform=GRID.transform)
    with create_probability(tmp_path / "p.tif", GRID) as dataset:
        dataset.write(encode(mask.astype(np.float32)), 1)
    fractures = vectorise(tmp_path / "p.tif", 0.5)
    fractures["fracture"] = np.arange(1, len(fractures) + 1)
    fractures["confidence"] = 0.8
    return fractures, mask


def strip(width_px, *points):
    return shapely.LineString([(x, 300000 + y) for x, y in points]).buffer(0.75 * width_px, cap_style="flat")


def common_share(path, mask):
    drawn = rasterise_labels(labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5), GRID)
    return (drawn & mask).sum() / (drawn | mask).sum()


def test_predictions_come_back_as_labels(tmp_path):
    shapes = [
        strip(3, (50, 50), (150, 100), (300, 90)),
        strip(7, (50, 200), (200, 260), (420, 230)),
        strip(16, (100, 400), (400, 440), (700, 380)),
        strip(24, (500, 100), (850, 200)),
    ]
    fractures, mask = predicted(tmp_path, shapes)
    layers = write_as_labels(fractures, tmp_path / "draft.gpkg", WIDTHS, 1.5)
    assert check_labels(tmp_path / "draft.gpkg", GRID) == []
    lines = read_labels(tmp_path / "draft.gpkg", MAP)
    assert sorted(lines.width_class) == sorted(["tiny", "small", "medium", "large"])
    assert len(layers["polygons"]) == 0
    # Points enough to follow a bend, few enough to move by hand.
    assert max(len(line.coords) for line in lines.geometry) < 40
    assert common_share(tmp_path / "draft.gpkg", mask) > 0.85
    stored = pyogrio.read_dataframe(tmp_path / "draft.gpkg", layer="lines")
    assert sorted(stored.fracture) == [1, 2, 3, 4]
    assert (stored.confidence == 0.8).all()
    assert len(pyogrio.read_dataframe(tmp_path / "draft.gpkg", layer="layer_styles")) == 2


def test_a_net_of_fractures_keeps_its_branches_each_with_its_width(tmp_path):
    shapes = [strip(15, (100, 300), (700, 300)), strip(7, (400, 300), (400, 420)), strip(7, (250, 300), (250, 180))]
    fractures, mask = predicted(tmp_path, shapes)
    assert len(fractures) == 1
    layers = write_as_labels(fractures, tmp_path / "draft.gpkg", WIDTHS, 1.5)
    assert sorted(layers["lines"].width_class) == ["medium", "small", "small"]
    assert set(layers["lines"].fracture) == {1}
    assert common_share(tmp_path / "draft.gpkg", mask) > 0.85


def test_what_no_line_describes_stays_a_polygon(tmp_path):
    pit = shapely.Point(450, 300300).buffer(40)
    wedge = shapely.Polygon([(100, 300100), (300, 300100), (300, 300260)])
    fractures, mask = predicted(tmp_path, [pit, wedge])
    layers = write_as_labels(fractures, tmp_path / "draft.gpkg", WIDTHS, 1.5)
    assert (len(layers["lines"]), len(layers["polygons"])) == (0, 2)
    assert common_share(tmp_path / "draft.gpkg", mask) == 1.0


def test_no_fractures_are_labels_too(tmp_path):
    nothing = geopandas.GeoDataFrame({"fracture": [], "confidence": []}, geometry=[], crs=MAP)
    write_as_labels(nothing, tmp_path / "draft.gpkg", WIDTHS, 1.5)
    assert len(read_labels(tmp_path / "draft.gpkg", MAP)) == 0


def test_the_same_fractures_are_the_same_bytes(tmp_path):
    fractures, _ = predicted(tmp_path, [strip(7, (50, 200), (200, 260))])
    for name in ("a.gpkg", "b.gpkg"):
        write_as_labels(fractures, tmp_path / name, WIDTHS, 1.5)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_the_template_says_no_time_of_day(tmp_path):
    for name in ("a.gpkg", "b.gpkg"):
        write_template(tmp_path / name, body("moon").geographic, WIDTHS)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
