"""The 8-bit mosaic of a target's projected images, and the source image of each pixel."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from ..core.checksums import Checksums
from ..core.choices import MOSAIC, PRIORITIES, STRETCHES
from ..core.code_digest import code_of
from ..core.errors import InputError
from ..core.open_files import open_files
from ..core.part_store import PartStore
from ..core.product_ids import full_id, named_product
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG
from ..maps.image_layers import ImageLayer, by_window
from ..maps.rasters import create_raster
from ..maps.stretching import stretch_to_8bit
from ..maps.window_reading import map_in_order
from .equalize import UNCHANGED, match_brightness
from .seams import seam_lines

__all__ = ["MosaicPart", "mosaic", "seam_lines", "write_mosaic"]

log = logging.getLogger(__name__)

PERCENTILES = (0.5, 99.5)
_MOST_IN_UINT8 = 255
_WINDOW_PX = 512
_SAMPLED_PX = 1 << 22
_GDAL_CACHE_MB = 256


def mosaic(
    paths: Sequence[str | Path],
    grid: MapGrid,
    out_path: str | Path,
    sources_path: str | Path,
    priority: str = MOSAIC["priority"],
    stretch: str | Sequence[float] = MOSAIC["stretch"],
    brightness: str = MOSAIC["brightness"],
    threads: int = 1,
) -> None:
    """Write the mosaic of projected images, one window at a time.

    Windows are stored beside the mosaic (see `part_store.PartStore`). The key of a window depends on the contents of
    the images that reach into it, and on the changes of their brightness. So a further image remakes only the windows
    on which it lies, unless the stretch or the match of brightness changes the others.

    Parameters
    ----------
    paths : sequence of path
        Rasters of I/F with NaN for no data, on the pixels of `grid` (covering any part of it), with the tags of
        `image_facts.ImageFacts`; in order of priority.
    grid : MapGrid
    out_path : path
        uint8: 0 no data, 1..255 brightness; tags hold the limits of the stretch.
    sources_path : path
        uint8 (uint16 for more than 255 images): 0 no data, else the image's place in `paths`, from 1; the tag
        ``IMF_PRODUCTS`` lists the images. In an average it is the first image that has the pixel.
    priority : str
        As in automos: ``beneath`` takes a pixel from the first image that has it, ``ontop`` from the last one;
        ``average`` takes the mean of all images that have it.
    stretch : str or tuple of float
        I/F that become 1 and 255: ``minmax``, the least and the largest value of the mosaic, as in ``gdal_translate
        -scale``; ``percentile``, its percentiles 0.5 and 99.5, rounded outwards to two digits, so that a further image
        seldom changes them; or two values.
    brightness : str
        Match of brightness between overlapping images: ``none``, or a method of `equalize.match_brightness`.
    threads : int
        Number of windows that are composed at a time. The files are the same, whatever it is.

    Raises
    ------
    InputError
        If an image lies on another grid, there is no image, no image has a valid pixel, or two are of one product.
    """
    if not paths:
        raise InputError(out_path, "no image to mosaic", "check that some image covers the target")
    if priority not in PRIORITIES:
        raise InputError("priority", f"unknown priority '{priority}'", f"use one of {', '.join(PRIORITIES)}")
    _check_stretch(stretch)
    with _open_images(paths, grid, threads) as image_layers:
        _refuse_twins(image_layers)
        if brightness != "none":
            changes = match_brightness(image_layers, grid, brightness, _WINDOW_PX)
        else:
            changes = [UNCHANGED] * len(image_layers)

        checksums = Checksums(Path(out_path).parent)
        made_of = {
            layer: [checksums.of(layer.path), layer.offset, astuple(change)]
            for layer, change in zip(image_layers, changes, strict=True)
        }
        common = {"code": code_of(__file__), "grid": grid.shape, "priority": priority}
        with PartStore(out_path, common) as store:
            parts, images_on = [], by_window(image_layers, _WINDOW_PX)
            for row, column, window in grid.blocks(_WINDOW_PX):
                if there := images_on.get((row, column)):
                    pixels = _Composite([image_layers[n] for n in there], [changes[n] for n in there], priority)
                    key = store.key([row, column], [made_of[image_layers[number]] for number in there])
                    parts.append(_StoredPart(row, column, window.shape, pixels, store, key, np.array([-1, *there]) + 1))
            products = [layer.product for layer in image_layers]
            tags = {"IMF_PRIORITY": priority, "IMF_BRIGHTNESS": brightness}
            write_mosaic(parts, grid, products, out_path, sources_path, stretch, tags, threads)
            log.info("mosaic: %d stored parts used again, %d made", store.taken, store.made)


def _refuse_twins(image_layers):
    """Refuse two images of one NAC product, whatever their files are called: each of their pixels would count twice."""
    seen = {}
    for layer in image_layers:
        product = full_id(layer.product)
        if product == named_product(layer.product) and seen.setdefault(product, layer.path) != layer.path:
            found = f"is product {layer.product}, and so is {seen[product]}"
            raise InputError(layer.path, found, "list each product once")


class MosaicPart:
    """A window of a mosaic.

    Parameters
    ----------
    row, column : int
    shape : tuple of int
    pixels : callable
        Function of row, column and shape. It returns values (float32, NaN for no data) and sources (int, 0 for no
        data, else the place of an image among the mosaic's, from 1), or None if the window has no data.
    """

    def __init__(
        self,
        row: int,
        column: int,
        shape: tuple[int, int],
        pixels: Callable[[int, int, tuple[int, int]], tuple[np.ndarray, np.ndarray] | None],
    ) -> None:
        self.row, self.column, self.shape, self._pixels = row, column, shape, pixels

    def measured(self, stride: int) -> dict[str, np.ndarray]:
        """Return the least and the largest value (``limits``), and the values at every `stride` pixels (``sample``)."""
        composed = self._pixels(self.row, self.column, self.shape)
        if composed is None:
            return {"limits": np.array([np.inf, -np.inf]), "sample": np.empty(0, np.float32)}
        values = composed[0]
        sample = values[::stride, ::stride]
        return {"limits": np.array([np.nanmin(values), np.nanmax(values)]), "sample": sample[np.isfinite(sample)]}

    def drawn(self, low: float, high: float) -> dict[str, np.ndarray]:
        """Return the 8-bit ``picture`` (rows, columns) and its ``sources``; both are empty if there is no data."""
        composed = self._pixels(self.row, self.column, self.shape)
        if composed is None:
            return {"picture": np.empty(0, np.uint8), "sources": np.empty(0, np.uint16)}
        return {"picture": stretch_to_8bit(composed[0], (low, high)), "sources": composed[1].astype(np.uint16)}


class _StoredPart(MosaicPart):
    """A window in a part store.

    Its stored sources are places among the images that reach into it; `numbers` are the places of these images in the
    mosaic.
    """

    def __init__(self, row, column, shape, pixels, store, key, numbers):
        super().__init__(row, column, shape, pixels)
        self._store, self._key, self._numbers = store, key, numbers

    def measured(self, stride):
        return self._store.arrays(self._store.key(self._key, stride), super().measured, stride)

    def drawn(self, low, high):
        stored = self._store.arrays(self._store.key(self._key, [low, high]), super().drawn, low, high)
        return {**stored, "sources": self._numbers[stored["sources"]]}


def write_mosaic(
    parts: Sequence[MosaicPart],
    grid: MapGrid,
    products: Sequence[str],
    out_path: str | Path,
    sources_path: str | Path,
    stretch: str | Sequence[float],
    tags: Mapping[str, Any],
    threads: int = 1,
) -> None:
    """Write a mosaic as an 8-bit picture, and the sources of its pixels.

    Parameters
    ----------
    parts : sequence of MosaicPart
        Windows of `grid` that do not overlap. Each is read twice: for the stretch, and for writing.
    grid : MapGrid
    products : sequence of str
        Product ids of the images.
    out_path, sources_path, stretch
        As `mosaic`.
    tags : mapping
        Further tags of the picture.
    threads : int
        Number of parts that are worked on at a time. With more than one, their functions of pixels are called from
        several threads.

    Raises
    ------
    InputError
        If no window has a valid pixel.
    """
    low, high = _stretch_limits(parts, stretch, grid, out_path, threads)
    listed = {PRODUCTS_TAG: ",".join(products)}
    tags = {**listed, **tags, "IMF_STRETCH_LOW": low, "IMF_STRETCH_HIGH": high}
    sources_type = "uint8" if len(products) <= _MOST_IN_UINT8 else "uint16"
    with (
        create_raster(out_path, grid, "uint8", nodata=0, tags=tags, cloud=True) as picture,
        create_raster(
            sources_path, grid, sources_type, nodata=0, tags=listed, overviews="nearest", cloud=True
        ) as sources,
    ):
        for part, drawn in _in_threads(lambda part: part.drawn(low, high), parts, threads, "writing"):
            if drawn["picture"].size:
                window = rasterio.windows.Window(part.column, part.row, *part.shape[::-1])
                picture.write(drawn["picture"], 1, window=window)
                sources.write(drawn["sources"].astype(sources_type), 1, window=window)


def _in_threads(function, parts, threads, what) -> Iterator[tuple[MosaicPart, Any]]:
    """Yield the parts in order, each with what a function makes of it, and log ten lines on the progress."""
    with ThreadPoolExecutor(threads) as pool:
        results = map_in_order(pool, function, parts, 2 * threads)
        for number, (part, result) in enumerate(zip(parts, results, strict=True)):
            if 10 * number // len(parts) > 10 * (number - 1) // len(parts):
                log.info("mosaic: %s, %d of %d windows", what, number, len(parts))
            yield part, result


@contextmanager
def _open_images(paths, grid, threads):
    # By default GDAL would use a twentieth of the machine's memory for blocks that are no longer needed.
    with ExitStack() as stack, open_files(len(paths)):
        stack.enter_context(rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB, GDAL_NUM_THREADS=threads))
        yield [stack.enter_context(ImageLayer.open(path, grid)) for path in paths]


class _Composite:
    """Function that composes a window from images and the changes of their brightness; see `MosaicPart`."""

    def __init__(self, image_layers, changes, priority):
        self._images, self._changes, self._priority = image_layers, changes, priority

    def __call__(self, row, column, shape):
        values, source = np.full(shape, np.nan, np.float32), np.zeros(shape, np.int32)
        total, count = np.zeros(shape), np.zeros(shape, np.int32)
        for number, (layer, change) in enumerate(zip(self._images, self._changes, strict=True), start=1):
            pixels = layer.read(row, column, *shape)
            if pixels is None:
                continue
            pixels = change.apply(pixels)
            valid = np.isfinite(pixels)
            if self._priority == "average":
                np.add(total, pixels, out=total, where=valid)
                count += valid
            taken = valid if self._priority == "ontop" else valid & (source == 0)
            values[taken] = pixels[taken]
            source[taken] = number
        if not source.any():
            return None
        if self._priority == "average":
            values = np.divide(total, count, out=np.full(shape, np.nan), where=count > 0).astype(np.float32)
        return values, source


def _check_stretch(stretch):
    if isinstance(stretch, str) and stretch not in STRETCHES:
        raise InputError(
            "stretch", f"unknown stretch '{stretch}'", f"use one of {', '.join(STRETCHES)}, or two numbers"
        )


def _stretch_limits(parts, stretch, grid, out_path, threads):
    """Return the I/F that become 1 and 255."""
    _check_stretch(stretch)
    if not isinstance(stretch, str):
        low, high = map(float, stretch)
        return low, high
    # Every window is sampled at one stride, which is so large that the samples of the whole grid fit in memory.
    stride = max(1, int(np.ceil(np.sqrt(grid.shape[0] * grid.shape[1] / _SAMPLED_PX))))
    low, high, sampled = np.inf, -np.inf, []
    for _, measured in _in_threads(lambda part: part.measured(stride), parts, threads, "measuring"):
        low, high = min(low, float(measured["limits"][0])), max(high, float(measured["limits"][1]))
        sampled.append(measured["sample"])
    if low > high:
        raise InputError(out_path, "no image has a valid pixel on the target", "check the projected images")
    if stretch == "percentile" and sum(map(len, sampled)):
        low, high = (float(limit) for limit in np.percentile(np.concatenate(sampled), PERCENTILES))
        low, high = _two_digits(low, math.floor), _two_digits(high, math.ceil)
    return low, high


def _two_digits(value, rounding):
    """Round a number to two significant digits."""
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return float(f"{rounding(round(value / step, 6)) * step:.3g}")
