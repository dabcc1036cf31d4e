"""None"""

import geopandas
import numpy as np
import pandas
import pyogrio
import pytest
from scipy.ndimage import label
from shapely.geometry import LineString, Point, Polygon

import imfmap.labels.reading
from imfmap.core.errors import InputError
from imfmap.labels.reading import check_labels, labels_to_polygons, rasterise_labels, read_labels, write_labels
from imfmap.labels.width_classes import WIDTH_CLASSES
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import read_raster
from imfmap.maps.vectors import STYLES_LAYER, read_vector
from tests.helpers.label_files import MAP, SQUARE, write

WIDTHS = {"tiny": 2, "small": 6, "medium": 14, "large": 24, "huge": 40}


@pytest.fixture
def grid():
    x, y = 0.0, MAP_Y
    return MapGrid.covering(MAP, (x - 150, y - 150, x + 150, y + 150), 1.5)


MAP_Y = 300000.0


def at(*points):
    return LineString([(x, y + MAP_Y) for x, y in points])


def test_a_line_becomes_a_strip_of_its_classes_width_with_round_ends(tmp_path, grid):
    path = write(tmp_path / "labels.gpkg", [at((-60, 0), (60, 0))], ["medium"])
    polygons = labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5)
    assert polygons.width_m.tolist() == [21.0]
    # Rectangle and two half discs of radius 10.5 m (shapely's round caps: quarter circles of 16 chords).
    assert polygons.area[0] == pytest.approx(120 * 21 + np.pi * 10.5**2, rel=1e-3)
    mask = rasterise_labels(polygons, grid)
    middle = mask[:, grid.shape[1] // 2]
    assert middle.sum() == 14
    row = mask[grid.shape[0] // 2]
    assert abs(row.sum() - (120 + 21) / 1.5) <= 1


def test_width_is_counted_in_the_pixels_given_not_in_the_grids(tmp_path):
    path = write(tmp_path / "labels.gpkg", [at((-60, 0), (60, 0))], ["large"])
    polygons = labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5)
    coarse = MapGrid.covering(MAP, (-120, MAP_Y - 120, 120, MAP_Y + 120), 6.0)
    assert rasterise_labels(polygons, coarse)[:, 20].sum() == 24 * 1.5 / 6.0


@pytest.mark.parametrize("angle_deg", [7, 18, 30, 62, 80])
def test_a_line_thinner_than_a_pixel_is_one_piece(tmp_path, angle_deg):
    """At 6 m/px a fracture of class tiny is 0.6 px wide: buffered to that, its mask would be a row of dots."""
    turn = np.exp(1j * np.radians(angle_deg))
    ends = [(z.real, z.imag) for z in (-200 * turn + 1.3, 200 * turn + 1.3)]
    path = write(tmp_path / "labels.gpkg", [at(*ends)], ["tiny"])
    coarse = MapGrid.covering(MAP, (-240, MAP_Y - 240, 240, MAP_Y + 240), 6.0)
    labels = read_labels(path, MAP)
    masks = [rasterise_labels(labels_to_polygons(labels, {"tiny": 2.5}, 1.5, least), coarse) for least in (0.0, 6.0)]
    pieces = [label(mask, np.ones((3, 3)))[1] for mask in masks]
    assert pieces[1] == 1 < pieces[0]
    # No wider than a pixel needs: as many pixels as the strip has area.
    assert masks[1].sum() == pytest.approx((400 + 6) * 6 / 36, rel=0.2)
    np.testing.assert_array_equal(
        rasterise_labels(labels_to_polygons(labels, WIDTHS, 1.5, 1.5), coarse),
        rasterise_labels(labels_to_polygons(labels, WIDTHS, 1.5), coarse),
    )


def test_the_mask_is_written_part_by_part(tmp_path, grid, monkeypatch):
    lines = [at((-140, -100), (130, 90)), at((-75, 140), (-75, -140)), at((900, 900), (990, 900))]
    path = write(tmp_path / "labels.gpkg", lines, ["small", "huge", "large"], [SQUARE])
    polygons = labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5)
    monkeypatch.setattr(imfmap.labels.reading, "_PART_PX", 64)
    write_labels(tmp_path / "mask.tif", polygons, grid, path)
    mask, found, _ = read_raster(tmp_path / "mask.tif")
    np.testing.assert_array_equal(mask, rasterise_labels(polygons, grid))
    assert (found.shape, mask.dtype) == (grid.shape, np.uint8)


