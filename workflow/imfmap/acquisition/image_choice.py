"""Which images of a place to take: those that together show all of it, under much the same Sun, as sharp as may be.

The place is laid out in cells on a local equal-area map; an image is the set of cells that it shows. Images are taken
by what they add, the greedy way (Nemhauser, Wolsey & Fisher 1978, doi:10.1007/BF01588971), and then exchanged one by
one for what shows more, or as much with fewer of them. That sets the goal. Then they are chosen again so that, of
images that add nearly as much, the one whose Sun is nearest to the Sun of most of them is taken, and of those the
sharper one: as far as that can be had with the goal reached and no image more.
"""

from dataclasses import dataclass, field

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.features import rasterize
from scipy.sparse import csr_array
from shapely import Polygon

from ..maps.geometry import separation_deg
from .footprints import LocalMap

CELLS = 100_000
# How much less than the best an image may add and still be taken for its Sun.
_SLACKS = (0.4, 0.2, 0.1, 0.05)
# Share of the coverage gained over the greedy choice that may be given away for a consistent Sun.
_GIVEN_AWAY = 0.7
# Greedy choices beside the plain one, and how much less than the best an image may add to be taken by them.
_OTHERS, _NEARLY = 8, 0.05
# By what share of the place two rasters of cells differ.
_MARGIN = 0.002
# How many images are tried to be left out before that is given up.
_TRIES = 8
# Suns nearer than this are alike.
_ALIKE_DEG = 10.0


@dataclass
class Choice:
    """Images chosen, and why the others were not.

    Attributes
    ----------
    chosen : list of int
        Row numbers, in the order they were taken.
    adds : list of float
        Share of the place that each of them added when it was taken.
    coverage : float
        Share of the place that all of them show.
    reasons : dict of int: str
        Why each other row was left out.
    sun_angles_deg : ndarray
        (N,) angle of every image's Sun from that of most images; NaN where it is not known.
    """

    chosen: list
    adds: list
    coverage: float
    reasons: dict = field(default_factory=dict)
    sun_angles_deg: np.ndarray = None


@dataclass(frozen=True)
class _Shown:
    """Which cells each image shows, and which images show each cell.

    Attributes
    ----------
    by_image, by_cell : csr_array
        (images, cells) and its transpose; only where their entries are, counts.
    """

    by_image: csr_array
    by_cell: csr_array

    @classmethod
    def of(cls, cells, total):
        """Of lists of cells, one an image."""
        starts = np.concatenate([[0], np.cumsum([len(each) for each in cells])])
        indices = np.concatenate([*cells, np.empty(0, np.int32)])
        by_image = csr_array((np.ones(len(indices), np.int8), indices, starts), shape=(len(cells), total))
        return cls(by_image, by_image.T.tocsr())

    @property
    def total(self):
        """int: cells of the place."""
        return self.by_image.shape[1]

    @property
    def counts(self):
        """(images,) cells that each shows."""
        return np.diff(self.by_image.indptr).astype(np.int64)

    def cells(self, row):
        """Cells that an image shows."""
        return self.by_image.indices[self.by_image.indptr[row] : self.by_image.indptr[row + 1]]

    def images(self, cells):
        """(images,) how many of these cells each image shows."""
        return np.bincount(self.by_cell[cells].indices, minlength=self.by_image.shape[0])

    def times(self, rows):
        """(cells,) by how many of these images each is shown."""
        times = np.zeros(self.total, np.int32)
        for row in rows:
            times[self.cells(row)] += 1
        return times


