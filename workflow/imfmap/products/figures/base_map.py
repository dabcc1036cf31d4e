"""A base map around and below a target's mosaic: any georeferenced raster of its body, such as a WAC mosaic."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine

from ...core.errors import InputError
from ...maps.grids import MapGrid, crs_of
from ...maps.rasters import open_raster
from ...mosaic.foreign_raster import warped_turns
from ...mosaic.georeference import check_reference
from ...plots.cartography import GREY_RANGE

MARGIN_SHARE = 0.15
_MOST_PX = 1200
_PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True)
class BaseMap:
    """A picture of a target's surroundings.

    Attributes
    ----------
    grid : MapGrid
        Grid of the picture: the target's ground and a margin around it.
    picture : ndarray
        float RGBA (rows, columns, 4), 0..1; transparent where there is no data.
    """

    grid: MapGrid
    picture: np.ndarray


def check_base_map(path: str | Path) -> None:
    """Refuse a file that is no map.

    Raises
    ------
    InputError
        If it is no raster, or has no CRS that is understood.
    """
    with open_raster(path) as source:
        crs_of(source)


def read_base_map(path: str | Path, grid: MapGrid) -> BaseMap:
    """Read the part of a base map that a target's figure shows.

    Parameters
    ----------
    path : str or Path
        Raster of any size and georeference on the target's body; its first band is shown in grey.
    grid : MapGrid
        The target's grid.

    Returns
    -------
    BaseMap

    Raises
    ------
    InputError
        As `imported.import_mosaic` raises it, and if the raster has no data around the target.
    """
    left, bottom, right, top = grid.bounds
    margin_m = MARGIN_SHARE * max(right - left, top - bottom)
    width_m, height_m = right - left + 2 * margin_m, top - bottom + 2 * margin_m
    step_m = max(grid.resolution_m, max(width_m, height_m) / _MOST_PX)
    shape = round(height_m / step_m), round(width_m / step_m)
    around = MapGrid(grid.crs, Affine(step_m, 0, left - margin_m, 0, -step_m, top + margin_m), shape)
    with open_raster(path) as source, ExitStack() as stack:
        check_reference(source, path, around)
        values, valid = np.zeros(shape, np.float32), np.zeros(shape, bool)
        for turned in warped_turns(source, around, stack):
            part = turned.read(1, masked=True)
            fresh = ~np.ma.getmaskarray(part) & np.isfinite(part.filled(0)) & ~valid
            values[fresh], valid = part.filled(0)[fresh], valid | fresh
    if not valid.any():
        raise InputError(path, "has no valid pixel around the target", "check its nodata value and its place")
    low, high = np.percentile(values[valid], _PERCENTILES)
    bright = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    picture = np.zeros((*shape, 4), np.float32)
    picture[..., :3] = (GREY_RANGE[0] + (GREY_RANGE[1] - GREY_RANGE[0]) * bright)[..., np.newaxis]
    picture[..., 3] = valid
    return BaseMap(around, picture)
