"""The NAC's detector, from I/F to companded counts: the inverse of each calibration step, and noise."""

from pathlib import Path

import numpy as np
from numba import njit
from scipy.signal import lfilter

from ..camera.sun_distance import sun_moon_distance_au
from ..camera.times import ephemeris_time
from ..nac.calibration import ECHO_DELTA, remove_echo
from ..nac.calibration_files import CalibrationFiles
from ..nac.companding import MAX_COUNT, companding_table, decompanding_table
from ..nac.label import NacLabel

# The companding table that the mission used most (label of M114145549LE).
COMPANDING = {
    "xterm": (0, 32, 136, 543, 2207),
    "mterm": (0.5, 0.25, 0.125, 0.0625, 0.03125),
    "bterm": (0, 8, 25, 59, 128),
}
# Counts per ms for a radiance of 1, and for an I/F of 1 at 1 AU.
RESPONSIVITY = {"Radiance_LEFT": 28.8, "Radiance_RIGHT": 28.1, "IOF_LEFT": 15869.0, "IOF_RIGHT": 15431.0}
# Read-out noise is below 76 electrons (LROC INST.CAT, PDS). The gain is assumed to be 70 electrons a count.
READ_NOISE_ELECTRONS = 76.0
ELECTRONS_A_COUNT = 70.0
# Level of the masked columns, and its standard deviation between read-out positions.
_BIAS_COUNTS, _BIAS_SPREAD = 27.0, 1.5
_NONLINEAR_BELOW = 600.0


def expose(
    iof: np.ndarray, label: NacLabel, calibration_dir: str | Path, rng: np.random.Generator, noise: bool = True
) -> np.ndarray:
    """Return the companded counts that a NAC would send to Earth.

    Parameters
    ----------
    iof : ndarray
        (lines, samples) float32 I/F at every detector column. Values at masked columns are not used.
    label : NacLabel
        Label of the image.
    calibration_dir : path
        Calibration files of the camera.
    rng : numpy.random.Generator
    noise : bool
        Whether to add photon and read-out noise.

    Returns
    -------
    ndarray
        uint8 (lines, samples).

    Raises
    ------
    InputError
        If a calibration file is missing.
    """
    files = CalibrationFiles.of(calibration_dir, label)
    masked = np.zeros(label.samples, bool)
    masked[np.concatenate(files.masked_columns())] = True
    counts_per_iof = label.exposure_ms * files.responsivity("iof") / sun_moon_distance_au(label.start_time) ** 2
    gain = np.where(masked, 0.0, files.flat() * counts_per_iof)
    bias = _bias(label, rng)
    # Masked columns define the level of a line, so they have neither dark nor linearisation offset.
    base = bias + np.where(masked, 0.0, _dark(files, label) - files.offsets())
    coefficients = files.coefficients().reshape(label.samples, label.summing, 3)
    coefficients[:, :, 1] = np.log(coefficients[:, :, 1])
    # The camera sends the mean of the samples that it sums. This reduces their noise.
    read_noise = READ_NOISE_ELECTRONS / ELECTRONS_A_COUNT / np.sqrt(label.summing) if noise else 0.0
    shot_noise = 1.0 / ELECTRONS_A_COUNT / label.summing if noise else 0.0
    table = companding_table(label.xterm, label.mterm, label.bterm)
    step = 2 // label.summing
    deltas = echo_strengths(label)
    if label.camera == "right":
        iof, deltas, gain, base = iof[:, ::-1], deltas[::-1], gain[::-1], base[::-1]
        coefficients, masked = coefficients[::-1], masked[::-1]
    random = rng.standard_normal(iof.shape, dtype=np.float32)
    codes = _expose(
        np.ascontiguousarray(iof), random, np.ascontiguousarray(deltas), step, np.ascontiguousarray(gain),
        np.ascontiguousarray(base), np.ascontiguousarray(coefficients), np.ascontiguousarray(masked),
        read_noise, shot_noise, table,
    )  # fmt: skip
    return np.ascontiguousarray(codes[:, ::-1]) if label.camera == "right" else codes


