"""Measures against shapes of known size, at many angles, on several maps."""

import json

import numpy as np
import pytest
import shapely
from pyproj import Geod
from rasterio.features import rasterize

from imfmap.fractures.measures import MEASURES, measure
from imfmap.fractures.polygons import vectorise
from imfmap.maps.axial import axial_difference_deg, line_principal_axis, polygon_principal_axis
from imfmap.maps.bodies import PROJECTIONS, body
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import GroundPlane
from imfmap.maps.probability_raster import create_probability, encode

PIXEL_M = 1.5


def measured(tmp_path, shapes, lat=36.0, projection="equirectangular", parallel=None, side_px=400, lines=0):
    """Measures of shapes given in pixels (x right, y down), drawn on a map and found again."""
    crs = body("moon").projected(projection, lat if parallel is None else parallel, 102.0)
    grid = MapGrid.centred(crs, 102.0, lat, side_px * PIXEL_M, side_px * PIXEL_M, PIXEL_M)
    drawn = rasterize(shapes, grid.shape).astype(bool) if shapes else np.zeros(grid.shape, bool)
    with create_probability(tmp_path / "p.tif", grid) as dataset:
        dataset.write(encode(np.where(drawn, 0.8, 0.1)), 1)
    return measure(vectorise(tmp_path / "p.tif", 0.5), tmp_path / "p.tif")[lines]


def bar(length, width, angle_deg, x=200.37, y=200.21):
    """Bar whose axis is turned clockwise from up."""
    upright = shapely.box(-width / 2, -length / 2, width / 2, length / 2)
    return shapely.affinity.translate(shapely.affinity.rotate(upright, angle_deg, origin=(0, 0)), x, y)


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


@pytest.mark.parametrize(("radius", "width", "turn_deg"), [(60, 6, 120), (80, 4, 90), (100, 15, 150)])
def test_arcs(tmp_path, radius, width, turn_deg):
    angle = np.radians(np.linspace(0, turn_deg, 200))
    line = shapely.LineString(np.column_stack([200 + radius * np.cos(angle), 200 + radius * np.sin(angle)]))
    (row,) = measured(tmp_path, [line.buffer(width / 2, cap_style="flat")]).itertuples()
    assert row.length_m == pytest.approx(line.length * PIXEL_M, rel=0.01)
    assert row.mean_width_m == pytest.approx(width * PIXEL_M, rel=0.03)
    chord = 2 * radius * np.sin(np.radians(turn_deg / 2))
    assert row.sinuosity == pytest.approx(line.length / chord, rel=0.03)


def test_branches_count_in_the_total_alone(tmp_path):
    arms = [
        shapely.LineString([(200, 200), (200 + 80 * np.cos(angle), 200 + 80 * np.sin(angle))]).buffer(
            3, cap_style="flat"
        )
        for angle in (0.0, 2.1, 4.2)
    ]
    (row,) = measured(tmp_path, [shapely.union_all(arms)]).itertuples()
    assert row.length_m == pytest.approx(160 * PIXEL_M, rel=0.03)
    assert row.total_length_m == pytest.approx(240 * PIXEL_M, rel=0.05)
    assert row.mean_width_m == pytest.approx(6 * PIXEL_M, rel=0.08)


def test_ragged_walls_grow_no_branches(tmp_path):
    generator = np.random.default_rng(5)
    along = np.arange(0, 200, 2.0)
    left, right = (generator.uniform(8, 11, len(along)) for _ in range(2))
    wall = [*zip(along + 100, 200 + left, strict=True), *zip(along[::-1] + 100, 200 - right, strict=True)]
    (row,) = measured(tmp_path, [shapely.Polygon(wall)]).itertuples()
    assert row.total_length_m == pytest.approx(198 * PIXEL_M, rel=0.05)


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


def test_a_circle_has_no_line(tmp_path):
    (row,) = measured(tmp_path, [shapely.Point(200, 200).buffer(10)]).itertuples()
    assert row.length_m == pytest.approx(20 * PIXEL_M, rel=0.05)
    assert row.max_width_m == pytest.approx(20 * PIXEL_M, rel=0.08)


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


def profile(line):
    return np.array(json.loads(line.distances_m)), np.array(json.loads(line.widths_m))


