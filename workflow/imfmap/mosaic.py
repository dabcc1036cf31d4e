"""The mosaic of a target's projected images: 8-bit, with the image that each pixel came from."""

import logging
from contextlib import ExitStack, contextmanager

import numpy as np
import rasterio

from .brightness import UNCHANGED, match_brightness
from .errors import InputError
from .layers import PRODUCTS_TAG, Layer
from .rasters import create_raster
from .seams import seam_lines

__all__ = ["PRIORITIES", "STRETCHES", "mosaic", "seam_lines", "stretched", "write_mosaic"]

log = logging.getLogger(__name__)

PRIORITIES = ("beneath", "ontop", "average")
STRETCHES = ("minmax", "percentile")
PERCENTILES = (0.5, 99.5)
_MOST_IN_UINT8 = 255
_WINDOW_PX = 1024
_SAMPLED_PX = 1 << 22
_GDAL_CACHE_MB = 256


def mosaic(paths, grid, out_path, sources_path, priority="beneath", stretch="percentile", brightness="none"):
    """Lay projected images over each other, a window at a time.

    Parameters
    ----------
    paths : sequence of path
        Rasters of I/F with NaN for no data, on the pixels of `grid` (covering any part of it), with the tags of
        `products.ImageFacts`; in order of priority.
    grid : MapGrid
    out_path : path
        uint8: 0 no data, 1..255 brightness; tags tell the stretch.
    sources_path : path
        uint8 (uint16 for more than 255 images): 0 no data, else the image's place in `paths`, from 1; the tag
        ``IMF_PRODUCTS`` lists them. In an average it is the first image that has the pixel.
    priority : str
        As automos: ``beneath`` keeps what is there (the first image on top), ``ontop`` puts each image over the ones
        before, ``average`` takes the mean of all that have the pixel.
    stretch : str or tuple of float
        What becomes 1 and 255: the mosaic's ``minmax`` as ``gdal_translate -scale``, or the robust ``percentile`` 0.5
        and 99.5 of it; or two I/F values.
    brightness : str
        Match between neighbours before: ``none``, or a method of `brightness.match_brightness`.

    Raises
    ------
    InputError
        For images on another grid, no image at all or none with a valid pixel.
    """
    if not paths:
        raise InputError(out_path, "no image to mosaic", "check that some image covers the target")
    if priority not in PRIORITIES:
        raise InputError("priority", f"unknown priority '{priority}'", f"use one of {', '.join(PRIORITIES)}")
    with _layers(paths, grid) as layers:
        if brightness != "none":
            changes = match_brightness(layers, grid, brightness, _WINDOW_PX)
        else:
            changes = [UNCHANGED] * len(layers)

        def composites(what):
            windows = list(grid.blocks(_WINDOW_PX))
            for number, (row, column, window) in enumerate(windows):
                if 10 * number // len(windows) > 10 * (number - 1) // len(windows):
                    log.info("mosaic: %s, %d of %d windows", what, number, len(windows))
                made = _composite(layers, changes, row, column, window.shape, priority)
                if made is not None:
                    yield row, column, *made

        products = [layer.product for layer in layers]
        tags = {"IMF_PRIORITY": priority, "IMF_BRIGHTNESS": brightness}
        write_mosaic(composites, grid, products, out_path, sources_path, stretch, tags)


def write_mosaic(composites, grid, products, out_path, sources_path, stretch, tags):
    """Write a mosaic as 8-bit picture, and where its pixels came from.

    Parameters
    ----------
    composites : callable
        Of a word for the log: yields row, column, values (float32, NaN for no data) and sources (int, 0 for no data,
        else the place in `products`, from 1) of windows of `grid`; called twice, for the stretch and for the writing.
    grid : MapGrid
    products : sequence of str
        Product ids of the images.
    out_path, sources_path, stretch
        As `mosaic`.
    tags : dict
        Further tags of the picture.

    Raises
    ------
    InputError
        Where no window has a valid pixel.
    """
    low, high = _stretch_limits(composites, stretch, grid, out_path)
    listed = {PRODUCTS_TAG: ",".join(products)}
    tags = {**listed, **tags, "IMF_STRETCH_LOW": low, "IMF_STRETCH_HIGH": high}
    sources_type = "uint8" if len(products) <= _MOST_IN_UINT8 else "uint16"
    with (
        create_raster(out_path, grid, "uint8", nodata=0, tags=tags, cloud=True) as picture,
        create_raster(
            sources_path, grid, sources_type, nodata=0, tags=listed, overviews="nearest", cloud=True
        ) as sources,
    ):
        for row, column, values, source in composites("writing"):
            window = rasterio.windows.Window(column, row, *values.shape[::-1])
            picture.write(stretched(values, low, high), 1, window=window)
            sources.write(source.astype(sources_type), 1, window=window)


def stretched(values, low, high):
    """8-bit brightness of I/F: `low` becomes 1, `high` 255, NaN 0."""
    valid = np.isfinite(values)
    share = np.where(valid, (values - low) / (high - low) if high > low else 0.5, 0.0)
    return np.where(valid, 1.0 + np.rint(254.0 * np.clip(share, 0.0, 1.0)), 0.0).astype(np.uint8)


@contextmanager
def _layers(paths, grid):
    # By default GDAL would keep a twentieth of the machine's memory in blocks that are done with.
    with ExitStack() as stack:
        stack.enter_context(rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB))
        yield [stack.enter_context(Layer.open(path, grid)) for path in paths]


def _composite(layers, changes, row, column, shape, priority):
    """Values and sources of a window; None where it has neither.

    Returns
    -------
    tuple of ndarray, or None
        float32 (rows, columns), NaN for no data; int (rows, columns), 0 for no data.
    """
    values = source = total = count = None
    for number, (layer, change) in enumerate(zip(layers, changes, strict=True), start=1):
        pixels = layer.read(row, column, *shape)
        if pixels is None:
            continue
        pixels = change.apply(pixels)
        valid = np.isfinite(pixels)
        if values is None:
            values, source = np.full(shape, np.nan, np.float32), np.zeros(shape, np.int32)
            total, count = np.zeros(shape), np.zeros(shape, np.int32)
        if priority == "average":
            np.add(total, pixels, out=total, where=valid)
            count += valid
        taken = valid if priority == "ontop" else valid & (source == 0)
        values[taken] = pixels[taken]
        source[taken] = number
    if values is None or not source.any():
        return None
    if priority == "average":
        values = np.divide(total, count, out=np.full(shape, np.nan), where=count > 0).astype(np.float32)
    return values, source


def _stretch_limits(composites, stretch, grid, out_path):
    """I/F that become 1 and 255."""
    if not isinstance(stretch, str):
        low, high = map(float, stretch)
        return low, high
    if stretch not in STRETCHES:
        raise InputError(
            "stretch", f"unknown stretch '{stretch}'", f"use one of {', '.join(STRETCHES)}, or two numbers"
        )
    # Of every window the same pixels are sampled, so few that those of the whole grid fit in memory.
    stride = max(1, int(np.ceil(np.sqrt(grid.shape[0] * grid.shape[1] / _SAMPLED_PX))))
    low, high, sampled = np.inf, -np.inf, []
    for _, _, values, _ in composites("measuring"):
        low, high = min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values)))
        part = values[::stride, ::stride]
        sampled.append(part[np.isfinite(part)])
    if low > high:
        raise InputError(out_path, "no image has a valid pixel on the target", "check the projected images")
    if stretch == "percentile" and sum(map(len, sampled)):
        low, high = (float(limit) for limit in np.percentile(np.concatenate(sampled), PERCENTILES))
    return low, high
