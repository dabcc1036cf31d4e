"""Centreline of a shape drawn as pixels: its longest path, its branches, its width along the way."""

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter, uniform_filter1d
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from skimage.morphology import skeletonize

from .width_profiles import edge_distance_m, pixel_size_m

# A fracture's width should span this many pixels of the mask it is measured on, and the mask hold no more than that.
WIDTH_PX = 12
FINEST = 4
MOST_PIXELS = 16_000_000
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
# Two times the distance to the nearest background pixel exceeds a strip's width by 1 px along the rows and by 0.7 px
# along the diagonals, half a pixel less where the strip lies between pixels: on average by this much.
_WIDTH_EXCESS_PX = 0.6


@dataclass(frozen=True)
class Centreline:
    """What the skeleton of a shape says.

    Attributes
    ----------
    path : ndarray
        (N, 2) ground positions along the longest path, from edge to edge of the shape, smoothed.
    length_m : float
        Length of that path.
    total_length_m : float
        Its length and that of the branches that reach further out of it than it is wide.
    max_width_m : float
        Largest width along all of them.
    lines : list of (ndarray, float, float)
        All that counts in the total: of each part that touches the others by a corner its longest path, of each such
        path the branches, from their tips to the path; points as in `path`, the median width along them in metres, and
        the length that they count with: of a branch that outside the path, to its own edge.
    """

    path: np.ndarray
    length_m: float
    total_length_m: float
    max_width_m: float
    lines: list

    @property
    def sinuosity(self):
        """float: length over the distance of the ends, 1 or more."""
        chord = float(np.hypot(*(self.path[-1] - self.path[0])))
        return max(1.0, self.length_m / chord) if chord > 0 else 1.0


def centreline(mask, to_ground):
    """Centreline of the shape in a mask.

    Parameters
    ----------
    mask : ndarray
        bool (rows, columns), False along its border.
    to_ground : ndarray
        (2, 2) matrix that takes pixel steps (row, column) to ground metres (east, north).

    Returns
    -------
    Centreline or None
        None for a shape that is hardly longer than wide: it has no line to speak of.
    """
    pixel_m = pixel_size_m(to_ground)
    half_width = edge_distance_m(mask, to_ground)
    graph, rows, columns = _graph(skeletonize(mask), to_ground)
    if not len(rows):
        return None
    radius = half_width[rows, columns]
    places = np.stack([rows, columns], axis=1) @ to_ground.T
    best, total, lines = None, 0.0, []
    parts, of_part = connected_components(graph, directed=False)
    for part in range(parts):
        nodes = np.flatnonzero(of_part == part)
        chains = _chains(graph, nodes)
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
            # A chain begins on the line it leaves: its first half width lies inside that line.
            reach = stretch * _length(places[chain]) + radius[chain[0]] - radius[chain[-1]]
            if reach > max(radius[chain[-1]], 2 * pixel_m):
                total += reach
                # The part that lies inside the other line is as wide as that one.
                inside = np.hypot(*(places[chain] - places[chain[-1]]).T) < radius[chain[-1]]
                own = radius[chain][~inside] if not inside.all() else radius[chain]
                lines.append((_smooth(places[chain], radius[chain], pixel_m), _width(own, pixel_m), reach))
        if best is None or length > best[1]:
            best = path, length
    if best is None:
        return None
    return Centreline(*best, total, _width(radius.max(), pixel_m), lines)


def polygon_lines(polygon, grid):
    """Lines on the map along a polygon: its longest paths and what branches off them.

    Returns
    -------
    list of (ndarray, float)
        Map x, y of points (N, 2), and width in map metres; empty for a shape that has no line to speak of.
    """
    mask, to_map, origin = polygon_raster(polygon, grid)
    line = centreline(mask, to_map)
    return [] if line is None else [(points + origin, width_m) for points, width_m, _ in line.lines]


def polygon_raster(polygon, grid):
    """Polygon as a mask that is fine enough for its width.

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
        (2, 2) matrix that takes its pixel steps (row, column) to map metres (x, y).
    origin : ndarray
        Map x, y of its first pixel.
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
        # The stairs of the coarse pixels would give the skeleton a branch each.
        mask = gaussian_filter(mask.astype(np.float32), factor / 2) >= 0.4999
    to_map = np.array([[0.0, 1.0], [-1.0, 0.0]]) * grid.resolution_m / factor
    return mask, to_map, np.array(_transform(grid, window, factor) * (0.5, 0.5))


def polygon_window(polygon, grid, margin):
    """Pixel window around a polygon: first row and column, rows and columns."""
    left, bottom, right, top = polygon.bounds
    first, last = grid.rowcol(left, top), grid.rowcol(right, bottom)
    row, column = (math.floor(float(value) + 0.5 + 1e-6) - margin for value in first)
    end_row, end_column = (math.ceil(float(value) + 0.5 - 1e-6) + margin for value in last)
    return row, column, end_row - row, end_column - column


def polygon_mask(polygon, grid, window, factor):
    """Polygon drawn on pixels `factor` times as fine as the grid's; bool."""
    transform, shape = _transform(grid, window, factor), mask_shape(window, factor)
    return rasterize([polygon], shape, transform=transform, all_touched=factor < 1).astype(bool)


def mask_shape(window, factor):
    """Rows and columns of `polygon_mask`."""
    return tuple(math.ceil(extent * factor) for extent in window[2:])


def _transform(grid, window, factor):
    return grid.transform * Affine.translation(window[1], window[0]) * Affine.scale(1 / factor)


def _graph(skeleton, to_ground):
    """Neighbourhood graph of a skeleton's pixels, weighted in ground metres, and their rows and columns."""
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


def _chains(graph, nodes):
    """Paths that a connected skeleton falls into: the longest one, then each branch from its tip to where it joins."""
    root = nodes[np.argmax(_distances(graph, nodes[0])[0][nodes])]
    distance, before = _distances(graph, root)
    taken = np.zeros(graph.shape[0], bool)
    chains = []
    for tip in nodes[np.argsort(-distance[nodes], kind="stable")]:
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
    """Median width along places with these distances to the background."""
    return max(2 * float(np.median(radius)) - _WIDTH_EXCESS_PX * pixel_m, pixel_m)


def _length(points):
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _smooth(points, radius, pixel_m):
    """Running mean over about one width, the ends kept: pixels turn a slanting line into stairs."""
    size = max(5, 2 * round(float(np.median(radius)) / pixel_m) + 1)
    size = min(size, 2 * (len(points) // 2) - 1)
    if size < 3:
        return points
    reach = size // 2
    start, end = points[0], points[-1]
    padded = np.concatenate([2 * start - points[reach:0:-1], points, 2 * end - points[-2 : -reach - 2 : -1]])
    return uniform_filter1d(padded, size, axis=0)[reach:-reach]


def _whole_path(mask, rows, columns, places, radius, to_ground):
    """Smoothed path from edge to edge of the shape.

    A skeleton ends short of the shape's end, or in one of its corners. So its last width is left out, and the path
    goes straight on to the edge instead.
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
