"""Files of fractures: read back as a GIS reads them."""

import json
import math
import sqlite3
from contextlib import closing
from dataclasses import asdict

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from imfmap.fractures.fracture_columns import SHAPEFILE_FIELDS
from imfmap.fractures.measures import MEASURES
from imfmap.maps.bodies import body_of
from imfmap.maps.coregistration_tag import Coregistration
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.vectors import layers_of, read_vector
from imfmap.products.tables import (
    summarise,
    summarise_ground,
    write_fracture_table,
    write_geoparquet,
    write_profiles,
    write_statistics,
    write_summary,
)
from tests.helpers.fracture_tables import CRS, MOON, fractures, write
from tests.helpers.placed_fractures import GRID, MAP_CRS, PATCH, bars, lines_at


def test_three_formats_say_the_same(tmp_path):
    kept = fractures(
        shapely.box(0, 0, 30, 10), shapely.MultiPolygon([shapely.box(50, 0, 60, 9), shapely.box(60, 9, 65, 20)])
    )
    rejected = fractures(shapely.box(0, 50, 5, 60)).assign(reason="small")
    write(tmp_path, kept, rejected)
    assert layers_of(tmp_path / "fractures.gpkg") == [
        "fractures",
        "centrelines",
        "segments",
        "candidate_ponds",
        "rejected",
    ]
    lines = read_vector(tmp_path / "fractures.gpkg", "centrelines")
    assert lines.geom_type.unique() == ["LineString"] and lines.fracture.tolist() == [1, 2]
    assert json.loads(lines.widths_m[0]) == [3.0, 4.5]
    package = read_vector(tmp_path / "fractures.gpkg", "fractures")
    assert read_vector(tmp_path / "fractures.gpkg", "rejected").reason.tolist() == ["small"]
    shapefile = read_vector(tmp_path / "fractures.shp").rename(
        columns={new: old for old, new in SHAPEFILE_FIELDS.items()}
    )
    geojson = read_vector(tmp_path / "fractures.geojson")
    assert body_of(geojson.crs) is MOON and geojson.crs.is_geographic
    assert package.crs == CRS and shapefile.crs == CRS
    for frame in (package, shapefile, geojson.to_crs(CRS)):
        np.testing.assert_allclose(frame.area, kept.area, rtol=2e-3)
        for name in (*MEASURES, "fracture", "group"):
            np.testing.assert_allclose(frame[name].astype(float), kept[name], atol=0.06)
    longitude, latitude = geojson.geometry.iloc[0].centroid.coords[0]
    assert (longitude, latitude) == pytest.approx(MOON.to_lonlat(CRS).transform(15, 5), abs=1e-6)
    assert "IAU" in json.loads((tmp_path / "fractures.geojson").read_text())["crs"]["properties"]["name"]
    assert all(not path.name.startswith(".") for path in tmp_path.iterdir())


@pytest.mark.parametrize("boxes", [(shapely.box(0, 0, 30, 10), shapely.box(50, 0, 60, 9)), ()])
def test_geoparquet_holds_what_the_geopackage_does(tmp_path, boxes):
    write(tmp_path, fractures(*boxes), fractures())
    package = read_vector(tmp_path / "fractures.gpkg", "fractures")
    write_geoparquet(tmp_path / "fractures.parquet", package)
    table = geopandas.read_parquet(tmp_path / "fractures.parquet")
    assert_geodataframe_equal(table, package, check_crs=False)
    # PROJ's JSON gives the projection's method another name.
    assert body_of(table.crs) == MOON and table.crs.to_proj4() == CRS.to_proj4()
    if boxes:
        (found,) = geopandas.read_parquet(tmp_path / "fractures.parquet", bbox=(45, -5, 70, 20)).fracture
        assert found == 2
    first = (tmp_path / "fractures.parquet").read_bytes()
    write_geoparquet(tmp_path / "fractures.parquet", package)
    assert (tmp_path / "fractures.parquet").read_bytes() == first


