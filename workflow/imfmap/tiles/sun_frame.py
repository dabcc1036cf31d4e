"""The Sun-aligned frame: pixels turned so that the Sun always comes from the left.

In one image a crack and a ridge differ only in which of their sides is lit. In this frame the lit side of a crack is
always the right one, and a network need not learn the same shape under every Sun.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import map_coordinates

from .sampling_numba import averaged, interpolate, interpolate_brightness

LEFT_DEG = 270.0
NEIGHBOURHOOD_PX = 129


@dataclass(frozen=True)
class Positions:
    """Fractional pixel positions of a rectangle of pixels that lies turned in an array.

    Row and column of a position are sums of a term of its line and one of its place on the line, less the origin.

    Attributes
    ----------
    row, column : ndarray
        Terms of the lines, (lines,) float64.
    down, right : ndarray
        Terms of rows and of columns by the place on a line, (places,) float64.
    origins : tuple
        Two pairs: what is subtracted from the rows, and from the columns, one after the other.
    """

    row: np.ndarray
    column: np.ndarray
    down: np.ndarray
    right: np.ndarray
    origins: tuple = ((0.0, 0.0), (0.0, 0.0))

    def within(self, row: float, column: float) -> Self:
        """Return the positions in the part of the array that begins at (row, column)."""
        return replace(self, origins=((self.origins[0][1], row), (self.origins[1][1], column)))

    def bounds(self) -> tuple[float, float, float, float]:
        """Return the least row, the least column, the largest row and the largest column."""
        rows, columns = (self.row, self.down), (self.column, self.right)
        return tuple(
            sum(extreme(term) for term in terms) - first - second
            for extreme in (np.min, np.max)
            for terms, (first, second) in zip((rows, columns), self.origins, strict=True)
        )

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and columns of all positions, each (lines, places)."""
        (row, more_row), (column, more_column) = self.origins
        rows, columns = np.add.outer(self.row, self.down), np.add.outer(self.column, self.right)
        return rows - row - more_row, columns - column - more_column

    def terms(self) -> tuple[np.ndarray, ...]:
        """Return the arguments of the functions of `sampling_numba` that tell positions."""
        return self.row, self.column, self.down, self.right, np.array(self.origins, float)


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

    def on_map(self, v: np.ndarray, u: np.ndarray) -> Positions:
        """Return the map positions of aligned pixels of lines `v` (lines,) and places `u` (places,) on each line."""
        cos, sin = self._cos_sin
        v, u = np.asarray(v, float), np.asarray(u, float)
        return Positions(self.row + cos * v, self.column - sin * v, sin * u, cos * u)

    def in_frame(self, row: np.ndarray, column: np.ndarray) -> Positions:
        """Return the aligned positions of map pixels of rows (lines,) and columns (places,)."""
        cos, sin = self._cos_sin
        row, column = np.asarray(row, float) - self.row, np.asarray(column, float) - self.column
        return Positions(cos * row, sin * row, -(sin * column), cos * column)


def sample(array: np.ndarray, positions: Positions) -> np.ndarray:
    """Return values of an array (rows, columns) at fractional pixel positions, float32 (lines, places); 0 outside."""
    return interpolate(array, *positions.terms())


def sample_nearest(array: np.ndarray, positions: Positions) -> np.ndarray:
    """Return the pixels of an array (rows, columns) nearest to positions, (lines, places); 0 outside it."""
    return map_coordinates(array, positions.arrays(), order=0, mode="constant", prefilter=False)


def sample_brightness(brightness: np.ndarray, positions: Positions) -> np.ndarray:
    """Return relative brightness at fractional pixel positions, as 8-bit network input.

    Parameters
    ----------
    brightness : ndarray
        uint8 (rows, columns) from `relative_brightness`, 0 for no data.
    positions : Positions

    Returns
    -------
    ndarray
        uint8 (lines, places); 0 outside, and where one of the four pixels around has no data.
    """
    return interpolate_brightness(brightness, *positions.terms())


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
    whole = valid.all()
    lit = image if whole else np.where(valid, image, 0.0)
    filled = _averaged_twice(lit.astype(np.float32, copy=False), neighbourhood_px)
    # Blocks have few shapes and mostly no gaps, so their weights are cached. A whole image's weights are used once.
    if median is not None and whole:
        weight = _weight_of_all(image.shape, neighbourhood_px)
    else:
        weight = _averaged_twice(valid.astype(np.float32), neighbourhood_px)
    # Deep in a wide shadow the surroundings are dark, too. Without a floor, its noise would look like relief.
    floor = 0.05 * float(np.median(image[valid]) if median is None else median)
    # Each step writes over what the last one made: memory is what takes time here.
    around = np.maximum(weight, 1e-6)
    np.divide(filled, around, out=around)
    np.maximum(around, max(floor, 1e-9), out=around)
    scaled = 100.0 * lit
    scaled /= around
    np.clip(np.rint(scaled, out=scaled), 1, 255, out=scaled)
    result = scaled.astype(np.uint8)
    return result if whole else np.where(valid, result, np.uint8(0))


def _averaged_twice(values, neighbourhood_px):
    for _ in range(2):
        values = averaged(np.ascontiguousarray(values), neighbourhood_px)
    return values


@lru_cache(maxsize=2)
def _weight_of_all(shape, neighbourhood_px):
    """Return the share of each pixel's surroundings that lies on a block without gaps."""
    weight = _averaged_twice(np.ones(shape, np.float32), neighbourhood_px)
    weight.flags.writeable = False
    return weight
