"""Colours of fractures: seen on any ground, by any eye, and the same in figures, QGIS and viewer."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from imfmap.labels.width_classes import WIDTH_BOUNDS_M
from imfmap.plots.cartography import GREY_RANGE
from imfmap.products.figures.width_colours import casing_colour, class_bounds_m, class_colours, width_colours
from imfmap.products.viewer.payload import classes

# Linear RGB as people of these kinds of colour vision see it: Machado, Oliveira & Fernandes (2009), severity 1.
EYES = {
    "all": np.eye(3),
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colours):
    colours = np.asarray(colours, float)
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def seen(colours, eyes):
    """Linear RGB that these eyes see."""
    return np.clip(linear(colours) @ np.array(EYES[eyes]).T, 0, 1)


def contrast(one, other):
    """Contrast of WCAG 2, 1 to 21, of linear RGB."""
    bright, dark = (np.asarray(colour) @ [0.2126, 0.7152, 0.0722] + 0.05 for colour in (one, other))
    return np.maximum(bright / dark, dark / bright)


@pytest.mark.parametrize("eyes", EYES)
def test_every_class_shows_on_every_ground(eyes):
    ground = seen(np.repeat(np.linspace(*GREY_RANGE, 60)[:, np.newaxis], 3, axis=1), eyes)
    casing = seen(casing_colour()[:3], eyes)
    for colour in seen(class_colours()[:, :3], eyes):
        assert np.maximum(contrast(colour, ground), contrast(casing, ground)).min() >= 3
        assert contrast(colour, casing) >= 7


@pytest.mark.parametrize("eyes", ["all", "protan", "deutan", "tritan"])
def test_no_two_classes_look_alike(eyes):
    colours = seen(class_colours()[:, :3], eyes)
    encoded = np.where(colours <= 0.0031308, 12.92 * colours, 1.055 * colours ** (1 / 2.4) - 0.055)
    lab = rgb2lab(encoded[np.newaxis])[0]
    gaps = [np.linalg.norm(lab[i] - lab[j]) for i in range(len(lab)) for j in range(i)]
    assert min(gaps) > 9


def test_classes_are_those_of_the_labels():
    assert class_bounds_m().tolist() == [low for low, _ in WIDTH_BOUNDS_M.values()]
    middles = [low + 1.0 for low, _ in WIDTH_BOUNDS_M.values()]
    np.testing.assert_array_equal(width_colours(middles), class_colours())
    np.testing.assert_array_equal(width_colours(class_bounds_m()), class_colours())


def test_the_viewer_has_the_same_colours():
    shown = [bytes.fromhex(part["swatch"][1:]) for part in classes("fractures")["classes"]]
    np.testing.assert_allclose(np.array([list(colour) for colour in shown]) / 255, class_colours()[:, :3])
    assert all(part["casing"] for part in classes("fractures")["classes"])
