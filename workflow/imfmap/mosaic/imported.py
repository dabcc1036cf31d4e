"""Import of a finished mosaic: any raster that GDAL reads and that has the CRS of a known body."""

import logging
import math
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from ..camera.footprint import map_azimuth_deg
from ..core.choices import MOSAIC
from ..core.errors import InputError
from ..core.temporary import folder_beside
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG, ImageFacts
from ..maps.rasters import BLOCK, create_raster, open_raster
from ..maps.stretching import stretch_to_8bit
from .build import PERCENTILES
from .georeference import check_reference, coordinate_transform, crs_of, period_of, pixel_m_of, without_datum

log = logging.getLogger(__name__)

_WINDOW_PX = 4 * BLOCK
_SAMPLED_PX = 2048
# A mosaic keeps its pixels if their size differs from the target's by this share at most.
_SAME_RESOLUTION = 0.05
_SAME_RADIUS_M = 0.5
# Two maps are the same if coordinates differ by less than this many pixels.
_SAME_PLACE = 0.01
_MUCH_FINER = 0.6
# ISIS marks pixels without data by values near the end of a type's range.
_ISIS_SPECIAL = {"float32": -3.4e38, "float64": -1.7e308, "int16": -32752}
_NO_VALID_PIXEL = ("has no valid pixel on the target", "check its nodata value and its place")


def import_mosaic(
    path: str | Path,
    grid: MapGrid,
    mosaic_path: str | Path,
    sources_path: str | Path,
    stretch: str = MOSAIC["stretch"],
) -> None:
    """Import a finished mosaic, window by window.

    A mosaic on the target's map, north up, with square pixels of the target's resolution (within 5 %), keeps its
    pixels. Any other is warped onto the target's grid. 8-bit values stay as they are; others are stretched to 8 bits.

    Parameters
    ----------
    path : path
        Raster; only its first band is read. No data is what its mask says. Without a mask it is 0 in unsigned integers,
        NaN in floats, and ISIS's special values.
    grid : MapGrid
        The target's grid.
    mosaic_path, sources_path : path
        Rasters to write, like those of `build.mosaic`, with one source.
    stretch : str
        For data that are not 8-bit: ``percentile`` (0.5 and 99.5) or ``minmax``.

    Raises
    ------
    InputError
        If the mosaic has no georeference, lies on an unknown body or on another body than the target, has coordinates
        that cannot be in its CRS's units, holds complex numbers, does not reach the target, or has no data.
    """
    with open_raster(path) as source:
        check_reference(source, path, grid)
        own = _own_grid(source, grid)
        low_high = None if source.dtypes[0] == "uint8" else _limits(source, path, stretch)
        tags = {PRODUCTS_TAG: Path(path).stem}
        if low_high:
            tags |= {"IMF_STRETCH_LOW": low_high[0], "IMF_STRETCH_HIGH": low_high[1]}
        if own:
            log.info("%s: keeps its own pixels", path)
            _write(_eight_bit(source, low_high), own, path, mosaic_path, sources_path, tags)
            return
        log.info("%s: warped onto the target's grid", path)
        with folder_beside(mosaic_path) as folder:
            copy = folder / "mosaic.tif"
            _write_copy(copy, source, _eight_bit(source, low_high), "uint8", 0)
            with open_raster(copy) as whole, ExitStack() as stack:
                turns = warped_turns(whole, grid, stack)
                _write(lambda window: _first_valid(turns, window), grid, path, mosaic_path, sources_path, tags)


