"""Work on maps block by block: find where they have data, and write probabilities."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from ..core.errors import InputError
from ..learning.probability_calibration import ProbabilityCalibration
from ..maps.probability_raster import CODES, NODATA
from ..maps.window_reading import SharedReader, map_in_order

# Sides in pixels: of the blocks that are read and written, and of the cells that note where an image has data.
READ_BLOCK = 1024
CELL = 32
# Probabilities are kept as 16-bit numbers until they are on the map, so that they are rounded to 8 bit only once.
SCRATCH_ONE = 65535


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
        valid = np.isfinite(pixels)
        if not valid.any():
            return None
        inside = pixels[valid]
        return valid, pixels[::8, ::8][valid[::8, ::8]], float(inside.min()), float(inside.max())

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


def write_block(dataset: DatasetWriter, row: int, column: int, block: np.ndarray) -> None:
    """Write the part of a block that lies on the raster."""
    rows, columns = min(READ_BLOCK, dataset.height - row), min(READ_BLOCK, dataset.width - column)
    dataset.write(block[:rows, :columns], 1, window=Window(column, row, columns, rows))


def map_codes(values: np.ndarray, valid: np.ndarray, calibration: ProbabilityCalibration | None = None) -> np.ndarray:
    """Return the 8-bit codes of the network's 16-bit probabilities (0..`SCRATCH_ONE`).

    Parameters
    ----------
    values : ndarray
    valid : ndarray
        bool, same shape; there is no data elsewhere.
    calibration : ProbabilityCalibration, optional
        Applied before the probabilities are rounded to 8 bit.
    """
    levels = values * (CODES / SCRATCH_ONE)
    if calibration is not None:
        levels = calibration.of_image(levels / CODES) * CODES
    return np.where(valid, np.rint(levels).astype(np.uint8), np.uint8(NODATA))


def write_codes(
    codes: Callable[[tuple[int, int]], np.ndarray], seen: np.ndarray, out: DatasetWriter, threads: int
) -> None:
    """Write a probability raster block by block: ``codes((row, column))``, and no data in blocks without data."""
    blocks = set(seen_blocks(out.shape, seen))

    def block_codes(block):
        return codes(block) if block in blocks else np.full((READ_BLOCK, READ_BLOCK), NODATA, np.uint8)

    every = all_blocks(out.shape)
    with ThreadPoolExecutor(threads) as pool:
        for block, values in zip(every, map_in_order(pool, block_codes, every, 2 * threads), strict=True):
            write_block(out, *block, values)
