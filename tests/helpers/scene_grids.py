"""Grids of simulated scenes."""

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid

SETTINGS = {"seed": 4, "margin_m": 45.0, "wall_azimuth_deg": 30.0}


CRS = body("moon").projected("equirectangular", 18.32, -113.78)
BOUNDS = (0.0, 0.0, 3000.0, 3000.0)


def grid_of(width_m, height_m=None):
    return MapGrid.centred(CRS, -113.78, 18.32, width_m, height_m or width_m, 1.5)
