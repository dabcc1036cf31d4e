"""The map figure: drawn for any target, and its insets where they should be."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image
from pypdf import PdfReader

from imfmap.fractures.orientations import rose
from imfmap.maps.image_facts import ImageFacts
from imfmap.products.figures.map import MapText, choose_insets, map_figure
from imfmap.products.figures.panel import Layout
from imfmap.products.figures.width_colours import width_colours
from tests.helpers.small_maps import CRS, grid_of, mosaic

ROSE = rose(np.array([90.0]), np.array([300.0]))
TEXT = MapText("Crookes", footer="small print", threshold=0.5)
NO_ROSE = rose(np.zeros(0), np.zeros(0))


def fractures(grid, boxes):
    """Fractures from (row, column, length, width) in pixels, lying along the rows."""
    geometries = []
    for row, column, length, width in boxes:
        x, y = grid.xy(row, column)
        geometries.append(shapely.box(x, y, x + 1.5 * length, y + 1.5 * width))
    frame = gpd.GeoDataFrame(geometry=geometries, crs=CRS)
    lengths, widths = (np.array([box[index] for box in boxes], float) * 1.5 for index in (2, 3))
    frame["total_length_m"], frame["mean_width_m"], frame["max_width_m"] = lengths, widths, widths
    frame["orientation_deg"] = 90.0
    return frame


def facts(azimuth):
    return ImageFacts("M1L", "2010-01-01T00:00:00", azimuth, 55.0, 1.0, 60.0, 1.0, "native")


def test_a_map_of_a_crop(tmp_path):
    grid = grid_of(400, 400)
    mosaic(tmp_path / "mosaic.tif", grid)
    found = fractures(grid, [(200, 100, 80, 4), (220, 120, 60, 3), (300, 300, 30, 12)])
    floor = gpd.GeoDataFrame(geometry=[shapely.box(*grid.bounds).buffer(-60)], crs=CRS)
    boundary = {"floor": floor, "ponds": floor.iloc[:0]}
    paths = [tmp_path / "map.png", tmp_path / "map.pdf"]
    map_figure(paths, tmp_path / "mosaic.tif", found, TEXT, ROSE, boundary, [facts(235.0), facts(110.0)])
    page = PdfReader(tmp_path / "map.pdf")
    assert page.metadata.title == "Crookes" and page.metadata.author
    # A3, in points.
    assert [float(side) for side in page.pages[0].mediabox[2:]] == pytest.approx([1191, 842], abs=1)
    said = page.pages[0].extract_text().replace("\n", " ")
    for words in (
        "planetocentric latitude",
        "radius 1737.4 km",
        "1.5 m per pixel",
        "M1L 2010-01-01",
        "sunlight from 235°",
        "probability of 0.5",
        "sunlight comes from here",
        "Equidistant Cylindrical",
        "small print",
    ):
        assert words in said, words
    picture = np.asarray(Image.open(tmp_path / "map.png").convert("RGB")).astype(int)
    assert picture.shape[1] > 2000
    # The widest fracture's colour is there to be seen, and more of it than a legend holds.
    wide = width_colours([18.0])[0, :3] * 255
    assert (np.abs(picture - wide).max(axis=2) < 12).sum() > 2000
    first = (tmp_path / "map.png").read_bytes()
    map_figure(paths[:1], tmp_path / "mosaic.tif", found, TEXT, ROSE, boundary, [facts(235.0), facts(110.0)])
    assert (tmp_path / "map.png").read_bytes() == first


@pytest.mark.parametrize("shape", [(300, 300), (120, 500)])
def test_a_map_without_fractures(tmp_path, shape):
    grid = grid_of(*shape)
    mosaic(tmp_path / "mosaic.tif", grid)
    map_figure([tmp_path / "map.png"], tmp_path / "mosaic.tif", fractures(grid, []), MapText("Nowhere"), NO_ROSE)
    assert Image.open(tmp_path / "map.png").size[0] > 1500


def test_insets_show_the_densest_and_the_widest():
    grid = grid_of(4000, 4000)
    complex_ = [(1000 + 20 * number, 3000, 100, 4) for number in range(8)]
    found = fractures(grid, [(3500, 300, 700, 5), *complex_, (2500, 1500, 60, 30)])
    densest, widest = choose_insets(found, grid)
    assert "8 fractures" in densest.caption and "45 m" in widest.caption
    assert densest.row < 1000 and densest.row + densest.side_px > 1140
    assert densest.column < 3050 < densest.column + densest.side_px
    assert widest.row < 2500 < widest.row + widest.side_px and widest.column < 1530 < widest.column + widest.side_px


def test_insets_stay_on_the_map():
    grid = grid_of(200, 150)
    for inset in choose_insets(fractures(grid, [(2, 2, 40, 3), (190, 100, 40, 8)]), grid):
        assert inset.row >= 0 and inset.row + inset.side_px <= grid.shape[0]
        assert inset.column >= 0 and inset.column + inset.side_px <= grid.shape[1]
    assert choose_insets(fractures(grid, []), grid) == []
    # One place is not shown twice.
    assert len(choose_insets(fractures(grid, [(100, 60, 40, 4)]), grid)) == 1


@pytest.mark.parametrize("insets", [0, 1, 2])
@pytest.mark.parametrize("shape", [(300, 300), (900, 300), (2000, 300), (500, 600), (350, 300), (120, 500)])
def test_the_page_is_filled_from_margin_to_margin(shape, insets):
    layout = Layout(shape, insets)
    (width, height), margin = layout.size, layout.MARGIN
    assert sorted(layout.size) == [11.69, 16.54], "A3"
    upright = height > width
    assert upright == (shape[0] > 2 * shape[1]) or insets < 2
    column, top = layout.panel
    map_bottom = layout.top - layout.map_height
    assert map_bottom >= layout.FOOT and top - layout.PANEL >= layout.FOOT - 1e-9
    if layout.wide:
        assert layout.map_width == pytest.approx(width - 2 * margin) and top < map_bottom
        assert column + layout.side <= width - margin + 1e-9
        assert insets < 2 or column + layout.side == pytest.approx(width - margin)
        return
    assert column + layout.side == pytest.approx(width - margin)
    before, behind = layout.left - margin, column - layout.GAP - (layout.left + layout.map_width)
    assert before == pytest.approx(behind) and before >= -1e-9, "the map is in the middle of the rest"
    # An inset and the panel do not overlap.
    assert layout.column(0)[1] - layout.column(1)[1] >= layout.inset + 0.27