def test_labels_of_another_place_are_refused_and_no_labels_are_none(tmp_path, grid):
    lines = [at((5000, 0), (5060, 9)), at((5000, 50), (5060, 50))]
    path = write(tmp_path / "other.gpkg", lines, ["tiny", "small"])
    polygons = labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5)
    with pytest.raises(InputError, match=r"other.gpkg: none of its labels \(2\) lies on the map; give the target"):
        write_labels(tmp_path / "mask.tif", polygons, grid, path)
    assert [file.name for file in tmp_path.iterdir()] == ["other.gpkg"]
    write_labels(tmp_path / "mask.tif", polygons.iloc[:0], grid, path)
    assert not read_raster(tmp_path / "mask.tif")[0].any()


def test_polygons_are_merged_in_as_drawn(tmp_path, grid):
    square = Polygon([(x, y + MAP_Y) for x, y in SQUARE.exterior.coords])
    path = write(tmp_path / "labels.gpkg", [at((10, 15), (100, 15))], ["tiny"], [square])
    labels = read_labels(path, MAP)
    assert sorted(labels.layer) == ["lines", "polygons"]
    polygons = labels_to_polygons(labels, WIDTHS, 1.5)
    assert polygons.area[(labels.layer == "polygons").to_numpy()].tolist() == [900.0]
    mask = rasterise_labels(polygons, grid)
    assert mask.sum() == 400 + mask[:, 120:].sum()
    assert mask.max() == 1


def test_labels_in_degrees_land_where_they_lie(tmp_path, grid):
    drawn = geopandas.GeoSeries([at((-60, 0), (60, 30))], crs=MAP)
    degrees = write(
        tmp_path / "degrees.gpkg", drawn.to_crs(body("moon").geographic), ["small"], crs=body("moon").geographic
    )
    metres = write(tmp_path / "metres.gpkg", drawn, ["small"])
    masks = [
        rasterise_labels(labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5), grid) for path in (degrees, metres)
    ]
    assert masks[0].sum() > 300
    np.testing.assert_array_equal(*masks)


def test_degrees_without_a_map_cannot_be_buffered(tmp_path):
    path = write(tmp_path / "labels.gpkg", [LineString([(20, 10), (20.01, 10)])], ["tiny"], crs=body("moon").geographic)
    with pytest.raises(InputError, match="degrees"):
        labels_to_polygons(read_labels(path), WIDTHS, 1.5)


def test_a_shapefile_cuts_the_columns_name(tmp_path):
    path = tmp_path / "lines.shp"
    table = geopandas.GeoDataFrame({"width_clas": ["huge"]}, geometry=[at((0, 0), (9, 0))], crs=MAP)
    table.to_file(path)
    assert read_labels(path, MAP).width_class.tolist() == ["huge"]


def test_a_shapefile_of_polygons_needs_no_classes(tmp_path):
    path = tmp_path / "imfs.shp"
    geopandas.GeoDataFrame({"id": [1]}, geometry=[SQUARE], crs=MAP).to_file(path)
    labels = read_labels(path, MAP)
    assert labels.width_class.tolist() == [None]
    assert labels_to_polygons(labels, WIDTHS, 1.5).area.tolist() == [900.0]


def test_lines_and_polygons_may_share_the_only_layer(tmp_path):
    path = tmp_path / "drawn.gpkg"
    table = geopandas.GeoDataFrame({"width_class": ["tiny", None]}, geometry=[at((0, 0), (60, 0)), SQUARE], crs=MAP)
    table.to_file(path, layer="anything")
    polygons = labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5)
    assert polygons.area.tolist() == pytest.approx([60 * 3 + np.pi * 1.5**2, 900], rel=1e-3)


