"""Complexes of fractures and ridges (single, sub-parallel, polygonal), and trains of wrinkles.

Fractures and ridges come from the same generator on purpose: in an image, only their relief tells them apart.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial import Voronoi

from .linework import (
    SPACING_M,
    LineFeature,
    draw_sizes,
    line_feature_along,
    open_crack_along,
    random_path,
    resample,
)
from .noise import line_noise
from .open_cracks import OpenCracks
from .settings import SceneSettings


def line_complexes(
    total_m: float,
    place: Callable[[], tuple[float, float, float]],
    inside: Callable[[np.ndarray, np.ndarray], np.ndarray],
    settings: SceneSettings,
    rng: np.random.Generator,
    group: int = 0,
    cracks: OpenCracks | None = None,
) -> list[LineFeature]:
    """Return line features of one kind, arranged in complexes.

    Parameters
    ----------
    total_m : float
        Total length of the features.
    place : callable
        () -> (x, y, heading): draws the map position of a complex and its main direction in radians.
    inside : callable
        (x, y) arrays -> bool array: where features may run.
    settings : SceneSettings
    rng : numpy.random.Generator
    group : int
        Number before that of the first complex.
    cracks : OpenCracks, optional
        Open cracks among the features. By default there are none.

    Returns
    -------
    list of LineFeature
    """
    widths, lengths = draw_sizes(
        total_m, rng, settings.fracture_min_width_m, settings.fracture_max_width_m, settings.fracture_huge_share
    )
    order = rng.permutation(len(widths))
    in_polygons = [i for i in order if widths[i] < 10.0]
    in_polygons = in_polygons[: int(settings.polygonal_share * len(order))]
    taken = set(in_polygons)
    rest = [i for i in order if i not in taken]
    in_parallel = rest[: int(settings.parallel_share * len(order))]
    # Neighbours in a complex have similar widths: they are sorted by width, with some disorder.
    in_parallel.sort(key=lambda i: widths[i] * rng.lognormal(0.0, 0.4))
    alone = rest[len(in_parallel) :]
    features, opened = [], {}

    def add(path, index, number):
        # The fractures of a complex opened together.
        if cracks and cracks.share and number not in opened:
            opened[number] = rng.random() < cracks.share
        for piece in _pieces(path, inside):
            if opened.get(number):
                features.append(open_crack_along(piece, widths[index], cracks, rng, number))
            else:
                features.append(line_feature_along(piece, widths[index], settings, rng, number))

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
    # A long fracture is drawn, and counted, as several pieces of similar width.
    alone.sort(key=lambda i: widths[i] * rng.lognormal(0.0, 0.3))
    while alone:
        count = min(len(alone), int(rng.geometric(0.45)))
        members, alone = alone[:count], alone[count:]
        group += 1
        for path, index in _chain(place, inside, lengths, members, rng):
            add(path, index, group)
    return features


def wrinkles(
    total_m: float,
    place: Callable[[], tuple[float, float, float]],
    inside: Callable[[np.ndarray, np.ndarray], np.ndarray],
    settings: SceneSettings,
    rng: np.random.Generator,
    group: int = 0,
) -> list[LineFeature]:
    """Return trains of wrinkles: low ridges side by side, curved in the same direction, steeper on one side.

    Parameters
    ----------
    total_m, place, inside, settings, rng, group
        As for `line_complexes`.

    Returns
    -------
    list of LineFeature
    """
    features, so_far = [], 0.0
    while so_far < total_m:
        x, y, heading = place()
        group += 1
        width, length = rng.uniform(3.0, 11.0), rng.uniform(40.0, 160.0)
        bow = rng.uniform(0.5, 1.8) * rng.choice([-1.0, 1.0])
        across = np.array([-np.sin(heading), np.cos(heading)])
        offset = 0.0
        for _ in range(int(rng.integers(4, 13))):
            size = length * rng.uniform(0.5, 1.0)
            count = max(8, int(size / SPACING_M))
            turn = heading + bow * (np.arange(count) / count - 0.5) * size / length
            turn = turn + 0.15 * line_noise(count, SPACING_M, 25.0, rng)
            path = np.cumsum(np.column_stack([np.cos(turn), np.sin(turn)]) * SPACING_M, axis=0)
            path += np.array([x, y]) + offset * across - path[count // 2]
            offset += width * rng.uniform(1.3, 2.2)
            so_far += size
            for piece in _pieces(path, inside):
                wrinkle = line_feature_along(piece, width * rng.uniform(0.7, 1.3), settings, rng, group)
                middle = 0.5 * (wrinkle.left_m + wrinkle.right_m)
                wrinkle.left_m, wrinkle.right_m = 1.35 * middle, 0.65 * middle
                wrinkle.depth_m *= 0.6
                features.append(wrinkle)
    return features


def _pieces(path, inside):
    """Return the parts of a path that lie where features may run, without parts of fewer than 8 points."""
    keep = inside(*path.T)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], keep.astype(int), [0]])))
    return [path[a:b] for a, b in edges.reshape(-1, 2) if b - a >= 8]


def _chain(place, inside, lengths, members, rng):
    """Yield paths one after the other along a long way, with small gaps and overlaps."""
    total = sum(lengths[i] for i in members)
    for _ in range(8):
        x, y, heading = place()
        way = random_path((x, y), heading, total, rng, bend=rng.uniform(0.15, 0.5))
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
    spine = random_path((x, y), heading, max(lengths[i] for i in members) * 1.6, rng, bend=bend, jog=0.0)
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
    """Yield paths along the edges of the cells of a random tessellation. Each edge is used at most once."""
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
