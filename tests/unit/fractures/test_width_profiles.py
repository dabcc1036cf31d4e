"""Widths along a fracture, against shapes of known width."""

import json

import numpy as np
import pytest
import shapely

from tests.helpers.drawn_shapes import PIXEL_M, measured


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
