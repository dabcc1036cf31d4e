"""The fractures of all maps of a run in one file, read back as a GIS reads it."""

import geopandas
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from imfmap.core.errors import InputError
from imfmap.labels.width_classes import WIDTH_CLASSES
from imfmap.maps.bodies import body, body_of
from imfmap.maps.vectors import layers_of, read_vector
from imfmap.products.merged import COLUMNS, MappedTarget, merge_fractures
from tests.helpers.fracture_tables import CRS, fractures, write

BOXES = shapely.box(0, 0, 30, 10), shapely.box(50, 0, 60, 9)
OTHER = body("moon").projected("equirectangular", 20.0, 179.99)
MERCURY = body("mercury").projected("equirectangular", 20.0, 10.0)


def mapped(folder, name, boxes=BOXES, crs=CRS, threshold=0.5):
    (folder / name).mkdir()
    write(folder / name, fractures(*boxes, crs=crs), fractures(crs=crs))
    return MappedTarget(name, folder / name / "fractures.gpkg", "net", threshold)


def merge(folder, targets):
    merge_fractures(folder / "all.gpkg", folder / "all.parquet", targets)


def test_one_layer_has_the_fractures_of_all_maps(tmp_path):
    targets = [mapped(tmp_path, "a"), mapped(tmp_path, "b", BOXES[:1], OTHER, 0.8), mapped(tmp_path, "empty", ())]
    merge(tmp_path, targets)
    assert layers_of(tmp_path / "all.gpkg") == ["fractures"]
    merged = read_vector(tmp_path / "all.gpkg", "fractures")
    assert tuple(merged.columns[:4]) == COLUMNS and merged.crs.is_geographic
    assert merged[["target", "threshold"]].values.tolist() == [["a", 0.5], ["a", 0.5], ["b", 0.8]]
    assert set(merged.model) == {"net"} and set(merged.width_class) <= set(WIDTH_CLASSES)
    assert_geodataframe_equal(geopandas.read_parquet(tmp_path / "all.parquet"), merged, check_crs=False)
    assert body_of(geopandas.read_parquet(tmp_path / "all.parquet").crs) == body("moon")
    own = read_vector(tmp_path / "b" / "fractures.gpkg", "fractures")
    placed = merged[merged.target == "b"].to_crs(OTHER).geometry.iloc[0]
    assert placed.symmetric_difference(own.geometry.iloc[0]).area < 0.01 * own.area.iloc[0]


def test_each_body_has_its_layer(tmp_path):
    merge_fractures(
        tmp_path / "all.gpkg", tmp_path / "all.parquet", [mapped(tmp_path, "a"), mapped(tmp_path, "m", crs=MERCURY)]
    )
    assert layers_of(tmp_path / "all.gpkg") == ["fractures_moon", "fractures_mercury"]
    assert body_of(read_vector(tmp_path / "all.gpkg", "fractures_mercury").crs).name == body("mercury").name
    table = geopandas.read_parquet(tmp_path / "all.parquet")
    assert table.crs is None and table.body.tolist() == ["moon"] * 2 + ["mercury"] * 2


def test_maps_without_any_fracture_make_an_empty_layer_with_all_columns(tmp_path):
    merge_fractures(
        tmp_path / "all.gpkg", tmp_path / "all.parquet", [mapped(tmp_path, "a", ()), mapped(tmp_path, "b", (), OTHER)]
    )
    merged = read_vector(tmp_path / "all.gpkg", "fractures")
    assert len(merged) == 0 and {*COLUMNS, "mean_width_m"} <= set(merged.columns)
    assert geopandas.read_parquet(tmp_path / "all.parquet").columns.tolist() == merged.columns.tolist()


def test_a_missing_map_is_named(tmp_path):
    with pytest.raises(InputError, match="none.gpkg: does not exist"):
        merge_fractures(
            tmp_path / "all.gpkg", tmp_path / "all.parquet", [MappedTarget("a", tmp_path / "none.gpkg", "net", 0.5)]
        )
    assert not (tmp_path / "all.gpkg").exists() and not (tmp_path / "all.parquet").exists()
