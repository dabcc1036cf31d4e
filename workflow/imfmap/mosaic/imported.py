"""Import of a finished mosaic: any raster that GDAL reads and that has the CRS of a known body."""

import logging
import math
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ..core.choices import MOSAIC
from ..core.errors import InputError
from ..core.limits import MOST_MAP_PIXELS, check_limit
from ..core.temporary import folder_beside
from ..maps.grids import MapGrid, crs_of
from ..maps.image_facts import PRODUCTS_TAG
from ..maps.rasters import create_raster, open_raster
from ..maps.stretching import stretch_to_8bit
from .build import PERCENTILES
from .foreign_raster import NO_VALID_PIXEL, ForeignPixels, first_valid, part_on, warped_turns, windows
from .georeference import check_reference, coordinate_transform

log = logging.getLogger(__name__)

_SAMPLED_PX = 2048
# A mosaic keeps its pixels if their size differs from the target's by this share at most.
_SAME_RESOLUTION = 0.05
_SAME_RADIUS_M = 0.5
# Two maps are the same if coordinates differ by less than this many pixels.
_SAME_PLACE = 0.01


def import_mosaic(
    path: str | Path,
    grid: MapGrid,
    mosaic_path: str | Path,
    sources_path: str | Path,
    stretch: str = MOSAIC["stretch"],
    nodata: float | None = None,
) -> None:
    """Import a finished mosaic, window by window.

    A mosaic on the target's map, north up, with square pixels of the target's resolution (within 5 %), keeps its
    pixels. Of any other, the part that shows the target is warped onto the target's grid. 8-bit values stay as they
    are; others are stretched to 8 bits.

    Parameters
    ----------
    path : path
        Raster; only its first band is read. `foreign_raster.ForeignPixels` says which pixels are no data.
    grid : MapGrid
        The target's grid.
    mosaic_path, sources_path : path
        Rasters to write, like those of `build.mosaic`, with one source.
    stretch : str
        For data that are not 8-bit: ``percentile`` (0.5 and 99.5) or ``minmax``.
    nodata : float, optional
        A value that is no data, whatever the file says.

    Raises
    ------
    InputError
        If the mosaic has no georeference, lies on an unknown body or on another body than the target, has coordinates
        that cannot be in its CRS's units, holds complex numbers, does not reach the target, or has no data.
    """
    with open_raster(path) as source:
        check_reference(source, path, grid)
        own = _own_grid(source, grid)
        if own:
            remedy = "cut out the target's ground (gdal_translate -projwin)"
            check_limit(own.shape[0] * own.shape[1], MOST_MAP_PIXELS, path, "pixels", remedy)
        pixels = ForeignPixels(source, nodata, None if own else part_on(source, grid))
        low_high = None if pixels.dtype == np.uint8 else _limits(pixels, path, stretch)
        tags = {PRODUCTS_TAG: Path(path).stem}
        if low_high:
            tags |= {"IMF_STRETCH_LOW": low_high[0], "IMF_STRETCH_HIGH": low_high[1]}
        if own:
            log.info("%s: keeps its own pixels", path)
            _write(_eight_bit(pixels, low_high), own, path, mosaic_path, sources_path, tags)
            return
        log.info("%s: warped onto the target's grid", path)
        with folder_beside(mosaic_path) as folder:
            copy = folder / "mosaic.tif"
            pixels.write_copy(copy, _eight_bit(pixels, low_high), "uint8", 0)
            with open_raster(copy) as whole, ExitStack() as stack:
                turns = warped_turns(whole, grid, stack)
                _write(lambda window: first_valid(turns, window), grid, path, mosaic_path, sources_path, tags)


def _own_grid(source, grid):
    """Return the grid of the mosaic's own pixels on the target's body; None if the mosaic must be warped."""
    crs, transform = crs_of(source), source.transform
    if not crs.is_projected or transform.b or transform.d or transform.a <= 0:
        return None
    square = math.isclose(transform.a, -transform.e, rel_tol=1e-6)
    alike = abs(transform.a / grid.resolution_m - 1) <= _SAME_RESOLUTION
    if not (square and alike and _same_map(crs, grid)):
        return None
    # The target's CRS names the body as the IAU's catalogue does; the mosaic's CRS may name it otherwise.
    return MapGrid(grid.crs, transform, source.shape)


def _same_map(crs, grid):
    """Return whether places have the same coordinates on both maps, and the spheres are the same."""
    if abs(crs.ellipsoid.semi_major_metre - grid.body.radius_m) > _SAME_RADIUS_M:
        return False
    rows, columns = np.meshgrid(*(np.linspace(0, side, 5) for side in grid.shape), indexing="ij")
    here = np.array(grid.xy(rows, columns))
    return bool(
        np.abs(np.array(coordinate_transform(grid.crs, crs)(*here)) - here).max() < _SAME_PLACE * grid.resolution_m
    )


def _limits(pixels, path, stretch):
    """Return the values that become 1 and 255."""
    if stretch == "percentile":
        shrink = max(1.0, max(pixels.shape) / _SAMPLED_PX)
        shape = tuple(max(1, round(side / shrink)) for side in pixels.shape)
        sample = pixels.values(None, shape)
        limits = np.nanpercentile(sample, PERCENTILES) if np.isfinite(sample).any() else ()
    else:
        ranges = [_range(pixels.values(window)) for window in windows(pixels.shape)]
        ranges = [values for values in ranges if values]
        limits = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else ()
    if not len(limits):
        raise InputError(path, "has no valid pixel", "check its nodata value")
    return tuple(map(float, limits))


def _range(values):
    return (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else None


def _eight_bit(pixels, low_high):
    """Return a function that reads windows as uint8, 0 for no data."""

    def read(window):
        if low_high:
            return stretch_to_8bit(pixels.values(window), low_high)
        counts = pixels.masked(window)
        return (np.maximum(counts, 1) if pixels.zero_is_data else counts).filled(0)

    return read


def _write(read, grid, path, mosaic_path, sources_path, tags):
    listed = {PRODUCTS_TAG: tags[PRODUCTS_TAG]}
    seen = False
    with (
        create_raster(mosaic_path, grid, "uint8", nodata=0, tags=tags, cloud=True) as mosaic,
        create_raster(sources_path, grid, "uint8", nodata=0, tags=listed, overviews="nearest", cloud=True) as sources,
    ):
        for window in windows(grid.shape):
            values = read(window)
            seen |= bool(values.any())
            mosaic.write(values, 1, window=window)
            sources.write((values > 0).astype(np.uint8), 1, window=window)
        if not seen:
            raise InputError(path, *NO_VALID_PIXEL)
