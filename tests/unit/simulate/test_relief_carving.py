"""Cross-sections that are carved into the ground."""

import numpy as np
import pytest

from imfmap.simulate.relief_carving import AGES, carve_lines, crater_profiles


@pytest.mark.parametrize(("wall", "bed"), [(1.0, 0.1), (0.3, 0.6)])
def test_cross_sections(wall, bed):
    def section(softness):
        field = np.zeros((81, 81), np.float32)
        line = np.array([40.0, 40.0]), np.array([-5.0, 85.0])
        carve_lines(
            field,
            *line,
            *[np.full(2, 20.0)] * 2,
            np.full(2, 4.0),
            np.full(1, wall),
            np.full(1, softness),
            np.array([0, 2]),
        )
        return field[40]

    sharp = section(0.0)
    assert sharp.max() == pytest.approx(4.0, rel=0.02)
    assert np.mean(sharp[20:61] > 0.97 * sharp.max()) == pytest.approx(bed, abs=0.15)
    assert np.all(np.diff(sharp[10:41]) >= 0)
    worn = section(1.0)
    assert worn.max() < 0.85 * sharp.max()
    assert np.abs(np.diff(worn)).max() < np.abs(np.diff(sharp)).max()
    assert worn[:10].max() == 0.0


def test_craters_flatten_with_age():
    depth = -crater_profiles()[:, 0]
    assert (np.diff(depth) < 0).all()
    assert depth[0] == pytest.approx(0.29, abs=0.01), (
        "a fresh simple crater: 0.2 diameters from the rim down, less the rim"
    )
    assert depth[np.searchsorted(AGES, 0.5)] < 0.25 * depth[0]
