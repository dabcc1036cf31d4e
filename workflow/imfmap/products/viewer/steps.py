"""Whole numbers as short text: steps from number to number, in base64.

Neighbouring corners and widths differ by little, so that most steps take one byte. As JSON they would take three times
as much, and the browser would be three times as long at reading them. static/steps.js reads them.
"""

import base64

import numpy as np

# Bits of a number in each byte; the highest bit says that more bytes of this number follow.
_BITS = 7


def encoded(numbers: np.ndarray) -> str:
    """Return the steps between the rows of an array as text.

    Parameters
    ----------
    numbers : numpy.ndarray
        Integers (N, K).

    Returns
    -------
    str
        The first row, then the steps from row to row, each number as a variable number of bytes (LEB128; the sign is in
        the lowest bit), in base64.
    """
    steps = np.diff(np.asarray(numbers, np.int64), axis=0, prepend=0).ravel()
    codes = ((steps << 1) ^ (steps >> 63)).astype(np.uint64)
    sizes = np.ones(codes.size, int)
    while (longer := codes >> np.uint64(_BITS) * sizes.astype(np.uint64) > 0).any():
        sizes += longer
    starts = np.cumsum(sizes) - sizes
    data = np.zeros(sizes.sum(), np.uint8)
    for place in range(sizes.max(initial=0)):
        here = sizes > place
        part = (codes[here] >> np.uint64(_BITS * place)) & np.uint64(2**_BITS - 1)
        data[starts[here] + place] = part + ((sizes[here] > place + 1) << _BITS)
    return base64.b64encode(data).decode()
