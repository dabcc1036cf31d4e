"""Figures of the look of an image of the lunar surface, independent of its stretch.

Except those of `brightness_statistics`, figures do not change if the image is multiplied by a number, if a number is
added, or if the image is turned by a quarter. So a real crop of unknown stretch and Sun can be compared with a
simulated one. Contrasts are in units of the spread, the distance from the 5th to the 95th percentile.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.stats import kurtosis, skew

from .craters import FoundCraters, crater_statistics

# Wavelengths (pixels) of the levels of the spectrum, each one octave wide, and the range in which its slope is fitted.
WAVELENGTHS_PX = (3.0, 6.0, 12.0, 24.0, 48.0, 96.0)
SLOPE_RANGE_PX = (5.0, 100.0)
QUANTILES = (0.5, 2.0, 10.0, 25.0, 50.0, 75.0, 90.0, 98.0, 99.5)
# Sides of the windows (pixels) in which local contrast is measured.
WINDOWS_PX = (5, 11, 21, 41, 81)
# Standard deviations (pixels) of the smoothing before derivatives are taken.
DERIVATIVES_PX = (1.0, 2.0, 4.0)


def spread(patch: np.ndarray) -> float:
    """Return the distance from the 5th to the 95th percentile, at least the smallest positive float."""
    low, high = np.percentile(patch, (5.0, 95.0))
    return max(float(high - low), np.finfo(float).tiny)


def radial_spectrum(patch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the power spectrum, averaged over all directions.

    Parameters
    ----------
    patch : ndarray
        (n, n), finite.

    Returns
    -------
    frequency : ndarray
        Cycles per pixel up to 0.5, at the middle of rings that are one FFT step wide.
    power : ndarray
        Mean power spectral density in each ring. Its integral over the plane of frequencies is the variance.
    """
    size = min(patch.shape)
    patch = np.asarray(patch[:size, :size], float)
    window = np.hanning(size + 2)[1:-1]
    window = window[:, None] * window[None, :]
    weighted = (patch - np.average(patch, weights=window)) * window
    power = np.abs(np.fft.fft2(weighted)) ** 2 / np.sum(window**2)
    frequency = np.fft.fftfreq(size)
    ring = np.rint(np.hypot(frequency[:, None], frequency[None, :]) * size).astype(int)
    total = np.bincount(ring.ravel(), power.ravel())
    count = np.bincount(ring.ravel())
    rings = np.arange(1, size // 2)
    return rings / size, total[rings] / count[rings]


def spectrum_statistics(patch: np.ndarray) -> dict[str, float]:
    """Return the slope of log power over log frequency, and log10 power in octaves in units of the spread squared."""
    frequency, power = radial_spectrum(patch)
    # The first rings are not used: the window leaks into them.
    usable = frequency * min(patch.shape) >= 3.0
    log_f, log_p = np.log10(frequency), np.log10(np.maximum(power / spread(patch) ** 2, 1e-12))
    chosen = usable & (frequency >= 1.0 / SLOPE_RANGE_PX[1]) & (frequency <= 1.0 / SLOPE_RANGE_PX[0])
    # Higher octaves have more rings. With these weights all octaves count alike.
    slope = np.polyfit(log_f[chosen], log_p[chosen], 1, w=frequency[chosen] ** -0.5)[0]
    figures = {"spectrum_slope": float(slope)}
    for wavelength in WAVELENGTHS_PX:
        band = usable & (np.abs(np.log2(frequency * wavelength)) <= 0.5)
        if band.any():
            figures[f"spectrum_level_{wavelength:g}px"] = float(np.log10(10 ** log_p[band]).mean())
    return figures


def histogram_statistics(patch: np.ndarray) -> dict[str, float]:
    """Return skewness, excess kurtosis, and quantiles minus the median in units of the spread."""
    values = np.percentile(patch, QUANTILES)
    middle = values[QUANTILES.index(50.0)]
    figures = {
        "skewness": float(skew(patch, axis=None)) if np.ptp(patch) else 0.0,
        "kurtosis": float(kurtosis(patch, axis=None)) if np.ptp(patch) else 0.0,
    }
    for quantile, value in zip(QUANTILES, values, strict=True):
        if quantile != 50.0:
            figures[f"quantile_{quantile:g}"] = float((value - middle) / spread(patch))
    return figures


def contrast_statistics(patch: np.ndarray) -> dict[str, float]:
    """Return local contrast: the median standard deviation in windows, and its unevenness over the image."""
    patch = np.asarray(patch, float)
    patch = patch - patch.mean()
    figures = {}
    for side in WINDOWS_PX:
        if side > min(patch.shape) // 2:
            continue
        mean = uniform_filter(patch, side)
        local = np.sqrt(np.maximum(uniform_filter(patch * patch, side) - mean * mean, 0.0))
        half = side // 2
        local = local[half:-half:half, half:-half:half]
        figures[f"contrast_{side}px"] = float(np.median(local) / spread(patch))
        if side == 21:
            low, high = np.percentile(local, (10.0, 90.0))
            figures["contrast_unevenness"] = float(high / max(low, 1e-3 * spread(patch)))
    return figures


def derivative_statistics(patch: np.ndarray, sun_azimuth_deg: float) -> dict[str, float]:
    """Return skewness and kurtosis of derivatives away from the Sun, and their strength relative to those across it.

    A hollow is dark on the Sun's side and bright on the other: brightness rises steeply across its floor, most of all
    at the end of a shadow, and falls more gently outside. Fresh hollows make the skewness positive, knobs negative.
    """
    figures = {}
    for sigma in DERIVATIVES_PX:
        along, across = _derivatives(patch, sun_azimuth_deg, sigma)
        if not along.any():
            along = along + np.finfo(float).tiny
        figures[f"derivative_skewness_{sigma:g}px"] = float(skew(along, axis=None)) if np.ptp(along) else 0.0
        figures[f"derivative_kurtosis_{sigma:g}px"] = float(kurtosis(along, axis=None)) if np.ptp(along) else 0.0
        figures[f"anisotropy_{sigma:g}px"] = float(np.log(along.std() / max(across.std(), np.finfo(float).tiny)))
    return figures


def brightness_statistics(iof: np.ndarray) -> dict[str, float]:
    """Return figures that need a calibrated image: mean I/F, and contrast in units of the mean."""
    mean = float(iof.mean())
    return {
        "iof_mean": mean,
        "iof_spread_over_mean": spread(iof) / mean,
        "iof_fine_contrast_over_mean": contrast_statistics(iof)["contrast_5px"] * spread(iof) / mean,
    }


def sun_axis(patch: np.ndarray) -> float:
    """Return the axis of the Sun's direction, estimated from the image alone.

    Shading is the slope along the Sun's direction, so brightness varies most along it.

    Parameters
    ----------
    patch : ndarray
        (rows, columns), finite.

    Returns
    -------
    float
        Degrees clockwise from up, 0..180. The Sun may be at either end.
    """
    right, up = (part.ravel() for part in _gradient(patch, 1.5))
    # Gradients are limited to their 95th percentile, so that a single shadow does not dominate.
    steepness = np.hypot(right, up)
    limit = np.percentile(steepness, 95.0)
    scale = limit / np.maximum(steepness, max(limit, np.finfo(float).tiny))
    right, up = right * scale, up * scale
    axis = 0.5 * np.arctan2(2.0 * np.mean(right * up), np.mean(up * up) - np.mean(right * right))
    return float(np.degrees(axis)) % 180.0


def _gradient(patch, sigma):
    """Return derivatives to the right and up of the smoothed image, without its edges."""
    edge = int(np.ceil(3 * sigma))
    right = gaussian_filter(np.asarray(patch, float), sigma, order=(0, 1), mode="nearest")
    up = -gaussian_filter(np.asarray(patch, float), sigma, order=(1, 0), mode="nearest")
    inside = (slice(edge, -edge), slice(edge, -edge))
    return right[inside], up[inside]


def _derivatives(patch, sun_azimuth_deg, sigma):
    """Return derivatives away from the Sun, and across that direction."""
    right, up = _gradient(patch, sigma)
    east, north = np.sin(np.radians(sun_azimuth_deg)), np.cos(np.radians(sun_azimuth_deg))
    return -(right * east + up * north), right * north - up * east


def all_statistics(patch: np.ndarray, sun_azimuth_deg: float, found: FoundCraters) -> dict[str, float]:
    """Return all figures of a patch that do not depend on its stretch.

    Parameters
    ----------
    patch : ndarray
        (rows, columns), finite.
    sun_azimuth_deg : float
        Direction towards the Sun, see `craters.find_sun_and_craters`.
    found : craters.FoundCraters
        Craters of the patch, see `craters.find_craters`.

    Returns
    -------
    dict of float
    """
    return {
        **spectrum_statistics(patch),
        **histogram_statistics(patch),
        **contrast_statistics(patch),
        **derivative_statistics(patch, sun_azimuth_deg),
        **crater_statistics(found, patch.size),
    }