def test_shapefile_names_fit():
    assert all(len(name) <= 10 for name in SHAPEFILE_FIELDS.values())
    assert len(set(SHAPEFILE_FIELDS.values())) == len(SHAPEFILE_FIELDS)
    assert set(MEASURES) < set(SHAPEFILE_FIELDS)


def test_across_the_antimeridian_a_fracture_stays_small(tmp_path):
    crs = MOON.projected("equirectangular", 0, 180)
    kept = fractures(shapely.box(-300, 0, 300, 30), crs=crs)
    write(tmp_path, kept, kept.iloc[:0].assign(reason=[]))
    left, _, right, _ = read_vector(tmp_path / "fractures.geojson").total_bounds
    assert right - left == pytest.approx(np.degrees(600 / MOON.radius_m), rel=1e-3)


def test_no_fractures_are_files_too(tmp_path):
    none = fractures().assign(reason=[])
    write(tmp_path, none.drop(columns="reason"), none)
    for name in ("fractures.gpkg", "fractures.shp", "fractures.geojson"):
        assert len(read_vector(tmp_path / name)) == 0
    assert {"area_m2", "confidence"} < set(read_vector(tmp_path / "fractures.gpkg", "fractures").columns)
    summary = summarise(none, none)
    assert summary["fractures"]["polygons"] == 0 and summary["fractures"]["area_m2"] is None
    assert summary["rejected"] == {"small": 0, "seam": 0, "outside": 0}


def test_same_fractures_same_bytes(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10))
    for folder in ("one", "two"):
        write(tmp_path / folder, kept, kept.assign(reason="seam"))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_summary_says_what_is_not_known_of_an_image_and_how_it_was_moved(tmp_path):
    kept = fractures(shapely.box(0, 0, 20, 10))
    facts = [ImageFacts(name, "unknown", 90.0, 55.0, math.nan, math.nan, 1.0, "none") for name in "AB"]
    shift = Coregistration("A", True, 3.0, -1.5, 0.9, 25)
    summary = summarise(kept, kept.iloc[:0].assign(reason=[]), facts, {}, [None, shift])
    write_summary(tmp_path / "summary.json", summary)
    first, second = json.loads((tmp_path / "summary.json").read_text())["images"]
    assert first["emission_deg"] is None and "coregistration" not in first
    assert second["coregistration"] == asdict(shift)


def test_summary_counts_honestly(tmp_path):
    kept = fractures(shapely.box(0, 0, 20, 10), shapely.box(30, 0, 70, 10), shapely.box(500, 0, 560, 10))
    kept["group"] = [1, 1, 2]
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 90.0, 55.0, 1.0, 60.0, 1.0, "native")
    summary = summarise(kept, kept.iloc[:2].assign(reason=["small", "outside"]), [facts], {"threshold": 0.5})
    write_summary(tmp_path / "summary.json", summary)
    read = json.loads((tmp_path / "summary.json").read_text())
    assert read["fractures"]["polygons"] == 3 and read["fractures"]["groups"] == 2
    assert read["fractures"]["total_area_m2"] == 1200
    assert read["fractures"]["area_m2"] == {"mean": 400, "sd": 200, "median": 400, "min": 200, "max": 600}
    assert read["rejected"] == {"small": 1, "seam": 0, "outside": 1}
    assert read["images"][0]["incidence_deg"] == 55.0 and read["settings"] == {"threshold": 0.5}
    assert summarise(kept.iloc[:1], kept.iloc[:0].assign(reason=[]))["fractures"]["area_m2"]["sd"] is None