def test_layers_may_be_named_in_capitals(tmp_path):
    path = tmp_path / "labels.gpkg"
    table = geopandas.GeoDataFrame({"width_class": ["tiny"]}, geometry=[at((0, 0), (60, 0))], crs=MAP)
    table.to_file(path, layer="Lines")
    geopandas.GeoDataFrame({}, geometry=[SQUARE], crs=MAP).to_file(path, layer="polygons")
    assert read_labels(path, MAP).layer.tolist() == ["Lines", "polygons"]


def test_an_empty_layer_is_no_problem(tmp_path, grid):
    path = write(tmp_path / "labels.gpkg", geopandas.GeoSeries([], crs=MAP), [])
    polygons = labels_to_polygons(read_labels(path, MAP), WIDTHS, 1.5)
    assert rasterise_labels(polygons, grid).sum() == 0


def test_every_bad_feature_is_named_by_its_id(tmp_path):
    lines = [at((0, n), (9, 0)) for n in range(4)] + [at((1, 1), (1, 1)), None]
    classes = ["tiny", "gigantic", None, "Tiny", "small", "small"]
    bowtie = Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])
    path = write(tmp_path / "labels.gpkg", lines, classes, [SQUARE, bowtie])
    found = {(problem.layer, problem.fid): problem.found for problem in check_labels(path)}
    # GeoPackage feature ids count from 1.
    assert set(found) == {("lines", 2), ("lines", 3), ("lines", 4), ("lines", 5), ("lines", 6), ("polygons", 2)}
    assert found["lines", 2] == "unknown width class 'gigantic'"
    assert found["lines", 3] == "no width class"
    assert found["lines", 5] == "a line without length"
    assert found["lines", 6] == "no geometry"
    assert "Self-intersection" in found["polygons", 2]
    with pytest.raises(
        InputError, match=r"6 bad label.*feature 2: unknown width class 'gigantic'.*and 1 more"
    ) as error:
        read_labels(path, MAP)
    assert "\n" not in str(error.value)


def test_labels_drawn_twice_or_outside_are_told_but_spoil_no_mask(tmp_path, grid):
    lines = [at((0, 0), (60, 9)), at((60, 9), (0, 0)), at((0, 900), (60, 900)), at((100, 0), (900, 0))]
    square = Polygon([(x, y + MAP_Y) for x, y in SQUARE.exterior.coords])
    turned = Polygon([*square.exterior.coords][2:] + [*square.exterior.coords][1:3])
    path = write(tmp_path / "labels.gpkg", lines, ["tiny", "small", "tiny", "large"], [square, turned])
    found = [(problem.layer, problem.fid, problem.found) for problem in check_labels(path, grid)]
    assert found == [
        ("lines", 2, "the same shape as feature 1"),
        ("lines", 3, "lies outside the target"),
        ("polygons", 2, "the same shape as feature 1"),
    ]
    assert len(read_labels(path, MAP)) == 6


def test_a_wrong_crs_hides_no_other_fault(tmp_path, grid):
    path = write(tmp_path / "labels.gpkg", [at((0, 0), (9, 0))], ["wide"], crs=body("mercury").geographic)
    found = [str(problem) for problem in check_labels(path, grid)]
    assert found == [
        "layer lines: lies on mercury, the map on moon (save it with the map's CRS)",
        "layer lines, feature 1: unknown width class 'wide' (one of tiny, small, medium, large, huge)",
    ]


@pytest.mark.parametrize("name", ["drawn.csv", "drawn.gpkg"])
def test_a_table_without_shapes_is_no_label_file(tmp_path, name):
    path = tmp_path / name
    pyogrio.write_dataframe(pandas.DataFrame({"width_class": ["tiny"]}), path, layer="drawn")
    with pytest.raises(InputError, match=r"drawn\..*: layer 'drawn' is a table without shapes; save lines or polygons"):
        read_labels(path, MAP)


def test_a_file_that_lost_its_layers(tmp_path):
    path = tmp_path / "styles.gpkg"
    pyogrio.write_dataframe(pandas.DataFrame({"styleName": ["lines"]}), path, layer=STYLES_LAYER)
    with pytest.raises(InputError, match="has no layer"):
        read_vector(path)
    with pytest.raises(InputError, match="has no layer"):
        read_labels(path)


