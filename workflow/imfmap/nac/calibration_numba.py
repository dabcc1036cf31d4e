"""Calibration of pixels, compiled by Numba."""

import math

import numba
import numpy as np

# The detector is linear from this count on.
NONLINEAR_BELOW = 600.0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def calibrate_lines(
    block: np.ndarray,
    levels: np.ndarray,
    position: np.ndarray,
    shift: np.ndarray,
    coefficients: np.ndarray,
    gain: np.ndarray,
) -> np.ndarray:
    """Calibrate lines, in double precision, in loops without branches that the compiler can vectorise.

    Parameters
    ----------
    block : ndarray
        (lines, samples) float32 counts.
    levels : ndarray
        (lines, positions, 2): offset of each read-out position, [0] + [1] times the number of the sample.
    position : ndarray
        (samples,) read-out position of each sample.
    shift : ndarray
        (samples,) counts to add.
    coefficients : ndarray
        (parts, 3, samples): c0, log c1, c2 of the nonlinearity 1 / (c0 c1^count + c2), averaged over the parts.
    gain : ndarray
        (samples,) factors.

    Returns
    -------
    ndarray
        (lines, samples) float32.
    """
    lines, samples = block.shape
    parts = coefficients.shape[0]
    share = 1.0 / max(parts, 1)
    out = np.empty((lines, samples), np.float32)
    value, excess = np.empty(samples), np.empty(samples)
    for line in range(lines):
        for sample in range(samples):
            level = levels[line, position[sample], 0] + levels[line, position[sample], 1] * sample
            value[sample] = block[line, sample] - level + shift[sample]
            excess[sample] = 0.0
        for part in range(parts):
            # Taken one by one: if they are unpacked together, the compiler does not see that they are contiguous.
            c0, log_c1, c2 = coefficients[part, 0], coefficients[part, 1], coefficients[part, 2]
            for sample in range(samples):
                # exp(x) is exp(x / 64) to the power 64. Beyond the limits, either exp(x) or c2 is negligible.
                power = min(max(log_c1[sample] * value[sample], -40.0), 40.0) / 64.0
                series = 1 / 6 + power * (1 / 24 + power * (1 / 120 + power * (1 / 720)))
                exponential = 1.0 + power * (1.0 + power * (0.5 + power * series))
                exponential *= exponential
                exponential *= exponential
                exponential *= exponential
                exponential *= exponential
                exponential *= exponential
                exponential *= exponential
                excess[sample] += 1.0 / (c0[sample] * exponential + c2[sample])
        for sample in range(samples):
            nonlinear = excess[sample] * share if value[sample] < NONLINEAR_BELOW else 0.0
            out[line, sample] = (value[sample] - nonlinear) * gain[sample]
    return out


@numba.njit(cache=True, nogil=True)
def remove_echo_lines(image: np.ndarray, deltas: np.ndarray, step: int) -> np.ndarray:
    """Remove the echo from lines that are read out from the left.

    From each pixel the echo of the corrected pixel before it is subtracted; then the pixel is scaled. Pixels before
    the first one count as 0. A pixel without data stays without data. A pixel that follows it stays as it is.

    Parameters
    ----------
    image : ndarray
        (lines, samples) float32.
    deltas : ndarray
        (samples,) strength of the echo.
    step : int
        1 or 2: distance in samples to the pixel before in the same read-out chain.

    Returns
    -------
    ndarray
        (lines, samples) float32.
    """
    lines, samples = image.shape
    out = np.empty((lines, samples), np.float32)
    for line in range(lines):
        one_back = two_back = 0.0
        for sample in range(samples):
            before = two_back if step == 2 else one_back
            value = float(image[line, sample])
            two_back = one_back
            if math.isnan(before):
                one_back = value
                out[line, sample] = value
            else:
                one_back = value - deltas[sample] * before
                out[line, sample] = one_back * (1.0 + deltas[sample])
    return out
