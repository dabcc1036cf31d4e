"""Cubes that ISIS's programs made: checked after each program, and in the end laid on a target's grid."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetReader
from rasterio.windows import Window

from ...core.errors import InputError
from ...maps.alignment import offset_on
from ...maps.grids import MapGrid
from ...maps.pvl import is_special
from ...maps.rasters import BLOCK, create_raster, open_raster, read_window
from ..coverage_check import CoverageCheck

log = logging.getLogger(__name__)

# Least share of valid pixels other than 0 in an image's own geometry. Masked columns and lost lines are far from this.
LEAST_VALID = 0.01
_LINES = 1024


def check_cube(
    path: str | Path,
    step: str,
    size: Sequence[int] | None = None,
    least_valid: float = LEAST_VALID,
    shown: str | Path | None = None,
) -> None:
    """Stop if a program ended well, but its cube is not what it should be.

    Parameters
    ----------
    path : path
    step : str
        Program that made the cube.
    size : sequence of int, optional
        Lines and samples that it must have.
    least_valid : float
        Share of its pixels that must be valid and not 0, 0..1; at least one must be.
    shown : path, optional
        Name in messages, if the cube still has a temporary name.

    Raises
    ------
    InputError
        Names the program.
    """
    shown = shown or path
    if not Path(path).exists():
        raise InputError(shown, f"{step} ended without an error and left no cube", f"look at the log of {step}")
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


def size_of(path: str | Path) -> tuple[int, int]:
    """Return the number of lines and samples of a cube."""
    with quiet(), open_raster(path) as cube:
        return cube.shape


def cube_to_geotiff(
    cube_path: str | Path,
    grid: MapGrid,
    out_path: str | Path,
    tags: Mapping[str, str],
    min_valid_fraction: float = 0.0,
) -> None:
    """Copy the pixels of a map-projected ISIS cube to a float32 GeoTIFF on the target's grid.

    Parameters
    ----------
    cube_path : path
    grid : MapGrid
    out_path : path
    tags : mapping
        Tags of the GeoTIFF.
    min_valid_fraction : float
        Least share of the grid's pixels that must be valid, 0..1.

    Raises
    ------
    InputError
        If the cube's pixels are not those of the grid, too few of them are valid, or they lie in shadow.
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


def read_map(cube: DatasetReader, row: int, column: int, rows: int, columns: int) -> np.ndarray:
    """Read a window of an open cube as float32 (rows, columns), NaN outside the cube and for special pixels."""
    values = read_window(cube, row, column, rows, columns).astype(np.float32)
    values[is_special(values)] = np.nan
    return values


@contextmanager
def quiet() -> Iterator[None]:
    """Silence rasterio's warning that an image in its own geometry has no georeference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def _lines(cube, first):
    count = min(_LINES, cube.height - first)
    return cube.read(1, window=Window(0, first, cube.width, count), out_dtype="float32")
