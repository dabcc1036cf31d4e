"""Shapes of known size that are drawn on a map, vectorised and measured."""

import numpy as np
import shapely
from rasterio.features import rasterize

from imfmap.fractures.measures import measure
from imfmap.fractures.polygons import vectorise
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.probability_raster import create_probability, encode

PIXEL_M = 1.5


def measured(tmp_path, shapes, lat=36.0, projection="equirectangular", parallel=None, side_px=400, lines=0):
    """Return the measures of shapes that are drawn on a map and vectorised; pixels, x right, y down."""
    crs = body("moon").projected(projection, lat if parallel is None else parallel, 102.0)
    grid = MapGrid.centred(crs, 102.0, lat, side_px * PIXEL_M, side_px * PIXEL_M, PIXEL_M)
    drawn = rasterize(shapes, grid.shape).astype(bool) if shapes else np.zeros(grid.shape, bool)
    with create_probability(tmp_path / "p.tif", grid) as dataset:
        dataset.write(encode(np.where(drawn, 0.8, 0.1)), 1)
    return measure(vectorise(tmp_path / "p.tif", 0.5), tmp_path / "p.tif")[lines]


def bar(length, width, angle_deg, x=200.37, y=200.21):
    """Return a bar whose axis is turned clockwise from up."""
    upright = shapely.box(-width / 2, -length / 2, width / 2, length / 2)
    return shapely.affinity.translate(shapely.affinity.rotate(upright, angle_deg, origin=(0, 0)), x, y)
