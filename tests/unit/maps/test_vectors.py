"""Vector files: written whole or not at all."""

import json
import sqlite3
import time
from contextlib import closing

import geopandas as gpd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.maps.user_files import content_digest
from imfmap.maps.vectors import layers_of, read_vector, write_vector
from tests.helpers.fracture_tables import CRS, fractures
from tests.helpers.generated import changes, cuts, examples


def test_a_failed_write_leaves_the_old_file(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10))
    write_vector(tmp_path / "f.gpkg", {"a": kept})
    before = (tmp_path / "f.gpkg").read_bytes()
    with pytest.raises(AttributeError):
        write_vector(tmp_path / "f.gpkg", {"a": kept, "b": "no frame"})
    assert (tmp_path / "f.gpkg").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["f.gpkg"]


def test_unusable_vector_files_are_named(tmp_path):
    (tmp_path / "text.gpkg").write_text("no")
    with pytest.raises(InputError, match="cannot be opened as vector data"):
        read_vector(tmp_path / "text.gpkg")
    write_vector(tmp_path / "f.gpkg", {"a": fractures(shapely.box(0, 0, 1, 1))})
    with pytest.raises(InputError, match="no column 'width_class' in layer 'a'"):
        read_vector(tmp_path / "f.gpkg", "a", columns=("width_class",))
    write_vector(tmp_path / "bare.shp", gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS))
    (tmp_path / "bare.prj").unlink()
    with pytest.raises(InputError, match="no coordinate reference system"):
        read_vector(tmp_path / "bare.shp")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """(path of copies, bytes) of a GeoPackage of two layers."""
    path = tmp_path_factory.mktemp("gpkg") / "whole.gpkg"
    shapes = [shapely.box(x, 0, x + 5, 9) for x in range(0, 400, 10)]
    write_vector(path, {"floor": fractures(*shapes), "ponds": fractures(*shapes[:3])})
    return path.with_name("copy.gpkg"), path.read_bytes()


def read_or_told(path):
    try:
        for name in layers_of(path):
            read_vector(path, name, CRS)
    except InputError as error:
        assert path.name in str(error) and "\n" not in str(error) and len(str(error)) < 600


@given(st.data())
@examples(25)
def test_a_geopackage_that_was_cut_or_changed_ends_in_one_line_or_is_read(whole, data):
    path, content = whole
    path.write_bytes(data.draw(st.one_of(cuts(content), changes(content))))
    read_or_told(path)
    content_digest(path)


@pytest.mark.parametrize(
    "shape",
    [
        "CURVEPOLYGON (CIRCULARSTRING (0 0, 4 0, 4 4, 0 4, 0 0))",
        "COMPOUNDCURVE (CIRCULARSTRING (0 0, 1 1, 2 0), (2 0, 3 0))",
        "POLYGON ((nan nan, 1 1, 2 0, nan nan))",
        "POLYGON ((1e308 1e308, -1e308 1, 2 0, 1e308 1e308))",
        "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
        "POLYHEDRALSURFACE Z (((0 0 0, 0 1 0, 1 1 0, 0 0 0)))",
        "TIN Z (((0 0 0, 0 1 0, 1 1 0, 0 0 0)))",
        "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1))",
        "POINT EMPTY",
    ],
)
@pytest.mark.parametrize("driver", ["csv", "gpkg"])
def test_shapes_of_any_kind_are_read_or_told(tmp_path, shape, driver):
    """Written by GDAL alone: as text that it reads as shapes, and as a GeoPackage."""
    (tmp_path / "odd.csv").write_text(f'id,WKT\n1,"{shape}"\n')
    (tmp_path / "odd.csvt").write_text("Integer,WKT\n")
    path = tmp_path / "odd.csv"
    if driver == "gpkg":
        table = pyogrio.raw.read(path, force_2d=False)
        path = tmp_path / "odd.gpkg"
        pyogrio.raw.write(path, table[2], table[3], table[0]["fields"], geometry_type="Unknown", crs=CRS.to_wkt())
    read_or_told(path)


def lines(count):
    return gpd.GeoDataFrame(
        {"n": range(count)}, geometry=[shapely.LineString([(n, 0), (n, 9)]) for n in range(count)], crs=CRS
    )


