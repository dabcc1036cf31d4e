"""Count a map's pixels, fractures and objects against truth and labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from rasterio.features import rasterize

from ..labels.truth_classes import CLASSES
from ..labels.width_classes import WIDTH_CLASSES, width_class
from ..maps.components import Components
from ..maps.grids import MapGrid
from ..maps.large_shapes import even_places, pieces_of
from ..maps.probability_raster import CODES, code_at_least
from ..maps.vectors import read_vector
from .blocks import BLOCK_PX, Block

LEVELS = CODES + 1
# What a detected object may lie on: true things, and looks of ordinary ground. If two kinds have equal shares of an
# object, the first one counts.
THINGS, LOOKS = ("fracture", "ridge", "boulder", "crater", "trail"), ("seam", "shadow")
KINDS = (*THINGS, *LOOKS, "background")
# The kind of an object must have at least this share of its pixels. If no kind has, the object lies on background.
KIND_SHARE = 0.25
# A fracture counts if at least this share of its centreline has image data and a probability.
SEEN_SHARE = 0.5
_KIND_OF_CLASS = np.array([KINDS.index(name) for name in sorted(CLASSES, key=CLASSES.get)], np.uint8)
_BACKGROUND = KINDS.index("background")


class Histograms:
    """Numbers of pixels at each of the 251 levels of probability, by class, label, width, light and seam."""

    def __init__(self):
        self._counts = {}

    def add(self, block: Block, widths: np.ndarray) -> None:
        """Count a block; `widths` is 1 + the number of the width class on fracture pixels, 0 elsewhere."""
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

    def as_dict(self) -> dict[str, dict[str, list[int]]]:
        """Return the counts by grouping and row; the grouping by width has fracture pixels only."""
        named = {
            name: {row: total[number].tolist() for number, row in enumerate(rows)}
            for name, (rows, total) in self._counts.items()
        }
        named["width"].pop("none")
        return named


class FractureCounts:
    """Counts of true fractures: how much of their centrelines is seen, and how much of that is covered by the map.

    Parameters
    ----------
    path : path
        ``truth.gpkg``: layers `fractures` (`width_m`, `length_m`) and `centrelines`, in the same order.
    grid : MapGrid
        Grid of the map.
    thresholds : sequence of float
        Probabilities, 0..1, from which on a place is covered.
    """

    def __init__(self, path: str | Path, grid: MapGrid, thresholds: Sequence[float]):
        frame = read_vector(path, "fractures", grid.crs, columns=("width_m", "length_m"))
        lines = read_vector(path, "centrelines", grid.crs)
        self._classes = np.array([width_class(width_m) for width_m in frame.width_m], object)
        self._lengths_m = frame.length_m.to_numpy()
        self._shapes = frame.geometry.to_numpy()
        self._pieces, self._piece_owner = pieces_of(self._shapes)
        self._tree = shapely.STRtree(self._pieces)
        # Where fractures cross, the wider one is drawn last.
        self._rank = np.argsort(np.argsort(frame.width_m.to_numpy(), kind="stable"))
        # A crater may have removed a part: only the rest of a fracture can be found.
        whole = shapely.force_2d(lines.geometry.to_numpy())
        row, column, self._owner = line_points(shapely.intersection(whole, self._shapes), grid)
        self._place(row, column, grid)
        self._thresholds = {threshold: code_at_least(threshold) for threshold in thresholds}
        self._seen = np.zeros(len(frame), int)
        self._covered = {threshold: np.zeros(len(frame), int) for threshold in thresholds}

    def _place(self, row, column, grid):
        """Sort the points by block, so that each block finds its points."""
        across = -(-grid.shape[1] // BLOCK_PX)
        inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])
        # Points off the map are not seen, but they count in the length of their fracture.
        self._whole = np.bincount(self._owner, minlength=len(self._shapes))
        key = np.where(inside, row // BLOCK_PX * across + column // BLOCK_PX, -1)
        order = np.argsort(key, kind="stable")
        self._key, self._across = key[order], across
        self._row, self._column, self._owner = row[order], column[order], self._owner[order]

    def add(self, block: Block) -> np.ndarray:
        """Count the points of centrelines in a block.

        Returns
        -------
        ndarray
            uint8 (rows, columns): 1 + the number of the width class on fracture pixels, 0 elsewhere.
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
        index = index[np.argsort(self._rank[self._piece_owner[index]], kind="stable")]
        classes = self._classes[self._piece_owner[index]]
        shapes = [(self._pieces[k], 1 + WIDTH_CLASSES.index(name)) for k, name in zip(index, classes, strict=True)]
        if not shapes:
            return np.zeros(block.grid.shape, np.uint8)
        widths = rasterize(shapes, block.grid.shape, transform=block.grid.transform, dtype="uint8")
        return np.where(block.truth == CLASSES["fracture"], widths, 0)

    def as_dict(self) -> dict[str, list | dict[str, list[float]]]:
        """Return width class, length and covered share (by threshold) of each fracture that counts (`SEEN_SHARE`)."""
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
    """Counts of detected objects at one threshold, by what they lie on.

    Parameters
    ----------
    grid : MapGrid
        Grid of the map.
    threshold : float
        Probability, 0..1, that an object's pixels reach.
    min_area_m2 : float
        Smaller objects do not count, since a map leaves them out.
    """

    def __init__(self, grid: MapGrid, threshold: float, min_area_m2: float):
        self._code, self._components = code_at_least(threshold), Components(grid.shape[1])
        self._least_px = min_area_m2 / grid.resolution_m**2 - 1e-6
        self._overlaps = [np.zeros((0, len(KINDS)), np.int64)]

    def add(self, block: Block) -> None:
        """Count the objects of a block."""
        pieces, _, count = self._components.add(block.row, block.column, block.valid & (block.codes >= self._code))
        if count:
            inside = pieces > 0
            keys = (pieces[inside].astype(np.int64) - 1) * len(KINDS) + kinds_of(block)[inside]
            self._overlaps.append(np.bincount(keys, minlength=count * len(KINDS)).reshape(count, len(KINDS)))

    def as_dict(self) -> dict[str, int]:
        """Return the number of objects on each of `KINDS`; objects on fractures are true."""
        pieces, roots = np.concatenate(self._overlaps), self._components.roots()
        overlaps = np.zeros_like(pieces)
        np.add.at(overlaps, roots, pieces)
        area = overlaps.sum(axis=1)
        overlaps = overlaps[(area > 0) & (area >= self._least_px)]
        return dict(zip(KINDS, np.bincount(_kind_of(overlaps), minlength=len(KINDS)).tolist(), strict=True))


