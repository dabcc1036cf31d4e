"""Training augmentation of the two recipes.

An augmentation takes (image, mask, valid, generator, probability) and gives (image, mask, valid): image float32 (S, S)
in 0..1, 0 where there is no data; mask and valid uint8 (S, S), 0 or 1; a numpy Generator, the only source of chance.
"""

import numpy as np
import torch
from scipy.ndimage import affine_transform, gaussian_filter
from skimage.exposure import equalize_adapthist
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import perspective

NOISE_SIGMA = (0.0075, 0.0125)
DISTORTION_SCALE = (0.5, 1.5)

# The Sun-aligned recipe: what an image of another place, Sun, camera or a wrong Sun azimuth by a little would change.
TURN_DEG = 15.0
SCALE = (0.85, 1.2)
CONTRAST = (0.7, 1.4)
BRIGHTNESS = 0.04
SENSOR_NOISE_SIGMA = (0.0, 0.015)
BLUR_SIGMA_PX = (0.3, 0.9)


def augment_paper(image, mask, valid, generator, probability=0.5):
    """CLAHE, Gaussian noise, perspective: each independently with `probability`, as Le Corre et al. (2025) do.

    The paper draws the distortion scale from U(0.5, 1.5). It is the share of half a side by which a corner may move,
    and torchvision takes no more than 1: beyond, corners cross the middle, and the tile is folded over or mirrored,
    which puts the Sun on the other side of the same fracture. Draws above 1 (half of them) are taken as 1.
    """
    if generator.random() < probability:
        image = clahe(image)
    if generator.random() < probability:
        image = add_noise(image, generator.uniform(*NOISE_SIGMA), generator)
    if generator.random() < probability:
        distortion_scale = min(generator.uniform(*DISTORTION_SCALE), 1.0)
        image, mask, valid = distort_perspective(image, mask, valid, distortion_scale, generator)
    return (image * valid).astype(np.float32), mask, valid


def augment_sun_aligned(image, mask, valid, generator, probability=0.5):
    """Augmentation that leaves the Sun on the left.

    Up and down may be swapped, which is exact for a Sun on the left; left and right may not, nor may tiles be turned
    but for a few degrees, which stand for fractures under a slightly other Sun. Scale, contrast, brightness, blur and
    noise stand for other fractures, incidences and cameras. Each is drawn independently with `probability`.
    """
    if generator.random() < probability:
        image, mask, valid = (array[::-1] for array in (image, mask, valid))
    if generator.random() < probability:
        turn_deg, scale = generator.uniform(-TURN_DEG, TURN_DEG), generator.uniform(*SCALE)
        image, mask, valid = turn_and_scale(image, mask, valid, turn_deg, scale)
    if generator.random() < probability:
        middle = image[valid > 0].mean() if valid.any() else 0.0
        image = (image - middle) * generator.uniform(*CONTRAST) + middle
        image = image + generator.uniform(-BRIGHTNESS, BRIGHTNESS)
    if generator.random() < probability:
        image = gaussian_filter(image, generator.uniform(*BLUR_SIGMA_PX))
    if generator.random() < probability:
        image = add_noise(image, generator.uniform(*SENSOR_NOISE_SIGMA), generator)
    image = np.clip(image, 0.0, 1.0) * valid
    return image.astype(np.float32), np.ascontiguousarray(mask), np.ascontiguousarray(valid)


AUGMENTATIONS = {"paper": augment_paper, "imfmap": augment_sun_aligned}


def clahe(image):
    """Contrast-limited adaptive histogram equalisation over 8 x 8 regions."""
    return equalize_adapthist(image, kernel_size=max(1, image.shape[0] // 8)).astype(np.float32)


def add_noise(image, sigma, generator):
    """Gaussian noise, the result kept in 0..1."""
    return np.clip(image + generator.normal(0.0, sigma, image.shape), 0.0, 1.0).astype(np.float32)


def distort_perspective(image, mask, valid, distortion_scale, generator):
    """Move each corner of a tile inwards by up to `distortion_scale` of half a side (torchvision's distortion)."""
    last = image.shape[0] - 1
    reach = int(distortion_scale * (image.shape[0] // 2))
    start = [[0, 0], [last, 0], [last, last], [0, last]]
    moved = generator.integers(0, reach + 1, (4, 2))
    end = [[abs(x - int(dx)), abs(y - int(dy))] for (x, y), (dx, dy) in zip(start, moved, strict=True)]
    warped = perspective(torch.from_numpy(np.ascontiguousarray(image))[None], start, end)[0].numpy()
    masks = torch.from_numpy(np.stack([mask, valid]))
    masks = perspective(masks, start, end, interpolation=InterpolationMode.NEAREST).numpy()
    return warped, masks[0], masks[1]


def turn_and_scale(image, mask, valid, turn_deg, scale):
    """Turn a tile clockwise about its middle and enlarge it; no data where it does not reach."""
    angle = np.radians(turn_deg)
    # Row, column of the source at a pixel of the result.
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = (np.array(image.shape) - 1) / 2
    offset = middle - matrix @ middle
    image = affine_transform(image, matrix, offset, order=1)
    mask, valid = (affine_transform(array, matrix, offset, order=0) for array in (mask, valid))
    return image, mask, valid
