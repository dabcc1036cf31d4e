"""The photometric model of pixels, compiled by Numba."""

import math

import numba
import numpy as np

# Distance between the nodes at which the angles are known.
NODE_LINES, NODE_SAMPLES = 32, 64
# The model is computed at points this many times as dense as the nodes.
_PARTS = 4


@numba.njit(cache=True, nogil=True)
def brightness(cos_incidence: float, cos_emission: float, phase: float, terms: np.ndarray) -> float:
    """Return the brightness that the model predicts.

    Parameters
    ----------
    cos_incidence, cos_emission : float
    phase : float
        In the model's unit.
    terms : ndarray
        Four (form a) or seven (form b).
    """
    if len(terms) == 4:
        return math.exp(terms[0] + terms[1] * phase + terms[2] * cos_emission + terms[3] * cos_incidence)
    exponent = terms[0] + terms[1] * phase * phase + terms[2] * phase + terms[3] * math.sqrt(phase)
    exponent += terms[4] * cos_emission + terms[5] * cos_incidence + terms[6] * cos_incidence * cos_incidence
    return cos_incidence / (cos_emission + cos_incidence) * math.exp(exponent)


@numba.njit(cache=True, nogil=True)
def _gain(cosines, terms, phase_unit, standard, least_incidence, least_emission):
    """Return the factor of a pixel with these cosines of incidence, emission and phase; NaN beyond the limits."""
    if cosines[0] >= least_incidence and cosines[1] >= least_emission:
        phase = math.degrees(math.acos(min(1.0, cosines[2]))) * phase_unit
        return standard / brightness(cosines[0], cosines[1], phase, terms)
    return math.nan


@numba.njit(cache=True, nogil=True)
def _between(corners, down, right, out):
    """Interpolate (2, 2, n) corners bilinearly into `out` (n,)."""
    for index in range(len(out)):
        upper = (1.0 - right) * corners[0, 0, index] + right * corners[0, 1, index]
        lower = (1.0 - right) * corners[1, 0, index] + right * corners[1, 1, index]
        out[index] = (1.0 - down) * upper + down * lower


@numba.njit(cache=True, nogil=True)
def scale_pixels(
    block: np.ndarray,
    cosines: np.ndarray,
    terms: np.ndarray,
    phase_unit: float,
    standard: float,
    least_incidence: float,
    least_emission: float,
) -> np.ndarray:
    """Scale pixels by their own cosines (lines, samples, 3); other parameters as `scale_cells`."""
    out = np.empty(block.shape, np.float32)
    for line in range(block.shape[0]):
        for sample in range(block.shape[1]):
            gain = _gain(cosines[line, sample], terms, phase_unit, standard, least_incidence, least_emission)
            out[line, sample] = block[line, sample] * gain
    return out


@numba.njit(cache=True, nogil=True)
def scale_cells(
    block: np.ndarray,
    offset: int,
    nodes: np.ndarray,
    terms: np.ndarray,
    phase_unit: float,
    standard: float,
    least_incidence: float,
    least_emission: float,
) -> np.ndarray:
    """Scale pixels cell by cell between nodes.

    Parameters
    ----------
    block : ndarray
        (lines, samples) float32.
    offset : int
        Lines from the first node to the block's first line.
    nodes : ndarray
        (node lines, node samples, 3) cosines of incidence, emission and phase.
    terms, phase_unit, standard
        The model: its terms, one degree of phase in its unit, its brightness under the reference illumination.
    least_incidence, least_emission : float
        Cosines of the largest angles that are normalised.

    Returns
    -------
    ndarray
        (lines, samples) float32, NaN beyond the limits.
    """
    lines, samples = block.shape
    out = np.empty((lines, samples), np.float32)
    gains = np.empty((_PARTS + 1, _PARTS + 1))
    cosines = np.empty(3)
    for cell_line in range(nodes.shape[0] - 1):
        first = cell_line * NODE_LINES - offset
        start, stop = max(first, 0), min(first + NODE_LINES, lines)
        for cell in range(nodes.shape[1] - 1):
            left = cell * NODE_SAMPLES
            right = min(left + NODE_SAMPLES, samples)
            corners = nodes[cell_line : cell_line + 2, cell : cell + 2]
            for i in range(_PARTS + 1):
                for j in range(_PARTS + 1):
                    _between(corners, i / _PARTS, j / _PARTS, cosines)
                    gains[i, j] = _gain(cosines, terms, phase_unit, standard, least_incidence, least_emission)
            whole = not np.isnan(gains).any()
            for line in range(start, stop):
                down = (line - first) / NODE_LINES
                i = min(int(down * _PARTS), _PARTS - 1)
                part = down * _PARTS - i
                for sample in range(left, right):
                    if whole:
                        j = (sample - left) * _PARTS // NODE_SAMPLES
                        across = (sample - left) * _PARTS / NODE_SAMPLES - j
                        upper = gains[i, j] + across * (gains[i, j + 1] - gains[i, j])
                        lower = gains[i + 1, j] + across * (gains[i + 1, j + 1] - gains[i + 1, j])
                        gain = upper + part * (lower - upper)
                    else:  # the limit runs through the cell
                        _between(corners, down, (sample - left) / NODE_SAMPLES, cosines)
                        gain = _gain(cosines, terms, phase_unit, standard, least_incidence, least_emission)
                    out[line, sample] = block[line, sample] * gain
    return out
