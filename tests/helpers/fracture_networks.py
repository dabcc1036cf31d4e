"""Networks of simulated fractures."""

import numpy as np

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.simulate.ground import Ground
from imfmap.simulate.settings import SceneSettings

CRS = body("moon").projected("equirectangular", 18.32, -113.78)


def ground_of(width_m=2600.0, height_m=2600.0, seed=3, **settings):
    """Return the ground of a scene, without its pixels."""
    settings = SceneSettings.from_mapping({"terrain_resolution_m": 1.5, **settings})
    grid = MapGrid.centred(CRS, -113.78, 18.32, width_m, height_m, 1.5)
    return Ground(settings, grid, grid, np.random.default_rng(seed)), grid
