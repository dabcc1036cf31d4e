"""Read a map together with its truth, its labels and its image, block by block."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation

from ..core.errors import InputError
from ..inference.shadows import SHADOW_RANGE, neighbourhood_px, surrounding_brightness
from ..maps.alignment import check_same_pixels
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG, ImageFacts
from ..maps.probability_raster import CODES, NODATA
from ..maps.rasters import open_raster, read_window

BLOCK_PX = 1024
# A pixel within this distance is near a seam: with pixels of 1.5 m, the distance that the map's filter uses.
SEAM_PX = 3
# Brightness, relative to the image's median, below which a place is in shadow.
DARK = sum(SHADOW_RANGE) / 2
_OVERVIEW_PX = 1024


@dataclass
class Block:
    """A part of a scene; all arrays have the shape (rows, columns).

    Attributes
    ----------
    row, column : int
        Upper left pixel.
    grid : MapGrid
    codes : ndarray
        uint8, probabilities as `probability_raster.encode` returns them.
    valid : ndarray
        bool, pixels with a probability and with image data.
    truth : ndarray
        uint8, see `truth_classes.CLASSES`.
    labels : ndarray
        bool, weak labels.
    dark, shadow : ndarray or None
        bool, pixels that are dark themselves, and pixels whose surroundings are dark (a fracture is dark, too); None
        without a projected image.
    seam : ndarray or None
        bool, pixels near a seam of the mosaic; None without its sources.
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
    """Rasters on one grid, open for reading; a context.

    Parameters
    ----------
    paths : mapping
        Files by name: `truth` and `labels` (0/1); optional are `probability` (without it the labels are used as a map
        of the probabilities 0 and 1), `image` (a projected image, or a mosaic, which is 8-bit) and `sources` of a
        mosaic. A path that is None counts as missing.
    shown : sequence of path
        Projected images that a mosaic was made of. They tell its shadows: at each pixel the image that the mosaic shows
        there.

    Attributes
    ----------
    grid : MapGrid
    facts : ImageFacts or None
        Facts of the image; None if it is not a projected image.
    mapped : path
        Raster of probability, or, without it, the labels.

    Raises
    ------
    InputError
        On entering the context: if the rasters are on different grids, if an image has no valid pixel, or if the
        sources name an image that is not among `shown`.
    """

    def __init__(self, paths: Mapping[str, str | Path | None], shown: Sequence[str | Path] = ()):
        self._paths = {name: path for name, path in paths.items() if path}
        self._shown, self.mapped = shown, self._paths.get("probability", self._paths["labels"])
        self._stack = ExitStack()
        self._rasters, self._lights, self.facts = {}, {}, None

    def __enter__(self):
        with ExitStack() as stack:
            with open_raster(self._paths["truth"]) as truth:
                self.grid = MapGrid.of(truth)
            self._rasters = {name: self._open_aligned(stack, path) for name, path in self._paths.items()}
            image = self._rasters.get("image")
            if image is not None and np.issubdtype(np.dtype(image.dtypes[0]), np.floating):
                self._lights = {1: _Light(image, self._paths["image"])}
                self.facts = self._lights[1].facts
            elif self._shown and "sources" in self._rasters:
                self._lights = self._lights_of_mosaic(stack)
            self._stack = stack.pop_all()
        return self

    def _lights_of_mosaic(self, stack):
        """Return the light (`_Light`) of each image of a mosaic, by its number among the sources."""
        lights = [_Light(self._open_aligned(stack, path), path) for path in self._shown]
        lights = {light.facts.product: light for light in lights}
        products = self._rasters["sources"].tags().get(PRODUCTS_TAG, "").split(",")
        missing = [product for product in products if product not in lights]
        if missing:
            found = f"is made of image '{missing[0]}', which is not among those given"
            raise InputError(self._paths["sources"], found, "give all images of the mosaic")
        return {number: lights[product] for number, product in enumerate(products, start=1)}

    def _open_aligned(self, stack, path):
        """Open a raster and check that it lies on the scene's grid."""
        dataset = stack.enter_context(open_raster(path))
        check_same_pixels(dataset, self.grid, self._paths["truth"])
        return dataset

    def __exit__(self, *_):
        self._stack.close()

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks that have a valid pixel, row by row from left to right."""
        for row, column, grid in self.grid.blocks(BLOCK_PX):
            block = self._block(row, column, grid)
            if block.valid.any():
                yield block

    def _block(self, row, column, grid):
        def read(name, margin=0):
            extents = (extent + 2 * margin for extent in grid.shape)
            return read_window(self._rasters[name], row - margin, column - margin, *extents)

        labels = read("labels") == 1
        codes = read("probability") if "probability" in self._rasters else np.where(labels, CODES, 0).astype(np.uint8)
        block = Block(row, column, grid, codes, codes != NODATA, read("truth"), labels)
        if "sources" in self._rasters:
            sources = read("sources", SEAM_PX)
            block.seam, shows = (_inner(array, SEAM_PX) for array in (_near_seams(sources), sources))
        if self.facts is not None:
            shows = np.ones(grid.shape, np.uint8)
        elif "image" in self._rasters:
            block.valid &= read("image") != (self._rasters["image"].nodata or 0)
        if self._lights:
            block.shadow, block.dark = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
            for number in np.unique(shows[shows > 0]).tolist():
                seen, shadow, dark = self._lights[number].of(row, column, grid.shape)
                here = shows == number
                block.shadow |= here & shadow
                block.dark |= here & dark
                block.valid &= seen | ~here
        return block


class _Light:
    """Light and shadow in a projected image."""

    def __init__(self, image, path):
        self.facts = ImageFacts.from_tags(image.tags(), path)
        self._image, self._dark = image, DARK * _median(image, path)
        self._margin = neighbourhood_px(MapGrid.of(image).resolution_m) // 2

    def of(self, row, column, shape):
        """Return which pixels have data, which have dark surroundings, and which are dark themselves: bool."""
        margin = self._margin
        rows, columns = (extent + 2 * margin for extent in shape)
        image = read_window(self._image, row - margin, column - margin, rows, columns)
        around, image = (_inner(array, margin) for array in (surrounding_brightness(image, 2 * margin + 1), image))
        return np.isfinite(image), around < self._dark, image < self._dark


def _median(image, path):
    """Return the median I/F of an image; of a large image that of an overview."""
    factor = max(1, max(image.shape) // _OVERVIEW_PX)
    coarse = image.read(1, out_shape=tuple(-(-extent // factor) for extent in image.shape))
    if not np.isfinite(coarse).any():
        raise InputError(path, "has no valid pixel", "leave the image out")
    return float(np.nanmedian(coarse))


def _near_seams(sources):
    """Return the pixels within `SEAM_PX` of a change from one source to another; edges to no data do not count."""
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
