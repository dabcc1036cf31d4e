"""Which lines of an image are read for a map, and in what order."""

import numpy as np

from imfmap.camera.projection import Projector, project
from tests.helpers.projected_scenes import assert_seen, exact_positions, scene


class Reader:
    """Lines on demand, and what was asked for."""

    def __init__(self, image):
        self.image, self.calls = image, []

    def __call__(self, first, count):
        self.calls.append((first, count))
        return self.image[first : first + count]


def test_lines_are_read_once_in_order_and_few_are_held():
    camera, grid = scene("equirectangular", lines=30000, samples=100)
    image = np.random.default_rng(0).random((camera.lines, camera.samples)).astype(np.float32)
    reader = Reader(image)
    out = np.full(grid.shape, np.nan, np.float32)
    held = []
    projector = Projector(camera, grid, block_px=128)
    resample = projector.resample
    projector.resample = lambda block, lines, first: (held.append(len(lines)), resample(block, lines, first))[1]
    for row, column, pixels in projector.run(reader, threads=2):
        assert np.isfinite(pixels).any()
        out[row : row + pixels.shape[0], column : column + pixels.shape[1]] = pixels
    assert len(reader.calls) > 3
    assert all(a + n == b for (a, n), (b, _) in zip(reader.calls, reader.calls[1:], strict=False))
    assert reader.calls[0][0] == 0 and sum(count for _, count in reader.calls) == camera.lines
    assert max(held) < 8000
    np.testing.assert_allclose(out, project(image, camera, grid), atol=2e-3)


def test_only_the_lines_of_the_grid_are_read():
    camera, grid = scene("equirectangular", lines=9000, samples=200)
    part = grid.window(grid.shape[0] // 2, 0, 200, grid.shape[1])
    reader = Reader(np.ones((camera.lines, camera.samples), np.float32))
    found = project(reader, camera, part)
    assert np.isfinite(found).any()
    assert sum(count for _, count in reader.calls) < 2500
    assert_seen(found, camera, exact_positions(camera, part))


def test_blocks_and_threads_do_not_change_the_map():
    camera, grid = scene("sinusoidal")
    image = np.random.default_rng(5).random((camera.lines, camera.samples)).astype(np.float32)
    whole = project(image, camera, grid)
    np.testing.assert_array_equal(project(image, camera, grid, threads=3), whole)
    small = np.full(grid.shape, np.nan, np.float32)
    for row, column, pixels in Projector(camera, grid, block_px=64).run(Reader(image)):
        small[row : row + pixels.shape[0], column : column + pixels.shape[1]] = pixels
    np.testing.assert_allclose(small, whole, atol=2e-3)


def test_a_grid_much_larger_than_the_image():
    """Blocks that the image does not reach are not planned; a strip narrower than a block is not overlooked."""
    camera, grid = scene("equirectangular", 40.0, samples=60, margin_m=20000.0)
    projector = Projector(camera, grid, block_px=128)
    assert len(projector.blocks) <= 4 < (grid.shape[0] // 128) * (grid.shape[1] // 128)
    found = project(np.ones((camera.lines, camera.samples)), camera, grid)
    assert_seen(found, camera, exact_positions(camera, grid))
