"""A map beside its truth, its labels and its image, read block by block."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation

from .errors import InputError
from .grids import MapGrid
from .probability import CODES, NODATA
from .products import ImageFacts
from .rasters import open_raster, read_window
from .shadows import SHADOW_RANGE, neighbourhood_px, surrounding_brightness

BLOCK_PX = 1024
# How close to a seam is near it: with 3 px of 1.5 m as close as the filter of the map looks.
SEAM_PX = 3
# Brightness, relative to the image's median, of what is in shadow.
DARK = sum(SHADOW_RANGE) / 2
_OVERVIEW_PX = 1024


@dataclass
class Block:
    """A part of a scene; all arrays (rows, columns).

    Attributes
    ----------
    row, column : int
        Its upper left pixel.
    grid : MapGrid
    codes : ndarray
        uint8, probabilities as `probability.encode` gives them.
    valid : ndarray
        bool, where there is a probability and an image.
    truth : ndarray
        uint8, see `truth.CLASSES`.
    labels : ndarray
        bool
    dark, shadow : ndarray or None
        bool, pixels that are dark themselves, and those whose surroundings are; None without a projected image.
    seam : ndarray or None
        bool, near a seam of the mosaic; None without its sources.
    """

    row: int
    column: int
    grid: MapGrid
    codes: np.ndarray
    valid: np.ndarray
    truth: np.ndarray
    labels: np.ndarray
    dark: np.ndarray | None = None
    shadow: np.ndarray | None = None
    seam: np.ndarray | None = None


class Scene:
    """Rasters on one grid, open for reading; use it in a ``with``.

    Parameters
    ----------
    paths : mapping
        `truth`, `labels` (0/1), and, where there are any, `probability` (without it the labels are taken for a map that
        is sure of itself), `image` (a projected image, or a mosaic: 8-bit) and `sources` of a mosaic.

    Attributes
    ----------
    grid : MapGrid
    facts : ImageFacts or None
        Of the image, where it is a projected one.

    Raises
    ------
    InputError
        On entering: where the rasters are on different grids, or the image has no valid pixel.
    """

    def __init__(self, paths):
        self._paths = {name: path for name, path in paths.items() if path}
        self._stack = ExitStack()
        self._rasters, self.facts, self._median, self._margin = {}, None, None, 0

    def __enter__(self):
        with ExitStack() as stack:
            for name, path in self._paths.items():
                self._rasters[name] = stack.enter_context(open_raster(path))
            truth = self._rasters["truth"]
            self.grid = MapGrid.of(truth)
            for name, dataset in self._rasters.items():
                if dataset.shape != truth.shape or not np.allclose(dataset.transform, truth.transform):
                    raise InputError(
                        self._paths[name], f"is not on the grid of {self._paths['truth']}", "make both for one target"
                    )
            image = self._rasters.get("image")
            if image is not None and np.issubdtype(np.dtype(image.dtypes[0]), np.floating):
                self.facts = ImageFacts.from_tags(image.tags(), self._paths["image"])
                self._median = _median(image, self._paths["image"])
                self._margin = neighbourhood_px(self.grid.resolution_m) // 2
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def blocks(self):
        """Yield the blocks, row by row from left to right; those without a valid pixel are left out."""
        for row, column, grid in self.grid.blocks(BLOCK_PX):
            block = self._block(row, column, grid)
            if block.valid.any():
                yield block

    def _block(self, row, column, grid):
        def read(name, margin=0):
            extents = (extent + 2 * margin for extent in grid.shape)
            return read_window(self._rasters[name], row - margin, column - margin, *extents)

        labels = read("labels") > 0
        codes = read("probability") if "probability" in self._rasters else np.where(labels, CODES, 0).astype(np.uint8)
        block = Block(row, column, grid, codes, codes != NODATA, read("truth"), labels)
        if self.facts is not None:
            image = read("image", self._margin)
            dark = DARK * self._median
            around = surrounding_brightness(image, 2 * self._margin + 1)
            block.shadow, block.dark = _inner(around, self._margin) < dark, _inner(image, self._margin) < dark
            block.valid &= np.isfinite(_inner(image, self._margin))
        elif "image" in self._rasters:
            block.valid &= read("image") != (self._rasters["image"].nodata or 0)
        if "sources" in self._rasters:
            block.seam = _inner(_near_seams(read("sources", SEAM_PX)), SEAM_PX)
        return block


def _median(image, path):
    """Median I/F of an image, of its overview where it is large."""
    factor = max(1, max(image.shape) // _OVERVIEW_PX)
    coarse = image.read(1, out_shape=tuple(-(-extent // factor) for extent in image.shape))
    if not np.isfinite(coarse).any():
        raise InputError(path, "has no valid pixel", "leave the image out")
    return float(np.nanmedian(coarse))


def _near_seams(sources):
    """Pixels within `SEAM_PX` of a change from one source to another; edges towards no data are no seams."""
    seam = np.zeros(sources.shape, bool)
    for axis in (0, 1):
        one, other = np.moveaxis(sources, axis, 0)[:-1], np.moveaxis(sources, axis, 0)[1:]
        changes = (one != other) & (one != 0) & (other != 0)
        beside = np.moveaxis(seam, axis, 0)
        beside[:-1] |= changes
        beside[1:] |= changes
    return binary_dilation(seam, np.ones((2 * SEAM_PX - 1,) * 2))


def _inner(array, margin):
    return array[margin:-margin, margin:-margin] if margin else array
