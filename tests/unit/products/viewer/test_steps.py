"""Whole numbers as text, read back as the page reads them."""

import base64

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imfmap.products.viewer.steps import encoded


def decoded(text, width):
    """Read the text one byte after another, as static/steps.js does it."""
    steps, code, shift = [], 0, 0
    for byte in base64.b64decode(text):
        code |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            steps.append(-(code + 1) // 2 if code % 2 else code // 2)
            code = shift = 0
    return np.cumsum(np.reshape(steps, (-1, width)).astype(int), axis=0)


def test_small_steps_take_one_byte():
    assert base64.b64decode(encoded(np.array([[5, 7], [4, 70], [-60, 7]]))) == bytes([10, 14, 1, 126, 127, 125])


@given(st.lists(st.tuples(st.integers(-(2**28), 2**28), st.integers(-(2**28), 2**28)), max_size=30))
def test_numbers_come_back(rows):
    numbers = np.reshape(rows, (-1, 2)).astype(int)
    np.testing.assert_array_equal(decoded(encoded(numbers), 2), numbers)
