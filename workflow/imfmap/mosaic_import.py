"""A mosaic that somebody else made: any raster that GDAL reads, with the CRS of a known body."""

import logging
import math
import re
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from affine import Affine
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from .bodies import body_of
from .errors import InputError
from .grids import MapGrid
from .layers import PRODUCTS_TAG
from .mosaic import PERCENTILES, stretched
from .rasters import BLOCK, create_raster, open_raster

log = logging.getLogger(__name__)

_WINDOW_PX = 4 * BLOCK
_SAMPLED_PX = 2048
# How far a mosaic's pixel size may be from the target's to be taken as it is.
_SAME_RESOLUTION = 0.05
_SAME_RADIUS_M = 0.5
# In pixels, for a map to be the target's.
_SAME_PLACE = 0.01
_MUCH_FINER = 0.6
# ISIS marks pixels without data by values near the end of a type's range.
_ISIS_SPECIAL = {"float32": -3.4e38, "float64": -1.7e308, "int16": -32752}
_GIVE_CRS = "say its CRS, e.g. gdal_edit.py -a_srs with IAU_2015:30100 or the PROJ string of its map"


def import_mosaic(path, grid, mosaic_path, sources_path, stretch="percentile"):
    """Take in a finished mosaic, window by window.

    A mosaic on the target's map, north up, with square pixels of the target's resolution (within 5 %), keeps its
    pixels; any other is warped onto the target's grid. 8-bit values stay as they are; others are stretched to 8 bit.

    Parameters
    ----------
    path : path
        Raster of one or more bands, of which the first counts. No data is what its mask says; without one, 0 in
        unsigned integers, NaN in floats, and ISIS's special values.
    grid : MapGrid
        The target's grid.
    mosaic_path, sources_path : path
        To write: as `mosaic.mosaic` does, with the one source that there is.
    stretch : str
        Of data that are not 8-bit: ``percentile`` (0.5 and 99.5) or ``minmax``.

    Raises
    ------
    InputError
        For a mosaic without georeference, on another body than the target or on none that is known, with coordinates
        that cannot be in its CRS's units, of complex numbers, off the target, or without data.
    """
    with open_raster(path) as source:
        _check_reference(source, path, grid)
        own = _own_grid(source, grid)
        low_high = None if source.dtypes[0] == "uint8" else _limits(source, path, stretch)
        tags = {PRODUCTS_TAG: Path(path).stem}
        if low_high:
            tags |= {"IMF_STRETCH_LOW": low_high[0], "IMF_STRETCH_HIGH": low_high[1]}
        if own:
            log.info("%s: taken on its own pixels", path)
            _write(_eight_bit(source, low_high), own, path, mosaic_path, sources_path, tags)
            return
        log.info("%s: warped onto the target's grid", path)
        with tempfile.TemporaryDirectory(dir=Path(mosaic_path).parent, prefix=".import.") as folder:
            copy = Path(folder) / "mosaic.tif"
            _write_copy(copy, source, low_high)
            with open_raster(copy) as whole, ExitStack() as stack:
                turns = [stack.enter_context(_warped(whole, grid, turn)) for turn in _turns(whole, grid)]
                _write(lambda window: _first_valid(turns, window), grid, path, mosaic_path, sources_path, tags)


def _check_reference(source, path, grid):
    if source.crs is None or source.transform.is_identity:
        raise InputError(path, "has no georeference", _GIVE_CRS)
    if np.issubdtype(np.dtype(source.dtypes[0]), np.complexfloating):
        raise InputError(path, "holds complex numbers", "give a GeoTIFF of brightness")
    crs = _crs(source)
    try:
        body = body_of(crs)
    except InputError as error:
        raise InputError(path, str(error), _GIVE_CRS) from None
    if body != grid.body:
        found = f"lies on {body.name}, the target on {grid.body.name}"
        raise InputError(path, found, "set the target's body, or give the mosaic's true CRS")
    corners = [
        source.transform * corner for corner in ((0, 0), (source.width, 0), (0, source.height), source.shape[::-1])
    ]
    x, y = np.array(corners).T
    if crs.is_geographic and (np.abs(y).max() > 90.01 or np.abs(x).max() > 540.0):
        found = f"its CRS is in degrees, but its edges lie at {x.min():g}..{x.max():g}, {y.min():g}..{y.max():g}"
        raise InputError(path, found, _GIVE_CRS)
    if not _overlaps(x, y, crs, grid):
        unit = crs.axis_info[0].unit_name
        found = f"does not reach the target: its edges lie at {x.min():g}..{x.max():g}, {y.min():g}..{y.max():g} {unit}"
        raise InputError(path, found, "check lat and lon of the target, and the mosaic's CRS and units")


def _overlaps(x, y, crs, grid):
    """Whether a box of map coordinates holds any of a grid's places."""
    rows, columns = np.meshgrid(*(np.linspace(-0.5, side - 0.5, 33) for side in grid.shape), indexing="ij")
    there_x, there_y = _between(grid.crs, crs)(*grid.xy(rows, columns))
    period = _period(crs)
    if period:
        there_x = x.min() + (there_x - x.min()) % period
    return bool(((there_x >= x.min()) & (there_x <= x.max()) & (there_y >= y.min()) & (there_y <= y.max())).any())


def _own_grid(source, grid):
    """The mosaic's own pixels on the target's body; None where they are not fit to be kept."""
    crs, transform = _crs(source), source.transform
    if not crs.is_projected or transform.b or transform.d or transform.a <= 0:
        return None
    square = math.isclose(transform.a, -transform.e, rel_tol=1e-6)
    alike = abs(transform.a / grid.resolution_m - 1) <= _SAME_RESOLUTION
    if not (square and alike and _same_map(crs, grid)):
        return None
    # In the words of the IAU's catalogue, whatever its maker called the body.
    return MapGrid(grid.crs, transform, source.shape)


