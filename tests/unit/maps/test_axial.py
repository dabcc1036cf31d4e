"""Axes of polygons and lines."""

import pytest
import shapely

from imfmap.maps.axial import line_principal_axis, polygon_principal_axis


def test_axes_of_lines_and_holes():
    square_ring = shapely.Polygon([(0, 0), (30, 0), (30, 10), (0, 10)], [[(5, 4), (5, 6), (25, 6), (25, 4)]])
    axis, elongation = polygon_principal_axis(square_ring)
    assert axis == pytest.approx(90) and elongation < 3
    axis, _ = polygon_principal_axis(shapely.affinity.rotate(square_ring, -30))
    assert axis == pytest.approx(120)
    axis, elongation = line_principal_axis(shapely.MultiLineString([[(0, 0), (1, 1)], [(4, 4), (9, 9.0)]]))
    assert axis == pytest.approx(45) and elongation > 1e3
