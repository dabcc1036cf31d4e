"""Which images a fracture rests on: made probabilities, made mosaics."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from imfmap.core.errors import InputError
from imfmap.fractures.fracture_columns import SHAPEFILE_FIELDS
from imfmap.fractures.image_support import agreeing_images, mosaic_sources
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import PRODUCTS_TAG, ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import write_raster
from tests.helpers.other_maps import on_another_crs

MOON = body("moon")
GRID = MapGrid.centred(MOON.projected("equirectangular", -10.0, -165.0), -165.0, -10.0, 450, 300, 1.5)
# Row, column, rows, columns.
BARS = ((20, 20, 6, 60), (100, 40, 8, 100), (150, 200, 30, 5))


def fractures(grid=GRID, bars=BARS):
    return gpd.GeoDataFrame(geometry=[shapely.box(*grid.window(*bar).bounds) for bar in bars], crs=grid.crs)


def image(folder, product, levels, azimuth=275.0, incidence=40.0, grid=GRID, window=None):
    """Projected image and its probability: a level on each bar, 0.1 elsewhere; on a window of the grid."""
    facts = ImageFacts(product, "2010-06-01T10:00:00", azimuth, incidence, 1.0, 45.0, 1.0, "native")
    probability = np.full(grid.shape, 0.1)
    for (row, column, rows, columns), level in zip(BARS, levels, strict=True):
        probability[row : row + rows, column : column + columns] = level
    part = window or (0, 0, *grid.shape)
    own = grid.window(*part)
    probability = probability[part[0] : part[0] + part[2], part[1] : part[1] + part[3]]
    with create_probability(folder / f"{product}.p.tif", own) as dataset:
        dataset.write(encode(probability), 1)
    write_raster(folder / f"{product}.tif", np.ones(own.shape, np.float32), own, nodata=np.nan, tags=facts.tags())
    return folder / f"{product}.p.tif", folder / f"{product}.tif"


def test_images_that_cover_and_images_that_agree(tmp_path):
    files = [
        image(tmp_path, "M1LE", (0.9, 0.3, 0.4)),
        image(tmp_path, "M2RE", (0.7, 0.6, np.nan), azimuth=80.0, incidence=60.0),
        # Begins at column 60: it has a third of the first bar, four fifths of the second.
        image(tmp_path, "M3LE", (0.9, 0.8, 0.45), incidence=70.0, window=(0, 60, 200, 240)),
    ]
    found = agreeing_images(fractures(), GRID, *zip(*files, strict=True), 0.5)
    assert found["products"].tolist() == ["M1LE,M2RE", "M3LE,M2RE", "M3LE"]
    assert found["images_seen"].tolist() == [2, 3, 2] and found["images_agreed"].tolist() == [2, 2, 0]
    assert found["incidence_deg"].tolist() == [40.0, 70.0, 70.0]
    assert found["incidences_deg"].tolist() == ["40.0,60.0", "70.0,60.0", "70.0"]
    # On this map up is north.
    assert found["sun_azimuth_north_deg"].tolist() == pytest.approx([275.0, 275.0, 275.0], abs=0.01)
    assert found["sun_azimuths_north_deg"][0] == "275.0,80.0"
    assert set(found.columns) < set(SHAPEFILE_FIELDS)


def test_a_level_on_the_threshold_agrees(tmp_path):
    files = [image(tmp_path, "M1LE", (0.5, 0.5, 0.49))]
    found = agreeing_images(fractures(), GRID, *zip(*files, strict=True), 0.5)
    assert found["images_agreed"].tolist() == [1, 1, 0]


def test_a_fracture_that_no_image_covers_names_none(tmp_path):
    files = [image(tmp_path, "M1LE", (np.nan, 0.9, 0.9))]
    found = agreeing_images(fractures(), GRID, *zip(*files, strict=True), 0.5)
    assert found["products"].tolist() == ["", "M1LE", "M1LE"]
    assert np.isnan(found["incidence_deg"][0]) and found["images_seen"][0] == 0
    assert len(agreeing_images(fractures().iloc[:0], GRID, *zip(*files, strict=True), 0.5)) == 0


def test_the_sun_is_told_from_north_where_the_fracture_lies(tmp_path):
    # Far off the middle meridian of a polar map north is not up.
    crs = MOON.projected("polar_stereographic", 80.0, 0.0)
    grid = MapGrid.centred(crs, 40.0, 80.0, 450, 300, 1.5)
    files = [image(tmp_path, "M1LE", (0.9, 0.9, 0.9), azimuth=100.0, grid=grid)]
    found = agreeing_images(fractures(grid), grid, *zip(*files, strict=True), 0.5)
    # On the meridian of 40 E north lies 40 degrees to the left of the map's up, so that the azimuth is larger by 40.
    assert found["sun_azimuth_north_deg"].tolist() == pytest.approx([140.0] * 3, abs=0.1)


def test_blocks_do_not_matter(tmp_path, monkeypatch):
    files = [image(tmp_path, "M1LE", (0.9, 0.3, 0.4)), image(tmp_path, "M2RE", (0.7, 0.6, 0.9))]
    whole = agreeing_images(fractures(), GRID, *zip(*files, strict=True), 0.5)
    monkeypatch.setattr("imfmap.fractures.image_support.BLOCK_PX", 37)
    assert whole.equals(agreeing_images(fractures(), GRID, *zip(*files, strict=True), 0.5))


def test_sources_of_a_mosaic(tmp_path):
    source = np.ones(GRID.shape, np.uint8)
    source[:, 70:] = 2
    source[:, 137:] = 3
    source[150:, 200:202] = 0
    tags = {PRODUCTS_TAG: "M1LE,M2RE,M3LE"}
    write_raster(tmp_path / "s.tif", source, GRID, nodata=0, tags=tags)
    images = [image(tmp_path, name, (0.9,) * 3, incidence=40 + n)[1] for n, name in enumerate(("M1LE", "M2RE", "M3LE"))]
    found = mosaic_sources(fractures(), GRID, tmp_path / "s.tif", images)
    # The second bar: 30 of 100 columns from the first, 67 from the second, 3 from the third: too few to count.
    assert found["products"].tolist() == ["M1LE,M2RE", "M2RE,M1LE", "M3LE"]
    assert found["incidence_deg"].tolist() == [40.0, 41.0, 42.0] and found["images_seen"].tolist() == [2, 2, 1]
    finished = mosaic_sources(fractures(), GRID, tmp_path / "s.tif")
    assert finished["products"].equals(found["products"]) and finished["incidence_deg"].isna().all()
    assert set(finished["incidences_deg"]) == {""}


def test_rasters_of_another_map_are_refused(tmp_path):
    other = MapGrid.centred(GRID.crs, -165.0, -10.0, 450, 300, 2.0)
    write_raster(tmp_path / "s.tif", np.ones(other.shape, np.uint8), other, nodata=0, tags={PRODUCTS_TAG: "M1LE"})
    with pytest.raises(InputError, match="s.tif: its transform .* the fractures. map"):
        mosaic_sources(fractures(), GRID, tmp_path / "s.tif")
    other, tags = on_another_crs(GRID), {PRODUCTS_TAG: "M1LE"}
    write_raster(tmp_path / "s.tif", np.ones(other.shape, np.uint8), other, nodata=0, tags=tags)
    with pytest.raises(InputError, match="s.tif: its CRS .* the fractures. map"):
        mosaic_sources(fractures(), GRID, tmp_path / "s.tif")
    write_raster(tmp_path / "bare.tif", np.ones(GRID.shape, np.uint8), GRID, nodata=0)
    with pytest.raises(InputError, match="has no tag IMF_PRODUCTS"):
        mosaic_sources(fractures(), GRID, tmp_path / "bare.tif")
