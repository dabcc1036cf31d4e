"""Simulated images of a ground with known spots."""

import numpy as np

from imfmap.maps.bodies import body
from imfmap.maps.rasters import create_raster
from imfmap.nac.calibration import calibrate, remove_echo
from imfmap.nac.edr import read_edr
from imfmap.simulate.imaging import SCENE_BOUNDS_TAG, image_scene

IMAGED_CRS = body("moon").projected("equirectangular", 35.0, 102.0)
SUMMED_LEFT = {"product": "M1400000000LE", "sun_azimuth_deg": 250.0, "incidence_deg": 50.0}
NATIVE_RIGHT = {
    "product": "M1400700000RE",
    "sun_azimuth_deg": 95.0,
    "incidence_deg": 30.0,
    "camera": "right",
    "summing": 1,
    "ascending": True,
    "altitude_km": 80.0,
}


def write_ground(path, height_m, albedo, grid, bounds):
    tags = {SCENE_BOUNDS_TAG: " ".join(map(str, bounds))}
    with create_raster(path, grid, "float32", bands=2, tags=tags, overviews=False) as dataset:
        dataset.write(height_m.astype(np.float32), 1)
        dataset.write(albedo.astype(np.float32), 2)


def take(ground, image, calibration_dir, folder, seed=3):
    edr, isd = folder / f"{image['product']}.IMG", folder / f"{image['product']}.json"
    camera = image_scene(ground, image, calibration_dir, edr, isd, seed)
    opened = read_edr(edr)
    return camera, opened, remove_echo(calibrate(opened, calibration_dir), opened.label), isd


def spotted(grid, spots):
    """Return an albedo with bright spots."""
    rows, columns = np.mgrid[: grid.shape[0], : grid.shape[1]]
    bright = [np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2) / 2.0**2) for row, column in spots]
    return 0.5 + 2.0 * sum(bright)
