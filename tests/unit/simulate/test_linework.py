"""Lines of fractures: their widths and lengths follow the labels' table."""

import numpy as np
import pytest

from imfmap.labels.width_classes import WIDTH_CLASSES, width_class
from imfmap.simulate.linework import (
    MEAN_LENGTH_M,
    WIDTH_SHARES,
    draw_sizes,
    line_feature_along,
    open_crack_along,
    resample,
)
from imfmap.simulate.open_cracks import OpenCracks
from imfmap.simulate.settings import SceneSettings
from tests.helpers.fracture_networks import ground_of


def test_drawn_widths_and_lengths_follow_the_label_table():
    widths, lengths = draw_sizes(2.5e6, np.random.default_rng(0))
    names = np.array([width_class(width) for width in widths])
    for name, share in WIDTH_SHARES.items():
        drawn = names == name
        assert drawn.mean() == pytest.approx(share, abs=4 * np.sqrt(share / len(names)))
        if drawn.sum() > 100:
            assert lengths[drawn].mean() == pytest.approx(MEAN_LENGTH_M[name], rel=0.08)
    assert tuple(WIDTH_SHARES) == tuple(MEAN_LENGTH_M) == WIDTH_CLASSES
    assert 1.0 <= widths.min() < 1.5 and widths.max() <= 90.0


def test_the_rare_huge_class_and_the_limits_of_width():
    rng = np.random.default_rng(1)
    widths, lengths = draw_sizes(2e5, rng, huge_share=1.0)
    assert widths.min() >= 45.0 and 75.0 < widths.max() <= 90.0
    assert lengths.mean() == pytest.approx(MEAN_LENGTH_M["huge"], rel=0.1)
    thin, _ = draw_sizes(1e5, rng, 1.0, 12.0)
    assert thin.max() <= 12.0
    # What is left keeps its proportions.
    assert (thin < 7.5).mean() == pytest.approx(0.51 / 0.84, abs=0.05)
    huge = ground_of(wall_share=0.0, fracture_huge_share=0.5)[0].lines()[0]
    assert max(line.width_m for line in huge) > 45.0


def test_boxes_have_beds_and_fill_takes_depth():
    rng = np.random.default_rng(2)
    path = resample([[0.0, 0.0], [150.0, 0.0]])

    def drawn(**settings):
        settings = SceneSettings(depth_to_width=(0.1, 0.1), fracture_degradation=0.0, **settings)
        return [line_feature_along(path, 12.0, settings, rng) for _ in range(300)]

    boxes, vees = drawn(fracture_box_share=1.0, fracture_fill=0.0), drawn(fracture_box_share=0.0, fracture_fill=0.0)
    assert max(line.wall for line in boxes) < 0.6 < min(line.wall for line in vees)
    filled = drawn(fracture_box_share=0.0, fracture_fill=0.4)
    depth = np.mean([line.depth_m.mean() for line in filled]) / np.mean([line.depth_m.mean() for line in vees])
    assert depth == pytest.approx(0.6, abs=0.05)
    assert np.mean([line.wall for line in filled]) < 0.75 * np.mean([line.wall for line in vees])


def test_open_cracks_are_deeper_and_steeper_than_loose_ground_allows_and_pinch_and_swell():
    rng = np.random.default_rng(3)
    path = resample([[0.0, 0.0], [300.0, 0.0]])
    even, pinched = (
        [open_crack_along(path, 12.0, OpenCracks(pinching=pinching), rng) for _ in range(200)]
        for pinching in (0.0, 0.6)
    )
    for cracks in (even, pinched):
        assert np.mean([crack.width_m for crack in cracks]) == pytest.approx(12.0, abs=1e-6)
        assert all(crack.is_open and crack.depth_m.max() <= 30.0 for crack in cracks)
    # Slope of the wall: depth over the part of the half-width that it takes.
    slopes = [np.median(crack.depth_m) / (crack.wall * 6.0) for crack in even]
    assert np.mean(np.array(slopes) > 1.0) > 0.8
    spread = [np.mean([np.std(np.log(crack.left_m + crack.right_m)) for crack in cracks]) for cracks in (even, pinched)]
    assert spread[1] > spread[0] + 0.2
