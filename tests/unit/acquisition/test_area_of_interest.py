"""The place that a search covers."""

import pytest
import shapely
from shapely import box

from imfmap.acquisition import footprints
from imfmap.acquisition.area_of_interest import area_of_interest
from imfmap.acquisition.footprints import LocalMap, canonical_footprint
from imfmap.core.errors import InputError

TARGET = {
    "lat": 10.0,
    "lon": -20.0,
    "diameter_km": 40.0,
    "body": "moon",
    "projection": "equirectangular",
    "resolution_m": 1.5,
    "standard_parallel_deg": None,
}


@pytest.mark.parametrize(("lat", "lon"), [(10.0, -20.0), (0.0, 180.0), (89.9, 30.0), (-78.6, 23.5)])
@pytest.mark.parametrize("projection", ["equirectangular", "polar_stereographic", "orthographic"])
def test_the_place_of_a_target_is_its_map(lat, lon, projection):
    if projection == "equirectangular" and abs(lat) > 89 or projection == "polar_stereographic" and abs(lat) < 60:
        pytest.skip("no such map")
    place = area_of_interest({**TARGET, "lat": lat, "lon": lon, "projection": projection})
    area = LocalMap.about(place).project(place).area
    # An equirectangular map is true along its own parallel alone, a polar one at the pole.
    assert area == pytest.approx(44_000.0**2, rel=0.03 if abs(lat) < 60 else 0.12)


def test_a_polygon_is_read_from_text_and_from_files(tmp_path):
    text = "POLYGON ((179 0, 181 0, 181 1, 179 1, 179 0))"
    place = area_of_interest({**TARGET, "polygon": text})
    assert len(place.geoms) == 2
    path = tmp_path / "ground.geojson"
    path.write_text(shapely.to_geojson(box(10, 20, 11, 21)))
    assert area_of_interest({**TARGET, "polygon": str(path)}).equals(canonical_footprint(box(10, 20, 11, 21)))


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        ("POLYGON ((1 2, 3", "is no WKT"),
        ("POLYGON EMPTY", "is a Polygon"),
        ("nowhere.geojson", "nowhere.geojson: does not exist"),
        ("POLYGON ((0 100, 1 100, 1 101, 0 100))", "outside the globe"),
        ("POLYGON ((nan nan, 1 1, 2 0, nan nan))", "is no WKT"),
        ("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "no valid polygon"),
        ("POLYGON ((0 90, 90 90, 180 90, 0 90))", "no valid polygon"),
    ],
)
def test_a_polygon_that_is_none(polygon, said):
    with pytest.raises(InputError, match=said):
        area_of_interest({**TARGET, "polygon": polygon})


def test_a_polygon_whose_edges_take_too_long_to_follow(monkeypatch):
    monkeypatch.setattr(footprints, "_MOST_VERTICES", 20)
    with pytest.raises(InputError, match="no outline on a sphere .it has [0-9]+ corners, and long edges"):
        area_of_interest({**TARGET, "polygon": "POLYGON ((0 60, 100 60, 100 70, 0 70, 0 60))"})
