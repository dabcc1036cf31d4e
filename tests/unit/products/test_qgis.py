"""The QGIS project, opened by QGIS itself where Python finds it (Debian: python3-qgis)."""

import json
import os
import shutil
import subprocess
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from PIL import Image
from pyproj import CRS

from imfmap.core.errors import InputError
from imfmap.maps import qml_styles
from imfmap.maps.vectors import read_vector
from imfmap.products.qgis import layers_of_target, write_project
from tests.helpers.generated import examples, titles
from tests.helpers.target_factory import BARS, PRODUCTS, target_grid, write_target

# Debian's modules are those of its own Python.
PYTHON = next((path for path in ("/usr/bin/python3", shutil.which("python3")) if path), None)
INSPECT = """
import json, os, sys
from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsProject, QgsVectorLayer
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsLayoutExporter, QgsLayoutItem
from qgis.PyQt.QtCore import QSize
application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
said = {"read": project.read(sys.argv[1]), "crs": project.crs().toProj(), "layers": []}
nodes = project.layerTreeRoot().findLayers()
for node in nodes:
    layer = node.layer()
    box = layer.extent()
    said["layers"].append({
        "name": layer.name(), "valid": layer.isValid(), "shown": node.itemVisibilityChecked(),
        "crs": layer.crs().toProj(), "renderer": layer.renderer().type(),
        "extent": [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        "source": layer.source(),
    })
moon = QgsCoordinateReferenceSystem("IAU_2015:30100")
to_moon = QgsCoordinateTransform(project.crs(), moon, project.transformContext())
place = to_moon.transform(nodes[-1].layer().extent().center())
said["centre"] = [place.x(), place.y()]
alone = QgsVectorLayer(sys.argv[2] + "|layername=fractures", "alone", "ogr")
for name, layer in (("styled", nodes[0].layer()), ("alone", alone)):
    renderer = layer.renderer()
    said[name] = [part.label() for part in renderer.ranges()]
fractures = nodes[0].layer()
said["words"] = [fractures.displayExpression(), fractures.mapTipTemplate(), fractures.attributeAlias(4)]
(layout,) = project.layoutManager().layouts()
said["items"] = sorted(item.id() for item in layout.items() if isinstance(item, QgsLayoutItem))
printed = QgsLayoutExporter.ImageExportSettings()
printed.dpi = 60
QgsLayoutExporter(layout).exportToImage(sys.argv[3] + ".page.png", printed)
settings = QgsMapSettings()
settings.setDestinationCrs(project.crs())
settings.setOutputSize(QSize(900, 700))
settings.setLayers([node.layer() for node in nodes if node.itemVisibilityChecked()])
settings.setExtent(nodes[-1].layer().extent())
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
job.renderedImage().save(sys.argv[3])
print("SAID" + json.dumps(said), flush=True)
os._exit(0)  # PyQGIS may fall over its own feet when Python takes it down
"""


def write(folder, **options):
    target = write_target(folder, **options)
    layers = layers_of_target(
        target / "fractures.gpkg",
        target / "footprints.gpkg",
        target.boundary,
        target / "probability.tif",
        target / "mosaic.tif",
        [target / "density.tif", target / "mosaic_sources.tif"],
        target.images,
    )
    write_project(target / "map.qgz", "A floor", target / "mosaic.tif", layers)
    return target


def parsed(path):
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        return ElementTree.fromstring(archive.read(name))


def test_the_project_names_its_layers_relative_and_on_the_moon(tmp_path):
    target = write(tmp_path / "t")
    root = parsed(target / "map.qgz")
    sources = [element.text for element in root.iter("datasource")]
    assert sources == [
        "./fractures.gpkg|layername=fractures",
        "./fractures.gpkg|layername=centrelines",
        "./fractures.gpkg|layername=segments",
        "./fractures.gpkg|layername=candidate_ponds",
        "./fractures.gpkg|layername=rejected",
        "./footprints.gpkg|layername=footprints",
        "./boundary.gpkg|layername=floor",
        "./boundary.gpkg|layername=ponds",
        "./probability.tif",
        "./density.tif",
        "./mosaic_sources.tif",
        *(f"./projected/{product}.tif" for product in PRODUCTS),
        "./mosaic.tif",
    ]
    tree = [element.get("id") for element in root.find("layer-tree-group").iter("layer-tree-layer")]
    assert tree == [element.find("id").text for element in root.iter("maplayer")] and len(set(tree)) == len(tree)
    root.remove(root.find("Layouts"))
    for element in root.iter("spatialrefsys"):
        assert CRS.from_wkt(element.find("wkt").text) == target.grid.crs


