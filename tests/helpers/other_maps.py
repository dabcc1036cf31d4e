"""Grids with the same transform and shape as another, on another CRS."""

from dataclasses import replace

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid


def on_another_crs(grid: MapGrid) -> MapGrid:
    """Return a grid with the same transform and shape, in another projection with another central meridian."""
    return replace(grid, crs=body("moon").projected("sinusoidal", 0.0, 77.0))
