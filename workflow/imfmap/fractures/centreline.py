"""Centreline of a shape drawn on pixels: its longest path, its branches, and their widths."""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter, uniform_filter1d
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from skimage.morphology import skeletonize

from ..maps.grids import MapGrid
from ..maps.large_shapes import pieces_of
from .width_profiles import edge_distance_m, pixel_size_m

# A fracture is drawn on a mask whose pixels are so fine that its width spans WIDTH_PX of them. But they are at most
# FINEST times as fine as the map's, and at most MOST_PIXELS.
WIDTH_PX = 12
FINEST = 4
MOST_PIXELS = 16_000_000
LOOP_SHARE = 0.5
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
# Twice the distance to the nearest background pixel is larger than a strip's width: by 1 px along the rows, by 0.7 px
# along the diagonals, and by half a pixel less if the strip lies between pixels. This is the mean.
_WIDTH_EXCESS_PX = 0.6


@dataclass(frozen=True)
class Centreline:
    """Lines and widths of a shape, from its skeleton.

    Attributes
    ----------
    path : ndarray
        (N, 2) ground positions along the longest path, from edge to edge of the shape, smoothed.
    length_m : float
        Length of that path.
    total_length_m : float
        Length of all `lines`.
    max_width_m : float
        Largest width along the skeleton.
    lines : list of (ndarray, float, float)
        The longest path of each part (parts touch each other only by a corner), and the branches of each path that
        reach further out of it than it is wide, from their tip to the path. Of each line: points as in `path`, the
        median width in metres, and the length in metres. The length of a branch is that outside the path, up to the
        branch's own edge.
    ends_on_loop : bool
        Whether an end of the longest path is no tip, but a place of a ring.
    """

    path: np.ndarray
    length_m: float
    total_length_m: float
    max_width_m: float
    lines: list
    ends_on_loop: bool

    @property
    def sinuosity(self) -> float:
        """Length over the distance of the ends, 1 or more; NaN for a loop, whose ends say nothing about its bends.

        A path is a loop if it ends on a ring, or if its ends are nearer to each other than `LOOP_SHARE` of its extent.
        """
        chord = float(np.hypot(*(self.path[-1] - self.path[0])))
        extent = 2 * shapely.minimum_bounding_radius(shapely.LineString(self.path))
        if self.ends_on_loop or chord < LOOP_SHARE * extent:
            return math.nan
        return max(1.0, self.length_m / chord)


def centreline(mask: np.ndarray, to_ground: np.ndarray) -> Centreline | None:
    """Return the centreline of the shape in a mask.

    Parameters
    ----------
    mask : ndarray
        bool (rows, columns), False along its border.
    to_ground : ndarray
        (2, 2) matrix that takes pixel steps (row, column) to ground metres (east, north).

    Returns
    -------
    Centreline or None
        None if the shape is hardly longer than wide: it has no meaningful centreline.
    """
    pixel_m = pixel_size_m(to_ground)
    half_width = edge_distance_m(mask, to_ground)
    skeleton = skeletonize(mask)
    graph, rows, columns = _graph(skeleton, to_ground)
    if not len(rows):
        return None
    radius = half_width[rows, columns]
    places = np.stack([rows, columns], axis=1) @ to_ground.T
    best, total, lines = None, 0.0, []
    for nodes, part in _parts(graph):
        chains = [nodes[chain] for chain in _chains(part)]
        main = chains[0]
        raw_length = _length(places[main])
        if raw_length < 2 * radius[nodes].max():
            continue
        path = _whole_path(mask, rows[main], columns[main], places[main], radius[main], to_ground)
        length = _length(path)
        stretch = min(1.0, _length(_smooth(places[main], radius[main], pixel_m)) / raw_length)
        total += length
        lines.append((path, _width(radius[main], pixel_m), length))
        for chain in chains[1:]:
            # A chain ends on the line that it joins: its last half width lies inside that line.
            reach = stretch * _length(places[chain]) + radius[chain[0]] - radius[chain[-1]]
            if reach > max(radius[chain[-1]], 2 * pixel_m):
                total += reach
                # The pixels inside the other line have the width of that line: leave them out.
                inside = np.hypot(*(places[chain] - places[chain[-1]]).T) < radius[chain[-1]]
                own = radius[chain][~inside] if not inside.all() else radius[chain]
                lines.append((_smooth(places[chain], radius[chain], pixel_m), _width(own, pixel_m), reach))
        if best is None or length > best[1]:
            best = path, length
            on_loop = not all(_is_tip(skeleton, rows[end], columns[end]) for end in (main[0], main[-1]))
    if best is None:
        return None
    return Centreline(*best, total, _width(radius.max(), pixel_m), lines, on_loop)


