"""Fractures with known places, lengths and directions on a map."""

import geopandas as gpd
import numpy as np
import shapely

from imfmap.fractures.measures import MEASURES
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import GroundPlane
from imfmap.maps.probability_raster import create_probability

MOON = body("moon")
MAP_CRS = MOON.projected("equirectangular", -10.0, -165.0)
GRID = MapGrid.centred(MAP_CRS, -165.0, -10.0, 3000, 2400, 4.0)


def lines_at(*paths, grid=GRID, width_m=8.0):
    """Return centrelines along paths, one fracture for each path; metres from the grid's lower left corner."""
    left, bottom, _, _ = grid.bounds
    geometry = [shapely.LineString(np.array(path, float) + (left, bottom)) for path in paths]
    columns = {"fracture": np.arange(1, len(paths) + 1), "line": 0, "mean_width_m": width_m}
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=grid.crs)
    plane = GroundPlane(grid)
    frame["length_m"] = shapely.length(plane.from_map(frame.geometry.values)) if len(paths) else np.zeros(0)
    return frame


def probability(path, grid=GRID, empty=None):
    codes = np.zeros(grid.shape, np.uint8)
    if empty:
        codes[empty] = 255
    with create_probability(path, grid) as dataset:
        dataset.write(codes, 1)
    return path


def areas(*boxes, grid=GRID):
    left, bottom, _, _ = grid.bounds
    shapes = [shapely.affinity.translate(shapely.box(*box), left, bottom) for box in boxes]
    return gpd.GeoDataFrame(geometry=shapes, crs=grid.crs)


def scattered(rng, count, low, high):
    """Return short fractures of random directions, with middles between two distances from the wall (map's top)."""
    middle = np.column_stack([rng.uniform(0, 3000, count), 2400 - rng.uniform(low, high, count)])
    turn = rng.uniform(0, np.pi, count)
    half = 30 * np.column_stack([np.cos(turn), np.sin(turn)])
    return lines_at(*np.stack([middle - half, middle + half], axis=1))


def bars(*places, length=60.0, width=6.0, crs=MAP_CRS, origin=GRID.bounds[:2]):
    """Return fractures as bars around places, with the columns that count."""
    bar = shapely.box(-length / 2, -width / 2, length / 2, width / 2)
    shapes = [shapely.affinity.translate(bar, x + origin[0], y + origin[1]) for x, y in places]
    frame = gpd.GeoDataFrame({name: np.ones(len(shapes)) for name in MEASURES}, geometry=shapes, crs=crs)
    frame["area_m2"], frame["total_length_m"], frame["confidence"] = length * width, length, 0.8
    return frame.assign(fracture=np.arange(1, len(shapes) + 1), group=1)


# Six in a patch, at most 140 m apart; two far away; and six on the floor.
PATCH = [(1500 + 130 * column, 1500 + 90 * row) for row in range(2) for column in range(3)]
OFF = [(2700, 300), (2800, 320)]
ON_FLOOR = [(300 + 90 * column, 300) for column in range(6)]
