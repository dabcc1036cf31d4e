"""Counts of a map against truth and labels: what lies under every probability, which objects are found."""

import numpy as np
import shapely
from rasterio.features import rasterize

from ..labels.truth_classes import CLASSES
from ..labels.width_classes import WIDTH_CLASSES, width_class
from ..maps.components import Components
from ..maps.probability_raster import CODES, code_at_least
from ..maps.vectors import read_vector
from .blocks import BLOCK_PX

LEVELS = CODES + 1
# What a detected object may lie on: what is truly there, then how ordinary ground may look; the order decides between
# equals.
THINGS, LOOKS = ("fracture", "ridge", "boulder", "crater", "trail"), ("seam", "shadow")
KINDS = (*THINGS, *LOOKS, "background")
# Least share of an object's pixels that its kind must hold; where none does, it lies on background.
KIND_SHARE = 0.25
# Least share of a fracture's centreline that must be seen for the fracture to count.
SEEN_SHARE = 0.5
_KIND_OF_CLASS = np.array([KINDS.index(name) for name in sorted(CLASSES, key=CLASSES.get)], np.uint8)
_BACKGROUND = KINDS.index("background")


class Histograms:
    """Pixels at each of the 251 levels of probability, by what they are."""

    def __init__(self):
        self._counts = {}

    def add(self, block, widths):
        """Count a block; `widths` is 1 + the width class of every fracture pixel, 0 elsewhere."""
        fracture = block.truth == CLASSES["fracture"]
        self._add("truth", list(CLASSES), block.truth, block)
        self._add("label", ["background", "fracture"], block.labels, block)
        self._add("width", ["none", *WIDTH_CLASSES], widths, block)
        for name, mask, names in (("light", block.shadow, ("lit", "shadow")), ("seam", block.seam, ("away", "near"))):
            if mask is not None:
                rows = [f"{where} {what}" for where in names for what in ("background", "fracture")]
                self._add(name, rows, 2 * mask + fracture, block)

    def _add(self, name, rows, values, block):
        keys = values[block.valid].astype(np.int64) * LEVELS + block.codes[block.valid]
        counts = np.bincount(keys, minlength=len(rows) * LEVELS).reshape(len(rows), LEVELS)
        names, total = self._counts.get(name, (rows, 0))
        self._counts[name] = names, total + counts

    def as_dict(self):
        """dict of dict of list of int: by grouping and row; what is no fracture has no width."""
        named = {
            name: {row: total[number].tolist() for number, row in enumerate(rows)}
            for name, (rows, total) in self._counts.items()
        }
        named["width"].pop("none")
        return named


