"""The loss and its labels: by hand, and doing what they are for."""

import numpy as np
import pytest
import torch
from torch.nn.functional import max_pool2d

from imfmap.learning.losses import LabelEdges, Loss, centreline_dice, soft_skeleton


def test_terms_by_hand():
    logits, mask = torch.tensor([0.0, 0.0, 2.0, -1.0]), torch.tensor([1.0, 0.0, 1.0, 0.0])
    terms = np.array([np.log(2), np.log(2), np.log(1 + np.exp(-2)), np.log(1 + np.exp(-1))])
    assert Loss()(logits, mask).item() == pytest.approx(terms.mean(), rel=1e-6)
    weighted = terms * [3, 1, 3, 1]
    assert Loss(3.0)(logits, mask).item() == pytest.approx(weighted.mean(), rel=1e-6)
    probability = 1 / (1 + np.exp(-logits.numpy()))
    dice = 1 - (2 * (probability[0] + probability[2]) + 1) / (probability.sum() + 2 + 1)
    assert Loss(dice_weight=0.5)(logits, mask).item() == pytest.approx(terms.mean() + 0.5 * dice, rel=1e-6)


def test_the_papers_loss_counts_every_pixel():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 1, 8, 8, generator=generator)
    mask = (torch.rand(2, 1, 8, 8, generator=generator) > 0.7).float()
    expected = torch.nn.functional.binary_cross_entropy(torch.sigmoid(logits), mask)
    torch.testing.assert_close(Loss()(logits, mask), expected)


def test_pixels_that_do_not_count_change_nothing():
    logits, target = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(1)), torch.zeros(1, 1, 8, 8)
    target[..., 2:5] = 1
    counted = torch.ones_like(target)
    counted[..., 6:] = 0
    loss = Loss(2.0, 0.5, 0.5)
    other = logits.clone()
    other[..., 6:] = 9.0
    torch.testing.assert_close(loss(logits, target, counted), loss(other, target, counted))
    assert loss(logits, target) != loss(other, target)
    plain = Loss()(logits[..., :6], target[..., :6])
    torch.testing.assert_close(Loss()(logits, target, counted), plain)


def stripe(width_px, size_px=24, start=8):
    mask = np.zeros((size_px, size_px), np.uint8)
    mask[:, start : start + width_px] = 1
    return mask


def test_labels_are_softened_across_their_edges():
    target, counted = LabelEdges(soft_px=2.0).treat(stripe(8))
    assert counted.all()
    # The edges run between columns 7 and 8, and 15 and 16.
    np.testing.assert_allclose(target[5, 5:11], [0.0, 0.125, 0.375, 0.625, 0.875, 1.0])
    np.testing.assert_allclose(target, target[:, ::-1])
    assert np.sum(target) == pytest.approx(np.sum(stripe(8)))


def test_a_band_about_the_edges_is_left_out_but_not_the_centreline():
    target, counted = LabelEdges(ignore_px=2.0).treat(stripe(8))
    np.testing.assert_array_equal(target, stripe(8))
    assert counted[12].tolist() == [1] * 6 + [0] * 4 + [1] * 4 + [0] * 4 + [1] * 6
    # A line thinner than the band still says where it is.
    target, counted = LabelEdges(ignore_px=3.0).treat(stripe(3, start=10))
    assert counted[12].tolist() == [1] * 7 + [0] * 4 + [1] + [0] * 4 + [1] * 8
    assert target[12][counted[12] > 0].sum() == 1


@pytest.mark.parametrize("value", [0, 1])
def test_tiles_without_an_edge_stay_as_they_are(value):
    mask = np.full((8, 8), value, np.uint8)
    target, counted = LabelEdges(2.0, 2.0).treat(mask)
    assert (target == value).all() and counted.all()
    assert not LabelEdges()


def test_soft_skeleton_is_that_of_its_paper():
    def eroded(image):
        return -torch.maximum(max_pool2d(-image, (3, 1), 1, (1, 0)), max_pool2d(-image, (1, 3), 1, (0, 1)))

    def opened(image):
        return max_pool2d(eroded(image), 3, 1, 1)

    image = torch.rand(2, 1, 24, 24, generator=torch.Generator().manual_seed(2))
    image[1, 0, 4:9] = 1
    expected, layer = torch.relu(image - opened(image)), image
    for _ in range(4):
        layer = eroded(layer)
        lost = torch.relu(layer - opened(layer))
        expected = expected + torch.relu(lost - expected * lost)
    torch.testing.assert_close(soft_skeleton(image, 4), expected)


def test_soft_skeleton_of_a_bar_is_its_middle():
    bar = torch.zeros(1, 1, 21, 41)
    bar[..., 8:13, 5:36] = 1
    skeleton = soft_skeleton(bar)[0, 0]
    rows = skeleton.sum(1)
    assert rows[10] > 20 and rows[[8, 9, 11, 12]].max() < 0.3 * rows[10]


def test_broken_lines_lose_more_centreline_dice_than_thin_ones():
    whole = torch.zeros(1, 1, 32, 64)
    whole[..., 12:18, 4:60] = 1
    broken, thin = whole.clone(), torch.zeros_like(whole)
    broken[..., 20:36] = 0
    thin[..., 14:16, 4:60] = 1
    assert centreline_dice(whole, whole) == pytest.approx(1.0)

    def dice(other):
        return 2 * (whole * other).sum() / (whole.sum() + other.sum())

    # Thin keeps a third of the pixels and the whole line; broken three quarters of the pixels.
    assert dice(thin) < dice(broken)
    assert centreline_dice(thin, whole) > centreline_dice(broken, whole) + 0.05


def test_centreline_dice_has_a_gradient_that_closes_gaps():
    target = torch.zeros(1, 1, 16, 32)
    target[..., 7:10, 2:30] = 1
    logits = torch.where(target > 0, 3.0, -3.0)
    logits[..., 12:18] = -3.0
    logits.requires_grad_()
    Loss(positive_weight=1e-6, cldice_weight=1.0)(logits, target).backward()
    gap = logits.grad[0, 0, 7:10, 12:18]
    assert gap.sum() < 0 and gap.min() < 0
