"""Footprints of images on a map."""

import pytest
from shapely.geometry import box

from imfmap.camera.footprint import footprint
from tests.helpers.projected_scenes import exact_positions, scene, within


def test_footprint_is_where_the_corners_are():
    camera, grid = scene("orthographic")
    outline = footprint(camera, grid.crs)
    corners = [(0.5, 0.5), (0.5, camera.samples + 0.5), (camera.lines + 0.5, 0.5)]
    for lon, lat in (camera.image_to_ground(*corner) for corner in corners):
        row, column = grid.rowcol_of_lonlat(lon, lat)
        x, y = grid.xy(row, column)
        assert outline.boundary.distance(box(x, y, x, y).centroid) < 0.1
    seen = within(camera, exact_positions(camera, grid)).sum() * grid.resolution_m**2
    assert outline.area == pytest.approx(seen, rel=0.02)