class FractureCounts:
    """True fractures, and how much of their centrelines is covered.

    Parameters
    ----------
    path : path
        ``truth.gpkg``: layers `fractures` (`width_m`, `length_m`) and `centrelines`, in the same order.
    grid : MapGrid
    thresholds : sequence of float
    """

    def __init__(self, path, grid, thresholds):
        frame = read_vector(path, "fractures", grid.crs, columns=("width_m", "length_m"))
        lines = read_vector(path, "centrelines", grid.crs)
        self._classes = np.array([width_class(width_m) for width_m in frame.width_m], object)
        self._lengths_m = frame.length_m.to_numpy()
        self._shapes = frame.geometry.to_numpy()
        self._tree = shapely.STRtree(self._shapes)
        # So that where fractures cross, the wider one is drawn last.
        self._rank = np.argsort(np.argsort(frame.width_m.to_numpy(), kind="stable"))
        # A crater may have dug a part out: only what is left of a fracture can be found.
        whole = shapely.force_2d(lines.geometry.to_numpy())
        row, column, self._owner = _points(shapely.intersection(whole, self._shapes), grid)
        self._place(row, column, grid)
        self._thresholds = {threshold: code_at_least(threshold) for threshold in thresholds}
        self._seen = np.zeros(len(frame), int)
        self._covered = {threshold: np.zeros(len(frame), int) for threshold in thresholds}

    def _place(self, row, column, grid):
        """Sort the points by block, so that each block finds its own."""
        across = -(-grid.shape[1] // BLOCK_PX)
        inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])
        # Off the map no fracture is seen, yet these points count in the whole of it.
        self._whole = np.bincount(self._owner, minlength=len(self._shapes))
        key = np.where(inside, row // BLOCK_PX * across + column // BLOCK_PX, -1)
        order = np.argsort(key, kind="stable")
        self._key, self._across = key[order], across
        self._row, self._column, self._owner = row[order], column[order], self._owner[order]

    def add(self, block):
        """Count the points of centrelines in a block.

        Returns
        -------
        ndarray
            uint8 (rows, columns): 1 + the width class of every fracture pixel, 0 elsewhere.
        """
        key = block.row // BLOCK_PX * self._across + block.column // BLOCK_PX
        chosen = slice(*np.searchsorted(self._key, [key, key + 1]))
        place = self._row[chosen] - block.row, self._column[chosen] - block.column
        seen, codes, owner = block.valid[place], block.codes[place], self._owner[chosen]
        np.add.at(self._seen, owner[seen], 1)
        for threshold, code in self._thresholds.items():
            np.add.at(self._covered[threshold], owner[seen & (codes >= code)], 1)
        return self._widths(block)

    def _widths(self, block):
        index = self._tree.query(shapely.box(*block.grid.bounds))
        index = index[np.argsort(self._rank[index])]
        shapes = [(self._shapes[k], 1 + WIDTH_CLASSES.index(self._classes[k])) for k in index]
        if not shapes:
            return np.zeros(block.grid.shape, np.uint8)
        widths = rasterize(shapes, block.grid.shape, transform=block.grid.transform, dtype="uint8")
        return np.where(block.truth == CLASSES["fracture"], widths, 0)

    def as_dict(self):
        """dict of list: width class, length and covered share (by threshold) of every fracture that is seen enough."""
        chosen = (self._seen > 0) & (self._seen >= SEEN_SHARE * self._whole)
        return {
            "width_class": self._classes[chosen].tolist(),
            "length_m": np.round(self._lengths_m[chosen], 1).tolist(),
            "covered": {
                f"{threshold:g}": np.round(covered[chosen] / self._seen[chosen], 4).tolist()
                for threshold, covered in self._covered.items()
            },
        }


class ObjectCounts:
    """Detected objects at one threshold, and what they lie on.

    Parameters
    ----------
    grid : MapGrid
    threshold : float
    min_area_m2 : float
        Smaller objects do not count: a map drops them.
    """

    def __init__(self, grid, threshold, min_area_m2):
        self._code, self._components = code_at_least(threshold), Components(grid.shape[1])
        self._least_px = min_area_m2 / grid.resolution_m**2 - 1e-6
        self._overlaps = [np.zeros((0, len(KINDS)), np.int64)]

    def add(self, block):
        """Count a block."""
        pieces, _, count = self._components.add(block.row, block.column, block.valid & (block.codes >= self._code))
        if count:
            inside = pieces > 0
            keys = (pieces[inside].astype(np.int64) - 1) * len(KINDS) + kinds_of(block)[inside]
            self._overlaps.append(np.bincount(keys, minlength=count * len(KINDS)).reshape(count, len(KINDS)))

    def as_dict(self):
        """dict of int: number of objects on each of `KINDS`; those on fractures are true."""
        pieces, roots = np.concatenate(self._overlaps), self._components.roots()
        overlaps = np.zeros_like(pieces)
        np.add.at(overlaps, roots, pieces)
        area = overlaps.sum(axis=1)
        overlaps = overlaps[(area > 0) & (area >= self._least_px)]
        return dict(zip(KINDS, np.bincount(_kind_of(overlaps), minlength=len(KINDS)).tolist(), strict=True))


def _kind_of(overlaps):
    """What each object lies on, as index in `KINDS`, from its pixels on each of them (objects, kinds).

    A seam or a shadow is ordinary ground: it stands behind whatever is truly there, however wide the object is.
    """
    kind = np.full(len(overlaps), _BACKGROUND)
    least = KIND_SHARE * overlaps.sum(axis=1)
    for names in (LOOKS, THINGS):
        first = KINDS.index(names[0])
        part = overlaps[:, first : first + len(names)]
        kind = np.where(part.max(axis=1) >= least, first + part.argmax(axis=1), kind)
    return kind


def kinds_of(block):
    """What every pixel of a block is, as index in `KINDS`: its true class, else seam, else shadow, else background."""
    kinds = _KIND_OF_CLASS[block.truth]
    ground = kinds == _BACKGROUND
    for name, mask in (("shadow", block.dark), ("seam", block.seam)):
        if mask is not None:
            kinds[ground & mask] = KINDS.index(name)
    return kinds


def _points(lines, grid):
    """Rows, columns of points about a pixel apart along lines, and which line each is on."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    # What a line and an outline have in common may be single points.
    chosen = shapely.length(parts) > 0
    parts, owner = parts[chosen], owner[chosen]
    length = shapely.length(parts)
    count = np.maximum(1, np.rint(length / grid.resolution_m)).astype(int)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    along = (number + 0.5) * np.repeat(length / count, count)
    x, y = shapely.get_coordinates(shapely.line_interpolate_point(np.repeat(parts, count), along)).T
    row, column = (np.rint(values).astype(int) for values in grid.rowcol(x, y))
    return row, column, np.repeat(owner, count)
