"""Brightness match between overlapping images, as ISIS's equalizer makes it: one gain and one offset for each image."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from ..core.choices import BRIGHTNESS_MATCHES
from ..core.errors import InputError
from ..core.limits import MOST_MATCHED, check_limit

if TYPE_CHECKING:
    from ..maps.grids import MapGrid
    from ..maps.image_layers import ImageLayer

_LEAST_OVERLAP_PX = 1000


@dataclass(frozen=True)
class BrightnessChange:
    """Change of the values of one image: (value - mean) * contrast + mean + offset."""

    contrast: float
    offset: float
    mean: float

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """Return the changed pixels."""
        if self == UNCHANGED:
            return pixels
        return (pixels - np.float32(self.mean)) * np.float32(self.contrast) + np.float32(self.mean + self.offset)


UNCHANGED = BrightnessChange(1.0, 0.0, 0.0)


def match_brightness(
    image_layers: "Sequence[ImageLayer]",
    grid: "MapGrid",
    method: str = "both",
    window_px: int = 1024,
    least_overlap_px: int = _LEAST_OVERLAP_PX,
) -> list[BrightnessChange]:
    """Return the changes that bring overlapping images closest to each other (`OverlapNormalization` of ISIS).

    For every pair of images, the mean and the standard deviation of both in their overlap are compared. The changes
    are a least-squares solution in which each overlap is weighted by its pixels, the mean of the offsets is 0 and the
    geometric mean of the gains is 1. An image without overlap is not changed.

    Parameters
    ----------
    image_layers : sequence of image_layers.ImageLayer
    grid : MapGrid
    method : str
        ``offset`` gives both images the same mean in an overlap; ``both`` gives them the same contrast, too; ``gain``
        gives them the same mean by a factor.
    window_px : int
        Side of the windows read at a time.
    least_overlap_px : int
        Smaller overlaps are ignored.

    Returns
    -------
    list of BrightnessChange

    Raises
    ------
    InputError
        If the method is unknown, or there are more images than `core.limits.MOST_MATCHED`.
    """
    if method not in BRIGHTNESS_MATCHES:
        raise InputError(
            "brightness match", f"unknown method '{method}'", f"use one of none, {', '.join(BRIGHTNESS_MATCHES)}"
        )
    remedy = "set processing.mosaic.brightness to none, or map with fewer images"
    check_limit(len(image_layers), MOST_MATCHED, "brightness match", "images, of which every pair is compared", remedy)
    sums, pairs = _measure(image_layers, grid, window_px)
    pairs = {pair: _statistics(moments) for pair, moments in pairs.items() if moments[0] >= least_overlap_px}
    pairs = {pair: values for pair, values in pairs.items() if min(values[1:]) > 0.0}
    count = len(image_layers)
    contrast, offset = np.ones(count), np.zeros(count)
    if method != "offset":
        first = 1 if method == "gain" else 3
        ratios = {pair: (values[0], np.log(values[first + 1] / values[first])) for pair, values in pairs.items()}
        contrast = np.exp(_solve(ratios, count))
    if method == "gain":
        return [BrightnessChange(factor, 0.0, 0.0) for factor in contrast]
    offset = _solve({pair: (values[0], values[2] - values[1]) for pair, values in pairs.items()}, count)
    means = sums[:, 1] / np.maximum(sums[:, 0], 1)
    return [BrightnessChange(*change) for change in zip(contrast, offset, means, strict=True)]


def _measure(image_layers, grid, window_px):
    """Return pixels and sum (images, 2) of each image; and by overlap: pixels, sums and sums of squares of both."""
    sums, pairs = np.zeros((len(image_layers), 2)), {}
    for row, column, window in grid.blocks(window_px):
        there = []
        for number, layer in enumerate(image_layers):
            pixels = layer.read(row, column, *window.shape)
            if pixels is not None:
                valid = np.isfinite(pixels)
                sums[number] += valid.sum(), pixels[valid].sum(dtype=float)
                there.append((number, pixels, valid))
        for (one, a, valid_a), (other, b, valid_b) in combinations(there, 2):
            both = valid_a & valid_b
            if both.any():
                a_both, b_both = a[both].astype(float), b[both].astype(float)
                parts = (a_both, b_both, a_both**2, b_both**2)
                pairs.setdefault((one, other), np.zeros(5))[:] += [both.sum(), *(part.sum() for part in parts)]
    return sums, pairs


def _statistics(moments):
    """Return pixels, means and standard deviations of an overlap."""
    pixels, *sums = moments
    means = np.array(sums[:2]) / pixels
    deviations = np.sqrt(np.maximum(np.array(sums[2:]) / pixels - means**2, 0.0))
    return pixels, *means, *deviations


def _solve(differences, count):
    """Solve x_i - x_j = difference of each pair (i, j) by weighted least squares, so that the mean of x is 0."""
    design, wanted = np.zeros((len(differences), count)), np.zeros(len(differences))
    for index, ((one, other), (weight, difference)) in enumerate(differences.items()):
        root = np.sqrt(weight)
        design[index, one], design[index, other], wanted[index] = root, -root, root * difference
    return np.linalg.lstsq(design, wanted, rcond=None)[0] if len(differences) else np.zeros(count)
