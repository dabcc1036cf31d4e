"""The choice of images for a place: they cover it together, under similar Suns, and as sharply as possible.

The place is divided into cells on a local equal-area map. An image is the set of cells that it shows.

1. A greedy choice takes, one by one, the image that adds the most cells (Nemhauser, Wolsey & Fisher 1978,
   doi:10.1007/BF01588971). Images are then exchanged one by one where that shows more, or shows as much with fewer
   images. The coverage reached is the goal.
2. Images are chosen again. If several images add nearly as much, the one is taken whose Sun is nearest to the Sun of
   most images; if their Suns are alike, the sharper one. This second choice is used if it reaches the goal with no more
   images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from ..maps.geometry import separation_deg
from .shown_cells import shown_cells

# An image may add this share less than the best one, and still be taken for its Sun.
_SLACKS = (0.4, 0.2, 0.1, 0.05)
# The exchange gains coverage over the greedy choice. This share of the gain may be lost again for similar Suns.
_GIVEN_AWAY = 0.7
# Number of greedy choices beside the plain one; they take images that add up to this share less than the best one.
_OTHERS, _NEARLY = 8, 0.05
# Two rasters of cells differ by this share of the place.
_MARGIN = 0.002
# Number of images that are left out on trial before the search for fewer images ends.
_TRIES = 8
# Images whose Suns are compared with all others at a time.
_AT_ONCE = 500
# Suns that are nearer to each other than this are alike.
_ALIKE_DEG = 10.0


@dataclass
class Choice:
    """Images chosen, and why the others were not.

    Attributes
    ----------
    chosen : list of int
        Rows of the images, in the order in which they were taken.
    adds : list of float
        Share of the place that each chosen image added when it was taken.
    coverage : float
        Share of the place that the chosen images show together.
    reasons : dict of int: str
        Why each other row was left out.
    sun_angles_deg : ndarray
        (N,) angle of each image's Sun from the Sun of most images; NaN where it is not known.
    """

    chosen: list
    adds: list
    coverage: float
    reasons: dict = field(default_factory=dict)
    sun_angles_deg: np.ndarray = None


def choose_images(
    footprints: Sequence[BaseGeometry | None],
    aoi: Polygon | MultiPolygon,
    suns: np.ndarray,
    resolutions_m: ArrayLike,
    most: int,
    least_gain: float,
    already: Sequence[int] = (),
) -> Choice:
    """Choose images that cover an area of interest.

    Parameters
    ----------
    footprints : sequence of shapely geometry
        Outlines of the images in longitude and latitude, in the form that `footprints` describes; None or empty where
        an outline is not known.
    aoi : Polygon or MultiPolygon
        Area of interest, in the same form.
    suns : ndarray
        (N, 3) directions to the Sun, in the body's frame; NaN where not known.
    resolutions_m : array-like
        (N,) pixel sizes in metres; NaN where not known.
    most : int
        Largest number of images to take, including those in `already`.
    least_gain : float
        Share of the place that an image must add. An image that adds nothing is never taken.
    already : sequence of int
        Rows of images that are taken whatever they add.

    Returns
    -------
    Choice
    """
    shown = shown_cells(footprints, aoi)
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
    # The goal may be lower than this coverage, for similar Suns: by a share of what was gained over the best greedy
    # choice. A gain below the difference of two rasters does not count.
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
    taken = set(best)
    for row in range(len(footprints)):
        if row not in taken:
            choice.reasons[row] = _reason(shown.cells(row), seen, least, len(best) >= most)
    return choice


def _reason(cells, covered, least, full):
    gain = int((~covered[cells]).sum())
    if len(cells) == 0:
        return "does not show the place"
    if gain == 0:
        return "adds no coverage: the chosen images show all that it shows"
    gain_text = f"adds {100 * gain / len(covered):.2g} % of the place"
    if gain < least:
        return f"{gain_text}, too little"
    return (
        f"{gain_text}, but max_images is reached"
        if full
        else f"{gain_text}, but the chosen images reach the goal without it"
    )


def _sun_angles(suns, weights):
    """Angle of each image's Sun from the Sun of most images, which count by the cells that they show."""
    suns = np.asarray(suns, float)
    known = np.isfinite(suns).all(axis=1)
    if not known.any():
        return np.full(len(suns), np.nan)
    # Some rows at a time: of twenty thousand images, the table of all pairs would not fit into memory.
    shares = [
        (some @ suns[known].T > np.cos(np.radians(_ALIKE_DEG))) @ weights[known]
        for some in np.array_split(suns[known], -(-known.sum() // _AT_ONCE))
    ]
    reference = suns[known][np.argmax(np.concatenate(shares))]
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
    """Greedy choices: the plain one, and some that take at random among images that add nearly as much."""
    rng = np.random.default_rng(0)
    others = [_select(shown, rng.permutation(len(rank)), least, most, _NEARLY, already) for _ in range(_OTHERS)]
    return [_select(shown, rank, least, most, 0.0, already), *others]


def _select(shown, rank, least, most, slack, already):
    """Rows taken one by one for the cells that they add, as long as these are enough."""
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
    """Rows without those whose cells are all shown by others; the least wanted are dropped first."""
    times, kept = shown.times(taken), list(taken)
    for row in sorted(set(taken) - set(already), key=lambda row: -rank[row]):
        cells = shown.cells(row)
        if (times[cells] > 1).all():
            times[cells] -= 1
            kept.remove(row)
    return kept


def _exchanged(shown, taken, already, goal=np.inf):
    """Rows exchanged one by one for others that add more cells than are lost, until the goal or no exchange is left."""
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
    """Fewer rows that reach the goal: one at a time is left out, while exchanging the others makes up for it."""
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
    """Rows exchanged for the most wanted ones that keep the coverage at the goal; the least wanted go first."""
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
    """Cells that are shown by this row alone among the rows taken."""
    cells = shown.cells(row)
    return cells[times[cells] == 1]


def _exchange(shown, times, taken, row, other):
    times[shown.cells(row)] -= 1
    times[shown.cells(other)] += 1
    taken[taken.index(row)] = other
