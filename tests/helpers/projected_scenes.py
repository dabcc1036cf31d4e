"""Scenes that a camera sees, and their positions in its image."""

import numpy as np

from imfmap.camera.footprint import footprint
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from tests.helpers.camera_factory import make_camera

MOON = body("moon")
PLACES = {
    "equirectangular": {"lat_deg": 36.0, "lon_deg": 102.6},
    "polar_stereographic": {"lat_deg": -86.0, "lon_deg": 200.0, "side": "right", "roll_deg": 10.0},
    "sinusoidal": {"lat_deg": -44.0, "lon_deg": -11.0, "summing": 2, "exposure_ms": 0.7},
    "orthographic": {"lat_deg": 20.0, "lon_deg": 179.99, "pitch_deg": 8.0},
}


def scene(projection, resolution_m=1.5, lines=500, samples=600, margin_m=30.0, height_m=0.0, **more):
    """Return a camera whose pointing has kinks, and a grid that covers its image with a margin."""
    place = {**PLACES[projection], **more}
    camera = make_camera(lines=lines, samples=samples, first_sample=2200, jitter_urad=3.0, **place)
    crs = MOON.projected(projection, place["lat_deg"], place["lon_deg"] - 0.01)
    return camera, MapGrid.covering(crs, footprint(camera, crs, height_m).buffer(margin_m).bounds, resolution_m)


def exact_positions(camera, grid, height_m=0.0):
    """Return line and sample of every map pixel, also outside the image."""
    return camera.locate(*grid.lonlat(*np.mgrid[: grid.shape[0], : grid.shape[1]]), height_m)


def within(camera, positions, margin_px=0.0):
    """Return which map pixels lie on the image, at least `margin_px` from its edges."""
    inside = [
        (position > 0.5 + margin_px) & (position < size + 0.5 - margin_px)
        for position, size in zip(positions, (camera.lines, camera.samples), strict=True)
    ]
    return inside[0] & inside[1]


def assert_seen(found, camera, positions):
    """Assert that exactly the pixels on the image are valid. Pixels on its edge may be either."""
    sure = within(camera, positions, 2e-3) | ~within(camera, positions, -2e-3)
    np.testing.assert_array_equal(np.isfinite(found)[sure], within(camera, positions)[sure])