def mosaic_as_image(
    path: str | Path,
    grid: MapGrid,
    out_path: str | Path,
    product: str,
    sun_azimuth_deg: float | None = None,
    incidence_deg: float | None = None,
) -> None:
    """Import a finished mosaic as one image: all of it under one Sun.

    Parameters
    ----------
    path : path
        Raster, as for `import_mosaic`; its values stay as they are.
    grid : MapGrid
        The target's grid, onto which the mosaic is warped. Pixels that lie on it already keep their values.
    out_path : path
        float32 raster to write, NaN for no data, with `image_facts.ImageFacts` tags.
    product : str
        Product id that the image gets.
    sun_azimuth_deg : float
        Direction towards the Sun at the target's middle, clockwise from north.
    incidence_deg : float
        Incidence angle of the Sun.

    Raises
    ------
    InputError
        As `import_mosaic`, or if an angle of the Sun is missing.
    """
    if sun_azimuth_deg is None or incidence_deg is None:
        raise InputError(
            path,
            "is to be taken as an image, but its Sun is unknown",
            "give its target both of its angles: sun_azimuth_deg, incidence_deg",
        )
    middle = [float(value) for value in grid.lonlat((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2)]
    azimuth_deg = map_azimuth_deg(grid, *middle, sun_azimuth_deg)
    with open_raster(path) as source, folder_beside(out_path) as folder:
        check_reference(source, path, grid)
        pixel_m = max(grid.resolution_m, pixel_m_of(source, grid.body))
        facts = ImageFacts.of_mosaic(product, pixel_m, azimuth_deg, float(incidence_deg))
        copy = folder / "mosaic.tif"
        _write_copy(copy, source, partial(_values, source), "float32", np.nan)
        with (
            open_raster(copy) as whole,
            ExitStack() as stack,
            create_raster(out_path, grid, "float32", nodata=np.nan, tags=facts.tags()) as image,
        ):
            turns = warped_turns(whole, grid, stack)
            seen = False
            for window in _windows(grid.shape):
                values = _first_valid(turns, window)
                if np.isfinite(values).any():
                    seen = True
                    image.write(values, 1, window=window)
            if not seen:
                raise InputError(path, *_NO_VALID_PIXEL)


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


def warped_turns(source: rasterio.DatasetReader, grid: MapGrid, stack: ExitStack) -> list[WarpedVRT]:
    """Warp a raster onto a grid, once for every turn around the body at which it may cover the grid.

    Parameters
    ----------
    source : rasterio dataset
        Raster that passed `georeference.check_reference`.
    grid : MapGrid
    stack : contextlib.ExitStack
        Context that closes the warped rasters.

    Returns
    -------
    list of rasterio.vrt.WarpedVRT
        The first covers the grid's middle. The others, one turn around the body away, fill its gaps.
    """
    return [stack.enter_context(_warped(source, grid, turn)) for turn in _turns(source, grid)]


def _turns(source, grid):
    """Return the shifts, by whole turns around the body, at which a mosaic may cover the target."""
    crs = crs_of(source)
    period = period_of(crs)
    if not period:
        return [0.0]
    middle_x, _ = coordinate_transform(grid.crs, crs)(
        *(float(value) for value in grid.xy(grid.shape[0] / 2, grid.shape[1] / 2))
    )
    source_x, _ = source.transform * (source.width / 2, source.height / 2)
    nearest = round((middle_x - source_x) / period)
    # If the edge of a global mosaic crosses the target, the mosaic's other end is needed as well.
    return [turn * period for turn in (nearest, nearest - 1, nearest + 1)]


def _warped(source, grid, turn=0.0):
    """Warp the mosaic, shifted in x, onto the target's grid; average it if its pixels are much finer."""
    pixel_m, nodata = pixel_m_of(source, grid.body), source.nodata
    if nodata is None:
        nodata = 0 if np.issubdtype(np.dtype(source.dtypes[0]), np.unsignedinteger) else np.nan
    return WarpedVRT(
        source,
        src_crs=without_datum(crs_of(source)),
        src_transform=Affine.translation(turn, 0) * source.transform,
        crs=without_datum(grid.crs),
        transform=grid.transform,
        height=grid.shape[0],
        width=grid.shape[1],
        nodata=nodata,
        src_nodata=nodata,
        resampling=Resampling.average if pixel_m < _MUCH_FINER * grid.resolution_m else Resampling.cubic,
    )


def _first_valid(rasters, window):
    """Read a window of the first raster; fill its gaps from the others."""
    values = rasters[0].read(1, window=window)
    for other in rasters[1:]:
        valid = np.isfinite(values) if values.dtype.kind == "f" else values > 0
        if valid.all():
            break
        values = np.where(valid, values, other.read(1, window=window))
    return values


def _limits(source, path, stretch):
    """Return the values that become 1 and 255."""
    if stretch == "percentile":
        shrink = max(1.0, max(source.shape) / _SAMPLED_PX)
        shape = tuple(max(1, round(side / shrink)) for side in source.shape)
        sample = _values(source, None, shape)
        limits = np.nanpercentile(sample, PERCENTILES) if np.isfinite(sample).any() else ()
    else:
        ranges = [_range(_values(source, window)) for window in _windows(source.shape)]
        ranges = [values for values in ranges if values]
        limits = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else ()
    if not len(limits):
        raise InputError(path, "has no valid pixel", "check its nodata value")
    return tuple(map(float, limits))


def _range(values):
    return (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else None


def _values(source, window, shape=None):
    """Read the first band as float32, NaN for no data."""
    pixels = source.read(1, window=window, out_shape=shape, resampling=Resampling.nearest, masked=True)
    values = pixels.astype(np.float32).filled(np.nan)
    kind = source.dtypes[0]
    if kind in _ISIS_SPECIAL:
        values[values <= _ISIS_SPECIAL[kind]] = np.nan
    elif source.nodata is None and np.issubdtype(np.dtype(kind), np.unsignedinteger):
        values[values == 0] = np.nan
    return np.where(np.isfinite(values), values, np.float32(np.nan))


def _eight_bit(source, low_high):
    """Return a function that reads windows as uint8, 0 for no data."""

    def read(window):
        if low_high:
            return stretch_to_8bit(_values(source, window), low_high)
        pixels = source.read(1, window=window, masked=True)
        if source.nodata in (None, 0):
            return pixels.filled(0)
        # If another value stands for no data, 0 is a brightness.
        return np.maximum(pixels, 1).filled(0)

    return read


def _write_copy(path, source, read, dtype, nodata):
    """Write the mosaic on its own pixels, with the values that `read` returns."""
    grid = MapGrid(crs_of(source), source.transform, source.shape)
    with create_raster(path, grid, dtype, nodata=nodata) as copy:
        for window in _windows(source.shape):
            copy.write(read(window), 1, window=window)


def _write(read, grid, path, mosaic_path, sources_path, tags):
    listed = {PRODUCTS_TAG: tags[PRODUCTS_TAG]}
    seen = False
    with (
        create_raster(mosaic_path, grid, "uint8", nodata=0, tags=tags, cloud=True) as mosaic,
        create_raster(sources_path, grid, "uint8", nodata=0, tags=listed, overviews="nearest", cloud=True) as sources,
    ):
        for window in _windows(grid.shape):
            values = read(window)
            seen |= bool(values.any())
            mosaic.write(values, 1, window=window)
            sources.write((values > 0).astype(np.uint8), 1, window=window)
        if not seen:
            raise InputError(path, *_NO_VALID_PIXEL)


def _windows(shape):
    for row in range(0, shape[0], _WINDOW_PX):
        for column in range(0, shape[1], _WINDOW_PX):
            yield Window(column, row, min(_WINDOW_PX, shape[1] - column), min(_WINDOW_PX, shape[0] - row))
