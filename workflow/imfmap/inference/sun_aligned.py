"""Images of any size in the Sun-aligned frame: brightness, windows, and the result turned back to the map."""

from collections.abc import Callable

import numpy as np
from rasterio.io import DatasetWriter

from ..learning.probability_calibration import ProbabilityCalibration
from ..maps.window_reading import SharedReader
from ..tiles.sun_frame import NEIGHBOURHOOD_PX, SunFrame, relative_brightness, sample, sample_brightness
from .lattice import Lattice
from .map_blocks import CELL, READ_BLOCK, map_codes, write_codes


def aligned_lattice(frame: SunFrame, seen: np.ndarray, size_px: int, overlap: float) -> tuple[Lattice, np.ndarray]:
    """Return the windows of a Sun-aligned frame that cover an image's valid cells.

    Parameters
    ----------
    frame : SunFrame
    seen : ndarray
        bool, see `map_blocks.survey_image`.
    size_px : int
        Side of a window.
    overlap : float
        Share of their side by which neighbouring windows overlap, 0..0.9.

    Returns
    -------
    lattice : Lattice
        In aligned pixels.
    wanted : ndarray
        bool (rows, columns): the windows that hold data.
    """
    # Every pixel of a cell lies within this distance of its centre, and interpolation reaches one pixel further.
    reach = CELL * np.sqrt(0.5) + 2
    row, column = np.nonzero(seen)
    v, u = frame.from_map((row + 0.5) * CELL - 0.5, (column + 0.5) * CELL - 0.5)
    top, left = int(np.floor(v.min() - reach)), int(np.floor(u.min() - reach))
    height, width = np.ceil(v.max() + reach) - top + 1, np.ceil(u.max() + reach) - left + 1
    lattice = Lattice.covering(top, left, int(height), int(width), size_px, overlap)
    wanted = np.zeros((lattice.rows, lattice.columns), bool)
    first_i, last_i = _touching(v - lattice.v, reach, lattice, lattice.rows)
    first_j, last_j = _touching(u - lattice.u, reach, lattice, lattice.columns)
    for i in range((last_i - first_i).max() + 1):
        for j in range((last_j - first_j).max() + 1):
            wanted[np.minimum(first_i + i, last_i), np.minimum(first_j + j, last_j)] = True
    return lattice, wanted


def _touching(position, reach, lattice, count):
    """Return the first and last window, along one axis of a lattice, that lie within `reach` of each position."""
    first = np.ceil((position - reach - lattice.size_px) / lattice.step_px)
    last = np.floor((position + reach) / lattice.step_px)
    return np.clip(first, 0, count - 1).astype(int), np.clip(last, 0, count - 1).astype(int)


def brightness_of(
    reader: SharedReader, shape: tuple[int, int], median: float
) -> Callable[[tuple[int, int]], np.ndarray]:
    """Return a function that computes the relative brightness of blocks of an image, for `map_blocks.write_pixels`.

    The result is that of `sun_frame.relative_brightness` for the whole image at once.

    Parameters
    ----------
    reader : window_reading.SharedReader
        Reads the image's I/F; NaN outside of it.
    shape : tuple of int
        Rows and columns of the image.
    median : float
        Of its I/F.
    """
    margin = NEIGHBOURHOOD_PX - 1

    def brightness(block):
        # There is no margin beyond the raster's edges: the same happens if the whole image is computed at once.
        top, left = (max(0, start - margin) for start in block)
        bottom, right = (min(extent, start + READ_BLOCK + margin) for start, extent in zip(block, shape, strict=True))
        values = relative_brightness(reader(top, left, bottom - top, right - left), median=median)
        return values[block[0] - top :, block[1] - left :][:READ_BLOCK, :READ_BLOCK]

    return brightness


def _patch(reader, positions):
    """Return the pixels around fractional positions, and the positions within them."""
    top, left, bottom, right = positions.bounds()
    top, left = int(np.floor(top)) - 1, int(np.floor(left)) - 1
    bottom, right = int(np.ceil(bottom)) + 2, int(np.ceil(right)) + 2
    return reader(top, left, bottom - top, right - left), positions.within(top, left)


def aligned_window(
    reader: Callable[[int, int, int, int], np.ndarray], frame: SunFrame, v: int, u: int, size_px: int
) -> np.ndarray:
    """Return the window of the Sun-aligned frame at an upper left pixel (v, u), uint8 (S, S), from a map's raster."""
    steps = np.arange(size_px)
    return sample_brightness(*_patch(reader, frame.on_map(v + steps, u + steps)))


def rotate_to_map(
    probability: Callable[[int, int, int, int], np.ndarray],
    brightness: Callable[[int, int, int, int], np.ndarray],
    frame: SunFrame,
    lattice: Lattice,
    seen: np.ndarray,
    out: DatasetWriter,
    threads: int,
    calibration: ProbabilityCalibration | None = None,
) -> None:
    """Turn probabilities from the Sun-aligned frame to the map; write them where the image has data.

    Parameters
    ----------
    probability : callable
        Reads windows (row, column, rows, columns) of the lattice's span, uint16, 0..`blending_numba.SCRATCH_ONE`.
    brightness : callable
        Reads windows of the pixels of `brightness_of`; 0 for no data.
    frame : SunFrame
    lattice : Lattice
    seen : ndarray
        bool, see `map_blocks.survey_image`.
    out : rasterio.io.DatasetWriter
        8-bit probability raster.
    threads : int
    calibration : ProbabilityCalibration, optional
        See `map_blocks.map_codes`.
    """
    steps = np.arange(READ_BLOCK)

    def codes(block):
        positions = frame.in_frame(block[0] + steps, block[1] + steps).within(lattice.v, lattice.u)
        values = sample(*_patch(probability, positions))
        valid = brightness(*block, READ_BLOCK, READ_BLOCK) != 0
        return map_codes(values, valid, calibration)

    write_codes(codes, seen, out, threads)
