"""Pixels of an unfinished job come back from the disk as they were written."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core import scratch
from imfmap.core.scratch import RowFile

sizes = st.integers(1, 12)


@given(st.data(), sizes, sizes, st.sampled_from(["uint8", "uint16", "float32"]))
def test_windows_are_read_as_they_were_written(tmp_path_factory, data, rows, columns, dtype):
    path = tmp_path_factory.mktemp("scratch") / "rows"
    expected = np.zeros((rows, columns), dtype)
    for number in range(data.draw(st.integers(0, 4))):
        # Whole lines, parts of lines, and single pixels.
        row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
        shape = data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, columns - column))
        values = np.full(shape, number + 1, dtype) + np.arange(shape[1], dtype=dtype)
        RowFile(path, expected.shape, dtype).write(row, column, values)
        expected[row : row + shape[0], column : column + shape[1]] = values
    top, left = data.draw(st.integers(-3, rows)), data.draw(st.integers(-3, columns))
    beyond = np.pad(expected, 20)[top + 20 :, left + 20 :][:9, :7]
    np.testing.assert_array_equal(RowFile(path, expected.shape, dtype)(top, left, 9, 7), beyond)


def test_a_disk_that_takes_a_part_at_a_time_loses_nothing():
    class Slow(io.BytesIO):
        def write(self, data):
            return super().write(bytes(data[:7]))

    file, pixels = Slow(), np.arange(30, dtype=np.uint16).reshape(5, 6)
    scratch._write_all(file, pixels)
    assert file.getvalue() == pixels.tobytes()