@given(first=st.integers(1, 6), second=st.integers(1, 6), suffixes=st.sets(st.sampled_from([".shp", ".shx", ".dbf"])))
@examples(25)
def test_a_shapefile_of_parts_of_two_files_is_told_or_whole(tmp_path_factory, first, second, suffixes):
    """Somebody copied some of its parts, and not all."""
    folder = tmp_path_factory.mktemp("parts")
    for name, count in (("a", first), ("b", second)):
        write_vector(folder / f"{name}.shp", lines(count))
    for suffix in suffixes:
        (folder / f"b{suffix}").replace(folder / f"a{suffix}")
    if first == second or len(suffixes) in (0, 3):
        assert len(read_vector(folder / "a.shp")) == (first if not suffixes else second)
    else:
        with pytest.raises(InputError, match="its parts are of different files"):
            read_vector(folder / "a.shp")


def changed_by_sql(path, *commands):
    write_vector(path, {"lines": lines(5)})
    with closing(sqlite3.connect(path)) as database:
        for command in commands:
            database.execute(command)
        database.commit()
    return path


@pytest.mark.parametrize("count", [0, 1, 4, 6, -1, "NULL", "'x'", 10**12])
def test_a_count_beside_the_features_hides_none(tmp_path, count):
    path = changed_by_sql(tmp_path / "a.gpkg", f"UPDATE gpkg_ogr_contents SET feature_count = {count}")
    try:
        assert len(read_vector(path)) == 5
    except InputError as error:
        assert "holds 5 features, of which" in str(error)


ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x AS fid, geom FROM r, held"


@pytest.mark.parametrize("query", ["SELECT * FROM held WHERE fid < 3", "SELECT *, random() FROM held", ENDLESS])
def test_a_view_is_no_layer_and_is_not_asked(tmp_path, query):
    path = changed_by_sql(
        tmp_path / "a.gpkg",
        "CREATE TABLE held AS SELECT * FROM lines",
        "DROP TABLE lines",
        f"CREATE VIEW lines AS {query}",
    )
    began_s = time.process_time()
    with pytest.raises(InputError, match="layer 'lines' is a view"):
        read_vector(path)
    assert content_digest(path) == content_digest(path) and time.process_time() - began_s < 5


def test_the_system_that_features_are_drawn_on_counts(tmp_path):
    before = content_digest(changed_by_sql(tmp_path / "a.gpkg"))
    assert content_digest(changed_by_sql(tmp_path / "b.gpkg")) == before
    other = changed_by_sql(tmp_path / "c.gpkg", "UPDATE gpkg_geometry_columns SET srs_id = 0")
    assert content_digest(other) != before


@given(twice=st.booleans(), cut=st.integers(0, 4), odd=st.sampled_from([None, "x", {"type": "Featre"}, {}, []]))
@examples(25)
def test_geojson_gives_all_its_features_or_is_told(tmp_path_factory, twice, cut, odd):
    path = tmp_path_factory.mktemp("json") / "a.geojson"
    write_vector(path, lines(5))
    content = json.loads(path.read_text())
    content["features"] += [] if odd is None else [odd]
    text = json.dumps(content)
    path.write_text(f'{text[:-1]}, "features": {json.dumps(content["features"][:cut])}}}' if twice else text)
    try:
        assert len(read_vector(path)) == 5 and not twice and odd is None
    except InputError as error:
        assert "the key 'features' twice" in str(error) if twice else odd is not None and "can be read" in str(error)


@pytest.mark.parametrize("text", ["<OGRWFSDataSource>", "<?xml version='1.0'?><a/>", "\ufeff \n<OGRVRTDataSource/>"])
def test_xml_that_may_name_servers_is_not_opened(tmp_path, text):
    (tmp_path / "a.gpkg").write_text(text)
    with pytest.raises(InputError, match="is XML, which may lead elsewhere"):
        layers_of(tmp_path / "a.gpkg")


def test_a_shape_that_became_shorter_leaves_a_rest_that_is_no_shape(tmp_path):
    """Programs write it in the place of the longer one."""
    write_vector(tmp_path / "a.shp", lines(3))
    with open(tmp_path / "a.shp", "ab") as file:
        file.write(bytes(40))
    assert len(read_vector(tmp_path / "a.shp")) == 3