@pytest.mark.parametrize("angle_deg", [0.0, 33.0, 90.0])
def test_the_profile_of_a_wedge_is_a_straight_line(tmp_path, angle_deg):
    wedge = shapely.Polygon([(-100, -3), (100, -9), (100, 9), (-100, 3)])
    wedge = shapely.affinity.translate(shapely.affinity.rotate(wedge, angle_deg, origin=(0, 0)), 200.3, 200.4)
    (line,) = measured(tmp_path, [wedge], lines=1).itertuples()
    distance, width = profile(line)
    assert line.line == 0 and line.length_m == pytest.approx(200 * PIXEL_M, rel=0.01)
    assert line.geometry.length == pytest.approx(line.length_m, rel=1e-3)
    assert np.all(np.diff(distance) > 0) and 0 < distance[0] < 2 * PIXEL_M < distance[1] * 1.01
    along = distance / line.length_m
    along = along if width[: len(width) // 2].mean() < width.mean() else 1 - along
    middle = (along > 0.03) & (along < 0.97)
    np.testing.assert_allclose(width[middle], (6 + 12 * along[middle]) * PIXEL_M, atol=PIXEL_M)
    assert np.abs(width[middle] - (6 + 12 * along[middle]) * PIXEL_M).mean() < 0.4 * PIXEL_M


def test_at_a_fork_the_profile_does_not_run_into_the_branch(tmp_path):
    shapes = [shapely.box(100, 196, 300, 204), shapely.box(196, 204, 204, 330)]
    found = measured(tmp_path, [shapely.union_all(shapes)], lines=1)
    distance, width = profile(found.iloc[0])
    assert np.median(width) == pytest.approx(8 * PIXEL_M, abs=0.5 * PIXEL_M)
    assert width.max() < 2 * 8 * PIXEL_M
    assert (width > 10 * PIXEL_M).mean() < 0.05


def test_lines_add_up_to_the_total_and_lie_in_their_fracture(tmp_path):
    arms = [
        shapely.LineString([(200, 200), (200 + 80 * np.cos(angle), 200 + 80 * np.sin(angle))]).buffer(3)
        for angle in (0.0, 2.1, 4.2)
    ]
    shapes = [shapely.union_all(arms), shapely.box(40, 40, 43, 42), bar(60, 6, 30, x=320, y=60)]
    fractures, lines = measured(tmp_path, shapes), measured(tmp_path, shapes, lines=1)
    total = lines.groupby("fracture").length_m.sum()
    np.testing.assert_allclose(total, fractures.set_index("fracture").total_length_m, rtol=1e-9)
    longest = lines[lines.line == 0].set_index("fracture").length_m
    np.testing.assert_allclose(longest, fractures.set_index("fracture").length_m, rtol=1e-9)
    areas = fractures.set_index("fracture").geometry
    for line in lines.itertuples():
        assert line.geometry.difference(areas[line.fracture].buffer(PIXEL_M)).is_empty
    assert lines[lines.line > 0].widths_m.isna().all() and len(lines) == 4
    assert lines.crs == fractures.crs


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_ground_matrices_agree_with_geodesics(projection):
    grid = MapGrid.centred(body("moon").projected(projection, -70, 22.0), 24.0, -71.0, 6000, 6000, PIXEL_M)
    row, column = np.array([10.0, 3900.0]), np.array([3000.0, 50.0])
    matrices = grid.ground_jacobians(row, column)
    geod = Geod(a=grid.body.radius_m, b=grid.body.radius_m)
    for axis, (down, right) in enumerate([(0.0, 0.5), (0.5, 0.0)]):
        ends = (*grid.lonlat(row - down, column - right), *grid.lonlat(row + down, column + right))
        along_m = np.asarray(geod.inv(*ends)[2]) / PIXEL_M
        np.testing.assert_allclose(np.hypot(*matrices[:, :, axis].T), along_m, rtol=1e-6)
    lon, lat = grid.lonlat(row[0] + [0, -1], column[0] + [0, 1])
    east = np.radians(lon[1] - lon[0]) * np.cos(np.radians(lat[0])) * 1737400
    north = np.radians(lat[1] - lat[0]) * 1737400
    np.testing.assert_allclose(matrices[0] @ [PIXEL_M, PIXEL_M], [east, north], rtol=1e-3)


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


def test_axes_of_lines_and_holes():
    square_ring = shapely.Polygon([(0, 0), (30, 0), (30, 10), (0, 10)], [[(5, 4), (5, 6), (25, 6), (25, 4)]])
    axis, elongation = polygon_principal_axis(square_ring)
    assert axis == pytest.approx(90) and elongation < 3
    axis, _ = polygon_principal_axis(shapely.affinity.rotate(square_ring, -30))
    assert axis == pytest.approx(120)
    axis, elongation = line_principal_axis(shapely.MultiLineString([[(0, 0), (1, 1)], [(4, 4), (9, 9.0)]]))
    assert axis == pytest.approx(45) and elongation > 1e3
