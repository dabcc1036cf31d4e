"""Directions of fractures, against lines of known azimuth."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from imfmap.fractures.orientations import directions, rose
from imfmap.maps.grids import MapGrid
from tests.helpers.placed_fractures import MOON


@pytest.mark.parametrize(("projection", "lat"), [("equirectangular", -10.0), ("polar_stereographic", 78.0)])
def test_directions_are_those_on_the_ground(projection, lat):
    grid = MapGrid.centred(MOON.projected(projection, lat, 20.0), 50.0, lat, 3000, 3000, 4.0)
    geod = Geod(a=MOON.radius_m, b=MOON.radius_m)
    lon, latitude = grid.lonlat(375, 375)
    paths = []
    for azimuth, length in ((15.0, 400.0), (15.0, 200.0), (105.0, 300.0)):
        end = geod.fwd(float(lon), float(latitude), azimuth, length)[:2]
        paths.append(shapely.LineString([grid.xy(375, 375), grid.xy(*grid.rowcol_of_lonlat(*end))]))
    frame = gpd.GeoDataFrame(
        {"fracture": [1, 2, 3], "line": 0, "mean_width_m": 8.0, "length_m": [400.0, 200.0, 300.0]},
        geometry=paths, crs=grid.crs,
    )  # fmt: skip
    axis, length = directions(frame, grid)
    assert length.sum() == pytest.approx(900.0) and len(axis) == 10 + 5 + 8
    said = rose(axis, length)
    assert said["length_km"][1] == pytest.approx(0.6) and said["length_km"][10] == pytest.approx(0.3)
    assert sum(said["length_km"]) == pytest.approx(0.9)
    # Two axes at a right angle: the longer one, weakened by the other.
    assert said["mean_axis_deg"] == pytest.approx(15.0, abs=0.2) and said["strength"] == pytest.approx(1 / 3, abs=0.01)


def test_a_rose_of_nothing_and_of_all_directions():
    assert rose(np.zeros(0), np.zeros(0))["mean_axis_deg"] is None
    even = rose(np.arange(0.5, 180.0), np.ones(180))
    assert even["strength"] == 0.0 and set(even["length_km"]) == {0.01}
