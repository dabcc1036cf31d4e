"""Outlines of images in degrees."""

import numpy as np
import pytest
import rasterio
import shapely

from imfmap.maps.image_footprints import geographic_footprint, image_footprints
from tests.helpers.target_factory import PRODUCTS, target_grid, write_target


def test_outlines_follow_the_valid_pixels(tmp_path):
    target = write_target(tmp_path / "floor")
    frame = image_footprints(target.images)
    with rasterio.open(target.images[1]) as dataset:
        pixels = np.isfinite(dataset.read(1)).sum()
    assert frame.geometry[1].area == pytest.approx(pixels * target.grid.resolution_m**2, rel=0.01)
    assert frame["product"].tolist() == list(PRODUCTS) and frame["incidence_deg"][0] == 42.0


def test_an_outline_across_the_antimeridian_is_cut():
    geometry, bbox = geographic_footprint(target_grid(lat_deg=10.0, lon_deg=180.0))
    west, south, east, north = bbox
    assert west > 179.9 and east < -179.9 and south < 10 < north
    assert len(shapely.get_parts(geometry)) == 2
    assert all(abs(value) <= 180 for value in shapely.get_coordinates(geometry)[:, 0])


@pytest.mark.parametrize("lat_deg", [-89.99, 89.99])
def test_an_outline_around_a_pole_holds_it(lat_deg):
    geometry, bbox = geographic_footprint(target_grid("polar_stereographic", lat_deg, 30.0))
    assert bbox[0] == -180 and bbox[2] == 180
    for lon in range(-175, 180, 25):
        assert geometry.intersects(shapely.Point(lon, np.sign(lat_deg) * 89.999))
        assert not geometry.intersects(shapely.Point(lon, np.sign(lat_deg) * 89.9))