def test_points_are_no_lines(tmp_path):
    path = write(tmp_path / "labels.gpkg", [Point(0, 0), at((0, 0), (9, 0))], ["tiny", "tiny"])
    (problem,) = check_labels(path)
    assert (problem.fid, problem.found) == (1, "a Point, neither line nor polygon")


def test_a_missing_column_is_told_with_its_classes(tmp_path):
    path = write(tmp_path / "labels.gpkg", [at((0, 0), (9, 0))], column=None)
    with pytest.raises(InputError, match=f"no column width_class .*{', '.join(WIDTH_CLASSES)}"):
        read_labels(path, MAP)


@pytest.mark.parametrize(
    ("crs", "found"),
    [
        ("EPSG:4326", "no known body"),
        (body("mercury").geographic, "mercury, the map on moon"),
        (None, "no coordinate reference system"),
    ],
)
def test_labels_of_another_body_are_refused(tmp_path, crs, found):
    path = write(tmp_path / "labels.gpkg", [LineString([(0, 0), (1, 0)])], ["tiny"], crs=crs)
    with pytest.raises(InputError, match=found):
        read_labels(path, MAP)


def test_files_that_are_no_labels(tmp_path):
    other = tmp_path / "other.gpkg"
    for layer in ("craters", "roads"):
        geopandas.GeoDataFrame({}, geometry=[SQUARE], crs=MAP).to_file(other, layer=layer)
    with pytest.raises(InputError, match="has layers craters, roads; name those with labels lines and polygons"):
        read_labels(other, MAP)
    (tmp_path / "text.gpkg").write_text("nothing")
    for name, found in (("text.gpkg", "cannot be opened as vector data"), ("none.gpkg", "does not exist")):
        with pytest.raises(InputError, match=found):
            read_labels(tmp_path / name, MAP)


def test_a_class_needs_a_width(tmp_path):
    path = write(tmp_path / "labels.gpkg", [at((0, 0), (9, 0))], ["huge"])
    with pytest.raises(InputError, match="no width for class 'huge'"):
        labels_to_polygons(read_labels(path, MAP), {"tiny": 2}, 1.5)


def test_a_line_of_many_points_is_drawn_as_the_same_line_of_few(tmp_path, grid):
    few = [(-120, -100), (100, 80), (-100, 90), (110, -60)]
    along = np.linspace(0, 1, 120)[:-1, np.newaxis]
    many = [point for a, b in zip(few, few[1:], strict=False) for point in np.array(a) + along * np.subtract(b, a)]
    masks = []
    for name, points in (("few", few), ("many", [*map(tuple, many), few[-1]])):
        write(tmp_path / f"{name}.gpkg", [at(*points)], ["medium"])
        polygons = labels_to_polygons(read_labels(tmp_path / f"{name}.gpkg", MAP), WIDTHS, 1.5)
        masks.append(rasterise_labels(polygons, grid))
    assert len(polygons) > 256 and (masks[0] != masks[1]).sum() <= 4


def test_labels_that_would_take_hours_to_draw_are_refused(tmp_path, grid, monkeypatch):
    monkeypatch.setattr(imfmap.labels.reading, "MOST_LABEL_PIXELS", 10_000)
    write(tmp_path / "labels.gpkg", [SQUARE] * 3, [None] * 3)
    polygons = labels_to_polygons(read_labels(tmp_path / "labels.gpkg", MAP), WIDTHS, 1.5)
    polygons["geometry"] = [grid_square(grid)] * 3
    with pytest.raises(InputError, match="pixels to draw for its 3 labels, and the limit is 10,000"):
        write_labels(tmp_path / "labels.tif", polygons, grid, tmp_path / "labels.gpkg")
    assert not (tmp_path / "labels.tif").exists()


def grid_square(grid):
    left, bottom, right, top = grid.bounds
    return Polygon([(left, bottom), (right, bottom), (right, top), (left, top)])
