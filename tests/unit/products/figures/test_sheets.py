"""Figure sheets: places that the fractures choose, Suns that the images had, pages that can be printed."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from PIL import Image
from pypdf import PdfReader

from imfmap.core.errors import InputError
from imfmap.fractures.accept import read_boundary
from imfmap.maps.rasters import create_raster, open_raster
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.base_map import read_base_map
from imfmap.products.figures.insets import COMPLEX_PX, PIXEL_PX, Square, choose_inset_pairs
from imfmap.products.figures.sheets import SheetText, overview_sheet, rejected_sheet
from imfmap.products.figures.sun_arrows import SunArrows, sun_azimuths
from tests.helpers.target_factory import PRODUCTS, target_grid, write_target

GRID = target_grid(size=(2000, 3000))


def bars(boxes):
    """Fractures of (row, column, rows, columns)."""
    shapes = [shapely.box(*GRID.window(*box).bounds) for box in boxes]
    sides = 1.5 * np.sort(np.array([box[2:] for box in boxes], float), axis=1)
    columns = {"area_m2": sides.prod(axis=1), "total_length_m": sides[:, 1]}
    columns |= {"mean_width_m": sides[:, 0], "max_width_m": sides[:, 0]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=GRID.crs)


COMPLEX = [(300 + 30 * number, 2000, 5, 150 + number) for number in range(6)]
LARGEST = (1500, 200, 60, 500)
THIN = (1200, 1500, 2, 200)
# Thinner still, but too short for its width to mean anything.
SPECK = (1800, 2500, 1, 6)


def holds(square, box):
    """Whether a square holds the middle of a box."""
    row, column = box[0] + box[2] / 2, box[1] + box[3] / 2
    inside = square.row <= row <= square.row + square.side_px
    return inside and square.column <= column <= square.column + square.side_px


def test_places_are_the_densest_the_largest_and_the_thinnest():
    fractures = bars([SPECK, *COMPLEX, LARGEST, THIN])
    densest, largest, thinnest = choose_inset_pairs(fractures, GRID)
    assert [place.letter for place in (densest, largest, thinnest)] == ["a", "b", "c"]
    assert all(holds(densest.complex, box) for box in COMPLEX) and "6 fractures" in densest.note
    assert holds(largest.complex, LARGEST) and largest.complex.side_px >= 600 and "90 m wide" in largest.note
    assert holds(thinnest.complex, THIN) and "3.0 m wide, 300 m long" in thinnest.note
    for place in (densest, largest, thinnest):
        assert place.pixels.side_px == PIXEL_PX and place.complex.side_px >= COMPLEX_PX[0]
        shown = fractures[fractures.intersects(place.pixels.box(GRID))]
        assert len(shown) > 0
        assert place.complex.box(GRID).contains(place.pixels.box(GRID).centroid)
    # Their order in the file is no matter.
    assert choose_inset_pairs(fractures.iloc[::-1], GRID) == [densest, largest, thinnest]


def test_places_stay_on_a_small_map():
    grid = target_grid(size=(50, 80))
    fracture = gpd.GeoDataFrame(
        {"area_m2": [90.0], "total_length_m": [30.0], "mean_width_m": [3.0], "max_width_m": [3.0]},
        geometry=[shapely.box(*grid.window(1, 1, 2, 20).bounds)],
        crs=grid.crs,
    )
    for place in choose_inset_pairs(fracture, grid):
        for square in (place.complex, place.pixels):
            assert square.row >= 0 and square.row + square.side_px <= grid.shape[0]
            assert square.column >= 0 and square.column + square.side_px <= grid.shape[1]
    assert choose_inset_pairs(fracture.iloc[:0], grid) == []


def test_the_sun_is_that_of_the_image_that_is_shown(tmp_path):
    target = write_target(tmp_path)
    azimuths = sun_azimuths(target.images, target / "mosaic.tif")
    assert azimuths == {PRODUCTS[0]: 275.0, PRODUCTS[1]: 95.0}
    with create_raster(
        tmp_path / "sources.tif", target.grid, "uint8", nodata=0, tags={"IMF_PRODUCTS": ",".join(PRODUCTS)}
    ) as sources:
        values = np.ones(target.grid.shape, np.uint8)
        values[:, 450:], values[:20] = 2, 0
        sources.write(values, 1)
    with open_raster(tmp_path / "sources.tif") as sources:
        suns = SunArrows(sources, azimuths)
        assert suns.of(Square(200, 100, 64)) == [275.0] and suns.of(Square(200, 700, 64)) == [95.0]
        # Most of a window counts, whatever has no data.
        assert suns.of(Square(200, 400, 64)) == [275.0] and suns.of(Square(200, 430, 64)) == [95.0]
        assert suns.of(Square(0, 100, 64)) == [275.0] and suns.of(Square(0, 100, 20)) == []
        assert suns.all() == [95, 275] and SunArrows(sources, {}).of(Square(200, 100, 64)) == []


def test_the_sun_of_a_finished_mosaic_is_told_from_north(tmp_path):
    polar = target_grid("polar_stereographic", lat_deg=80.0, lon_deg=0.0, size=(200, 200))
    with create_raster(tmp_path / "m.tif", polar, "uint8", nodata=0, tags={"IMF_PRODUCTS": "theirs"}) as mosaic:
        mosaic.write(np.ones(polar.shape, np.uint8), 1)
    # On the meridian that points down from a north pole, north is up; half way around, down.
    assert sun_azimuths([], tmp_path / "m.tif", 30.0)["theirs"] == pytest.approx(30.0, abs=0.2)
    assert sun_azimuths([], tmp_path / "m.tif") == {}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A small target and its sheets."""
    target = write_target(tmp_path_factory.mktemp("target"))
    fractures, rejected = (read_vector(target / "fractures.gpkg", name) for name in ("fractures", "rejected"))
    boundary = read_boundary(target.boundary, fractures.crs)
    azimuths = sun_azimuths(target.images, target / "mosaic.tif")
    paths = target / "mosaic.tif", target / "mosaic_sources.tif"
    text = SheetText("Crookes", "10.4 S", "small print")
    overview = [target / "overview.png", target / "overview.pdf"]
    overview_sheet(overview, *paths, fractures, text, boundary, azimuths)
    rejected_sheet([target / "rejected.png", target / "rejected.pdf"], *paths, rejected, text, azimuths)
    return target, fractures, rejected, paths, text


