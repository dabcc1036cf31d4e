"""A scene with known truth, its map and its scores."""

import shapely

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.scoring.probability_scores import score_probability

CRS = body("moon").projected("equirectangular", 10, 20)
# 60 rows, 100 columns of 1 m.
GRID = MapGrid.covering(CRS, (0, 300000, 100, 300060), 1.0)
FACTS = ImageFacts("M1L", "2010-01-01T00:00:00", 270.0, 50.0, 0.0, 50.0, 1.0, "native")


def rectangle(row, column, rows, columns):
    """Return a rectangle of pixels as a polygon."""
    left, top = GRID.transform * (column, row)
    right, bottom = GRID.transform * (column + columns, row + rows)
    return shapely.box(left, bottom, right, top)


def middle(row, column, rows, columns, width_m):
    """Return the centreline of a rectangle from left to right, with the width as third coordinate, as in the truth."""
    left, y = GRID.transform * (column, row + rows / 2)
    return shapely.LineString([(left, y, width_m), (left + columns, y, width_m)])


def scored(scene, **options):
    arguments = [scene[name] for name in ("probability", "image", "truth", "vectors", "labels", "out")]
    return score_probability(*arguments, **({"min_area_m2": 10.0, "target": "floor"} | options))


def found(scene, probability):
    """Write another map of the scene."""
    with create_probability(scene["probability"], GRID) as dataset:
        dataset.write(encode(probability), 1)