def choose_images(footprints, aoi, suns, resolutions_m, most, least_gain, already=()):
    """Choose images that cover an area of interest.

    Parameters
    ----------
    outlines : sequence of shapely geometry
        Of the images, in longitude and latitude (`footprints`); None or empty where not known.
    place : Polygon or MultiPolygon
        What is to be covered, likewise.
    suns : ndarray
        (N, 3) directions to the Sun, in the body's frame; NaN where not known.
    resolutions_m : ndarray
        (N,); NaN where not known.
    most : int
        Most images to take, those in `already` counted.
    least_gain : float
        Share of the place that an image must add; one that adds nothing is never taken.
    already : sequence of int
        Rows that are taken whatever they add.

    Returns
    -------
    Choice
    """
    local = LocalMap.about(aoi)
    shown = _cells(footprints, aoi, local)
    angles = _sun_angles(suns, shown.counts)
    rank = _rank(angles, np.asarray(resolutions_m, float))
    least = max(1.0, least_gain * shown.total)
    known = _greedy(shown, rank, least, most, already)
    reached = max(_covered(shown, rows) for rows in known)
    number = min(map(len, known))
    tried = [_exchanged(shown, rows, already) for rows in known if len(rows) == number]
    best = max(tried, key=lambda rows: _covered(shown, rows))
    if number < most:
        best = _exchanged(shown, _fewest(shown, best, already, min(reached, _covered(shown, best))), already)
    # Of what that is better than the best greedy choice, by whatever cells that is measured, some may be given away for
    # the Sun.
    goal = _covered(shown, best)
    goal -= int(_GIVEN_AWAY * max(0, goal - reached - int(_MARGIN * shown.total)))
    for slack in _SLACKS:
        tried = _select(shown, rank, least, len(best), slack, already)
        tried = _without_redundant(shown, rank, _exchanged(shown, tried, already, goal), already)
        if _covered(shown, tried) >= goal:
            best = tried
            break
    best = _preferred(shown, rank, best, already, goal)
    adds, seen = [], np.zeros(shown.total, bool)
    for row in best:
        cells = shown.cells(row)
        adds.append(float((~seen[cells]).sum() / shown.total))
        seen[cells] = True
    choice = Choice(best, adds, float(seen.mean()), sun_angles_deg=angles)
    for row in range(len(footprints)):
        if row not in best:
            choice.reasons[row] = _reason(shown.cells(row), seen, least, len(best) >= most)
    return choice


def _reason(cells, covered, least, full):
    gain = int((~covered[cells]).sum())
    if len(cells) == 0:
        return "does not show the place"
    if gain == 0:
        return "adds no coverage: the chosen images show all that it does"
    said = f"adds {100 * gain / len(covered):.2g} % of the place"
    if gain < least:
        return f"{said}, too little"
    return f"{said}, but as many images are taken as may be" if full else f"{said}, which fewer images make up for"


def _cells(footprints, aoi, local):
    """Which cells of the place each image shows."""
    area = local.project(aoi)
    left, bottom, right, top = area.bounds
    size = np.sqrt(area.area / CELLS)
    rows, columns = int(np.ceil((top - bottom) / size)), int(np.ceil((right - left) / size))
    to_map = Affine(size, 0.0, left, 0.0, -size, top)
    found = []
    with rasterio.Env():
        inside = rasterize([area], (rows, columns), transform=to_map, dtype="uint8").astype(bool)
        number = np.cumsum(inside.ravel(), dtype=np.int32).reshape(inside.shape) - 1
        shapes = local.project(np.array([Polygon() if outline is None else outline for outline in footprints]))
        for shape, bounds in zip(np.atleast_1d(shapes), shapely.bounds(shapes), strict=True):
            window = _window(bounds, left, top, size, inside.shape)
            if window is None:
                found.append(np.empty(0, np.int32))
                continue
            part = rasterize(
                [shape],
                (window[0].stop - window[0].start, window[1].stop - window[1].start),
                transform=to_map * Affine.translation(window[1].start, window[0].start),
                dtype="uint8",
            ).astype(bool)
            found.append(number[window][part & inside[window]])
    return _Shown.of(found, int(inside.sum()))


def _window(bounds, left, top, size, shape):
    """Rows and columns (slices) of a raster that an outline may touch; None where there are none."""
    west, south, east, north = bounds
    if np.isnan(west):
        return None
    rows = slice(max(0, int((top - north) / size)), min(shape[0], int((top - south) / size) + 1))
    columns = slice(max(0, int((west - left) / size)), min(shape[1], int((east - left) / size) + 1))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _sun_angles(suns, weights):
    """Angle of each Sun from the one that most of the images, by what they show, are lit by."""
    suns = np.asarray(suns, float)
    known = np.isfinite(suns).all(axis=1)
    if not known.any():
        return np.full(len(suns), np.nan)
    alike = suns[known] @ suns[known].T > np.cos(np.radians(_ALIKE_DEG))
    reference = suns[known][np.argmax(alike @ weights[known])]
    return np.where(known, separation_deg(np.where(known[:, None], suns, reference), reference), np.nan)