def test_the_density_has_the_colours_of_the_viewer_up_to_its_largest_value(tmp_path):
    root = parsed(write(tmp_path / "t") / "map.qgz")
    (layer,) = (one for one in root.iter("maplayer") if one.find("datasource").text == "./density.tif")
    items = [(item.get("value"), item.get("color")) for item in layer.iter("item")]
    table = qml_styles.colour_table("density")
    assert items[0] == ("0", qml_styles.css(table[0])) and items[-1] == ("4", qml_styles.css(table[250]))
    assert [layer.find(".//colorrampshader").get(key) for key in ("minimumValue", "maximumValue")] == ["0", "4"]


def test_fields_have_names_for_people_and_fractures_their_number(tmp_path):
    root = parsed(write(tmp_path / "t") / "map.qgz")
    layers = {element.find("layername").text: element for element in root.iter("maplayer")}
    fractures = layers["Fractures"]
    aliases = {alias.get("field"): alias.get("name") for alias in fractures.iter("alias")}
    assert aliases["mean_width_m"] == "Mean width (m)" and aliases["depth_m"] == "Depth (m)"
    assert fractures.find("previewExpression").text == "'Fracture ' || \"fracture\""
    assert 'Length (m): [% "length_m" %]' in fractures.find("mapTip").text
    columns = set(read_vector(tmp_path / "t" / "fractures.gpkg", "fractures").columns)
    assert set(aliases) <= columns


def test_images_are_layers_in_the_greys_of_their_own_values(tmp_path):
    target = write(tmp_path / "t")
    root = parsed(target / "map.qgz")
    hidden = {
        element.get("name") for element in root.iter("layer-tree-layer") if element.get("checked") != "Qt::Checked"
    }
    assert set(PRODUCTS) < hidden and "Mosaic" not in hidden
    for element in root.iter("maplayer"):
        if element.find("layername").text in PRODUCTS:
            low, high = (float(element.find(f".//{key}").text) for key in ("minValue", "maxValue"))
            assert 0.01 < low < 0.03 < high < 0.06


@pytest.mark.parametrize("name", [("equirectangular", -10.4), ("polar_stereographic", -89.9), ("orthographic", 60.0)])
def test_the_layout_shows_the_whole_map_with_a_graticule_of_a_few_lines(tmp_path, name):
    target = write(tmp_path / "t", grid=target_grid(*name))
    (layout,) = parsed(target / "map.qgz").iter("Layout")
    shown = next(item for item in layout.iter("LayoutItem") if item.get("id") == "map")
    bounds = [float(shown.find("Extent").get(key)) for key in ("xmin", "ymin", "xmax", "ymax")]
    assert bounds == pytest.approx(target.grid.bounds)
    width, height = (float(value) for value in shown.get("size").split(",")[:2])
    shape = (bounds[2] - bounds[0]) / (bounds[3] - bounds[1])
    assert width / height == pytest.approx(shape, rel=1e-4), "pixels stay square"
    graticule = shown.find("ComposerMapGrid")
    assert CRS.from_wkt(graticule.find("spatialrefsys/wkt").text) == target.grid.body.geographic
    row, column = np.indices(target.grid.shape)[:, ::20, ::20].reshape(2, -1)
    lon, lat = target.grid.lonlat(row, column)
    assert 2 <= np.ptp(lat) / float(graticule.get("intervalY")) < 13
    if name[0] == "equirectangular":
        assert 2 <= np.ptp(lon) / float(graticule.get("intervalX")) < 13
    in_legend = [layer.get("name") for layer in layout.iter("layer-tree-layer")]
    assert in_legend == ["Fractures", "Candidate melt ponds", "Crater floor", "Melt ponds"]


