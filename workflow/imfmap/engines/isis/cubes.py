"""What ISIS's programs made: looked at after each of them, and laid on a target's grid in the end."""

import logging
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from ...core.errors import InputError
from ...maps.alignment import offset_on
from ...maps.pvl import is_special
from ...maps.rasters import BLOCK, create_raster, open_raster, read_window
from ..coverage_check import CoverageCheck

log = logging.getLogger(__name__)

# Least share of valid pixels other than 0 in an image's own geometry. Masked columns and lost lines are far from this.
LEAST_VALID = 0.01
_LINES = 1024


def check_cube(path, step, size=None, least_valid=LEAST_VALID, shown=None):
    """Stop on a cube that ISIS called a success but that is not what the step should make.

    Parameters
    ----------
    path : path
    step : str
        Program that made it.
    size : tuple of int, optional
        Lines and samples that it must have.
    least_valid : float
        Share of its pixels that must be valid and not 0, 0..1; at least one must be.
    shown : path, optional
        Name in messages, where the cube still lies under a temporary one.

    Raises
    ------
    InputError
        Naming the step.
    """
    shown = shown or path
    if not Path(path).exists():
        raise InputError(shown, f"{step} said nothing and left no cube", f"look at the log of {step}")
    valid, filled = 0, 0
    with quiet(), open_raster(path) as cube:
        if size is not None and cube.shape != tuple(size):
            raise InputError(
                shown,
                f"{step} left {cube.shape[0]} lines x {cube.shape[1]} samples, {size[0]} x {size[1]} were expected",
                f"look at the log of {step}",
            )
        for first in range(0, cube.height, _LINES):
            lines = _lines(cube, first)
            there = ~is_special(lines)
            valid += int(np.count_nonzero(there))
            filled += int(np.count_nonzero(there & (lines != 0.0)))
        total = cube.height * cube.width
    if filled < max(1, least_valid * total):
        zeros = f", {valid - filled} of them zeros" if valid > filled else ""
        raise InputError(
            shown,
            f"{step} left {valid} valid pixels of {total}{zeros}",
            f"look at the log of {step}, or leave the image out",
        )
    log.info("%s: %d of %d pixels valid", step, valid, total)


def size_of(path):
    """Lines and samples of a cube."""
    with quiet(), open_raster(path) as cube:
        return cube.shape


def cube_to_geotiff(cube_path, grid, out_path, tags, min_valid_fraction=0.0):
    """Lay a map-projected ISIS cube on the target's grid as float32 GeoTIFF, pixel for pixel.

    Raises
    ------
    InputError
        Where the cube's pixels do not fall on the grid's, too few of them do, or they lie in shadow.
    """
    coverage = CoverageCheck()
    with open_raster(cube_path) as cube:
        row, column = offset_on(cube, grid, "the target's map", "project it again with the target's map template")
        with create_raster(out_path, grid, "float32", nodata=float("nan"), tags=tags) as out:
            for top, left, block in grid.blocks(4 * BLOCK):
                values = read_map(cube, top - row, left - column, *block.shape)
                if np.isfinite(values).any():
                    coverage.add(values)
                    out.write(values, 1, window=Window(left, top, *block.shape[::-1]))
            coverage.check(cube_path, grid, min_valid_fraction)


def read_map(cube, row, column, rows, columns):
    """Window of an open cube as float32, NaN outside it and for special pixels."""
    values = read_window(cube, row, column, rows, columns).astype(np.float32)
    values[is_special(values)] = np.nan
    return values


@contextmanager
def quiet():
    """Without rasterio's warning that an image in its own geometry has no georeference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def _lines(cube, first):
    count = min(_LINES, cube.height - first)
    return cube.read(1, window=Window(0, first, cube.width, count), out_dtype="float32")
