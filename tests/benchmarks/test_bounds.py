"""No step takes four times as long for twice the input, however bad the input is."""

import math
import time

import pytest
from bounds_cases import CASES

pytestmark = pytest.mark.slow

# Sizes at which a case takes a fraction of a second, and the factor between the two that are compared.
SMALL = {
    "dots": 200,
    "checkerboard": 1_600,
    "net": 2_500,
    "comb": 10_000,
    "spiral": 10_000,
    "rings": 2_500,
    "ponds": 300,
    "figure": 500,
    "crossing_line": 250,
    "stacked_labels": 250,
    "found_images": 250,
    "configuration": 2_000,
    "truth": 50,
}
TIMES = 8
# Work that grows as the square of the input would grow 64 times. A loaded machine adds some.
MOST = TIMES**1.5


def seconds(name, size, folder):
    """Processor time of a case."""
    (inside := folder / f"{size}_{time.monotonic_ns()}").mkdir()
    work = CASES[name][0](size, inside)
    started = time.process_time()
    work()
    return time.process_time() - started


@pytest.mark.parametrize("name", SMALL)
def test_work_grows_no_faster_than_the_input(name, tmp_path):
    # The first call loads modules, and the slowest of the others met a busy machine.
    small = max(min(seconds(name, SMALL[name], tmp_path) for _ in range(3)), 0.02)
    large = seconds(name, TIMES * SMALL[name], tmp_path)
    if large >= MOST * small:
        large = min(seconds(name, TIMES * SMALL[name], tmp_path) for _ in range(3))
    assert large < MOST * small, f"exponent {math.log(large / small, TIMES):.2f}"


def test_every_case_is_held_to_it():
    assert set(SMALL) | {"images"} == set(CASES)
