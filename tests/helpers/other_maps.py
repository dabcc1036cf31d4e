"""Grids that only look like another: the same transform and shape, on another CRS."""

from dataclasses import replace

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid


def on_another_crs(grid: MapGrid) -> MapGrid:
    """The grid with its transform and shape, on the map of another central meridian and projection."""
    return replace(grid, crs=body("moon").projected("sinusoidal", 0.0, 77.0))
