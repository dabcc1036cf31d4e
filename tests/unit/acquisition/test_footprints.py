"""Outlines of images, wherever they lie on the sphere."""

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from imfmap.acquisition.footprints import LocalMap, canonical_footprint, lonlat_box
from tests.helpers.catalogues import swath


@pytest.mark.parametrize(
    ("lon", "lat"), [(0.0, 0.0), (180.0, 5.0), (359.9, -40.0), (179.5, 85.0), (30.0, 90.0), (200.0, -89.9)]
)
def test_an_outline_keeps_its_area_wherever_it_lies(lon, lat):
    ring = swath(lon, lat, 20.0, 2500.0, 26000.0)
    outline = canonical_footprint(Polygon(ring))
    west, south, east, north = outline.bounds
    assert outline.is_valid and west >= -180 and east <= 180 and south >= -90 and north <= 90
    # A quarter of a swath's corners may lie beyond the pole: the geodesic corners make the rectangle all the same.
    assert LocalMap.about(outline).project(outline).area == pytest.approx(2500.0 * 26000.0, rel=2e-3)


def test_an_outline_over_the_seam_is_split_and_its_turn_does_not_matter():
    ring = [(179.0, 0.0), (181.0, 0.0), (181.0, 1.0), (179.0, 1.0)]
    split = canonical_footprint(Polygon(ring))
    assert len(split.geoms) == 2 and split.area == pytest.approx(2.0, abs=0.01)
    turned = canonical_footprint(Polygon([(lon - 360.0, lat) for lon, lat in ring]))
    assert shapely.to_wkt(split, 6) == shapely.to_wkt(turned, 6)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_outline_round_a_pole_holds_the_pole(sign):
    ring = [(10.0, 89.0 * sign), (130.0, 89.0 * sign), (250.0, 89.0 * sign)]
    for corners in (ring, ring[::-1]):
        outline = canonical_footprint(Polygon(corners))
        assert outline.bounds[1 if sign < 0 else 3] == 90.0 * sign
        assert outline.covers(shapely.Point(55.0, 89.9 * sign))
        # Between corners a great circle passes nearer to the pole than its parallel.
        assert not outline.covers(shapely.Point(70.0, 89.1 * sign))


@pytest.mark.parametrize(
    ("outline", "boxes"),
    [
        (box(-21, 9, -19, 11), [(339, 9, 341, 11)]),
        (box(-1, 9, 1, 11), [(359, 9, 1, 11)]),
        (canonical_footprint(Polygon([(179, 0), (181, 0), (181, 1), (179, 1)])), [(179, 0, 181, 1)]),
        (box(-180, -90, 180, -88), [(0, -90, 180, -88), (180, -90, 360, -88)]),
    ],
)
def test_boxes_as_ode_wants_them(outline, boxes):
    np.testing.assert_allclose(lonlat_box(outline), boxes, atol=0.01)
