"""Brightness of neighbouring images made alike."""

import numpy as np
import pytest

from imfmap.maps.image_layers import ImageLayer
from imfmap.mosaic.equalize import match_brightness
from tests.helpers.mosaic_layers import make_grid, write_layer


def overlapping(folder, changes, seed=0):
    """Views of one scene side by side, each overlapping the next, changed by a factor and an offset each."""
    rng = np.random.default_rng(seed)
    grid = make_grid(100, 60 + 60 * len(changes))
    truth = rng.gamma(4.0, 0.02, grid.shape)
    paths = []
    for index, (factor, offset) in enumerate(changes):
        view = truth[:, 60 * index : 60 * index + 120] * factor + offset
        paths.append(write_layer(folder, f"V{index}", view, grid.window(0, 60 * index, 100, 120)))
    return paths, grid


def layers_of(stack, paths, grid):
    return [stack.enter_context(ImageLayer.open(path, grid)) for path in paths]


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("gain", [(1.0, 0.0), (1.3, 0.0), (0.8, 0.0)]),
        ("offset", [(1.0, 0.0), (1.0, 0.03), (1.0, -0.02)]),
        ("both", [(1.0, 0.0), (1.2, 0.01), (0.7, 0.02)]),
    ],
)
def test_neighbours_become_alike(tmp_path, stack, method, changes):
    paths, grid = overlapping(tmp_path, changes)
    layers = layers_of(stack, paths, grid)
    made = match_brightness(layers, grid, method, window_px=64, least_overlap_px=100)
    for left in (0, 1):
        column = 60 * (left + 1)
        one, other = (
            made[index].apply(layers[index].read(0, column, 100, 60)).astype(float) for index in (left, left + 1)
        )
        if method == "both":
            # equalizer brings means and contrasts together about each image's own mean: near, not identical.
            before = [layers[index].read(0, column, 100, 60).astype(float) for index in (left, left + 1)]
            assert one.std() == pytest.approx(other.std(), rel=1e-3)
            assert abs(one.mean() - other.mean()) < 0.3 * abs(before[0].mean() - before[1].mean())
        else:
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert np.prod([change.contrast for change in made]) == pytest.approx(1.0)
    assert sum(change.offset for change in made) == pytest.approx(0.0, abs=1e-9)


def test_an_image_alone_keeps_its_brightness(tmp_path, stack):
    paths, grid = overlapping(tmp_path, [(1.0, 0.0)])
    (layer,) = layers_of(stack, paths, grid)
    pixels = layer.read(0, 0, 100, 120)
    for method in ("gain", "offset", "both"):
        (change,) = match_brightness([layer], grid, method)
        np.testing.assert_allclose(change.apply(pixels), pixels, rtol=1e-6)