def polygon_lines(polygon: shapely.Polygon | shapely.MultiPolygon, grid: MapGrid) -> list[tuple[np.ndarray, float]]:
    """Return the lines on the map along a polygon: its longest paths and their branches.

    Returns
    -------
    list of (ndarray, float)
        Map x, y of points (N, 2), and width in map metres; empty if the shape has no centreline.
    """
    mask, to_map, origin = polygon_raster(polygon, grid)
    line = centreline(mask, to_map)
    return [] if line is None else [(points + origin, width_m) for points, width_m, _ in line.lines]


def polygon_raster(
    polygon: shapely.Polygon | shapely.MultiPolygon, grid: MapGrid
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a polygon on a mask whose pixels are fine enough for the polygon's width.

    Parameters
    ----------
    polygon : shapely.Polygon or shapely.MultiPolygon
        In the grid's CRS.
    grid : MapGrid

    Returns
    -------
    mask : ndarray
        bool (rows, columns), False along its border.
    to_map : ndarray
        (2, 2) matrix that takes the mask's pixel steps (row, column) to map metres (x, y).
    origin : ndarray
        Map x, y of the mask's first pixel.
    """
    window = polygon_window(polygon, grid, margin=2)
    pixels = window[2] * window[3]
    width_px = 2 * polygon.area / polygon.length / grid.resolution_m
    factor = min(max(1, math.ceil(WIDTH_PX / width_px)), FINEST)
    while factor > 1 and pixels * factor**2 > MOST_PIXELS:
        factor -= 1
    if pixels > MOST_PIXELS:
        factor = math.sqrt(MOST_PIXELS / pixels)
    mask = polygon_mask(polygon, grid, window, factor)
    if factor > 1:
        # Smooth the steps of the coarse pixels: each would give the skeleton a branch.
        mask = gaussian_filter(mask.astype(np.float32), factor / 2) >= 0.4999
    to_map = np.array([[0.0, 1.0], [-1.0, 0.0]]) * grid.resolution_m / factor
    return mask, to_map, np.array(_transform(grid, window, factor) * (0.5, 0.5))


def polygon_window(
    polygon: shapely.Polygon | shapely.MultiPolygon, grid: MapGrid, margin: int
) -> tuple[int, int, int, int]:
    """Return the window of a grid around a polygon: first row, first column, number of rows, number of columns."""
    left, bottom, right, top = polygon.bounds
    first, last = grid.rowcol(left, top), grid.rowcol(right, bottom)
    row, column = (math.floor(float(value) + 0.5 + 1e-6) - margin for value in first)
    end_row, end_column = (math.ceil(float(value) + 0.5 - 1e-6) + margin for value in last)
    return row, column, end_row - row, end_column - column


def polygon_mask(
    polygon: shapely.Polygon | shapely.MultiPolygon, grid: MapGrid, window: tuple[int, int, int, int], factor: float
) -> np.ndarray:
    """Return a polygon drawn on pixels that are `factor` times as fine as the grid's: bool (rows, columns)."""
    transform, shape = _transform(grid, window, factor), mask_shape(window, factor)
    pieces, _ = pieces_of([polygon])
    return rasterize(pieces, shape, transform=transform, all_touched=factor < 1).astype(bool)


def mask_shape(window: tuple[int, int, int, int], factor: float) -> tuple[int, int]:
    """Return the shape of `polygon_mask`'s result: rows, columns."""
    return tuple(math.ceil(extent * factor) for extent in window[2:])


def _transform(grid, window, factor):
    return grid.transform * Affine.translation(window[1], window[0]) * Affine.scale(1 / factor)


def _graph(skeleton, to_ground):
    """Return the graph of a skeleton's neighbouring pixels (distances in ground metres), and their rows and columns."""
    rows, columns = np.nonzero(skeleton)
    number = np.full(np.array(skeleton.shape) + 2, -1)
    number[rows + 1, columns + 1] = np.arange(len(rows))
    starts, ends, weights = [], [], []
    for step in _STEPS:
        end = number[rows + 1 + step[0], columns + 1 + step[1]]
        start = np.flatnonzero(end >= 0)
        starts.append(start)
        ends.append(end[start])
        weights.append(np.full(len(start), np.hypot(*(to_ground @ step))))
    starts, ends, weights = map(np.concatenate, (starts, ends, weights))
    return coo_matrix((weights, (starts, ends)), shape=(len(rows), len(rows))).tocsr(), rows, columns


def _is_tip(skeleton, row, column):
    """Return whether a skeleton ends at a pixel: all its neighbours lie side by side."""
    around = np.pad(skeleton, 1)[row : row + 3, column : column + 3].ravel()[[0, 1, 2, 5, 8, 7, 6, 3]]
    return np.count_nonzero(around & ~np.roll(around, 1)) <= 1


def _parts(graph):
    """Yield the nodes of each connected part of a graph, rising, and the graph of the part alone."""
    count, part = connected_components(graph, directed=False)
    order = np.argsort(part, kind="stable")
    graph = graph[order][:, order]
    size = np.bincount(part, minlength=count)
    for start, end in zip(np.cumsum(size) - size, np.cumsum(size), strict=True):
        yield order[start:end], graph[start:end, start:end]


def _chains(graph):
    """Split a connected skeleton into paths: first the longest, then each branch, from its tip to the path it joins."""
    root = np.argmax(_distances(graph, 0)[0])
    distance, before = _distances(graph, root)
    taken = np.zeros(graph.shape[0], bool)
    chains = []
    for tip in np.argsort(-distance, kind="stable"):
        if taken[tip]:
            continue
        chain = [tip]
        while not taken[chain[-1]] and before[chain[-1]] >= 0:
            taken[chain[-1]] = True
            chain.append(before[chain[-1]])
        taken[chain[-1]] = True
        chains.append(np.array(chain))
    return chains


def _distances(graph, node):
    return dijkstra(graph, directed=False, indices=node, return_predecessors=True)


def _width(radius, pixel_m):
    """Return the median width in metres along pixels with the given distances to the background."""
    return max(2 * float(np.median(radius)) - _WIDTH_EXCESS_PX * pixel_m, pixel_m)


def _length(points):
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _smooth(points, radius, pixel_m):
    """Smooth a path by a running mean over about one width; the ends stay. Without it a slanting line has steps."""
    size = max(5, 2 * round(float(np.median(radius)) / pixel_m) + 1)
    size = min(size, 2 * (len(points) // 2) - 1)
    if size < 3:
        return points
    reach = size // 2
    start, end = points[0], points[-1]
    padded = np.concatenate([2 * start - points[reach:0:-1], points, 2 * end - points[-2 : -reach - 2 : -1]])
    return uniform_filter1d(padded, size, axis=0)[reach:-reach]


def _whole_path(mask, rows, columns, places, radius, to_ground):
    """Return the smoothed path from edge to edge of the shape.

    A skeleton ends before the shape's end, or in one of its corners. So its last width is left out, and the path is
    continued straight to the edge.
    """
    pixel_m = pixel_size_m(to_ground)
    smooth = _smooth(places, radius, pixel_m)
    along = np.concatenate([[0.0], np.hypot(*np.diff(places, axis=0).T).cumsum()])
    start = int(np.argmax(along >= 2 * radius))
    stop = len(along) - 1 - int(np.argmax((along[-1] - along)[::-1] >= 2 * radius[::-1]))
    if stop - start < 2:
        start, stop = 0, len(along) - 1
    to_pixels = np.linalg.inv(to_ground)
    ends = []
    for end, other, tip in ((start, stop, 0), (stop, start, len(along) - 1)):
        inner = end + int(np.sign(other - end)) * max(1, min(abs(other - end), round(2 * radius[end] / pixel_m)))
        direction = smooth[end] - smooth[inner]
        direction = direction / max(np.hypot(*direction), 1e-9)
        furthest = abs(along[tip] - along[end]) + radius[tip] + pixel_m
        reach = np.arange(0.0, furthest, pixel_m / 4)
        ray = np.rint((smooth[end] + reach[:, np.newaxis] * direction) @ to_pixels.T).astype(int)
        inside = mask[tuple(np.clip(ray, 0, np.array(mask.shape) - 1).T)]
        edge = reach[np.argmin(inside)] if not inside.all() else furthest
        ends.append(smooth[end] + max(edge, radius[end] - pixel_m / 2) * direction)
    return np.concatenate([[ends[0]], smooth[start : stop + 1], [ends[1]]])