def _same_map(crs, grid):
    """Whether places have the same coordinates on both maps; both in metres, then, and on one sphere."""
    if abs(crs.ellipsoid.semi_major_metre - grid.body.radius_m) > _SAME_RADIUS_M:
        return False
    rows, columns = np.meshgrid(*(np.linspace(0, side, 5) for side in grid.shape), indexing="ij")
    here = np.array(grid.xy(rows, columns))
    return bool(np.abs(np.array(_between(grid.crs, crs)(*here)) - here).max() < _SAME_PLACE * grid.resolution_m)


def _between(source, target):
    """Function from x, y of one map to those of another, whatever they call their body."""
    return Transformer.from_crs(_plain(source), _plain(target), always_xy=True).transform


def _period(crs):
    """What a coordinate grows by in going once around the body, where a map may begin anywhere; else None."""
    if crs.is_geographic:
        return 360.0
    said = _plain(crs)
    if "+proj=eqc" not in said:
        return None
    lat_ts_deg = float((re.search(r"\+lat_ts=(\S+)", said) or [0, 0])[1])
    unit_m = crs.axis_info[0].unit_conversion_factor
    return 2 * math.pi * crs.ellipsoid.semi_major_metre * math.cos(math.radians(lat_ts_deg)) / unit_m


def _crs(source):
    return CRS.from_wkt(source.crs.to_wkt())


def _plain(crs):
    """A CRS without the names of body and datum, over which PROJ might refuse to go from one map to another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return CRS.from_user_input(crs).to_proj4()


def _turns(source, grid):
    """Shifts of a mosaic, in whole turns around the body, at which it may cover the target."""
    crs = _crs(source)
    period = _period(crs)
    if not period:
        return [0.0]
    middle_x, _ = _between(grid.crs, crs)(*(float(value) for value in grid.xy(grid.shape[0] / 2, grid.shape[1] / 2)))
    source_x, _ = source.transform * (source.width / 2, source.height / 2)
    nearest = round((middle_x - source_x) / period)
    # A target across the edge of a mosaic that goes all around needs its other end as well.
    return [turn * period for turn in (nearest, nearest - 1, nearest + 1)]


def _warped(source, grid, turn=0.0):
    """The mosaic, shifted in x, on the target's grid; averaged where its pixels are much the finer ones."""
    pixel_m = abs(source.transform.a) or abs(source.transform.b)
    if source.crs.is_geographic:
        pixel_m *= math.radians(1) * grid.body.radius_m
    else:
        pixel_m *= source.crs.linear_units_factor[1]
    return WarpedVRT(
        source,
        src_crs=_plain(_crs(source)),
        src_transform=Affine.translation(turn, 0) @ source.transform,
        crs=_plain(grid.crs),
        transform=grid.transform,
        height=grid.shape[0],
        width=grid.shape[1],
        nodata=0,
        src_nodata=0,
        resampling=Resampling.average if pixel_m < _MUCH_FINER * grid.resolution_m else Resampling.cubic,
    )


def _first_valid(rasters, window):
    """Window of the first raster, its gaps filled from the others."""
    values = rasters[0].read(1, window=window)
    for other in rasters[1:]:
        if values.all():
            break
        values = np.where(values > 0, values, other.read(1, window=window))
    return values


def _limits(source, path, stretch):
    """Values that become 1 and 255."""
    if stretch == "percentile":
        shrink = max(1.0, max(source.shape) / _SAMPLED_PX)
        shape = tuple(max(1, round(side / shrink)) for side in source.shape)
        sample = _values(source, None, shape)
        found = np.nanpercentile(sample, PERCENTILES) if np.isfinite(sample).any() else ()
    else:
        ranges = [_range(_values(source, window)) for window in _windows(source.shape)]
        ranges = [values for values in ranges if values]
        found = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else ()
    if not len(found):
        raise InputError(path, "has no valid pixel", "check its nodata value")
    return tuple(map(float, found))


def _range(values):
    return (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else None


def _values(source, window, shape=None):
    """First band as float32, NaN for no data."""
    pixels = source.read(1, window=window, out_shape=shape, resampling=Resampling.nearest, masked=True)
    values = pixels.astype(np.float32).filled(np.nan)
    kind = source.dtypes[0]
    if kind in _ISIS_SPECIAL:
        values[values <= _ISIS_SPECIAL[kind]] = np.nan
    elif source.nodata is None and np.issubdtype(np.dtype(kind), np.unsignedinteger):
        values[values == 0] = np.nan
    return np.where(np.isfinite(values), values, np.float32(np.nan))


def _eight_bit(source, low_high):
    """Reader of windows as uint8, 0 for no data."""

    def read(window):
        if low_high:
            return stretched(_values(source, window), *low_high)
        pixels = source.read(1, window=window, masked=True)
        if source.nodata in (None, 0):
            return pixels.filled(0)
        # Where another value stands for no data, black is data.
        return np.maximum(pixels, 1).filled(0)

    return read


def _write_copy(path, source, low_high):
    """The mosaic as it lies, in 8 bit."""
    grid = MapGrid(_crs(source), source.transform, source.shape)
    read = _eight_bit(source, low_high)
    with create_raster(path, grid, "uint8", nodata=0) as copy:
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
            raise InputError(path, "has no valid pixel on the target", "check its nodata value and its place")


def _windows(shape):
    for row in range(0, shape[0], _WINDOW_PX):
        for column in range(0, shape[1], _WINDOW_PX):
            yield Window(column, row, min(_WINDOW_PX, shape[1] - column), min(_WINDOW_PX, shape[0] - row))