def calibrated_noise(iof: np.ndarray, counts_per_iof: float, summing: int, rng: np.random.Generator) -> np.ndarray:
    """Return the noise that photons, read-out and companding leave in an image after calibration and echo removal.

    No calibration files are needed: all columns are alike.

    Parameters
    ----------
    iof : ndarray
        (lines, samples) I/F at the detector.
    counts_per_iof : float
        Counts for an I/F of 1: exposure times responsivity.
    summing : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        float32 (lines, samples) in I/F. It can be added to `iof`.
    """
    counts = iof * np.float32(counts_per_iof)
    read_noise = READ_NOISE_ELECTRONS / ELECTRONS_A_COUNT
    spread = np.sqrt((np.maximum(counts, 0.0) / ELECTRONS_A_COUNT + read_noise**2) / summing)
    noisy = counts + spread * rng.standard_normal(iof.shape, dtype=np.float32) + np.float32(_BIAS_COUNTS)
    whole = np.clip(np.rint(noisy), 0, MAX_COUNT).astype(np.int64)
    terms = COMPANDING["xterm"], COMPANDING["mterm"], COMPANDING["bterm"]
    sent = decompanding_table(*terms)[companding_table(*terms)[whole]]
    # Echo removal is a recursive filter. Noise, which has no echo, goes through it, too.
    step = 2 // summing
    recursion = np.zeros(step + 1)
    recursion[0], recursion[step] = 1.0, ECHO_DELTA
    noise = lfilter([1.0 + ECHO_DELTA], recursion, sent - np.float32(_BIAS_COUNTS) - counts, axis=1)
    return (noise / counts_per_iof).astype(np.float32)


def echo_strengths(label: NacLabel) -> np.ndarray:
    """Return the echo strength of every column, (samples,), from the effect of echo removal on single bright pixels."""
    spacing = 64
    columns = np.arange(label.samples)
    probes = (columns % spacing == np.arange(spacing)[:, None]).astype(np.float32)
    answer = remove_echo(probes, label)
    return answer[columns % spacing, columns].astype(float) - 1.0


def _bias(label, rng):
    """Return the level of every column: a value of its read-out position, plus a slope along the line."""
    positions = 8 // label.summing
    level = _BIAS_COUNTS + _BIAS_SPREAD * rng.standard_normal(positions)
    column = np.arange(label.samples)
    return level[column % positions] + 2.0 * rng.standard_normal() * column / label.samples


def _dark(files, label):
    """Return the dark at the image's time, interpolated linearly between the darks before and after it."""
    exp0 = label.exposure_code == 0
    times = np.array(sorted(files.dark_times(exp0)))
    time_s = ephemeris_time(label.start_time)
    after = int(np.searchsorted(times, time_s))
    if after in (0, len(times)):
        return files.dark(times[min(after, len(times) - 1)], exp0)
    early, late = times[after - 1], times[after]
    weight = (late - time_s) / (late - early)
    return weight * files.dark(early, exp0) + (1.0 - weight) * files.dark(late, exp0)


@njit(cache=True)
def _expose(iof, random, deltas, step, gain, base, coefficients, masked, read_noise, shot_noise, table):
    """Return the companded counts. Samples of all arrays are in the order of the read-out."""
    lines, samples = iof.shape
    summing = coefficients.shape[1]
    codes = np.empty((lines, samples), np.uint8)
    for line in range(lines):
        before = np.zeros(step)
        for sample in range(samples):
            chain = sample % step
            own = 0.0 if masked[sample] else iof[line, sample] / (1.0 + deltas[sample])
            signal = own + deltas[sample] * before[chain]
            if masked[sample]:
                # Masked pixels have neither light nor echo. Echo removal still subtracts an echo from them, and the
                # result enters the echo of the next pixel: `own` is that result.
                signal = 0.0
                own = -deltas[sample] * before[chain]
            before[chain] = own
            linear = signal * gain[sample]
            linear += random[line, sample] * np.sqrt(read_noise * read_noise + shot_noise * max(linear, 0.0))
            count = linear
            if linear < _NONLINEAR_BELOW and not masked[sample]:
                for _ in range(6):
                    excess = 0.0
                    for part in range(summing):
                        c0, log_c1, c2 = coefficients[sample, part]
                        excess += 1.0 / (c0 * np.exp(log_c1 * count) + c2)
                    count = linear + excess / summing
            whole = int(np.rint(count + base[sample]))
            codes[line, sample] = table[min(max(whole, 0), MAX_COUNT)]
    return codes
