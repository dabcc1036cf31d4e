"""The table of columns against what is written, shown and documented."""

import json
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from imfmap.fractures.accept import filter_fractures
from imfmap.fractures.fracture_columns import (
    BY_NAME,
    CENTRELINES,
    COLUMNS,
    FOOTPRINTS,
    FRACTURES,
    LAYERS,
    PONDS,
    REJECTED,
    SHAPEFILE_FIELDS,
    columns_of,
)
from imfmap.fractures.image_support import mosaic_sources
from imfmap.fractures.measures import MEASURES, measure
from imfmap.fractures.polygons import vectorise
from imfmap.fractures.pond_candidates import COLUMNS as POND_COLUMNS
from imfmap.fractures.pond_candidates import PondRule, candidate_ponds, outside_fractures
from imfmap.fractures.shadow_depth import shadow_depths
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import write_raster
from imfmap.maps.vectors import read_vector
from imfmap.products.tables import write_fracture_table, write_fractures
from imfmap.products.viewer import payload
from tests.helpers.target_factory import target_grid, write_target


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folder of a target whose fractures went through every step, and its layers as they are read back."""
    folder = tmp_path_factory.mktemp("columns")
    target = write_target(folder)
    grid = target_grid(size=(200, 300))
    probability = np.zeros(grid.shape, np.float32)
    for row in (20, 60, 100):
        probability[row : row + 8, 20:200] = 0.8
    probability[160:163, 20:24] = 0.9
    with create_probability(folder / "found.tif", grid) as dataset:
        dataset.write(encode(probability), 1)
    tags = {"IMF_PRODUCTS": target.images[0].stem}
    write_raster(folder / "sources.tif", np.ones(grid.shape, np.uint8), grid, nodata=0, tags=tags)
    fractures, lines = measure(vectorise(folder / "found.tif", 0.5), folder / "found.tif")
    fractures = fractures.join(mosaic_sources(fractures, grid, folder / "sources.tif", target.images))
    fractures = fractures.join(shadow_depths(fractures, lines, grid, [])[0])
    fractures["depth_m"], fractures["always_dark_share"] = 2.5, 0.5
    kept, rejected = filter_fractures(fractures)
    ponds = candidate_ponds(outside_fractures(kept, rejected), grid, PondRule(min_fractures=2, min_length_m=10.0))
    write_fractures(folder, kept, rejected, lines, ponds)
    layers = {name: read_vector(folder / "fractures.gpkg", name) for name in LAYERS if name != FOOTPRINTS}
    layers[FOOTPRINTS] = read_vector(folder / "footprints.gpkg", FOOTPRINTS)
    assert all(len(layer) for layer in layers.values())
    return folder, layers


def names_in(frame):
    return set(frame.columns) - {"geometry"}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_has_the_columns_of_the_table_and_no_others(written, layer):
    _, layers = written
    assert names_in(layers[layer]) == {column.name for column in columns_of(layer)}


@pytest.mark.parametrize("layer", LAYERS)
def test_values_are_of_the_kind_that_the_table_names(written, layer):
    _, layers = written
    for column in columns_of(layer):
        values = layers[layer][column.name]
        found = int if pd.api.types.is_integer_dtype(values) else float if pd.api.types.is_float_dtype(values) else str
        assert found is column.kind, column.name


def test_the_other_files_have_the_columns_of_the_fractures(written):
    folder, _ = written
    names = {column.name for column in columns_of(FRACTURES)}
    assert names_in(read_vector(folder / "fractures.geojson")) == names == set(SHAPEFILE_FIELDS)
    assert names_in(read_vector(folder / "fractures.shp")) == set(SHAPEFILE_FIELDS.values())
    write_fracture_table(folder / "fractures.csv", read_vector(folder / "fractures.gpkg", FRACTURES))
    assert set(pd.read_csv(folder / "fractures.csv").columns) == names


def test_no_number_has_more_decimals_than_the_table_gives(written):
    _, layers = written
    for layer in (FRACTURES, REJECTED, CENTRELINES, PONDS):
        for column in columns_of(layer):
            if column.kind is float:
                values = layers[layer][column.name].dropna()
                np.testing.assert_allclose(values, values.round(column.decimals), atol=1e-12)


def test_short_names_are_ten_characters_and_different():
    assert all(0 < len(name) <= 10 for name in SHAPEFILE_FIELDS.values())
    assert len(set(SHAPEFILE_FIELDS.values())) == len(SHAPEFILE_FIELDS)


def test_the_table_names_each_column_once():
    assert len(BY_NAME) == len(COLUMNS)
    assert all(column.layers and set(column.meaning) <= set(LAYERS) for column in COLUMNS)


def test_writers_name_the_columns_of_the_table():
    assert set(MEASURES) < {column.name for column in columns_of(FRACTURES)}
    assert set(POND_COLUMNS) == {column.name for column in columns_of(PONDS)}
    assert {field.name for field in fields(ImageFacts)} == {column.name for column in columns_of(FOOTPRINTS)}


@pytest.mark.parametrize("layer", [FRACTURES, REJECTED, PONDS, FOOTPRINTS])
def test_the_viewer_says_what_the_table_says(written, layer):
    _, layers = written
    shown = payload.features(layers[layer], target_grid())["columns"]
    assert {entry["name"] for entry in shown} == names_in(layers[layer])
    labelled = [column for column in columns_of(layer) if column.label]
    assert [entry["name"] for entry in shown][: len(labelled)] == [column.name for column in labelled]
    for entry, column in zip(shown, labelled, strict=False):
        assert (entry["label"], entry["decimals"]) == (column.label, column.shown_decimals)
        assert entry["unit"] == ("" if column.kind is str else column.unit)
        assert (entry["decimals"] is None) == (column.kind is str)


def test_the_page_has_no_label_or_unit_of_its_own(root):
    """The legend's title and the units of the filters come with the data."""
    for path in (root / "workflow" / "imfmap" / "products" / "viewer" / "static").glob("*.js"):
        text = path.read_text()
        own = [column.label for column in COLUMNS if column.label and " " in column.label]
        assert not [label for label in own if json.dumps(label) in text], path.name
