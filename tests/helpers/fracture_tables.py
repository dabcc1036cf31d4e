"""Fractures with all measures, for tests that write them."""

import geopandas as gpd
import numpy as np
import shapely

from imfmap.fractures.measures import MEASURES
from imfmap.maps.bodies import body
from imfmap.products.tables import write_fractures

MOON = body("moon")
CRS = MOON.projected("equirectangular", -10.4, -165.1)


def fractures(*boxes, crs=CRS):
    frame = gpd.GeoDataFrame({"fracture": np.arange(1, len(boxes) + 1)}, geometry=list(boxes), crs=crs)
    for number, name in enumerate(MEASURES):
        frame[name] = np.arange(len(boxes)) * 10.0 + number + 1 / 3
    frame["area_m2"] = frame.area
    frame["group"] = 1
    return frame


def write(folder, kept, rejected, lines=None, ponds=None):
    """Write fractures. By default, each has a line along its middle, and there are no ponds."""
    if lines is None:
        ends = [((left, (low + high) / 2), (right, (low + high) / 2)) for left, low, right, high in kept.bounds.values]
        columns = {"fracture": kept["fracture"], "line": 0, "length_m": 30.0, "mean_width_m": 10 / 3}
        columns |= {"distances_m": "[7.5, 22.5]", "widths_m": "[3.0, 4.5]"}
        lines = gpd.GeoDataFrame(columns, geometry=[shapely.LineString(pair) for pair in ends], crs=kept.crs)
    ponds = gpd.GeoDataFrame({"pond": []}, geometry=[], crs=kept.crs) if ponds is None else ponds
    write_fractures(folder, kept, rejected, lines, ponds)
