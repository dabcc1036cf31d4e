"""Plan shapes of fractures and ridges: paths with a width, alone, sub-parallel or polygonal.

Fractures and ridges come from the same generator on purpose: what tells them apart in an image must be the relief
alone. Widths and lengths follow the label table of Le Corre et al. (2025, table of width classes): shares of 51, 33,
13, 3 and below 0.01 %, mean lengths of 0.002, 0.004, 0.006, 0.011 and 0.021 degrees (1 degree is 30.3 km).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import Voronoi

from .noise import line_noise

WIDTH_BOUNDS_M = {
    "tiny": (0.0, 7.5),
    "small": (7.5, 15.0),
    "medium": (15.0, 30.0),
    "large": (30.0, 45.0),
    "huge": (45.0, 90.0),
}
WIDTH_SHARES = {"tiny": 0.51, "small": 0.33, "medium": 0.13, "large": 0.0299, "huge": 0.0001}
MEAN_LENGTH_M = {"tiny": 60.6, "small": 121.3, "medium": 181.9, "large": 333.6, "huge": 636.8}
SPACING_M = 1.5
_LENGTH_SPREAD = 0.45


@dataclass
class LineFeature:
    """A fracture, ridge or trail.

    Attributes
    ----------
    points : ndarray
        (n, 2) map x, y in metres along the centreline, about `SPACING_M` apart.
    left_m, right_m : ndarray
        (n,) distance from the centreline to the left and to the right edge, seen along the line.
    depth_m : ndarray
        (n,) depth (or height) at the centreline, positive.
    wall : float
        Share of the half-width that its wall takes: 1 is v-shaped, small is box-shaped.
    group : int
        Complex that it belongs to.
    """

    points: np.ndarray
    left_m: np.ndarray
    right_m: np.ndarray
    depth_m: np.ndarray
    wall: float
    group: int = 0

    @property
    def width_m(self):
        """float: mean width."""
        return float(np.mean(self.left_m + self.right_m))

    @property
    def length_m(self):
        """float: length of the centreline."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def width_class(width_m):
    """Name of the width class of a width in metres."""
    for name, (_, high) in WIDTH_BOUNDS_M.items():
        if width_m < high:
            return name
    return "huge"


def draw_sizes(total_m, min_width_m, rng):
    """Widths and lengths of features, drawn from the label table until their length adds up.

    Returns
    -------
    tuple of ndarray
        width_m, length_m, both (n,).
    """
    names = list(WIDTH_SHARES)
    shares = np.array([WIDTH_SHARES[name] for name in names])
    widths, lengths, so_far = [], [], 0.0
    while so_far < total_m:
        name = names[rng.choice(len(names), p=shares / shares.sum())]
        low, high = WIDTH_BOUNDS_M[name]
        low = max(low, min_width_m)
        # Within a class narrow is commoner than wide; the tiny class peaks well above the narrowest that can be seen.
        width = (
            rng.triangular(low, 0.5 * (low + high), high) if name == "tiny" else low + (high - low) * rng.beta(1, 1.6)
        )
        length = MEAN_LENGTH_M[name] * rng.lognormal(-0.5 * _LENGTH_SPREAD**2, _LENGTH_SPREAD)
        length = max(length, 3.0 * width)
        widths.append(width)
        lengths.append(length)
        so_far += length
    return np.array(widths), np.array(lengths)


def wander(start, heading, length_m, rng, bend=0.35, jog=0.16):
    """Curvilinear path from a point.

    Parameters
    ----------
    start : array of float
        x, y.
    heading : float
        Mean direction in radians, counterclockwise from x.
    bend, jog : float
        Amplitude in radians of the slow bends (over some 120 m) and of the angular jogs (over some 14 m).
    """
    count = max(4, int(length_m / SPACING_M) + 1)
    turn = bend * line_noise(count, SPACING_M, 120.0, rng)
    jogs = rng.normal(0.0, 2.0 * jog, max(2, int(length_m / 14.0) + 2))
    cuts = np.sort(rng.random(len(jogs) - 1)) * count
    turn = turn - turn.mean() + jogs[np.searchsorted(cuts, np.arange(count))]
    steps = np.column_stack([np.cos(heading + turn), np.sin(heading + turn)]) * SPACING_M
    return np.asarray(start) + np.vstack([np.zeros(2), np.cumsum(steps[:-1], axis=0)])


