"""Which projected cubes overlap: what equalizer must know before it runs."""

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path

import numpy as np

from ...maps.alignment import offset_on
from ...maps.grids import MapGrid
from ...maps.rasters import open_raster
from .commands import LEAST_OVERLAP_PX
from .cubes import read_map

_LINES = 1024


def connected_groups(paths: Sequence[str | Path], least_px: int = LEAST_OVERLAP_PX) -> list[list[int]]:
    """Return the groups of projected cubes that hang together by their overlaps.

    Parameters
    ----------
    paths : sequence of path
        Map-projected cubes of one target.
    least_px : int
        Overlaps of fewer pixels that are valid in both cubes do not count.

    Returns
    -------
    list of list of int
        Places in `paths`, each in one group, in rising order. A cube without enough overlap is a group of its own.

    Raises
    ------
    InputError
        If the cubes do not share their pixels.
    """
    groups = {place: [place] for place in range(len(paths))}
    with ExitStack() as stack:
        cubes = [stack.enter_context(open_raster(path)) for path in paths]
        grid = MapGrid.of(cubes[0])
        offsets = [offset_on(cube, grid, paths[0], "project the images again") for cube in cubes]
        for first, second in combinations(range(len(paths)), 2):
            if groups[first] is groups[second]:
                continue
            pair = (cubes[first], offsets[first]), (cubes[second], offsets[second])
            if _overlap_reaches(*pair, least_px):
                joined = sorted(groups[first] + groups[second])
                groups.update(dict.fromkeys(joined, joined))
    return [group for place, group in groups.items() if group[0] == place]


def _overlap_reaches(one, other, least_px):
    """Whether two cubes, each with its row and column on the map, share so many valid pixels."""
    top, left = (max(one[1][axis], other[1][axis]) for axis in (0, 1))
    bottom, right = (min(cube.shape[axis] + offset[axis] for cube, offset in (one, other)) for axis in (0, 1))
    if right <= left:
        return False
    shared = 0
    for row in range(top, bottom, _LINES):
        rows = min(_LINES, bottom - row)
        valid = [
            np.isfinite(read_map(cube, row - offset[0], left - offset[1], rows, right - left))
            for cube, offset in (one, other)
        ]
        shared += int(np.count_nonzero(valid[0] & valid[1]))
        if shared >= least_px:
            return True
    return False
