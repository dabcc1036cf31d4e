"""Geometry of directions."""

import numpy as np
import pytest

from imfmap.maps.geometry import separation_deg


def test_small_angles_are_exact():
    assert separation_deg(np.array([1.0, 0, 0]), np.array([1.0, 1e-12, 0])) == pytest.approx(np.degrees(1e-12))
