"""Automatic crater counts: craters are places that look like a bowl shaded by the Sun."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2
from scipy.ndimage import maximum_filter

# Diameters that are searched (pixels), a third of an octave apart.
DIAMETERS_PX = tuple(6.0 * 2.0 ** (step / 3.0) for step in range(12))
# Smallest correlation of an image with a shaded bowl that counts as a crater.
LEAST_CORRELATION = 0.60
# Craters are counted above these diameters.
COUNTED_PX = (6.0, 12.0, 24.0)
_RIM_REACH = 1.5
# Two finds closer than 0.8 of this share of the larger diameter are the same crater.
_SAME_PLACE = 0.5


@dataclass(frozen=True)
class FoundCraters:
    """Craters found in a patch.

    Attributes
    ----------
    row, column, diameter_px, correlation : ndarray
        (n,), in order of decreasing correlation.
    """

    row: np.ndarray
    column: np.ndarray
    diameter_px: np.ndarray
    correlation: np.ndarray


def find_craters(
    patch: np.ndarray, sun_azimuth_deg: float, least_correlation: float = LEAST_CORRELATION
) -> FoundCraters:
    """Find craters by correlation with shaded bowls of several sizes.

    The correlation is normalised (Lewis 1995): only the pattern counts, neither brightness nor contrast.

    Parameters
    ----------
    patch : ndarray
        (rows, columns), finite.
    sun_azimuth_deg : float
        Direction towards the Sun, clockwise from up.
    least_correlation : float
        Smallest correlation that counts as a crater.

    Returns
    -------
    FoundCraters
    """
    patch = np.asarray(patch, float)
    patch = patch - patch.mean()
    floor = (1e-3 * np.ptp(patch)) ** 2 + np.finfo(float).tiny
    layers = [
        _correlation(patch, shaded_bowl(diameter, sun_azimuth_deg), floor)
        for diameter in DIAMETERS_PX
        if _RIM_REACH * diameter < min(patch.shape) / 2
    ]
    rows, columns, sizes, strengths = [], [], [], []
    for diameter, layer in zip(DIAMETERS_PX, layers, strict=False):
        peak = (layer == maximum_filter(layer, size=2 * int(diameter / 4) + 3)) & (layer >= least_correlation)
        row, column = np.nonzero(peak)
        rows.append(row)
        columns.append(column)
        sizes.append(np.full(len(row), diameter))
        strengths.append(layer[row, column])
    row, column, size, strength = (np.concatenate(part) for part in (rows, columns, sizes, strengths))
    kept = _strongest(row, column, size, strength)
    return FoundCraters(row[kept].astype(float), column[kept].astype(float), size[kept], strength[kept])


def find_sun_and_craters(patch: np.ndarray, axis_deg: float) -> tuple[float, FoundCraters]:
    """Find at which end of an axis the Sun stands, and find the craters.

    Hollows lit from one side look like knobs lit from the other. On the Moon there are more hollows than knobs, so the
    Sun stands at the end for which more, larger and clearer bowls are found.

    Parameters
    ----------
    patch : ndarray
        (rows, columns), finite.
    axis_deg : float
        Axis of the Sun's direction, see `statistics.sun_axis`.

    Returns
    -------
    sun_azimuth_deg : float
        Degrees clockwise from up, 0..360.
    found : FoundCraters
    """
    candidates = [(azimuth_deg, find_craters(patch, azimuth_deg)) for azimuth_deg in (axis_deg, axis_deg + 180.0)]
    return max(candidates, key=lambda item: float(np.sum(item[1].diameter_px * (item[1].correlation - 0.5))))


def shaded_bowl(diameter_px: float, sun_azimuth_deg: float) -> np.ndarray:
    """Return the shading of a bowl with a rim, to first order in its slopes, with zero mean and unit norm.

    Returns
    -------
    ndarray
        Square with an odd number of rows.
    """
    half = int(np.ceil(_RIM_REACH * diameter_px / 2))
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1] / (diameter_px / 2)
    radius = np.hypot(rows, columns)
    # Outward slope of a parabolic bowl and of the flank of its rim, smooth as in a blurred image.
    inside = radius * np.clip((1.1 - radius) / 0.2, 0.0, 1.0)
    flank = 0.25 * np.clip((radius - 1.0) / 0.1, 0.0, 1.0) * np.clip((_RIM_REACH - radius) / 0.4, 0.0, 1.0)
    towards = (columns * np.sin(np.radians(sun_azimuth_deg)) - rows * np.cos(np.radians(sun_azimuth_deg))) / np.maximum(
        radius, 1e-9
    )
    shading = -(inside - flank) * towards
    shading[radius > _RIM_REACH] = 0.0
    return shading / np.linalg.norm(shading)


def crater_statistics(found: FoundCraters, pixels: int) -> dict[str, float]:
    """Return log10 of craters per million pixels above each diameter, and the slope of their size-frequency law.

    One is added to each count, so that a count of zero has a logarithm.

    Parameters
    ----------
    found : FoundCraters
    pixels : int
        Number of pixels of the patch.
    """
    figures, counts = {}, []
    for diameter in COUNTED_PX:
        counts.append(1 + int((found.diameter_px >= 0.999 * diameter).sum()))
        figures[f"craters_{diameter:g}px"] = float(np.log10(counts[-1] * 1e6 / pixels))
    figures["crater_size_slope"] = float(np.log(counts[0] / counts[-1]) / np.log(COUNTED_PX[0] / COUNTED_PX[-1]))
    return figures


def match_craters(
    found: FoundCraters, row: np.ndarray, column: np.ndarray, diameter_px: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which finds are craters, and which craters were found.

    A find is a crater if their centres are closer than a third of the crater's diameter, and the find's diameter is
    between 0.6 and 1.7 times the crater's.

    Parameters
    ----------
    found : FoundCraters
    row, column, diameter_px : ndarray
        (m,), the true craters.

    Returns
    -------
    right, seen : ndarray
        bool: (n,) whether a find is a crater, (m,) whether a crater was found.
    """
    right, seen = np.zeros(len(found.row), bool), np.zeros(len(row), bool)
    for k in range(len(found.row)):
        distance = np.hypot(row - found.row[k], column - found.column[k]) / diameter_px
        ratio = found.diameter_px[k] / diameter_px
        fits = (distance < 1 / 3) & (ratio > 0.6) & (ratio < 1.7)
        if fits.any():
            right[k] = True
            seen[np.argmin(np.where(fits, distance + np.abs(np.log(ratio)), np.inf))] = True
    return right, seen


