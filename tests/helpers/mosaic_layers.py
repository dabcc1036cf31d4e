"""Images for a mosaic."""

import numpy as np

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import write_raster

CRS = body("moon").projected("equirectangular", 10.0, 20.0)


def make_grid(rows, columns, resolution_m=2.0, left=100.0, bottom=200.0):
    bounds = (left, bottom, left + columns * resolution_m, bottom + rows * resolution_m)
    return MapGrid.covering(CRS, bounds, resolution_m)


def facts(product):
    return ImageFacts(product, "2010-11-09T13:06:46.192", 120.0, 50.0, 5.0, 55.0, 0.5, "native").tags()


def write_layer(folder, product, values, grid):
    path = folder / f"{product}.tif"
    write_raster(path, values.astype(np.float32), grid, nodata=np.nan, tags=facts(product))
    return path
