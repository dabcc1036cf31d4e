"""Part of a crater is labelled: what lies outside counts nowhere."""

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.labels.checks import check_files
from imfmap.labels.labelled_area import LabelledArea
from imfmap.labels.reading import read_labels, unread_layers, write_labels
from imfmap.labels.truth_classes import NOT_LABELLED
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import open_raster
from imfmap.maps.vectors import write_vector
from imfmap.tiles.tiles import tiles_of_image

CRS = body("moon").projected("equirectangular", 10.0, 20.0)
PLACE = {"body": "moon", "lat": 10.0, "lon": 20.0, "diameter_km": 0.1, "extent_km": [0.1, 0.1]}
PLACE |= {"projection": "equirectangular", "resolution_m": 1.0}
GRID = MapGrid.centred(CRS, 20.0, 10.0, 100, 100, 1.0)
LEFT, BOTTOM, RIGHT, TOP = GRID.bounds


def drawn(path, boxes=(), **layers):
    """Write a label file with polygons and, as other layers, areas; in shares of the map, from its lower left."""

    def placed(part):
        left, bottom, right, top = part
        return shapely.box(LEFT + 100 * left, BOTTOM + 100 * bottom, LEFT + 100 * right, BOTTOM + 100 * top)

    frames = {"polygons": geopandas.GeoDataFrame(geometry=list(map(placed, boxes)), crs=CRS)}
    frames |= {
        name: geopandas.GeoDataFrame(geometry=list(map(placed, areas)), crs=CRS) for name, areas in layers.items()
    }
    write_vector(path, frames, dict.fromkeys(frames, "Polygon"))
    return path


def raster(path, out):
    labels = read_labels(path, CRS)
    write_labels(out, labels, GRID, path)
    with open_raster(out) as dataset:
        return dataset.read(1)


@pytest.mark.parametrize("name", ["labelled", "Labelled", "LABELLED"])
def test_pixels_outside_the_area_are_marked(tmp_path, name):
    path = drawn(tmp_path / "a.gpkg", [(0.1, 0.1, 0.2, 0.2), (0.4, 0.4, 0.6, 0.6)], **{name: [(-1, -1, 0.5, 2)]})
    mask = raster(path, tmp_path / "a.tif")
    assert (mask[:, 51:] == NOT_LABELLED).all() and set(np.unique(mask[:, :49])) == {0, 1}
    assert (mask == 1).sum() == pytest.approx(100 + 200, abs=40)
    assert unread_layers(path) == []


@pytest.mark.parametrize("layers", [{}, {"labelled": []}])
def test_without_an_area_all_is_labelled(tmp_path, layers):
    path = drawn(tmp_path / "a.gpkg", [(0.1, 0.1, 0.2, 0.2)], **layers)
    mask = raster(path, tmp_path / "a.tif")
    assert set(np.unique(mask)) == {0, 1} and LabelledArea(path, CRS).is_whole


def test_an_area_off_the_map_leaves_nothing(tmp_path):
    path = drawn(tmp_path / "a.gpkg", [(0.1, 0.1, 0.2, 0.2)], labelled=[(5, 5, 6, 6)])
    assert (raster(path, tmp_path / "a.tif") == NOT_LABELLED).all()


@pytest.mark.parametrize(
    ("shape", "crs"),
    [
        (shapely.LineString([(0, 0), (1, 1)]), CRS),
        (shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]), CRS),
        (shapely.Polygon(), CRS),
        (shapely.box(0, 0, 1, 1), body("mercury").geographic),
    ],
)
def test_an_area_that_is_no_sound_polygon_of_this_body_is_named(tmp_path, shape, crs):
    labels = geopandas.GeoDataFrame(geometry=[shapely.box(LEFT, BOTTOM, RIGHT, TOP)], crs=CRS)
    write_vector(
        tmp_path / "a.gpkg", {"polygons": labels, "labelled": geopandas.GeoDataFrame(geometry=[shape], crs=crs)}
    )
    with pytest.raises(InputError, match=r"a.gpkg: layer labelled"):
        LabelledArea(tmp_path / "a.gpkg", CRS)


def test_a_label_outside_the_area_is_told(tmp_path):
    path = drawn(tmp_path / "a.gpkg", [(0.1, 0.1, 0.2, 0.2), (0.7, 0.7, 0.8, 0.8)], labelled=[(0, -1, 0.5, 2)])
    settings = {"a": {"file": path, "place": PLACE, "learnt": True}}
    with pytest.raises(InputError, match="1 problem"):
        check_files(settings, tmp_path / "checked.csv")
    drawn(path, [(0.1, 0.1, 0.2, 0.2)], labelled=[(0, -1, 0.5, 2)])
    assert check_files(settings, tmp_path / "checked.csv").polygons.tolist() == [1]


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
@given(width=st.integers(0, 64), azimuth_deg=st.sampled_from([0.0, 37.0, 90.0, 270.0]))
def test_tiles_count_no_pixel_outside_the_area(recipe, width, azimuth_deg):
    """As many pixels are valid as lie in the area, and every mask is 0 or 1, 0 where nothing is valid."""
    mask = np.ones((64, 64), np.uint8)
    mask[:, width:] = NOT_LABELLED
    image = np.full((64, 64), 0.05, np.float32) + np.arange(64, dtype=np.float32) / 1e4
    facts = ImageFacts("M1L", "2020-01-01T00:00:00", azimuth_deg, 50.0, 1.0, 50.0, 1.0, "native")
    tiles = tiles_of_image(image, mask, facts, 1.0, recipe=recipe, size_px=32, overlap=0.0, rotate=False, target="a")
    assert set(np.unique(tiles.mask)) <= {0, 1} and not (tiles.mask > tiles.valid).any()
    if recipe == "paper":
        assert tiles.valid.sum() == 64 * width
    assert (tiles.valid.sum() > 0) == (width > 0)
