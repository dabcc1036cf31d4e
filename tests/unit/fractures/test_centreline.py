"""Centrelines of fractures: their lengths and branches, against shapes of known size."""

import numpy as np
import pytest
import shapely

from tests.helpers.drawn_shapes import PIXEL_M, bar, measured


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


def test_a_circle_has_no_line(tmp_path):
    (row,) = measured(tmp_path, [shapely.Point(200, 200).buffer(10)]).itertuples()
    assert row.length_m == pytest.approx(20 * PIXEL_M, rel=0.05)
    assert row.max_width_m == pytest.approx(20 * PIXEL_M, rel=0.08)


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
    assert len(lines) == 4
    assert lines.crs == fractures.crs


def _ring(turn_deg, radius=60.0, width=6.0):
    angle = np.radians(np.linspace(0, turn_deg, 200))
    line = shapely.LineString(np.column_stack([200 + radius * np.cos(angle), 200 + radius * np.sin(angle)]))
    return line.buffer(width / 2, cap_style="flat")


@pytest.mark.parametrize(
    "shape",
    [
        _ring(359.9).union(_ring(20)),
        _ring(330),
        _ring(359.9).union(_ring(20)).union(shapely.box(250, 197, 380, 203)),
        shapely.LineString([(100, 100), (250, 100), (250, 130), (100, 130)]).buffer(3),
    ],
    ids=["ring", "nearly a ring", "ring with a stem", "there and back"],
)
def test_a_loop_has_no_sinuosity(tmp_path, shape):
    (row,) = measured(tmp_path, [shape]).itertuples()
    assert np.isnan(row.sinuosity)


@pytest.mark.parametrize("gap", [9.0, 11.0, 14.0])
def test_merged_parallel_fractures_are_no_wider_than_what_fits(tmp_path, gap):
    # Two fractures that a few bridges join: a slanting cut through both is wider than either.
    pair = [shapely.box(100, 200, 300, 208), shapely.box(100, 200 + gap, 300, 208 + gap)]
    bridges = [shapely.box(x, 200, x + 12, 208 + gap) for x in (110, 160, 210, 260)]
    (row,) = measured(tmp_path, [shapely.affinity.rotate(shapely.union_all([*pair, *bridges]), 20)]).itertuples()
    fits = 2 * shapely.maximum_inscribed_circle(row.geometry).length
    assert row.max_width_m <= 1.15 * fits
