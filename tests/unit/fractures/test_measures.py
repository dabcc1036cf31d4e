"""Measures against shapes of known size, at many angles, on several maps."""

import numpy as np
import pytest
import shapely
from pyproj import Geod
from rasterio.features import rasterize

from imfmap.fractures.measures import MEASURES, measure
from imfmap.fractures.polygons import vectorise
from imfmap.maps.axial import axial_difference_deg
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import GroundPlane
from imfmap.maps.probability_raster import create_probability, encode
from tests.helpers.drawn_shapes import PIXEL_M, bar, measured


@pytest.mark.parametrize(("length", "width"), [(60, 4), (100, 10), (200, 30)])
def test_bars_at_any_angle(tmp_path, length, width):
    for angle in range(0, 180, 15):
        found = measured(tmp_path, [bar(length, width, angle)])
        assert len(found) == 1
        (row,) = found.itertuples()
        assert row.area_m2 == pytest.approx(length * width * PIXEL_M**2, rel=0.12 if width < 6 else 0.03)
        assert row.length_m == pytest.approx(length * PIXEL_M, rel=0.015)
        assert row.total_length_m == pytest.approx(length * PIXEL_M, rel=0.04)
        assert row.mean_width_m == pytest.approx(row.area_m2 / length / PIXEL_M, rel=0.04)
        assert row.max_width_m == pytest.approx(width * PIXEL_M, abs=PIXEL_M)
        assert axial_difference_deg(row.orientation_deg, angle) < 0.5
        assert 1 <= row.sinuosity < 1.01
        assert row.confidence == pytest.approx(0.8, abs=0.003)


def test_bars_lie_where_they_lie(tmp_path):
    (row,) = measured(tmp_path, [bar(60, 6, 30, x=300.5, y=100.5)]).itertuples()
    assert row.lat_deg == pytest.approx(36 + np.degrees(100 * PIXEL_M / 1737400), abs=1e-4)
    assert row.lon_deg == pytest.approx(102 + np.degrees(100 * PIXEL_M / 1737400 / np.cos(np.radians(36))), abs=1e-4)


def test_widest_place_of_a_lens(tmp_path):
    along = np.linspace(-100, 100, 201)
    half = 9 * (1 - (along / 100) ** 2)
    outline = np.concatenate([np.column_stack([along, half]), np.column_stack([along, -half])[::-1]])
    lens = shapely.affinity.rotate(shapely.Polygon(outline), 27, origin=(0, 0))
    (row,) = measured(tmp_path, [shapely.affinity.translate(lens, 200, 200)]).itertuples()
    assert row.max_width_m == pytest.approx(18 * PIXEL_M, abs=PIXEL_M)
    assert row.mean_width_m == pytest.approx(12 * PIXEL_M, rel=0.06)
    # The tips are thinner than a pixel, and no pixel is theirs.
    assert row.length_m == pytest.approx(200 * PIXEL_M, rel=0.05)


@pytest.mark.parametrize("shape", [shapely.box(200, 200, 201, 201), shapely.box(200, 200, 202, 203)])
def test_specks_have_finite_measures(tmp_path, shape):
    found = measured(tmp_path, [shape])
    assert np.isfinite(found[list(MEASURES)].to_numpy(float)).all()
    assert found.length_m.iloc[0] == pytest.approx(PIXEL_M * (shape.bounds[3] - 200), rel=0.01)


def test_nothing_there(tmp_path):
    found = measured(tmp_path, [])
    assert len(found) == 0 and {"fracture", "group", *MEASURES} <= set(found.columns)


def test_true_metres_far_from_the_standard_parallel(tmp_path):
    # On an equirectangular map true at the equator, 60 degrees north is drawn twice as wide as it is.
    (row,) = measured(tmp_path, [bar(100, 10, 90)], lat=60.0, parallel=0.0).itertuples()
    assert row.length_m == pytest.approx(50 * PIXEL_M, rel=0.02)
    assert row.area_m2 == pytest.approx(500 * PIXEL_M**2, rel=0.02)
    assert row.max_width_m == pytest.approx(10 * PIXEL_M, rel=0.08)
    (row,) = measured(tmp_path, [bar(100, 10, 45)], lat=60.0, parallel=0.0).itertuples()
    assert row.orientation_deg == pytest.approx(np.degrees(np.arctan(0.5)), abs=1.5)


