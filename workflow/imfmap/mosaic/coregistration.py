"""Co-registration: the shift of an image against a reference on the map, found by phase correlation of many windows.

Brightness cannot be compared: under another Sun the bright side of a hole is another one, and phase correlation of
brightness is wrong by pixels, with confidence. Rims, boulders and cracks are edges under every Sun. So the magnitude of
the gradient is correlated (`benchmarks/coregistration.py` has the errors).
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from affine import Affine
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from scipy import ndimage
from skimage.registration import phase_cross_correlation

from ..core.files import replacing
from ..maps.coregistration_tag import Coregistration
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from ..maps.image_layers import ImageLayer
from ..maps.rasters import BLOCK, create_raster, open_raster
from ..maps.reported_writes import open_for_writing

log = logging.getLogger(__name__)

# A shift counts if at least so many windows, and this share of all windows, agree on it within this distance.
LEAST_WINDOWS = 4
LEAST_CONFIDENCE = 0.4
AGREE_PX = 1.5
# Images that are nearer to their place are left there: to move them would only blur them.
IN_PLACE_PX = 0.1
_SIDES_PX = (512, 256, 128, 64)
# Smaller windows show too little, unless the map itself is small.
_LEAST_SIDE_PX = 128
_MOST_WINDOWS = 49
_LEAST_VALID = 0.7
# Subdivisions of a pixel in which a shift is sought.
_UPSAMPLING = 20
_EDGE_SIGMA_PX, _SURROUNDING_SIGMA_PX = 1.0, 8.0
# Frequencies, in cycles per pixel, that count: above them is noise, below them are the shapes of windows.
_HIGHEST, _LOWEST = 0.2, 0.02

Read = Callable[[int, int, int, int], "np.ndarray | None"]


@dataclass(frozen=True)
class Shift:
    """Shift of an image that lays it on a reference.

    Attributes
    ----------
    rows, columns : float
        Pixels downwards and to the right.
    confidence : float
        Share of the compared windows that agree, 0..1.
    agreeing, windows : int
        Windows that agree, and windows that were compared.
    """

    rows: float
    columns: float
    confidence: float
    agreeing: int
    windows: int

    @property
    def is_sure(self) -> bool:
        """Whether enough windows agree."""
        return self.agreeing >= LEAST_WINDOWS and self.confidence >= LEAST_CONFIDENCE


def measure_shift(reference: Read, image: Read, shape: tuple[int, int], limit_px: float) -> Shift:
    """Measure the shift that lays an image on a reference.

    The shift is measured twice: with both images in the same windows, and then with the image's windows moved by what
    was found, so that they show the same ground.

    Parameters
    ----------
    reference, image : callable
        Take row, column, rows and columns of a window; return float (rows, columns), NaN for no data, or None if all is
        without data (`image_layers.ImageLayer.read`).
    shape : tuple of int
        Rows, columns of the map.
    limit_px : float
        Largest shift that is looked for. Larger ones may be found, too.

    Returns
    -------
    Shift
        If `Shift.is_sure` is false, the images have too little ground in common, or too little that looks alike.
    """
    side = _side(shape, limit_px)
    places = list(_places(shape, side))
    found = _vote(_measured(reference, image, places, side, (0, 0)))
    if not found.is_sure:
        return found
    rough = round(found.rows), round(found.columns)
    fine = _vote(_measured(reference, image, places, side, rough))
    return replace(fine, rows=fine.rows + rough[0], columns=fine.columns + rough[1])


def _side(shape, limit_px):
    """Return the side of windows: at least four times the limit, if a map has room for several windows of it."""
    fitting = [side for side in _SIDES_PX if side <= min(shape) / 2] or [_SIDES_PX[-1]]
    return min((side for side in fitting if side >= max(4 * limit_px, _LEAST_SIDE_PX)), default=fitting[0])


def _places(shape, side):
    """Yield upper left pixels of half overlapping windows, in an order in which any first part is spread evenly."""
    places = [
        (row, column)
        for row in range(0, shape[0] - side + 1, side // 2)
        for column in range(0, shape[1] - side + 1, side // 2)
    ]
    golden = (np.arange(len(places)) * 0.6180339887) % 1
    yield from (places[number] for number in np.argsort(golden))


def _measured(reference, image, places, side, offset) -> np.ndarray:
    """Return the shifts (N, 2) of the windows that both images fill, at most `_MOST_WINDOWS`."""
    weights, shifts = _weights(side), []
    for row, column in places:
        windows = (reference(row, column, side, side), image(row - offset[0], column - offset[1], side, side))
        if any(pixels is None or np.isfinite(pixels).mean() < _LEAST_VALID for pixels in windows):
            continue
        product = np.multiply(_spectrum(windows[0]), np.conj(_spectrum(windows[1])))
        product *= weights / np.maximum(np.abs(product), np.finfo(float).tiny)
        shift, _, _ = phase_cross_correlation(
            product, np.ones_like(product), space="fourier", upsample_factor=_UPSAMPLING, normalization=None
        )
        shifts.append(shift)
        if len(shifts) == _MOST_WINDOWS:
            break
    return np.reshape(shifts, (-1, 2))


def _vote(shifts):
    """Return the shift that most windows agree on."""
    if not len(shifts):
        return Shift(0.0, 0.0, 0.0, 0, 0)
    near = np.linalg.norm(shifts[:, None] - shifts[None], axis=-1) <= AGREE_PX
    agreeing = near[near.sum(axis=1).argmax()]
    rows, columns = np.median(shifts[agreeing], axis=0)
    return Shift(float(rows), float(columns), float(agreeing.mean()), int(agreeing.sum()), len(shifts))


def _weights(side):
    """Return the weight of each frequency of a window."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
    return np.where(frequency > _LOWEST, np.exp(-((frequency / _HIGHEST) ** 2)), 0.0)