def resample(points, spacing_m=SPACING_M):
    """Path with its points evenly spaced, ends kept."""
    points = np.asarray(points, float)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0.0, along[-1], max(3, int(along[-1] / spacing_m) + 1))
    return np.column_stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])])


def clothe(points, width_m, depth_to_width, rng, group=0):
    """Give a path its width and depth along the way.

    The edges wander on their own, the ends taper, the fill varies along the path.
    """
    count = len(points)
    length_m = SPACING_M * (count - 1)
    along = np.linspace(0.0, length_m, count)
    reach = min(0.25 * length_m, 1.8 * width_m)
    ends = np.minimum(along, length_m - along) / reach
    taper = 0.15 + 0.85 * np.clip(ends, 0.0, 1.0) ** 0.6
    slow = np.exp(0.2 * line_noise(count, SPACING_M, 15.0 * width_m, rng))
    edges = [
        taper * slow * np.clip(1.0 + 0.22 * line_noise(count, SPACING_M, max(0.6 * width_m, 3.0), rng), 0.3, 1.8)
        for _ in range(2)
    ]
    scale = width_m / np.mean(edges[0] + edges[1])
    low, high = depth_to_width
    # Narrow fractures fill first with the debris of their own walls, and the widest are floored.
    ratio = low + (high - low) * rng.beta(1.6, 1.6)
    depth = ratio * min(width_m, 22.0 + 0.3 * max(width_m - 22.0, 0.0))
    fill = np.clip(1.0 + 0.22 * line_noise(count, SPACING_M, max(5.0 * width_m, 20.0), rng), 0.35, 1.4)
    depth_m = depth * np.clip(fill, 0.2, 1.4) * np.clip(2.0 * ends, 0.15, 1.0)
    # No wall steeper than some 40 degrees: loose debris lies at its angle of repose.
    wall = max(rng.uniform(0.35, 1.0), min(1.0, 2.4 * depth / width_m))
    return LineFeature(points, edges[0] * scale, edges[1] * scale, depth_m, wall, group)


def network(total_m, place, inside, settings, rng, group=0):
    """Features of one kind, arranged in complexes.

    Parameters
    ----------
    total_m : float
        Length wanted.
    place : callable
        () -> (x, y, heading): where a complex may sit and how it tends to run.
    inside : callable
        (x, y) arrays -> bool array: where features may run.
    settings : SceneSettings

    Returns
    -------
    list of LineFeature
    """
    widths, lengths = draw_sizes(total_m, settings.fracture_min_width_m, rng)
    order = rng.permutation(len(widths))
    in_polygons = [i for i in order if widths[i] < 10.0]
    in_polygons = in_polygons[: int(settings.polygonal_share * len(order))]
    rest = [i for i in order if i not in set(in_polygons)]
    in_parallel = rest[: int(settings.parallel_share * len(order))]
    # Neighbours in a complex are of a size: sorted, but for some disorder.
    in_parallel.sort(key=lambda i: widths[i] * rng.lognormal(0.0, 0.4))
    alone = rest[len(in_parallel) :]
    features = []

    def add(path, index, number):
        for piece in _pieces(path, inside):
            features.append(clothe(piece, widths[index], settings.depth_to_width, rng, number))

    while in_polygons:
        count = min(len(in_polygons), int(rng.integers(8, 26)))
        members, in_polygons = in_polygons[:count], in_polygons[count:]
        group += 1
        for path, index in _polygonal(place, widths, lengths, members, rng):
            add(path, index, group)
    while in_parallel:
        count = min(len(in_parallel), int(rng.integers(3, 9)))
        members, in_parallel = in_parallel[:count], in_parallel[count:]
        group += 1
        for path, index in _parallel(place, widths, lengths, members, rng):
            add(path, index, group)
    # A long fracture is drawn, and counted, in pieces of a size.
    alone.sort(key=lambda i: widths[i] * rng.lognormal(0.0, 0.3))
    while alone:
        count = min(len(alone), int(rng.geometric(0.45)))
        members, alone = alone[:count], alone[count:]
        group += 1
        for path, index in _chain(place, inside, lengths, members, rng):
            add(path, index, group)
    return features


def _pieces(path, inside):
    """Parts of a path that lie where features may run, short ends dropped."""
    keep = inside(*path.T)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], keep.astype(int), [0]])))
    return [path[a:b] for a, b in edges.reshape(-1, 2) if b - a >= 8]


