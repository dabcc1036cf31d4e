"""Rasters as pyramids of small pictures, made from the finest level up with little memory."""

import base64
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from ...maps.window_reading import map_in_order

TILE_PX = 512
_QUALITY = 90


def levels_of(shape: tuple[int, int], tile_px: int = TILE_PX) -> int:
    """Return the number of levels of a pyramid whose coarsest level is one tile."""
    levels = 1
    while max(shape) > tile_px * 2 ** (levels - 1):
        levels += 1
    return levels


def write_pyramid(
    folder: Path,
    shape: tuple[int, int],
    read: Callable[[int, int, int, int], np.ndarray],
    reduce: Callable[[np.ndarray], np.ndarray],
    encode: Callable[[np.ndarray], bytes],
    threads: int = 2,
    tile_px: int = TILE_PX,
) -> list[str]:
    """Write a raster as tiles ``<level>/<row>/<column>.webp``.

    Level 0 is one tile; the last level has the raster's own pixels. Tiles are made depth first, so that every pixel is
    read once and at most four tiles of each level are in memory.

    Parameters
    ----------
    folder : Path
    shape : tuple of int
        Rows, columns.
    read : callable
        ``read(row, column, rows, columns)`` returns a window as uint8, 0 for no data. The window may reach past the
        raster.
    reduce : callable
        Reduces uint8 (2 rows, 2 columns) to (rows, columns), such as `mean` or `most`.
    encode : callable
        Returns the bytes of a tile's picture.
    threads : int
        Number of tiles that are encoded at a time.
    tile_px : int
        Side of a tile.

    Returns
    -------
    list of str
        For each level, which tiles exist: one bit for each tile, row by row, in base64. Empty tiles are not written.
    """
    top = levels_of(shape, tile_px) - 1
    there = [np.zeros([-(-side // (tile_px << (top - level))) for side in shape], bool) for level in range(top + 1)]

    def node(level, row, column):
        if not (row < there[level].shape[0] and column < there[level].shape[1]):
            return None
        if level == top:
            pixels = read(row * tile_px, column * tile_px, tile_px, tile_px)
            pixels = pixels if pixels.any() else None
        else:
            quarters = []
            for i, j in np.ndindex(2, 2):
                quarters.append((yield from node(level + 1, 2 * row + i, 2 * column + j)))
            pixels = _joined(quarters, reduce, tile_px)
        if pixels is not None:
            there[level][row, column] = True
            yield level, row, column, pixels
        return pixels

    def write(tile):
        level, row, column, pixels = tile
        path = folder / str(level) / str(row) / f"{column}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(pixels))

    with ThreadPoolExecutor(threads) as pool:
        for _ in map_in_order(pool, write, node(0, 0, 0), depth=4 * threads):
            pass
    return [base64.b64encode(np.packbits(level)).decode() for level in there]


def mean(pixels: np.ndarray) -> np.ndarray:
    """Reduce every 2 x 2 pixels to the mean of those with data."""
    blocks = pixels.reshape(pixels.shape[0] // 2, 2, pixels.shape[1] // 2, 2)
    count = (blocks > 0).sum(axis=(1, 3))
    total = blocks.sum(axis=(1, 3), dtype=np.uint16)
    return np.where(count, np.rint(total / np.maximum(count, 1)), 0).astype(np.uint8)


def most(pixels: np.ndarray) -> np.ndarray:
    """Reduce every 2 x 2 pixels to their maximum, so that a line one pixel wide shows at every level."""
    return pixels.reshape(pixels.shape[0] // 2, 2, pixels.shape[1] // 2, 2).max(axis=(1, 3))


def grey_picture(pixels: np.ndarray) -> bytes:
    """Return a grey tile as WebP, transparent where there is no data."""
    layers = [pixels] * 3 if pixels.all() else [pixels] * 3 + [np.where(pixels, 255, 0).astype(np.uint8)]
    return _webp(np.stack(layers, axis=-1), quality=_QUALITY)


def colour_picture(table: np.ndarray) -> Callable[[np.ndarray], bytes]:
    """Return an encoder of tiles as lossless WebP, with a colour table of uint8 (N, 4)."""
    return lambda pixels: picture(table[np.minimum(pixels, len(table) - 1)])


def picture(colours: np.ndarray) -> bytes:
    """Return uint8 RGBA (rows, columns, 4) as lossless WebP."""
    return _webp(colours, lossless=True)


def _joined(quarters, reduce, tile_px):
    if all(quarter is None for quarter in quarters):
        return None
    whole = np.zeros((2 * tile_px, 2 * tile_px), np.uint8)
    for (i, j), quarter in zip(np.ndindex(2, 2), quarters, strict=True):
        if quarter is not None:
            whole[i * tile_px : (i + 1) * tile_px, j * tile_px : (j + 1) * tile_px] = quarter
    return reduce(whole)


def _webp(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", method=2, **options)
    return file.getvalue()