def test_north_near_the_pole(tmp_path):
    crs = body("moon").projected("polar_stereographic", -80, 0.0)
    grid = MapGrid.centred(crs, 30.0, -80.0, 400 * PIXEL_M, 400 * PIXEL_M, PIXEL_M)
    drawn = rasterize([bar(100, 10, 0)], grid.shape)
    with create_probability(tmp_path / "p.tif", grid) as dataset:
        dataset.write(encode(np.where(drawn, 0.8, 0.1)), 1)
    (row,) = measure(vectorise(tmp_path / "p.tif", 0.5), tmp_path / "p.tif")[0].itertuples()
    # Up on a south polar map is north on the meridian of 0, and at 30 E it points 30 degrees to the west of north.
    assert axial_difference_deg(row.orientation_deg, 150.0) < 0.6


@pytest.mark.parametrize(
    ("projection", "parallel"),
    [("equirectangular", 0.0), ("equirectangular", 55.0), ("polar_stereographic", None), ("sinusoidal", None)],
)
@pytest.mark.parametrize("azimuth_deg", [20.0, 90.0, 135.0])
def test_bars_on_the_sphere_at_70_degrees(tmp_path, projection, parallel, azimuth_deg):
    # Drawn on the sphere, 12 km off the map's own meridian, then brought to the map: its scale there is not one.
    crs = body("moon").projected(projection, 70.0, 102.0, parallel)
    grid = MapGrid.centred(crs, 103.2, 70.0, 620.0, 620.0, 1.0)
    geod = Geod(a=grid.body.radius_m, b=grid.body.radius_m)
    plane = GroundPlane(grid)
    length, width = 150.0, 14.0
    middle = grid.lonlat((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2)
    ends = [geod.fwd(*middle, azimuth_deg + turn, length / 2)[:2] for turn in (0.0, 180.0)]
    at = body("moon").to_lonlat(plane.crs)
    axis = shapely.LineString([at.transform(*end, direction="INVERSE") for end in ends])
    ring = shapely.get_coordinates(axis.buffer(width / 2, cap_style="flat").segmentize(5.0))
    row, column = grid.rowcol(*plane.to_map(*ring.T))
    (found,) = _found(tmp_path, grid, shapely.Polygon(np.column_stack([column + 0.5, row + 0.5]))).itertuples()
    assert found.length_m == pytest.approx(length, rel=0.015)
    assert found.area_m2 == pytest.approx(length * width, rel=0.02)
    assert found.mean_width_m == pytest.approx(width, rel=0.03)
    assert found.max_width_m == pytest.approx(width, abs=1.0)
    assert axial_difference_deg(found.orientation_deg, azimuth_deg) < 0.7
    assert found.lat_deg == pytest.approx(70.0, abs=1e-3) and found.lon_deg == pytest.approx(103.2, abs=1e-3)


def _found(tmp_path, grid, shape):
    drawn = rasterize([shape], grid.shape).astype(bool)
    with create_probability(tmp_path / "p.tif", grid) as dataset:
        dataset.write(encode(np.where(drawn, 0.8, 0.1)), 1)
    return measure(vectorise(tmp_path / "p.tif", 0.5), tmp_path / "p.tif")[0]


def test_pieces_in_line_are_one_group(tmp_path):
    pieces = [
        bar(40, 5, 90, 100, 100),
        bar(40, 5, 90, 154, 99),  # 14 px further on
        bar(40, 5, 90, 270, 100),  # too far
        bar(40, 5, 90, 100, 116),  # beside the first, not in line with it
        bar(40, 5, 0, 72, 103),  # close to its end, across it
    ]
    found = measured(tmp_path, pieces)
    x = found.geometry.centroid.x.to_numpy()
    y = found.geometry.centroid.y.to_numpy()
    assert len(found) == 5 and found.group.nunique() == 4
    joined = found.group[found.group.duplicated(keep=False)].index
    assert np.ptp(y[joined]) < 3 and np.ptp(x[joined]) == pytest.approx(54 * PIXEL_M, abs=2)


def test_gaps_between_pieces_are_metres_on_the_ground(tmp_path):
    # At 60 degrees on a map true at the equator 50 m from west to east are 25 m, and 35 m from south to north are 35 m.
    along = [bar(80, 5, 90, 100, 100), bar(80, 5, 90, 180 + 50 / PIXEL_M, 100)]
    up = [bar(40, 5, 0, 300, 300), bar(40, 5, 0, 300, 260 - 35 / PIXEL_M)]
    found = measured(tmp_path, along + up, lat=60.0, parallel=0.0)
    assert len(found) == 4 and found.group.nunique() == 3
    joined = found[found.group.duplicated(keep=False)]
    assert np.ptp(joined.geometry.centroid.y) < 3
