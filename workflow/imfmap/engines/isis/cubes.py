"""What ISIS's programs made: looked at after each of them, and laid on a target's grid in the end."""

import logging
import re
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from ...core.errors import InputError
from ...maps.alignment import offset_on
from ...maps.isis_label import read_cube_label
from ...maps.pvl import is_special
from ...maps.rasters import BLOCK, create_raster, open_raster, read_window
from ..coverage_check import CoverageCheck

log = logging.getLogger(__name__)

# Least share of valid pixels in an image's own geometry. Masked columns and lost lines are far from this.
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
        Share of its pixels that must be valid, 0..1; at least one must be.
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
    valid = 0
    with quiet(), open_raster(path) as cube:
        if size is not None and cube.shape != tuple(size):
            raise InputError(
                shown,
                f"{step} left {cube.shape[0]} lines x {cube.shape[1]} samples, {size[0]} x {size[1]} were expected",
                f"look at the log of {step}",
            )
        for first in range(0, cube.height, _LINES):
            valid += int(np.count_nonzero(~is_special(_lines(cube, first))))
        total = cube.height * cube.width
    if valid == 0 or valid < least_valid * total:
        raise InputError(
            shown, f"{step} left {valid} valid pixels of {total}", f"look at the log of {step}, or leave the image out"
        )
    log.info("%s: %d of %d pixels valid", step, valid, total)


def size_of(path):
    """Lines and samples of a cube."""
    with quiet(), open_raster(path) as cube:
        return cube.shape


def shape_resolution_m(cube_path, data):
    """Size of the pixels of the shape model that a cube is to be projected on.

    Parameters
    ----------
    cube_path : path
        Spiceinit'ed.
    data : path
        ISISDATA.

    Returns
    -------
    float or None
        Metres; None for a sphere.

    Raises
    ------
    InputError
        Where the model is not there.
    """
    shape = read_cube_label(cube_path)["IsisCube"].get("Kernels", {}).get("ShapeModel")
    if shape is None or str(shape).lower() in ("null", "none", "", "ellipsoid"):
        return None
    with quiet(), open_raster(_data_path(str(shape), data)) as model:
        if model.crs is not None and not model.crs.is_projected:
            return model.transform.a * np.pi / 180.0 * model.crs.to_dict().get("R", 1737400.0)
        return model.transform.a


def _data_path(name, data):
    """A file of ISISDATA: ISIS writes its areas as $base, $lro, and the folder itself as $ISISDATA."""
    name = name.replace("$ISISDATA", str(data))
    return Path(re.sub(r"^\$(\w+)", lambda area: f"{data}/{area[1].lower()}", name))


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
