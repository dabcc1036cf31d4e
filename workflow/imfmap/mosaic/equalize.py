"""Brightness match between overlapping images, as ISIS's equalizer makes it: a gain and an offset an image."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..core.choices import BRIGHTNESS_MATCHES
from ..core.errors import InputError

_LEAST_OVERLAP_PX = 1000


@dataclass(frozen=True)
class BrightnessChange:
    """What is done to one image: (value - mean) * contrast + mean + offset, or value * contrast with mean 0."""

    contrast: float
    offset: float
    mean: float

    def apply(self, pixels):
        """Changed pixels."""
        if self == UNCHANGED:
            return pixels
        return (pixels - np.float32(self.mean)) * np.float32(self.contrast) + np.float32(self.mean + self.offset)


UNCHANGED = BrightnessChange(1.0, 0.0, 0.0)


def match_brightness(image_layers, grid, method="both", window_px=1024, least_overlap_px=_LEAST_OVERLAP_PX):
    """Changes that bring overlapping images closest to each other (`OverlapNormalization` of ISIS).

    For every pair the mean and the standard deviation of both images in their overlap are compared; the changes of
    all images are the least-squares solution, each overlap weighted by its pixels, that leaves the mean of the
    offsets 0 and that of the gains 1. An image without overlap is left as it is.

    Parameters
    ----------
    image_layers : sequence of image_layers.ImageLayer
    grid : MapGrid
    method : str
        ``offset``: the same mean in an overlap; ``both``: the same contrast, too; ``gain``: the same mean by a factor.
    window_px : int
        Side of the windows read at a time.
    least_overlap_px : int
        Smaller overlaps are not heeded.

    Returns
    -------
    list of BrightnessChange

    Raises
    ------
    InputError
        For an unknown method.
    """
    if method not in BRIGHTNESS_MATCHES:
        raise InputError(
            "brightness match", f"unknown method '{method}'", f"use one of none, {', '.join(BRIGHTNESS_MATCHES)}"
        )
    sums, pairs = _measure(image_layers, grid, window_px)
    pairs = {pair: _statistics(moments) for pair, moments in pairs.items() if moments[0] >= least_overlap_px}
    pairs = {pair: found for pair, found in pairs.items() if min(found[1:]) > 0.0}
    count = len(image_layers)
    contrast, offset = np.ones(count), np.zeros(count)
    if method != "offset":
        first = 1 if method == "gain" else 3
        ratios = {pair: (found[0], np.log(found[first + 1] / found[first])) for pair, found in pairs.items()}
        contrast = np.exp(_solve(ratios, count))
    if method == "gain":
        return [BrightnessChange(factor, 0.0, 0.0) for factor in contrast]
    offset = _solve({pair: (found[0], found[2] - found[1]) for pair, found in pairs.items()}, count)
    means = sums[:, 1] / np.maximum(sums[:, 0], 1)
    return [BrightnessChange(*change) for change in zip(contrast, offset, means, strict=True)]


def _measure(image_layers, grid, window_px):
    """Pixels and sum (images, 2) of each image; and of each overlap its pixels, sums and sums of squares of both."""
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
    """Pixels, means and standard deviations of an overlap."""
    pixels, *sums = moments
    means = np.array(sums[:2]) / pixels
    deviations = np.sqrt(np.maximum(np.array(sums[2:]) / pixels - means**2, 0.0))
    return pixels, *means, *deviations


def _solve(differences, count):
    """Unknowns x with x_i - x_j = difference of a pair (i, j), weighted, of least norm (so of mean 0)."""
    design, wanted = np.zeros((len(differences), count)), np.zeros(len(differences))
    for index, ((one, other), (weight, difference)) in enumerate(differences.items()):
        root = np.sqrt(weight)
        design[index, one], design[index, other], wanted[index] = root, -root, root * difference
    return np.linalg.lstsq(design, wanted, rcond=None)[0] if len(differences) else np.zeros(count)
