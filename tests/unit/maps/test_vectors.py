"""Vector files: written whole or not at all."""

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
