"""Widths of the label classes, and a map for labels."""

from imfmap.labels.width_classes import LINE_WIDTH_PX
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid

MAP = body("moon").projected("equirectangular", 10.0, 20.0)
GRID = MapGrid.covering(MAP, (0, 300000, 900, 300600), 1.5)
WIDTHS = LINE_WIDTH_PX
