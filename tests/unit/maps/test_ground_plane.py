"""The plane of true metres around a map, and the ground that is mapped."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import GroundPlane, areas_of, mapped_ground
from tests.helpers.placed_fractures import MAP_CRS, MOON, areas, probability


@pytest.mark.parametrize(
    ("projection", "lat", "parallel"),
    [("equirectangular", 70.0, 0.0), ("polar_stereographic", -78.0, None), ("equirectangular", -10.0, None)],
)
def test_mapped_ground_in_true_square_kilometres(tmp_path, projection, lat, parallel):
    crs = MOON.projected(projection, lat, 20.0, parallel)
    grid = MapGrid.centred(crs, 22.0, lat, 3003, 2001, 3.0)
    mapped = mapped_ground(probability(tmp_path / "p.tif", grid, (slice(0, 100), slice(0, 500))), cell_m=20.0)
    assert mapped.grid.resolution_m == 21.0 and mapped.grid.bounds[0] == grid.bounds[0]
    # What a polygon of the same ground has on the sphere.
    rows, columns = grid.shape
    ring = [(0, 500), (0, columns), (rows, columns), (rows, 0), (100, 0), (100, 500)]
    corners = np.array(shapely.Polygon(ring).segmentize(5.0).exterior.coords) - 0.5
    area = abs(Geod(a=MOON.radius_m, b=MOON.radius_m).polygon_area_perimeter(*grid.lonlat(*corners.T))[0]) / 1e6
    assert mapped.total_km2 == pytest.approx(area, rel=2e-4)
    plane = GroundPlane(grid)
    polygon = shapely.Polygon(np.column_stack(grid.xy(*corners.T)))
    assert plane.from_map([polygon])[0].area / 1e6 == pytest.approx(area, rel=1e-6)
    assert mapped.within(gpd.GeoDataFrame(geometry=[], crs=crs)).total_km2 == 0


def test_distances_on_the_plane_are_the_spheres(tmp_path):
    grid = MapGrid.centred(MAP_CRS, -165.0, -10.0, 100_000, 100_000, 100.0)
    left, bottom, right, top = grid.bounds
    ends = np.array([[left, bottom], [left, top], [(left + right) / 2, (bottom + top) / 2]])
    flat = shapely.get_coordinates(GroundPlane(grid).from_map(shapely.points(ends)))
    lon, lat = grid.lonlat(*grid.rowcol(*ends.T))
    geod = Geod(a=MOON.radius_m, b=MOON.radius_m)
    for one, other in ((0, 1), (0, 2)):
        true = geod.inv(lon[one], lat[one], lon[other], lat[other])[2]
        assert np.hypot(*(flat[one] - flat[other])) == pytest.approx(true, rel=1e-3)


def test_layers_of_a_boundary_together():
    both = areas_of({"floor": areas((0, 0, 10, 10)), "ponds": areas((20, 0, 30, 10))}, "floor", "ponds")
    assert len(both) == 2 and both.crs == MAP_CRS
    none = gpd.GeoDataFrame(geometry=[shapely.Polygon(), None], crs=MAP_CRS)
    assert len(areas_of({"floor": none, "ponds": none.iloc[:0]}, "floor", "ponds")) == 0
