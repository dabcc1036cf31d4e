"""Maps block by block: where they have data, and how probabilities get onto them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from rasterio.windows import Window

from ..core.errors import InputError
from ..maps.probability_raster import CODES, NODATA
from ..maps.window_reading import map_in_order

READ_BLOCK = 1024
CELL = 32
# Probabilities wait in 16 bits until they are on the map, so that 8-bit rounding happens once.
SCRATCH_ONE = 65535


@dataclass(frozen=True)
class ImageSurvey:
    """Where an image has data, and how bright it is.

    Attributes
    ----------
    seen : ndarray
        bool, one value a cell of `CELL` x `CELL` pixels: whether any of them has data.
    median : float
        Median I/F of a regular sample of the valid pixels.
    limits : tuple of float
        Least and largest I/F of the valid pixels.
    """

    seen: np.ndarray
    median: float
    limits: tuple


def no_cells(shape):
    """Cells of a raster, none of them seen."""
    return np.zeros([-(-extent // CELL) for extent in shape], bool)


def mark_seen(seen, row, column, valid):
    """Mark the cells in which a block (bool, `READ_BLOCK` on a side, first pixel at a whole cell) has data."""
    cells = valid.reshape(READ_BLOCK // CELL, CELL, -1, CELL).any(axis=(1, 3))
    part = seen[row // CELL :, column // CELL :][: cells.shape[0], : cells.shape[1]]
    part[:] = cells[: part.shape[0], : part.shape[1]]


def survey_image(reader, shape, path, threads):
    """Survey of an image.

    Parameters
    ----------
    reader : window_reading.SharedReader
        Of the image, NaN outside.
    shape : tuple of int
    path : path
        Named in the message.
    threads : int

    Raises
    ------
    InputError
        Where no pixel is valid.
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


def all_blocks(shape):
    """(row, column) of the blocks of `READ_BLOCK` pixels of a raster."""
    return [(row, column) for row in range(0, shape[0], READ_BLOCK) for column in range(0, shape[1], READ_BLOCK)]


def seen_blocks(shape, seen):
    """Those of `all_blocks` that hold data."""
    cells = READ_BLOCK // CELL
    for row, column in all_blocks(shape):
        if seen[row // CELL : row // CELL + cells, column // CELL : column // CELL + cells].any():
            yield row, column


def write_block(dataset, row, column, block):
    """Write a block, as far as the raster goes."""
    rows, columns = min(READ_BLOCK, dataset.height - row), min(READ_BLOCK, dataset.width - column)
    dataset.write(block[:rows, :columns], 1, window=Window(column, row, columns, rows))


def map_codes(values, valid):
    """8-bit codes of probabilities in the scratch's 16 bits, where pixels are valid."""
    return np.where(valid, np.rint(values * (CODES / SCRATCH_ONE)).astype(np.uint8), np.uint8(NODATA))


def write_codes(codes, seen, out, threads):
    """Write a probability raster block by block: ``codes((row, column))``, and no data where nothing is seen."""
    blocks = set(seen_blocks(out.shape, seen))

    def block_codes(block):
        return codes(block) if block in blocks else np.full((READ_BLOCK, READ_BLOCK), NODATA, np.uint8)

    every = all_blocks(out.shape)
    with ThreadPoolExecutor(threads) as pool:
        for block, values in zip(every, map_in_order(pool, block_codes, every, 2 * threads), strict=True):
            write_block(out, *block, values)
