"""Random surfaces: fractal noise in two dimensions, smooth noise along a line."""

import numpy as np
from numba import njit
from scipy import fft


def band_noise(
    shape: tuple[int, int],
    resolution_m: float,
    rng: np.random.Generator,
    shortest_m: float,
    longest_m: float,
    hurst: float = 0.9,
) -> np.ndarray:
    """Return self-affine Gaussian noise between two wavelengths, scaled to unit standard deviation.

    The noise is made in the frequency domain: the amplitude decreases as wavenumber to the power -(hurst + 1) inside
    the band, and smoothly to zero outside it. If the shortest wave spans many pixels, the noise is made on a coarser
    grid and interpolated.

    Parameters
    ----------
    shape : tuple of int
        Rows, columns.
    resolution_m : float
    rng : numpy.random.Generator
    shortest_m, longest_m : float
        Wavelengths. If `shortest_m` is 0, the band reaches to the grid's own limit.
    hurst : float
        Hurst exponent, 0 (rough) to 1 (smooth).

    Returns
    -------
    ndarray
        float32 (rows, columns).
    """
    factor = int(shortest_m // (6.0 * resolution_m))
    if factor > 1:
        coarse = band_noise(
            tuple(size // factor + 3 for size in shape), resolution_m * factor, rng, shortest_m, longest_m, hurst
        )
        return enlarge(coarse, factor, shape)
    rows, columns = (fft.next_fast_len(size + int(min(longest_m, 200.0) / resolution_m), real=True) for size in shape)
    spectrum = fft.rfft2(rng.standard_normal((rows, columns), dtype=np.float32))
    _shape_spectrum(
        spectrum,
        np.abs(fft.fftfreq(rows, resolution_m)).astype(np.float32),
        fft.rfftfreq(columns, resolution_m).astype(np.float32),
        np.float32(1.0 / longest_m),
        np.float32(1.0 / shortest_m if shortest_m > 0 else 1e9),
        np.float32(-0.5 * (hurst + 1.0)),
    )
    noise = fft.irfft2(spectrum, (rows, columns), overwrite_x=True)[: shape[0], : shape[1]]
    return noise / noise.std()


@njit(cache=True)
def _shape_spectrum(spectrum, row_frequency, column_frequency, low, high, power):
    for r in range(spectrum.shape[0]):
        for c in range(spectrum.shape[1]):
            square = row_frequency[r] ** 2 + column_frequency[c] ** 2
            gain = (square + low * low) ** power * np.exp(-square / (high * high))
            gain *= 1.0 - np.exp(-square / (low * low))
            spectrum[r, c] *= np.float32(gain)


def enlarge(coarse: np.ndarray, factor: int, shape: tuple[int, int]) -> np.ndarray:
    """Return an array enlarged by a whole factor and cut to a shape.

    Cubic B-splines keep slopes smooth, so that the coarse grid does not show in the light.

    Parameters
    ----------
    coarse : ndarray
        (rows, columns), with at least two rows and columns more than the enlarged shape needs.
    factor : int
    shape : tuple of int
        Rows and columns of the result.

    Returns
    -------
    ndarray
        float32.
    """
    steps = np.arange(factor) / factor
    weights = np.stack(
        [(1 - steps) ** 3, 3 * steps**3 - 6 * steps**2 + 4, -3 * steps**3 + 3 * steps**2 + 3 * steps + 1, steps**3]
    )
    return _enlarge(coarse.astype(np.float32), (weights / 6.0).astype(np.float32), factor, shape[0], shape[1])


@njit(cache=True)
def _enlarge(coarse, weights, factor, rows, columns):
    high, wide = coarse.shape
    out = np.empty((rows, columns), np.float32)
    mixed = np.empty(wide, np.float32)
    for r in range(rows):
        top, step = r // factor, r % factor
        mixed[:] = 0.0
        for k in range(4):
            line = min(max(top + k - 1, 0), high - 1)
            for c in range(wide):
                mixed[c] += weights[k, step] * coarse[line, c]
        for c in range(columns):
            left, step = c // factor, c % factor
            value = np.float32(0.0)
            for k in range(4):
                value += weights[k, step] * mixed[min(max(left + k - 1, 0), wide - 1)]
            out[r, c] = value
    return out


def line_noise(count: int, spacing_m: float, scale_m: float, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise along a line. Over a long line its standard deviation is 1.

    Parameters
    ----------
    count : int
        Number of points.
    spacing_m, scale_m : float
        Distance between points, and correlation length.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        (count,).
    """
    knots = max(4, int(np.ceil(count * spacing_m / scale_m)) + 4)
    values = rng.standard_normal(knots)
    at = np.arange(count) * spacing_m / scale_m + rng.random() + 1.0
    base = np.minimum(at.astype(int), knots - 3)
    t = at - base
    # Cubic B-spline weights are smooth and never overshoot. The RMS of their sum is 0.69.
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    return sum(weight * values[base + k - 1] for k, weight in enumerate(weights)) / 6.0 / 0.69
