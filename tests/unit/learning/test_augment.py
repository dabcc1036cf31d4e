"""Augmentation: the paper's, with its chances and ranges, and what happens to the Sun under it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import affine_transform, binary_erosion, center_of_mass, map_coordinates
from skimage.exposure import equalize_adapthist
from torchvision.transforms.v2.functional import perspective

from imfmap.learning import augment
from imfmap.learning.augment import (
    AUGMENTATIONS,
    Sample,
    augment_paper,
    augment_sun_aligned,
    augmentation,
    distort_perspective,
    flip_up_down,
    mirrored_azimuth_deg,
    quarter_turn,
    rotate_and_scale,
)
from imfmap.run.config.complete import complete

ROOT = Path(__file__).resolve().parents[3]


def grey(size_px=32, seed=0):
    image = np.random.default_rng(seed).random((size_px, size_px)).astype(np.float32)
    return Sample(image, (image > 0.9).astype(np.uint8), np.ones_like(image, np.uint8), 30.0)


@pytest.fixture
def drawn(monkeypatch):
    """What the paper's augmentation did to a tile, by draw."""
    draws = []

    def record(name, value=None):
        draws[-1][name] = value

    monkeypatch.setattr(augment, "clahe", lambda image, regions, clip: record("clahe") or image)
    monkeypatch.setattr(augment, "add_noise", lambda image, sigma, generator: record("noise", sigma) or image)
    monkeypatch.setattr(
        augment, "distort_perspective", lambda sample, scale, generator: record("perspective", scale) or sample
    )
    generator = np.random.default_rng(1)
    for _ in range(2000):
        draws.append({})
        augment_paper(grey(4), generator)
    return draws


def test_the_papers_augmentations_are_independent_and_each_has_probability_a_half(drawn):
    names = ("clahe", "noise", "perspective")
    table = np.array([[name in draw for name in names] for draw in drawn], float)
    # Five standard deviations of 2000 draws of a half.
    np.testing.assert_allclose(table.mean(0), 0.5, atol=5 * 0.5 / np.sqrt(2000))
    correlation = np.corrcoef(table.T)
    np.testing.assert_allclose(correlation, np.eye(3), atol=5 / np.sqrt(2000))


def test_the_papers_ranges(drawn):
    sigmas = np.array([draw["noise"] for draw in drawn if "noise" in draw])
    assert 0.0075 <= sigmas.min() < 0.0076 and 0.0124 < sigmas.max() <= 0.0125
    assert sigmas.mean() == pytest.approx(0.01, abs=2e-4)
    scales = np.array([draw["perspective"] for draw in drawn if "perspective" in draw])
    # U(0.5, 1.5), of which torchvision's range has the lower half: the rest is taken as 1.
    assert 0.5 <= scales.min() < 0.51 and scales.max() == 1.0
    assert (scales == 1.0).mean() == pytest.approx(0.5, abs=0.08)


def test_noise_has_the_sigma_it_is_given():
    image = np.full((256, 256), 0.5, np.float32)
    noisy = augment.add_noise(image, 0.01, np.random.default_rng(0))
    assert noisy.std() == pytest.approx(0.01, rel=0.02)
    assert augment.add_noise(np.ones_like(image), 0.01, np.random.default_rng(0)).max() == 1.0


def test_clahe_evens_contrast_out():
    rows, columns = np.indices((128, 128))
    image = (0.4 + np.where(columns < 64, 0.01, 0.2) * np.sin(rows / 2)).astype(np.float32)
    before, after = (half.std(axis=0) for half in (image, augment.clahe(image)))
    assert after[90:].mean() / after[:40].mean() < 0.7 * before[90:].mean() / before[:40].mean()


