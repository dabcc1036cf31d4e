"""Small images with lines, and their tiles."""

import numpy as np

from imfmap.maps.image_facts import ImageFacts
from imfmap.tiles.tiles import tiles_of_image, write_tiles


def facts(product="M1E", sun_azimuth_deg=270.0):
    """Return the facts of an image under a Sun at an azimuth."""
    return ImageFacts(product, "2010-01-01T00:00:00", sun_azimuth_deg, 45.0, 0.0, 45.0, 1.0, "native")


def lined_image(rng, size_px=96, lines=3):
    """Return an image (I/F) of noise with dark vertical bars three pixels wide, and their mask."""
    image = 0.05 + 0.002 * rng.standard_normal((size_px, size_px))
    mask = np.zeros((size_px, size_px), np.uint8)
    for column in rng.choice(np.arange(4, size_px - 6), lines, replace=False):
        top = int(rng.integers(0, size_px // 3))
        mask[top : top + size_px // 2, column : column + 3] = 1
    image[mask > 0] -= 0.03
    return image.astype(np.float32), mask


def lined_tiles(seed=0, product="M1E", recipe="sun_aligned", size_px=32, truth=False, **options):
    """Return the tiles of an image with lines."""
    image, mask = lined_image(np.random.default_rng(seed))
    options = {"overlap": 0.0, "rotate": False, "target": "place"} | options
    return tiles_of_image(
        image, mask, facts(product), 1.5, recipe=recipe, size_px=size_px, truth=mask if truth else None, **options
    )


def write_lined_tiles(folder):
    """Write tile files of four images for recipe `paper`, and return their paths."""
    paths = [folder / f"{number}.npz" for number in range(4)]
    for number, path in enumerate(paths):
        write_tiles(path, lined_tiles(number, f"M{number}", "paper", rotate=True, overlap=0.1))
    return paths