def _correlation(patch, template, floor):
    """Return the normalised cross-correlation at every place where the template fits, and -1 elsewhere."""
    side = template.shape[0]
    half = side // 2
    support = (template != 0).astype(float)
    shape = [next_fast_len(size + side, real=True) for size in patch.shape]
    inside = (slice(side - 1, patch.shape[0]), slice(side - 1, patch.shape[1]))
    spectrum, squares = rfft2(patch, shape), rfft2(patch * patch, shape)
    mask = rfft2(support[::-1, ::-1], shape)
    product = irfft2(spectrum * rfft2(template[::-1, ::-1], shape), shape)[inside]
    total = irfft2(spectrum * mask, shape)[inside]
    square = irfft2(squares * mask, shape)[inside]
    # The template's mean is zero by symmetry, so the mean of the patch does not enter `product`.
    variance = np.maximum(square - total * total / support.sum(), support.sum() * floor)
    out = np.full(patch.shape, -1.0)
    out[half : patch.shape[0] - half, half : patch.shape[1] - half] = product / np.sqrt(variance)
    return out


def _strongest(row, column, size, strength):
    """Return the indices of finds that have no stronger find close by, in order of decreasing strength."""
    kept = []
    for k in np.lexsort((column, row, -strength)):
        if kept:
            others = np.array(kept)
            near = np.hypot(row[others] - row[k], column[others] - column[k])
            if (near < _SAME_PLACE * np.maximum(size[others], size[k]) * 0.8).any():
                continue
        kept.append(k)
    return np.array(kept, int)
