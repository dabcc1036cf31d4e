"""A small map with fractures."""

import numpy as np

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster

CRS = body("moon").projected("equirectangular", -10.4, -165.1)


def grid_of(rows, columns):
    return MapGrid.centred(CRS, -165.1, -10.4, columns * 1.5, rows * 1.5, 1.5)


def mosaic(path, grid, seed=1):
    values = np.random.default_rng(seed).normal(120, 20, grid.shape).clip(1, 255).astype(np.uint8)
    values[: grid.shape[0] // 10] = 0
    write_raster(path, values, grid, nodata=0)