def _kind_of(overlaps):
    """Return what each object lies on, as index in `KINDS`; `overlaps` (objects, kinds) are its pixels on each kind.

    A true thing goes before a seam or a shadow, even if it has fewer pixels, since these two are only looks of ordinary
    ground.
    """
    kind = np.full(len(overlaps), _BACKGROUND)
    least = KIND_SHARE * overlaps.sum(axis=1)
    for names in (LOOKS, THINGS):
        first = KINDS.index(names[0])
        part = overlaps[:, first : first + len(names)]
        kind = np.where(part.max(axis=1) >= least, first + part.argmax(axis=1), kind)
    return kind


def kinds_of(block: Block) -> np.ndarray:
    """Return the kind of each pixel of a block, as index in `KINDS`.

    It is the pixel's true class. Background that lies near a seam is of kind seam; other background in the dark is of
    kind shadow.
    """
    kinds = _KIND_OF_CLASS[block.truth]
    ground = kinds == _BACKGROUND
    for name, mask in (("shadow", block.dark), ("seam", block.seam)):
        if mask is not None:
            kinds[ground & mask] = KINDS.index(name)
    return kinds


def line_points(lines: np.ndarray, grid: MapGrid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows and columns (int) of points about a pixel apart along lines, and the index of each point's line."""
    parts, owner = shapely.get_parts(lines, return_index=True)
    # Line and outline may also meet in single points: leave them out.
    chosen = shapely.length(parts) > 0
    parts, owner = parts[chosen], owner[chosen]
    points, part = even_places(parts, np.maximum(1, np.rint(shapely.length(parts) / grid.resolution_m)).astype(int))
    row, column = (np.rint(values).astype(int) for values in grid.rowcol(*points.T))
    return row, column, owner[part]
