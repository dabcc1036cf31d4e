"""Vector files: written whole or not at all."""

import geopandas as gpd
import pytest
import shapely

from imfmap.core.errors import InputError
from imfmap.maps.vectors import read_vector, write_vector
from tests.helpers.fracture_tables import CRS, fractures


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
