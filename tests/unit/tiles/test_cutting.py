"""The step of tiles and of the windows of inference."""

import pytest

from imfmap.inference.lattice import Lattice
from imfmap.tiles.cutting import stride_of
from tests.helpers.library import modules_with


@pytest.mark.parametrize(
    ("size_px", "overlap", "step_px"), [(512, 0.1, 461), (256, 0.25, 192), (64, 0, 64), (2, 0.9, 1)]
)
def test_training_and_inference_step_alike(size_px, overlap, step_px):
    assert stride_of(size_px, overlap) == Lattice.covering(0, 0, 999, 999, size_px, overlap).step_px == step_px


def test_the_step_is_worked_out_in_one_place():
    for words in ("1 - overlap", "1.0 - overlap", '1 - settings["overlap"]'):
        assert modules_with(words) <= {"imfmap/tiles/cutting.py"}