def _chain(place, inside, lengths, members, rng):
    """One path after the other along a long way, with small gaps and overlaps."""
    total = sum(lengths[i] for i in members)
    for _ in range(8):
        x, y, heading = place()
        way = wander((x, y), heading, total, rng, bend=rng.uniform(0.15, 0.5))
        way += np.array([x, y]) - way[len(way) // 2]
        if inside(*way.T).mean() > 0.9:
            break
    first = 0
    for index in members:
        count = max(8, int(lengths[index] / SPACING_M))
        piece = way[max(first, 0) : first + count]
        if len(piece) >= 8:
            yield piece + rng.normal(0.0, 0.8, 2), index
        first += count + int(rng.uniform(-4.0, 5.0) / SPACING_M)


def _parallel(place, widths, lengths, members, rng):
    x, y, heading = place()
    bend = rng.uniform(0.1, 0.4)
    spine = wander((x, y), heading, max(lengths[i] for i in members) * 1.6, rng, bend=bend, jog=0.0)
    spine += np.array([x, y]) - spine[len(spine) // 2]
    direction = np.gradient(spine, axis=0)
    direction /= np.hypot(*direction.T)[:, None]
    normal = np.column_stack([-direction[:, 1], direction[:, 0]])
    offset = 0.0
    side = 1.0
    for number, index in enumerate(members):
        if number:
            offset += widths[index] * rng.uniform(1.6, 3.5) + rng.uniform(6.0, 25.0)
        side = -side
        count = min(len(spine), max(8, int(lengths[index] / SPACING_M)))
        first = int(rng.integers(0, len(spine) - count + 1))
        drift = 0.12 * offset * line_noise(count, SPACING_M, 150.0, rng)
        jitter = 1.2 * line_noise(count, SPACING_M, 12.0, rng) + 0.25 * widths[index] * line_noise(
            count, SPACING_M, 40.0, rng
        )
        shift = side * offset + drift + jitter
        yield resample(spine[first : first + count] + normal[first : first + count] * shift[:, None]), index


def _polygonal(place, widths, lengths, members, rng):
    """Paths along the edges of the cells of a random tessellation, none walked twice."""
    x, y, _ = place()
    cell = max(rng.uniform(20.0, 65.0), 5.0 * float(np.mean(widths[members])))
    radius = np.sqrt(lengths[members].sum() * cell / np.pi / 1.5)
    stretch = rng.uniform(0.6, 1.0)
    turn = rng.uniform(0.0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.diag([1.0, stretch])
    extent = 1.3 * radius / stretch + 2 * cell
    ticks = np.arange(-extent, extent + cell, cell)
    seeds = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    tessellation = Voronoi(seeds + rng.uniform(-0.42, 0.42, seeds.shape) * cell)
    corners = tessellation.vertices @ rotation.T + np.array([x, y])
    neighbours = {}
    for a, b in tessellation.ridge_vertices:
        if a >= 0 and b >= 0 and max(np.hypot(*tessellation.vertices[[a, b]].T)) < extent:
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    if not neighbours:
        return
    nodes = sorted(neighbours, key=lambda node: float(np.hypot(*tessellation.vertices[node])))
    used = set()
    for index in members:
        free = [n for n in nodes if any((min(n, m), max(n, m)) not in used for m in neighbours[n])]
        if not free:
            return
        node = free[min(int(rng.exponential(6.0)), len(free) - 1)]
        walk, far, heading = [node], 0.0, None
        while far < lengths[index]:
            options = [m for m in neighbours[node] if (min(node, m), max(node, m)) not in used]
            if not options:
                break
            headings = [np.arctan2(*(corners[m] - corners[node])[::-1]) for m in options]
            turns = np.zeros(len(options)) if heading is None else 1.0 - np.cos(np.array(headings) - heading)
            best = int(np.argmin(turns + 0.3 * rng.random(len(options))))
            following = options[best]
            used.add((min(node, following), max(node, following)))
            far += float(np.hypot(*(corners[following] - corners[node])))
            heading, node = headings[best], following
            walk.append(node)
        path = resample(corners[walk])
        count = len(path)
        sway = 0.035 * cell * np.column_stack([line_noise(count, SPACING_M, 0.25 * cell, rng) for _ in range(2)])
        yield resample(path + sway), index