def test_tables_hold_what_the_geopackage_holds(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10), shapely.box(50, 0, 60, 90))
    write_fracture_table(tmp_path / "f.csv", kept)
    table = pd.read_csv(tmp_path / "f.csv")
    assert list(table.columns) == [name for name in kept.columns if name != "geometry"]
    np.testing.assert_allclose(table["area_m2"], kept["area_m2"])
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 90.0, 55.0, 1.0, 60.0, 1.0, "native")
    write_statistics(
        tmp_path / "s.csv", summarise(kept, kept.iloc[:0].assign(reason=[]), [facts], {"hysteresis": None})
    )
    said = pd.read_csv(tmp_path / "s.csv").set_index("quantity")
    assert said["value"].dtype == float, "no text stands among the numbers"
    numbers = said["value"]
    assert numbers["fractures.polygons"] == 2 and numbers["fractures.area_m2.max"] == 900
    assert numbers["images.M1L.incidence_deg"] == 55 and np.isnan(numbers["settings.hysteresis"])
    assert said["text"]["images.M1L.start_time"] == "2010-01-01T00:00:00Z"
    assert said[["value", "text"]].notna().sum(axis=1).max() == 1


def test_layers_and_columns_say_what_they_are(tmp_path):
    kept = fractures(shapely.box(0, 0, 30, 10))
    write(tmp_path, kept, kept.assign(reason="small"))
    with closing(sqlite3.connect(tmp_path / "fractures.gpkg")) as database:
        layers = dict(database.execute("SELECT table_name, description FROM gpkg_contents"))
        rows = database.execute("SELECT table_name, column_name, title, description FROM gpkg_data_columns").fetchall()
    assert layers["segments"].startswith("Pieces of the centrelines") and layers["rejected"]
    said = {(layer, column): (title, text) for layer, column, title, text in rows}
    assert said["fractures", "length_m"][0] == "Length (m)" and "edge to edge" in said["fractures", "length_m"][1]
    for layer in ("fractures", "rejected", "centrelines", "segments"):
        frame = read_vector(tmp_path / "fractures.gpkg", layer)
        assert {column for name, column in said if name == layer} == set(frame.columns) - {"geometry"}


def test_the_summary_counts_classes_and_ground():
    fractures = bars(*PATCH)
    fractures["mean_width_m"] = [4.0, 7.4, 7.5, 20.0, 50.0, 44.9]
    said = summarise(fractures, fractures.iloc[:0].assign(reason=[]))["fractures"]["width_classes"]
    assert [said[name]["polygons"] for name in said] == [2, 1, 1, 1, 1] and said["tiny"]["share"] == 0.3333
    assert said["huge"]["total_length_m"] == 60.0 and said["tiny"]["area_m2"] == 720.0
    ground = summarise_ground(fractures, 2.0, 4.0, np.array([[[np.nan, 3.0, 1.0]], [[0.0, 0.0, 0.0]]]))
    assert ground["length_km_per_km2"] == 0.18 and ground["fractures_per_km2"] == 3.0
    assert ground["area_percent"] == pytest.approx(100 * 6 * 360 / 2e6) and ground["largest_km_per_km2"] == 3.0
    assert summarise_ground(fractures, 0.0, 0.0, np.full((2, 1, 1), np.nan))["length_km_per_km2"] is None


def test_profiles_as_a_table_say_where(tmp_path):
    lines = lines_at([(100, 100), (400, 100)], [(500, 500), (500, 700)])
    lines["distances_m"], lines["widths_m"] = "[75.0, 225.0]", ["[5.0, 6.0]", "[7.0, 8.0]"]
    lines = pd.concat([lines, lines.iloc[:1].assign(line=1, widths_m=None, distances_m=None)], ignore_index=True)
    write_profiles(tmp_path / "w.csv", lines)
    table = pd.read_csv(tmp_path / "w.csv")
    assert list(table.columns) == ["fracture", "distance_m", "width_m", "lon_deg", "lat_deg"]
    assert table["fracture"].tolist() == [1, 1, 2, 2] and table["width_m"].tolist() == [5.0, 6.0, 7.0, 8.0]
    left, bottom, _, _ = GRID.bounds
    lon, lat = MOON.to_lonlat(MAP_CRS).transform(left + 175, bottom + 100)
    assert (table["lon_deg"][0], table["lat_deg"][0]) == pytest.approx((lon, lat), abs=1e-5)
    write_profiles(tmp_path / "none.csv", lines.iloc[:0])
    assert len(pd.read_csv(tmp_path / "none.csv")) == 0
