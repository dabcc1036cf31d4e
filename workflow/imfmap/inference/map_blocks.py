"""Work on maps block by block: find where they have data, and write probabilities."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from ..core.errors import InputError
from ..core.files import replacing
from ..core.scratch import RowFile
from ..learning.probability_calibration import ProbabilityCalibration
from ..maps.probability_raster import CODES, NODATA
from ..maps.stretching import stretch_to_8bit
from ..maps.window_reading import SharedReader, map_in_order
from .blending_numba import SCRATCH_ONE, looked_up, valid_and_extremes

# Sides in pixels: of the blocks that are read and written, and of the cells that note where an image has data.
READ_BLOCK = 1024
CELL = 32
# Lines that are worked on at a time, so that what is made of them stays in the processor's cache.
_LINES = 64


@dataclass(frozen=True)
class ImageSurvey:
    """Where an image has data, and how bright it is.

    Attributes
    ----------
    seen : ndarray
        bool, one value for each cell of `CELL` x `CELL` pixels: whether any of its pixels has data.
    median : float
        Median I/F of a regular sample of the valid pixels; 0 if no pixel of the sample is valid.
    limits : tuple of float
        Smallest and largest I/F of the valid pixels.
    """

    seen: np.ndarray
    median: float
    limits: tuple


def no_cells(shape: tuple[int, int]) -> np.ndarray:
    """Return the cells of a raster of `shape` pixels, bool: none of them is marked as seen yet."""
    return np.zeros([-(-extent // CELL) for extent in shape], bool)


def mark_seen(seen: np.ndarray, row: int, column: int, valid: np.ndarray) -> None:
    """Mark the cells in which a block has data.

    The block begins at pixel (row, column), a multiple of `CELL`; `valid` is bool, `READ_BLOCK` pixels on a side.
    """
    cells = valid.reshape(READ_BLOCK // CELL, CELL, -1, CELL).any(axis=(1, 3))
    part = seen[row // CELL :, column // CELL :][: cells.shape[0], : cells.shape[1]]
    part[:] = cells[: part.shape[0], : part.shape[1]]


def survey_image(reader: SharedReader, shape: tuple[int, int], path: str | Path, threads: int) -> ImageSurvey:
    """Find where an image has data, and how bright it is.

    Parameters
    ----------
    reader : window_reading.SharedReader
        Reads the image; NaN outside of it.
    shape : tuple of int
        Rows and columns of the image.
    path : path
        File of the image, for the error message.
    threads : int

    Raises
    ------
    InputError
        If no pixel is valid.
    """

    def look(block):
        pixels = reader(*block, READ_BLOCK, READ_BLOCK)
        valid, *extremes = valid_and_extremes(pixels)
        if not valid.any():
            return None
        return valid, pixels[::8, ::8][valid[::8, ::8]], *map(float, extremes)

    seen, values, least, largest = no_cells(shape), [], [], []
    blocks = all_blocks(shape)
    with ThreadPoolExecutor(threads) as pool:
        for block, found in zip(blocks, map_in_order(pool, look, blocks, 2 * threads), strict=True):
            if found is not None:
                mark_seen(seen, *block, found[0])
                for gathered, value in zip((values, least, largest), found[1:], strict=True):
                    gathered.append(value)
    if not seen.any():
        raise InputError(path, "has no valid pixel", "check that the image covers the target")
    values = np.concatenate(values)
    return ImageSurvey(seen, float(np.median(values)) if values.size else 0.0, (min(least), max(largest)))


def all_blocks(shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the first pixels (row, column) of all blocks of a raster, `READ_BLOCK` pixels on a side."""
    return [(row, column) for row in range(0, shape[0], READ_BLOCK) for column in range(0, shape[1], READ_BLOCK)]


def seen_blocks(shape: tuple[int, int], seen: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the blocks of `all_blocks` that hold data."""
    cells = READ_BLOCK // CELL
    for row, column in all_blocks(shape):
        if seen[row // CELL : row // CELL + cells, column // CELL : column // CELL + cells].any():
            yield row, column


def write_pixels(
    make: Callable[[tuple[int, int]], np.ndarray], shape: tuple[int, int], seen: np.ndarray, path: Path, threads: int
) -> RowFile:
    """Write the network's 8-bit input of a whole image, block by block, for use during its inference.

    So each pixel is decoded and made 8-bit once, in how many windows soever it lies.

    Parameters
    ----------
    make : callable
        ``make((row, column))`` returns the uint8 pixels of a block, `READ_BLOCK` on a side; 0 for no data. Called from
        several threads.
    shape : tuple of int
        Rows and columns of the image.
    seen : ndarray
        bool, see `survey_image`.
    path : path
        A file that exists is left as it is.
    threads : int

    Returns
    -------
    RowFile
        Reads windows of the pixels; 0 beyond the edges.
    """
    if not path.exists():
        blocks = list(seen_blocks(shape, seen))
        with replacing(path) as temporary, ThreadPoolExecutor(threads) as pool:
            pixels = RowFile(temporary, shape, np.uint8)
            for block, values in zip(blocks, map_in_order(pool, make, blocks, 2 * threads), strict=True):
                pixels.write(*block, _inside(values, *block, shape))
    return RowFile(path, shape, np.uint8)


def stretched(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    """Return I/F (rows, columns) as 8 bit; see `stretching.stretch_to_8bit`."""
    out = np.empty(values.shape, np.uint8)
    for first in range(0, len(values), _LINES):
        out[first : first + _LINES] = stretch_to_8bit(values[first : first + _LINES], limits)
    return out


def _inside(values, row, column, shape):
    """Return the part of a block that lies on a raster."""
    return values[: shape[0] - row, : shape[1] - column]


def map_codes(values: np.ndarray, valid: np.ndarray, calibration: ProbabilityCalibration | None = None) -> np.ndarray:
    """Return the 8-bit codes of the network's 16-bit probabilities (0..`blending_numba.SCRATCH_ONE`).

    Parameters
    ----------
    values : ndarray
        uint16, or float32 between such numbers.
    valid : ndarray
        bool, same shape; there is no data elsewhere.
    calibration : ProbabilityCalibration, optional
        Applied before the probabilities are rounded to 8 bit.
    """
    if values.dtype == np.uint16:
        return looked_up(values, valid, _code_table(calibration), NODATA)
    codes = _codes(values, calibration)
    codes[~valid] = NODATA
    return codes


@lru_cache(maxsize=2)
def _code_table(calibration):
    """Return the codes of all 16-bit probabilities."""
    return _codes(np.arange(SCRATCH_ONE + 1, dtype=np.uint16), calibration)


def _codes(values, calibration):
    levels = values * (CODES / SCRATCH_ONE)
    if calibration is not None:
        levels = calibration.of_image(levels / CODES) * CODES
    return np.rint(levels, out=levels).astype(np.uint8)


def write_codes(
    codes: Callable[[tuple[int, int]], np.ndarray], seen: np.ndarray, out: DatasetWriter, threads: int
) -> None:
    """Write a probability raster block by block: ``codes((row, column))``, and no data in blocks without data."""
    blocks = set(seen_blocks(out.shape, seen))

    def block_codes(block):
        return codes(block) if block in blocks else np.full((READ_BLOCK, READ_BLOCK), NODATA, np.uint8)

    every = all_blocks(out.shape)
    with ThreadPoolExecutor(threads) as pool:
        for (row, column), values in zip(every, map_in_order(pool, block_codes, every, 2 * threads), strict=True):
            values = _inside(values, row, column, out.shape)
            out.write(values, 1, window=Window(column, row, *values.shape[::-1]))
