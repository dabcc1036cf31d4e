"""Tiles cut from a small image."""

import numpy as np

from imfmap.tiles.tiles import tiles_of_image
from tests.helpers.tile_factory import facts


def cut(image, mask=None, recipe="paper", sun_azimuth_deg=270.0, **options):
    options = {"size_px": 64, "overlap": 0.0, "rotate": False, "target": "place"} | options
    mask = np.zeros(image.shape, np.uint8) if mask is None else mask
    return tiles_of_image(image, mask, facts(sun_azimuth_deg=sun_azimuth_deg), 1.5, recipe=recipe, **options)


def spots(shape, places, radius=2.5):
    """Return an image with bright discs, and their mask."""
    rows, columns = np.indices(shape)
    mask = np.zeros(shape, np.uint8)
    for row, column in places:
        mask[np.hypot(rows - row, columns - column) <= radius] = 1
    return (0.05 + 0.05 * mask).astype(np.float32), mask
