"""Label files with known shapes."""

import geopandas
from shapely.geometry import Polygon

from imfmap.maps.bodies import body

MAP = body("moon").projected("equirectangular", 10.0, 20.0)
SQUARE = Polygon([(0, 0), (30, 0), (30, 30), (0, 30)])


def write(path, lines=None, classes=None, polygons=None, crs=MAP, column="width_class"):
    if lines is not None:
        table = {} if column is None else {column: classes}
        geopandas.GeoDataFrame(table, geometry=lines, crs=crs).to_file(path, layer="lines")
    if polygons is not None:
        geopandas.GeoDataFrame({}, geometry=polygons, crs=crs).to_file(path, layer="polygons")
    return path