def test_clahe_amplifies_as_its_clip_limit_allows():
    rows, columns = np.indices((128, 128))
    # Dull on the left, and what the range is taken from on the right.
    image = np.where(columns < 96, 0.4 + 0.02 * np.sin(rows / 2), rows / 128).astype(np.float32)
    options = {"noise_sigma": None, "distortion_scale": None}
    spread = []
    for clip in (0.002, 0.01, 0.05):
        sample = replace(grey(128), image=image)
        augmented = augment.augment_paper(sample, np.random.default_rng(0), 1.0, clahe_clip=clip, **options)
        spread.append(augmented.image[:, :64].std())
    assert spread[0] < 0.8 * spread[1] < 0.8 * 0.8 * spread[2]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(8, 70),
    st.integers(1, 8),
    st.sampled_from([0.0, 0.001, 0.01, 0.2, 1.0]),
    st.sampled_from([1.0, 0.2, 0.01]),
)
def test_clahe_is_scikit_images_to_the_last_bit(seed, size_px, regions, clip, contrast):
    rng = np.random.default_rng(seed)
    # Some have one grey value in most pixels, as no data is.
    image = (0.4 + contrast * (rng.random((size_px, size_px)) - 0.4)).astype(np.float32)
    image[rng.random(image.shape) < rng.choice([0.0, 0.9])] = 0.3
    expected = equalize_adapthist(image, kernel_size=max(1, size_px // regions), clip_limit=clip).astype(np.float32)
    np.testing.assert_array_equal(augment.clahe(image, regions, clip), expected)


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.floats(-180, 180), st.floats(0.3, 3.0))
def test_a_turn_is_scipys_to_the_last_bit(seed, size_px, turn_deg, scale):
    sample = grey(size_px, seed)
    angle = np.radians(turn_deg)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = (np.array(sample.image.shape) - 1) / 2
    turned = rotate_and_scale(sample, turn_deg, scale)
    for name, order in (("image", 1), ("mask", 0), ("valid", 0)):
        expected = affine_transform(getattr(sample, name), matrix, middle - matrix @ middle, order=order)
        np.testing.assert_array_equal(getattr(turned, name), expected)
        assert getattr(turned, name).dtype == expected.dtype


@given(st.integers(0, 2**32 - 1), st.integers(8, 40), st.floats(0.1, 1.0))
def test_a_warp_is_scipys_to_the_last_bit(seed, size_px, scale):
    sample, last = grey(size_px, seed), size_px - 1
    seen = []

    def by_scipy(image, mask, valid, places, least_depth):
        (x, y, depth), layers = places, (image, mask, valid)
        seen.append(depth > least_depth)
        positions = np.where(seen[0], np.stack([y, x]) / np.where(seen[0], depth, 1.0), -last)
        return [map_coordinates(one, positions, order=order) for one, order in zip(layers, (1, 0, 0), strict=True)]

    warped = distort_perspective(sample, scale, np.random.default_rng(seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(augment, "perspective", by_scipy)
        expected = distort_perspective(sample, scale, np.random.default_rng(seed))
    assert seen
    for name in ("image", "mask", "valid"):
        np.testing.assert_array_equal(getattr(warped, name), getattr(expected, name))


def test_a_warp_of_any_size_leaves_a_tile():
    for seed in range(100):
        # Corners that lie on a line would give no numbers, concave ones a tile turned inside out.
        warped = distort_perspective(grey(), 1.0, np.random.default_rng(seed))
        assert np.isfinite(warped.image).all() and np.isfinite(warped.sun_azimuth_deg)
        assert 0 < warped.valid.mean() < 0.9
        assert set(np.unique(warped.mask)) <= {0, 1} and set(np.unique(warped.valid)) <= {0, 1}


def sloped(azimuth_deg, size_px=65):
    """A tile that grows brighter towards the Sun."""
    rows, columns = np.indices((size_px, size_px)) - size_px // 2
    angle = np.radians(azimuth_deg)
    image = 0.5 + 0.4 * (np.sin(angle) * columns - np.cos(angle) * rows) / (0.75 * size_px)
    ones = np.ones((size_px, size_px), np.uint8)
    return Sample(image.astype(np.float32), ones, ones, azimuth_deg)


def brighter_towards_deg(sample, reach=6):
    """Azimuth of the two points of brightness that a line through the middle would join, from the middle's gradient."""
    middle = sample.image.shape[0] // 2
    part = sample.image[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
    down, right = (np.polyfit(np.arange(2 * reach + 1), part.mean(axis), 1)[0] for axis in (1, 0))
    return np.degrees(np.arctan2(right, -down)) % 360


def apart_deg(one, other):
    return abs((one - other + 180) % 360 - 180)


@pytest.mark.parametrize("azimuth_deg", [0.0, 70.0, 200.0, 270.0])
def test_the_sun_turns_with_the_tile(azimuth_deg):
    tile = sloped(azimuth_deg)
    assert apart_deg(brighter_towards_deg(tile), azimuth_deg) < 0.1
    for moved in (flip_up_down(tile), rotate_and_scale(tile, 12.0, 1.1), rotate_and_scale(tile, -40.0, 0.9)):
        assert apart_deg(brighter_towards_deg(moved), moved.sun_azimuth_deg) < 1.0
    mirrored = replace(tile, image=tile.image[:, ::-1])
    assert apart_deg(brighter_towards_deg(mirrored), mirrored_azimuth_deg(azimuth_deg, left_right=True)) < 0.1
    turned = replace(tile, image=tile.image[::-1, ::-1])
    assert apart_deg(brighter_towards_deg(turned), mirrored_azimuth_deg(azimuth_deg, True, True)) < 0.1


def test_the_sun_goes_along_with_a_warp():
    # A short bright line towards the Sun from the middle: where its end comes to lie is where the Sun is.
    rows, columns = np.indices((129, 129)) - 64
    for seed in range(12):
        azimuth_deg = 30.0 * seed
        angle = np.radians(azimuth_deg)
        tile = np.zeros((129, 129), np.uint8)
        moved = []
        for distance in (-6, 6):
            spot = np.hypot(rows + distance * np.cos(angle), columns - distance * np.sin(angle)) < 3
            sample = Sample(spot.astype(np.float32), spot.astype(np.uint8), tile + 1, azimuth_deg)
            warped = distort_perspective(sample, 0.5, np.random.default_rng(seed))
            moved.append(np.array(center_of_mass(warped.image)))
        down, right = moved[1] - moved[0]
        assert apart_deg(np.degrees(np.arctan2(right, -down)), warped.sun_azimuth_deg) < 12


def test_sun_aligned_augmentation_keeps_the_lit_side():
    # Left half dark, right half bright: a crack's walls under a Sun from the left.
    image = np.full((64, 64), 0.3, np.float32)
    image[:, 32:] = 0.6
    whole = np.ones((64, 64), np.uint8)
    for seed in range(40):
        turned = augment_sun_aligned(Sample(image, whole, whole, 270.0), np.random.default_rng(seed), 1.0)
        left, right = (
            turned.image[:, side][turned.valid[:, side] > 0].mean() for side in (slice(0, 24), slice(40, 64))
        )
        assert right > left + 0.1
        assert apart_deg(turned.sun_azimuth_deg, 270.0) <= 15.0


def test_a_quarter_turn_takes_the_sun_with_it():
    sample = grey()
    bright = Sample(np.zeros((8, 8), np.float32), sample.mask[:8, :8], sample.valid[:8, :8], 0.0)
    bright.image[0, :] = 1.0  # towards the Sun, which is up
    turned = quarter_turn(bright, 1)
    assert turned.sun_azimuth_deg == 90.0 and (turned.image[:, -1] == 1.0).all()
    back = quarter_turn(turned, 3)
    assert back.sun_azimuth_deg == 0.0 and (back.mask == bright.mask).all()


def test_quarter_turns_put_the_sun_anywhere_and_only_where_asked_for():
    sample = replace(grey(), sun_azimuth_deg=270.0)
    settings = {"probability": 0.0}
    for quarter_turns, expected in ((False, {270.0}), (True, {0.0, 90.0, 180.0, 270.0})):
        augment_one = augmentation("sun_aligned", settings, quarter_turns)
        found = {augment_one(sample, np.random.default_rng(seed)).sun_azimuth_deg for seed in range(40)}
        assert found == expected


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
def test_the_configurations_ranges_are_the_functions(recipe):
    defaults = complete(yaml.safe_load((ROOT / "config/demo.yaml").read_text()), "demo.yaml")["augmentation"]
    plain, told = AUGMENTATIONS[recipe], augmentation(recipe, defaults)
    for seed in range(20):
        one, other = (augment_one(grey(), np.random.default_rng(seed)) for augment_one in (plain, told))
        assert (one.image == other.image).all() and (one.mask == other.mask).all()


def test_what_is_none_is_left_out():
    settings = {"probability": 1.0, "paper": {"clahe_regions": None, "noise_sigma": None, "distortion_scale": None}}
    sample = grey()
    assert (augmentation("paper", settings)(sample, np.random.default_rng(0)).image == sample.image).all()
    still = {"swap": False, "turn_deg": 0, "scale": [1, 1], "contrast": [1, 1], "brightness": 0}
    settings = {"probability": 1.0, "sun_aligned": {**still, "blur_sigma_px": None, "noise_sigma": None}}
    found = augmentation("sun_aligned", settings)(sample, np.random.default_rng(0)).image
    np.testing.assert_allclose(found, sample.image, atol=1e-6)


def only(**changes):
    """The Sun-aligned augmentation with nothing but some changes, each made for sure."""
    still = {"swap": False, "turn_deg": 0, "scale": [1, 1], "contrast": [1, 1], "brightness": 0}
    settings = {"probability": 1.0, "sun_aligned": {**still, "blur_sigma_px": None, "noise_sigma": None, **changes}}
    return augmentation("sun_aligned", settings)


def test_pictures_that_others_saved_are_imitated():
    rng = np.random.default_rng(0)
    image = np.clip(0.4 + 0.1 * rng.standard_normal((64, 64)), 0, 1).astype(np.float32)
    sample = replace(grey(), image=image, mask=np.zeros((64, 64), np.uint8), valid=np.ones((64, 64), np.uint8))
    darker = only(gamma=[1.5, 1.5])(sample, rng).image
    np.testing.assert_allclose(darker, image**1.5, atol=1e-6)
    clipped = only(clipped_share=0.1)(sample, np.random.default_rng(5)).image
    lowest, highest = (np.mean(clipped == value) for value in (clipped.min(), clipped.max()))
    assert 0 < lowest < 0.11 and 0 < highest < 0.11 and clipped.std() < image.std()
    rough, fine = (only(jpeg_quality=[quality, quality])(sample, rng).image for quality in (30, 95))
    assert 0 < np.abs(fine - image).mean() < 0.5 * np.abs(rough - image).mean() < 0.05


def spotted(size_px, places):
    rows, columns = np.indices((size_px, size_px))
    mask = np.zeros((size_px, size_px), np.uint8)
    for row, column in places:
        mask[np.hypot(rows - row, columns - column) <= 2.5] = 1
    return Sample((0.05 + 0.05 * mask).astype(np.float32), mask, np.ones_like(mask))


def test_turning_moves_image_and_mask_alike_and_clockwise():
    turned = rotate_and_scale(spotted(65, [(10, 32)]), 30.0, 1.2)
    np.testing.assert_allclose(center_of_mass(turned.image > 0.08), center_of_mass(turned.mask), atol=0.7)
    # 22 px above the middle, enlarged to 26.4, turned by 30 degrees to the right.
    expected = 32 - 26.4 * np.cos(np.radians(30)), 32 + 26.4 * np.sin(np.radians(30))
    np.testing.assert_allclose(center_of_mass(turned.mask), expected, atol=0.7)
    assert turned.valid.all() or turned.valid.mean() > 0.8


def test_perspective_moves_image_and_mask_alike():
    sample = spotted(65, [(32, 32), (25, 40)])
    for seed in range(10):
        warped = distort_perspective(sample, 0.5, np.random.default_rng(seed))
        assert 0 < warped.valid.mean() < 1
        assert (warped.image[warped.mask > 0] > 0.06).mean() > 0.8


def test_a_warp_is_torchvisions():
    sample = replace(grey(64), image=np.fromfunction(lambda i, j: (i + 2 * j) / 200, (64, 64)).astype(np.float32))
    for seed in range(5):
        warped = distort_perspective(sample, 0.6, np.random.default_rng(seed))
        # The same draws as distort_perspective makes.
        moved = np.random.default_rng(seed).integers(0, int(0.6 * 32) + 1, (4, 2))
        start = np.array([[0, 0], [63, 0], [63, 63], [0, 63]])
        expected = perspective(torch.from_numpy(sample.image)[None], start.tolist(), np.abs(start - moved).tolist())
        inside = binary_erosion(warped.valid, iterations=2)
        # torchvision takes corners for the edges of pixels rather than their middles: up to a pixel apart.
        np.testing.assert_allclose(warped.image[inside], expected[0].numpy()[inside], atol=4 / 200)


def test_one_draw_of_eight_at_the_largest_distortion_makes_no_tile():
    generator, start = np.random.default_rng(0), np.array([[0, 0], [511, 0], [511, 511], [0, 511]])
    for scale, share in ((0.5, 0.0), (0.75, 0.0), (1.0, 1 / 8)):
        ends = [np.abs(start - generator.integers(0, int(scale * 256) + 1, (4, 2))) for _ in range(3000)]
        refused = np.mean([augment._least_corner(end) < augment.LEAST_CORNER * 511**2 for end in ends])
        assert refused == pytest.approx(share, abs=0.02)
