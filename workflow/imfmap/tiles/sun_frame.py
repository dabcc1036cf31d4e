"""The Sun-aligned frame: pixels turned so that the Sun always comes from the left.

In one image a crack and a ridge differ only in which of their sides is lit. In this frame the lit side of a crack is
always the right one, and a network need not learn the same shape under every Sun.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import map_coordinates, uniform_filter

LEFT_DEG = 270.0
NEIGHBOURHOOD_PX = 129


@dataclass(frozen=True)
class SunFrame:
    """Rotation between map pixels (row, column) and Sun-aligned pixels (v down, u right) about a common centre.

    Attributes
    ----------
    sun_azimuth_deg : float
        Direction towards the Sun on the map, clockwise from up.
    row, column : float
        Map pixel of the origin (v, u) = (0, 0).
    """

    sun_azimuth_deg: float
    row: float = 0.0
    column: float = 0.0

    @property
    def _cos_sin(self):
        angle = np.radians(self.sun_azimuth_deg - LEFT_DEG)
        return np.cos(angle), np.sin(angle)

    def to_map(self, v: ArrayLike, u: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return map row, column of aligned pixels; arrays broadcast."""
        cos, sin = self._cos_sin
        v, u = np.asarray(v, float), np.asarray(u, float)
        return self.row + cos * v + sin * u, self.column - sin * v + cos * u

    def from_map(self, row: ArrayLike, column: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return aligned v, u of map pixels; arrays broadcast."""
        cos, sin = self._cos_sin
        row, column = np.asarray(row, float) - self.row, np.asarray(column, float) - self.column
        return cos * row - sin * column, sin * row + cos * column


def sample(array: np.ndarray, row: np.ndarray, column: np.ndarray, order: int = 1, fill: float = 0) -> np.ndarray:
    """Return values of an array (rows, columns) at fractional pixel positions; `fill` outside it."""
    return map_coordinates(array, [row, column], order=order, mode="constant", cval=fill, prefilter=False)


def sample_brightness(brightness: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Return relative brightness at fractional pixel positions, as 8-bit network input.

    Parameters
    ----------
    brightness : ndarray
        uint8 (rows, columns) from `relative_brightness`, 0 for no data.
    row, column : ndarray
        Positions: arrays of one shape.

    Returns
    -------
    ndarray
        uint8 in that shape; 0 where one of the four pixels around has no data.
    """
    extents = zip((row, column), brightness.shape, strict=True)
    # Most windows have data everywhere; then the positions need no check one by one.
    whole = brightness.all() and all(place.min() >= 0 and place.max() <= extent - 1 for place, extent in extents)
    valid = whole or sample((brightness > 0).astype(np.float32), row, column) > 0.999
    values = np.rint(sample(brightness.astype(np.float32), row, column))
    return np.where(valid, np.maximum(values, 1), 0).astype(np.uint8)


def relative_brightness(
    image: np.ndarray, neighbourhood_px: int = NEIGHBOURHOOD_PX, median: float | None = None
) -> np.ndarray:
    """Return brightness relative to its surroundings, as 8-bit network input.

    Division by the local mean removes albedo, exposure and the slow part of photometry, which differ between images.
    It keeps the shading of metre-scale relief, which shows fractures.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN where there is no data.
    neighbourhood_px : int
        Side of the square over which the surroundings are averaged (twice, which is a triangular kernel).
    median : float, optional
        Median I/F of the whole image, if `image` is a block of it. With it, a block gives the same values as the whole
        image, except in a margin of `neighbourhood_px` - 1 pixels along edges that are not the image's.

    Returns
    -------
    ndarray
        uint8 (rows, columns): 100 is the brightness of the surroundings, 0 no data, 1 full shadow.
    """
    valid = np.isfinite(image)
    if not valid.any():
        return np.zeros(image.shape, np.uint8)
    filled = _averaged_twice(np.where(valid, image, 0.0).astype(np.float32), neighbourhood_px)
    # Blocks have few shapes and mostly no gaps, so their weights are cached. A whole image's weights are used once.
    if median is not None and valid.all():
        weight = _weight_of_all(image.shape, neighbourhood_px)
    else:
        weight = _averaged_twice(valid.astype(np.float32), neighbourhood_px)
    # Deep in a wide shadow the surroundings are dark, too. Without a floor, its noise would look like relief.
    floor = 0.05 * float(np.median(image[valid]) if median is None else median)
    around = np.maximum(filled / np.maximum(weight, 1e-6), max(floor, 1e-9))
    scaled = np.clip(np.rint(100.0 * np.where(valid, image, 0.0) / around), 1, 255)
    return np.where(valid, scaled, 0).astype(np.uint8)


def _averaged_twice(values, neighbourhood_px):
    for _ in range(2):
        values = uniform_filter(values, neighbourhood_px, mode="constant")
    return values


@lru_cache(maxsize=2)
def _weight_of_all(shape, neighbourhood_px):
    """Return the share of each pixel's surroundings that lies on a block without gaps."""
    weight = _averaged_twice(np.ones(shape, np.float32), neighbourhood_px)
    weight.flags.writeable = False
    return weight