def _spectrum(pixels):
    """Return the spectrum of the edges in a window."""
    valid = np.isfinite(pixels)
    edges = ndimage.gaussian_gradient_magnitude(
        np.where(valid, pixels, np.mean(pixels[valid])).astype(np.float64), _EDGE_SIGMA_PX
    )
    edges = np.log1p(edges / max(np.median(edges), np.finfo(np.float32).tiny))
    edges -= ndimage.gaussian_filter(edges, _SURROUNDING_SIGMA_PX)
    if not valid.all():
        # The edge of the data is no edge of the ground.
        edges *= ndimage.binary_erosion(valid, iterations=int(4 * _EDGE_SIGMA_PX), border_value=1)
    taper = np.hanning(len(pixels))
    return np.fft.fft2((edges - edges.mean()) * taper[:, None] * taper)


def coregister(
    image_path: str | Path,
    reference_path: str | Path | None,
    out_path: str | Path,
    grid: MapGrid,
    limit_m: float,
) -> Coregistration:
    """Write a projected image again, laid on a reference image.

    An image is moved as a whole, by cubic convolution. It is left as it is if too few windows agree on a shift (Suns,
    ground or pixels differ too much to tell), if the shift is larger than the limit, or if it lies in its place.

    Parameters
    ----------
    image_path : path
        Projected image: float32, NaN for no data, with `image_facts.ImageFacts` tags, on pixels of `grid`.
    reference_path : path, optional
        Projected image that stays. None if there is none: then the image stays, too.
    out_path : path
        Raster to write, of the same kind, with the tag of `coregistration_tag.Coregistration`.
    grid : MapGrid
        The target's grid.
    limit_m : float
        Largest shift that an image is moved by, map metres.

    Returns
    -------
    Coregistration
    """
    with open_raster(image_path) as image:
        product, own, tags = ImageFacts.from_tags(image.tags(), image_path).product, MapGrid.of(image), image.tags()
    result = _compared(image_path, reference_path, product, grid, limit_m)
    log.info("%s: %s", product, _in_words(result))
    if not result.moved:
        with replacing(out_path) as temporary:
            shutil.copyfile(image_path, temporary)
            with open_for_writing(temporary, "r+") as copy:
                copy.update_tags(**result.tags())
        return result
    with (
        open_raster(image_path) as image,
        WarpedVRT(
            image,
            src_transform=Affine.translation(result.right_m, result.up_m) * image.transform,
            crs=image.crs,
            transform=image.transform,
            height=image.height,
            width=image.width,
            resampling=Resampling.cubic,
        ) as moved,
        create_raster(out_path, own, "float32", nodata=np.nan, tags=tags | result.tags()) as out,
    ):
        for row, column, block in own.blocks(2 * BLOCK):
            window = Window(column, row, *block.shape[::-1])
            pixels = moved.read(1, window=window)
            if np.isfinite(pixels).any():
                out.write(pixels, 1, window=window)
    return result


def _compared(image_path, reference_path, product, grid, limit_m):
    if reference_path is None:
        return Coregistration(product, note="it is the reference, or there is none")
    with ImageLayer.open(reference_path, grid) as reference, ImageLayer.open(image_path, grid) as image:
        shift = measure_shift(reference.read, image.read, grid.shape, limit_m / grid.resolution_m)
        name = reference.product
    if not shift.is_sure:
        note = (
            f"only {shift.agreeing} of {shift.windows} windows agree: too little in common, or the Suns differ too much"
            if shift.windows >= LEAST_WINDOWS
            else "shares too little ground with the reference"
        )
        return Coregistration(name, confidence=round(shift.confidence, 3), windows=shift.windows, note=note)
    # Millimetres are enough, and the same on every machine.
    right_m, up_m = round(shift.columns * grid.resolution_m, 3), round(-shift.rows * grid.resolution_m, 3)
    measured = Coregistration(name, True, right_m, up_m, round(shift.confidence, 3), shift.windows)
    size_m = float(np.hypot(right_m, up_m))
    if size_m > limit_m:
        return replace(measured, moved=False, note=f"{size_m:.1f} m is more than limit_m, {limit_m:g} m")
    if size_m < IN_PLACE_PX * grid.resolution_m:
        return replace(measured, moved=False, note="lies in its place")
    return measured


def _in_words(result):
    """Return a result in one line of a log."""
    words = "moved" if result.moved else f"left as it is ({result.note})"
    if result.right_m is None:
        return words
    return (
        f"{words}: {result.right_m:+.2f} m to the right and {result.up_m:+.2f} m up lay it on {result.reference}; "
        f"{result.confidence:.0%} of {result.windows} windows agree"
    )