def test_the_same_target_gives_the_same_project(tmp_path):
    one, two = (write(tmp_path / name) / "map.qgz" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_missing_file_is_named(tmp_path):
    target = write(tmp_path / "t")
    (target / "probability.tif").unlink()
    layers = layers_of_target(
        target / "fractures.gpkg", target / "footprints.gpkg", [], target / "probability.tif", target / "mosaic.tif"
    )
    with pytest.raises(InputError, match="probability.tif: does not exist"):
        write_project(target / "map.qgz", "A floor", target / "mosaic.tif", layers)


@pytest.fixture(scope="module")
def qgis():
    """Function: what QGIS says of a project, and its picture."""
    probe = [PYTHON, "-c", "import qgis.core"]
    if PYTHON is None or subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("no PyQGIS: apt-get install python3-qgis")

    def look(project, package, picture):
        # The tests' own Python may bring another PROJ than QGIS's.
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PROJ", "GDAL", "PYTHON"))
        }
        environment |= {
            "QT_QPA_PLATFORM": "offscreen",
            "HOME": str(picture.parent),
            "XDG_RUNTIME_DIR": str(picture.parent),
        }
        command = [PYTHON, "-c", INSPECT, str(project), str(package), str(picture)]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
        lines = [line for line in ran.stdout.splitlines() if line.startswith("SAID")]
        assert lines, ran.stderr[-3000:]
        return json.loads(lines[0][4:]), np.array(Image.open(picture).convert("RGB"), int)

    return look


@pytest.mark.parametrize(
    ("projection", "lat_deg"), [("equirectangular", -10.4), ("polar_stereographic", -78.6)], ids=["middle", "pole"]
)
def test_qgis_opens_it_as_it_should_look(qgis, tmp_path, projection, lat_deg):
    grid = target_grid(projection, lat_deg)
    target = write(tmp_path / "before", grid=grid)
    # Paths are relative: the folder may be moved before it is opened.
    folder = tmp_path / "after"
    shutil.move(target.folder, folder)
    said, picture = qgis(folder / "map.qgz", folder / "fractures.gpkg", tmp_path / "map.png")
    assert said["read"] and "+R=1737400" in said["crs"]
    assert [layer["name"] for layer in said["layers"]][-3:] == [*PRODUCTS, "Mosaic"]
    assert len(said["layers"]) == 13
    for layer in said["layers"]:
        assert layer["valid"] and str(folder) in layer["source"], layer
        assert layer["crs"] == said["crs"]
        left, bottom, right, top = layer["extent"]
        assert left < grid.bounds[2] and right > grid.bounds[0] and bottom < grid.bounds[3] and top > grid.bounds[1]
    np.testing.assert_allclose(said["layers"][-1]["extent"], grid.bounds)
    renderers = [layer["renderer"] for layer in said["layers"]]
    assert renderers == [
        "graduatedSymbol",
        *["singleSymbol"] * 3,
        "categorizedSymbol",
        *["singleSymbol"] * 3,
        "singlebandpseudocolor",
        *["singlebandgray"] * 4,
    ]
    labels = [part.label for part in qml_styles.vector_style("fractures").classes]
    assert said["styled"] == labels
    assert said["alone"] == labels, "the GeoPackage by itself brings its style along"
    assert said["words"][0] == "'Fracture ' || \"fracture\"" and said["words"][1].startswith("<b>Fractures: fracture")
    assert said["words"][2] == "Length with branches (m)"
    assert said["items"] == ["legend", "map", "note", "page", "scale bar", "title"]
    page = np.array(Image.open(tmp_path / "map.png.page.png").convert("RGB"), int)
    assert np.abs(np.array(page.shape[:2]) - (702, 992)).max() <= 1, "A3 at 60 dpi"
    on_map = page[80:600, 60:720]
    assert on_map.std() > 25, "the mosaic is drawn"
    assert (np.ptp(on_map, axis=2) > 60).sum() > 300, "and fractures in their colours"
    lon, lat = grid.lonlat(grid.shape[0] / 2 - 0.5, grid.shape[1] / 2 - 0.5)
    assert said["centre"] == pytest.approx([lon, lat], abs=1e-6)
    # Fractures are drawn over the grey mosaic in the colours of their classes.
    for row, column, rows, columns in BARS[1:3]:
        red, green, blue = picture[row + rows // 2, column + columns // 2]
        assert red > blue + 20 and red > green + 10
    red, green, blue = picture[200, 450]
    assert max(red, green, blue) - min(red, green, blue) <= 2


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return write_target(tmp_path_factory.mktemp("titles"))


@given(titles())
@examples(10)
def test_a_project_with_any_title_is_xml(flat, title):
    path = flat / "titled.qgz"
    write_project(path, title, flat / "mosaic.tif", [])
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("titled.qgs"))
    assert root.get("projectname") == root.findtext("title") == title