def _rank(angles, resolutions_m):
    """Place of each image in the order of preference, 0 first: Sun in steps, then resolution, then table."""
    steps = np.nan_to_num(np.round(angles / _ALIKE_DEG), nan=np.inf)
    order = np.lexsort((np.arange(len(angles)), np.nan_to_num(resolutions_m, nan=np.inf), steps))
    rank = np.empty(len(angles), int)
    rank[order] = np.arange(len(angles))
    return rank


def _covered(shown, rows):
    return int((shown.times(rows) > 0).sum())


def _greedy(shown, rank, least, most, already):
    """Greedy choices: the plain one, and some that take another image where several add nearly as much."""
    rng = np.random.default_rng(0)
    others = [_select(shown, rng.permutation(len(rank)), least, most, _NEARLY, already) for _ in range(_OTHERS)]
    return [_select(shown, rank, least, most, 0.0, already), *others]


def _select(shown, rank, least, most, slack, already):
    """Rows taken one by one for what they add, as long as that is enough."""
    gains = shown.counts
    covered = np.zeros(shown.total, bool)
    taken = []

    def take(row):
        cells = shown.cells(row)
        new = cells[~covered[cells]]
        covered[new] = True
        gains[:] -= shown.images(new)
        taken.append(int(row))

    for row in already:
        take(row)
    while len(taken) < most:
        best = gains.max(initial=0)
        if best < least:
            break
        near = np.flatnonzero(gains >= max(least, (1.0 - slack) * best))
        take(near[np.argmin(rank[near])])
    return taken


def _without_redundant(shown, rank, taken, already):
    """Rows without those all of whose cells others show, the least wanted dropped first."""
    times, kept = shown.times(taken), list(taken)
    for row in sorted(set(taken) - set(already), key=lambda row: -rank[row]):
        cells = shown.cells(row)
        if (times[cells] > 1).all():
            times[cells] -= 1
            kept.remove(row)
    return kept


def _exchanged(shown, taken, already, goal=np.inf):
    """Rows, exchanged one by one for others that add more than they lose, until that reaches the goal or an end."""
    taken, times = list(taken), shown.times(taken)
    gains = shown.images(np.flatnonzero(times == 0))
    idle = 0
    queue = [row for row in taken if row not in already]
    while queue and idle < len(queue) and (times > 0).sum() < goal:
        row = queue.pop(0)
        own = _own(shown, times, row)
        freed = gains + shown.images(own)
        other = int(np.argmax(freed))
        if freed[other] > len(own):
            _exchange(shown, times, taken, row, other)
            gains = shown.images(np.flatnonzero(times == 0))
            queue.append(other)
            idle = 0
        else:
            queue.append(row)
            idle += 1
    return taken


def _fewest(shown, taken, already, goal):
    """Rows that reach a goal, the fewer the better: one left out at a time while exchanging others makes up for it."""
    while len(taken) > len(already):
        times = shown.times(taken)
        free = sorted(set(taken) - set(already), key=lambda row: len(_own(shown, times, row)))
        for least in free[:_TRIES]:
            fewer = _exchanged(shown, [row for row in taken if row != least], already, goal)
            if _covered(shown, fewer) >= goal:
                taken = fewer
                break
        else:
            break
    return taken


def _preferred(shown, rank, taken, already, goal):
    """Rows, each exchanged for the most wanted one that keeps coverage at the goal, the least wanted first."""
    taken, times = list(taken), shown.times(taken)
    for row in sorted(set(taken) - set(already), key=lambda row: -rank[row]):
        own = _own(shown, times, row)
        uncovered = np.flatnonzero(times == 0)
        needed = goal - (len(times) - len(uncovered) - len(own))
        better = (shown.images(uncovered) + shown.images(own) >= needed) & (rank < rank[row])
        better[taken] = False
        if better.any():
            candidates = np.flatnonzero(better)
            _exchange(shown, times, taken, row, int(candidates[np.argmin(rank[candidates])]))
    return taken


def _own(shown, times, row):
    """Cells that of the rows taken this one alone shows."""
    cells = shown.cells(row)
    return cells[times[cells] == 1]


def _exchange(shown, times, taken, row, other):
    times[shown.cells(row)] -= 1
    times[shown.cells(other)] += 1
    taken[taken.index(row)] = other
