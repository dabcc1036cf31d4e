"""An image of any size in the Sun-aligned frame: its brightness, its windows, and the way back to the map."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio
from affine import Affine

from ..core.files import replacing
from ..maps.rasters import BLOCK
from ..maps.window_reading import map_in_order
from ..tiles.sun_frame import NEIGHBOURHOOD_PX, relative_brightness, sample, sample_brightness
from .lattice import Lattice
from .map_blocks import CELL, READ_BLOCK, map_codes, seen_blocks, write_block, write_codes


def aligned_lattice(frame, seen, size_px, overlap):
    """Windows of a Sun-aligned frame that cover an image's valid cells.

    Parameters
    ----------
    frame : SunFrame
    seen : ndarray
        bool, see `survey_image`.

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
    """First and last window of a lattice's axis that comes within `reach` of positions."""
    first = np.ceil((position - reach - lattice.size_px) / lattice.step_px)
    last = np.floor((position + reach) / lattice.step_px)
    return np.clip(first, 0, count - 1).astype(int), np.clip(last, 0, count - 1).astype(int)


def _plain_raster(path, shape, dtype):
    """Raster of plain pixels, 0 where nothing is written, for the time of one image."""
    return rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=shape[0],
        width=shape[1],
        count=1,
        dtype=dtype,
        # Any but the identity, of which rasterio warns.
        transform=Affine.translation(1, 0),
        tiled=True,
        blockxsize=BLOCK,
        blockysize=BLOCK,
        compress="zstd",
        zstd_level=1,
        sparse_ok=True,
        bigtiff="if_safer",
    )


def write_brightness(reader, shape, seen, median, path, threads):
    """Relative brightness of an image, block by block, as if computed at once; a raster that is there is left."""
    if path.exists():
        return
    margin = NEIGHBOURHOOD_PX - 1
    blocks = list(seen_blocks(shape, seen))

    def brightness(block):
        # Past the raster's edges there is no margin, as there is none when the image is taken at once.
        top, left = (max(0, start - margin) for start in block)
        bottom, right = (min(extent, start + READ_BLOCK + margin) for start, extent in zip(block, shape, strict=True))
        values = relative_brightness(reader(top, left, bottom - top, right - left), median=median)
        return values[block[0] - top :, block[1] - left :][:READ_BLOCK, :READ_BLOCK]

    with (
        replacing(path) as temporary,
        ThreadPoolExecutor(threads) as pool,
        _plain_raster(temporary, shape, "uint8") as sink,
    ):
        for block, values in zip(blocks, map_in_order(pool, brightness, blocks, 2 * threads), strict=True):
            write_block(sink, *block, values)


def _patch(reader, row, column):
    """Read the pixels around fractional positions: array, and the positions within it."""
    top, left = int(np.floor(row.min())) - 1, int(np.floor(column.min())) - 1
    bottom, right = int(np.ceil(row.max())) + 2, int(np.ceil(column.max())) + 2
    return reader(top, left, bottom - top, right - left), row - top, column - left


def aligned_window(reader, frame, v, u, size_px):
    """Window of the Sun-aligned frame, uint8 (S, S), from a raster on the map."""
    steps = np.arange(size_px)
    row, column = frame.to_map(v + steps[:, np.newaxis], u + steps[np.newaxis, :])
    return sample_brightness(*_patch(reader, row, column))


def rotate_to_map(probability, brightness, frame, lattice, seen, out, threads):
    """Bring probabilities from the aligned frame to the map, where the image has data."""
    steps = np.arange(READ_BLOCK)

    def codes(block):
        v, u = frame.from_map(block[0] + steps[:, np.newaxis], block[1] + steps[np.newaxis, :])
        patch, v, u = _patch(probability, v - lattice.v, u - lattice.u)
        values = sample(patch.astype(np.float32), v, u)
        valid = brightness(*block, READ_BLOCK, READ_BLOCK) != 0
        return map_codes(values, valid)

    write_codes(codes, seen, out, threads)
