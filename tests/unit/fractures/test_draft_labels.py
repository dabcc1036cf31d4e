"""Predicted fractures as labels to be corrected."""

import geopandas
import numpy as np
import pyogrio
import shapely
from rasterio.features import rasterize

from imfmap.fractures.draft_labels import write_as_labels
from imfmap.fractures.polygons import vectorise
from imfmap.labels.reading import check_labels, labels_to_polygons, rasterise_labels, read_labels
from imfmap.maps.probability_raster import create_probability, encode
from tests.helpers.label_widths import GRID, MAP, WIDTHS


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