@pytest.mark.parametrize("name", ["overview", "rejected"])
def test_sheets_are_as_wide_as_a4(drawn, name):
    with Image.open(drawn[0] / f"{name}.png") as picture:
        width, height = (size / picture.info["dpi"][0] for size in picture.size)
    assert width == pytest.approx(8.27, abs=0.02) and height <= 11.7
    assert (drawn[0] / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_same_sheet_has_the_same_bytes(drawn):
    target, _, rejected, paths, text = drawn
    again = [target / "again.png", target / "again.pdf"]
    rejected_sheet(again, *paths, rejected, text, sun_azimuths(target.images, target / "mosaic.tif"))
    for suffix in (".png", ".pdf"):
        assert (target / f"again{suffix}").read_bytes() == (target / f"rejected{suffix}").read_bytes()


def test_a_sheet_says_what_it_shows(drawn):
    target, fractures, rejected, _, _ = drawn
    said = PdfReader(target / "overview.pdf").pages[0].extract_text()
    for words in ("Crookes", "Densest complex", "Largest fracture", "Thinnest fracture", "melt ponds", "small print"):
        assert words in said, words
    assert f"{len(fractures)}" in said
    said = PdfReader(target / "rejected.pdf").pages[0].extract_text()
    assert "Small" in said and f"{len(rejected)} detection" in said and "no detections" in said


def test_nothing_found_and_nothing_rejected(drawn, tmp_path):
    _, fractures, rejected, paths, text = drawn
    overview_sheet([tmp_path / "none.png"], *paths, fractures.iloc[:0], text)
    rejected_sheet([tmp_path / "kept.png"], *paths, rejected.iloc[:0], text)
    for name in ("none", "kept"):
        assert Image.open(tmp_path / f"{name}.png").size[0] > 1500


def base_map(path, grid, brightness):
    transform = grid.transform @ Affine.translation(-300, -300) @ Affine.scale(20)
    values = np.full((80, 90), 60, np.uint8)
    values[:, 45:] = brightness
    profile = {"driver": "GTiff", "height": 80, "width": 90, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", crs=grid.crs.to_wkt(), transform=transform, **profile) as dataset:
        dataset.write(values, 1)
    return path


def test_a_base_map_lies_around_the_mosaic(drawn, tmp_path):
    target, fractures, _, paths, text = drawn
    around = read_base_map(base_map(tmp_path / "wac.tif", target.grid, 200), target.grid)
    own, wide = target.grid.bounds, around.grid.bounds
    assert wide[0] < own[0] and wide[1] < own[1] and wide[2] > own[2] and wide[3] > own[3]
    # Its right half is the bright one; the place where it changes lies where it should.
    grey = around.picture[50, :, 0]
    x, _ = around.grid.xy(50, int(np.argmax(grey > 0.4)))
    assert grey[0] < 0.1 < 0.7 < grey[-1]
    assert abs(float(x) - (own[0] + (45 * 20 - 300) * 1.5)) < 30
    overview_sheet([tmp_path / "plain.png"], *paths, fractures, text)
    overview_sheet([tmp_path / "based.png"], *paths, fractures, text, base_map=around)
    assert (tmp_path / "plain.png").read_bytes() != (tmp_path / "based.png").read_bytes()


def test_a_base_map_elsewhere_is_refused(drawn, tmp_path):
    far = target_grid(lat_deg=40.0)
    with pytest.raises(InputError, match="wac.tif: does not reach the target"):
        read_base_map(base_map(tmp_path / "wac.tif", far, 200), drawn[0].grid)
