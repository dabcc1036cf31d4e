"""Companding of NAC counts: from 12 to 8 bits on board, and back.

A companding scheme consists of straight segments. A label gives three terms for each segment: `xterm`, the count where
it starts; `mterm`, its slope in codes per count; and `bterm`, its code at count zero (LROC EDR/CDR SIS, appendix on
companding). Below the first segment the code is the count itself. A label with fewer than five segments is filled up
with zeros, so the terms need not increase.
"""

from collections.abc import Sequence

import numpy as np

MAX_COUNT = 4095
MAX_CODE = 255
# Codes that a scheme does not use may give counts above 4095, but none above this.
_SENSELESS_COUNT = 1e6


def decompanding_table(xterm: Sequence[float], mterm: Sequence[float], bterm: Sequence[float]) -> np.ndarray:
    """Return the count of every 8-bit code: the middle of the counts that share the code, as in lronac2isis.

    Parameters
    ----------
    xterm, mterm, bterm : sequence of float
        Terms of the label, one for each segment; all three of the same length.

    Returns
    -------
    ndarray
        (256,) float32 counts, 0..4095 for the schemes of the instrument.

    Raises
    ------
    ValueError
        If the terms have different lengths or are empty, a slope is not positive, or a count is far above 4095.
    """
    xterm, mterm, bterm = _terms(xterm, mterm, bterm)
    counts = np.empty(MAX_CODE + 1)
    for code in range(MAX_CODE + 1):
        counts[code] = _middle(code, xterm, mterm, bterm)
    if np.abs(counts).max() > _SENSELESS_COUNT:
        raise ValueError("its companding terms give no 12-bit counts")
    return counts.astype(np.float32)


def companding_table(xterm: Sequence[float], mterm: Sequence[float], bterm: Sequence[float]) -> np.ndarray:
    """Return the code of every 12-bit count, as the instrument computes it.

    Returns
    -------
    ndarray
        (4096,) uint8.

    Raises
    ------
    ValueError
        As `decompanding_table`.
    """
    xterm, mterm, bterm = _terms(xterm, mterm, bterm)
    counts = np.arange(MAX_COUNT + 1)
    codes = counts.astype(float)
    start = xterm[0]
    for segment in range(len(xterm)):
        if segment and xterm[segment] <= start:
            break
        start = xterm[segment]
        codes = np.where(counts >= start, np.floor(bterm[segment] + mterm[segment] * counts), codes)
    return np.clip(codes, 0, MAX_CODE).astype(np.uint8)


def _terms(*terms):
    terms = [np.asarray(term, float) for term in terms]
    if len({term.shape for term in terms}) != 1 or terms[0].ndim != 1 or not terms[0].size:
        raise ValueError("its companding terms have different lengths, or there are none")
    if not all(np.isfinite(term).all() for term in terms) or (terms[1] <= 0).any():
        raise ValueError("a companding slope is not positive, or a companding term is not finite")
    return terms


def _middle(code, xterm, mterm, bterm):
    if code < xterm[0]:
        return code
    last = len(xterm) - 1
    segment = 0
    while segment < last and (code - bterm[segment]) / mterm[segment] >= xterm[segment + 1]:
        segment += 1
    lower = (code - bterm[segment]) / mterm[segment]
    upper = (code + 1 - bterm[segment]) / mterm[segment] - 1
    if upper > MAX_COUNT:
        upper = MAX_COUNT
    elif segment < last and upper >= xterm[segment + 1]:
        # A bin that reaches into the next segment ends where that segment starts, unless the code is the same there.
        code_there = int(bterm[segment + 1] + mterm[segment + 1] * upper)
        upper = upper if code_there == code else xterm[segment + 1] - 1
    return (upper + max(lower, xterm[segment])) / 2.0
