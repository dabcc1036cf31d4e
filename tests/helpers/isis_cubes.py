"""Map-projected cubes, as ISIS writes them."""

import numpy as np

from imfmap.maps.target_grid import target_grid
from tests.helpers.isis_store import july_2009
from tests.isis_standins import cubefile

PLACE = {"body": "moon", "lat": -10.4, "lon": -165.1, "diameter_km": 1.0}
PLACE |= {"projection": "equirectangular", "resolution_m": 1.5}
GRID = target_grid(PLACE)
ISIS = {"spice": "web", "web_url": "https://example.org/", "shape": "ellipsoid", "smithed": False, "predicted": True}


def projected(path, part, values):
    """Write a map-projected cube through GDAL."""
    cubefile.write_cube(path, values[np.newaxis], part)
    return path


LAYERS = {"M1L": (0, 0, 0.05), "M2R": (200, 150, 0.06), "M3L": (100, 300, 0.04)}


def nac_cube(path, image):
    """Write a cube of a NAC image as lronac2isis does."""
    label = july_2009(lines=image.shape[0], samples=image.shape[1], xterm=(0, 1), mterm=(0, 1), bterm=(0, 1))
    cubefile.write_cube(path, image[np.newaxis], groups=cubefile.nac_groups(label))
    return path
