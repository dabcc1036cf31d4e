"""Training augmentation of the two recipes.

An augmentation takes a `Sample`, a numpy Generator, the only source of chance, and a probability, and gives a `Sample`.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import affine_transform, gaussian_filter, map_coordinates
from skimage.exposure import equalize_adapthist

NOISE_SIGMA = (0.0075, 0.0125)
DISTORTION_SCALE = (0.5, 1.5)
# Least area that two neighbouring sides of a warped tile span, as a share of the tile's.
LEAST_CORNER = 0.01

# The Sun-aligned recipe: what an image of another place, Sun, camera or a wrong Sun azimuth by a little would change.
TURN_DEG = 15.0
SCALE = (0.85, 1.2)
CONTRAST = (0.7, 1.4)
BRIGHTNESS = 0.04
SENSOR_NOISE_SIGMA = (0.0, 0.015)
BLUR_SIGMA_PX = (0.3, 0.9)


@dataclass(frozen=True)
class Sample:
    """A tile on its way to the network.

    Attributes
    ----------
    image : ndarray
        float32 (S, S) in 0..1, 0 where there is no data.
    mask, valid : ndarray
        uint8 (S, S), 0 or 1.
    sun_azimuth_deg : float
        Direction towards the Sun in the tile, clockwise from up.
    """

    image: np.ndarray
    mask: np.ndarray
    valid: np.ndarray
    sun_azimuth_deg: float = 0.0


def augment_paper(sample, generator, probability=0.5):
    """CLAHE, Gaussian noise, perspective: each independently with `probability`, as Le Corre et al. (2025) do.

    The paper draws the distortion scale from U(0.5, 1.5). It is the share of half a side by which a corner may move,
    and torchvision takes no more than 1: beyond, corners cross the middle, and the tile is folded over or mirrored,
    which puts the Sun on the other side of the same fracture. Draws above 1 (half of them) are taken as 1.
    """
    if generator.random() < probability:
        sample = replace(sample, image=clahe(sample.image))
    if generator.random() < probability:
        sample = replace(sample, image=add_noise(sample.image, generator.uniform(*NOISE_SIGMA), generator))
    if generator.random() < probability:
        distortion_scale = min(generator.uniform(*DISTORTION_SCALE), 1.0)
        sample = distort_perspective(sample, distortion_scale, generator)
    return replace(sample, image=(sample.image * sample.valid).astype(np.float32))


def augment_sun_aligned(sample, generator, probability=0.5):
    """Augmentation that leaves the Sun on the left.

    Up and down may be swapped, which is exact for a Sun on the left; left and right may not, nor may tiles be turned
    but for a few degrees, which stand for fractures under a slightly other Sun. Scale, contrast, brightness, blur and
    noise stand for other fractures, incidences and cameras. Each is drawn independently with `probability`.
    """
    if generator.random() < probability:
        sample = swap_up_down(sample)
    if generator.random() < probability:
        sample = turn_and_scale(sample, generator.uniform(-TURN_DEG, TURN_DEG), generator.uniform(*SCALE))
    image, valid = sample.image, sample.valid
    if generator.random() < probability:
        middle = image[valid > 0].mean() if valid.any() else 0.0
        image = (image - middle) * generator.uniform(*CONTRAST) + middle
        image = image + generator.uniform(-BRIGHTNESS, BRIGHTNESS)
    if generator.random() < probability:
        image = gaussian_filter(image, generator.uniform(*BLUR_SIGMA_PX))
    if generator.random() < probability:
        image = add_noise(image, generator.uniform(*SENSOR_NOISE_SIGMA), generator)
    return replace(sample, image=(np.clip(image, 0.0, 1.0) * valid).astype(np.float32))


AUGMENTATIONS = {"paper": augment_paper, "imfmap": augment_sun_aligned}


def clahe(image):
    """Contrast-limited adaptive histogram equalisation over 8 x 8 regions."""
    return equalize_adapthist(image, kernel_size=max(1, image.shape[0] // 8)).astype(np.float32)


def add_noise(image, sigma, generator):
    """Gaussian noise, the result kept in 0..1."""
    noise = generator.standard_normal(image.shape, np.float32)
    return np.clip(image + np.float32(sigma) * noise, 0.0, 1.0).astype(np.float32)


def swap_up_down(sample):
    """A tile upside down, as in a mirror."""
    turned = [np.ascontiguousarray(array[::-1]) for array in (sample.image, sample.mask, sample.valid)]
    return Sample(*turned, mirrored_azimuth_deg(sample.sun_azimuth_deg, up_down=True))


def mirrored_azimuth_deg(azimuth_deg, up_down=False, left_right=False):
    """Azimuth (clockwise from up) in a mirrored image."""
    azimuth_deg = 180.0 - azimuth_deg if up_down else azimuth_deg
    return (-azimuth_deg if left_right else azimuth_deg) % 360.0


def distort_perspective(sample, distortion_scale, generator):
    """Move each corner of a tile inwards by up to `distortion_scale` of half a side (torchvision's distortion).

    Corners are drawn again where they make no convex quadrilateral: the perspective through a concave one has its
    horizon inside the tile, and through three corners on a line there is none. The Sun's direction becomes what it is
    in the middle of the warped tile.
    """
    last = sample.image.shape[0] - 1
    reach = int(distortion_scale * (sample.image.shape[0] // 2))
    start = np.array([[0, 0], [last, 0], [last, last], [0, last]])
    end = start
    while end is start or _least_corner(end) < LEAST_CORNER * last**2:
        end = np.abs(start - generator.integers(0, reach + 1, (4, 2)))
    matrix = _perspective(start, end)
    rows, columns = np.indices(sample.image.shape)
    # Columns, rows of the tile at the pixels of the warped one; past the horizon there is nothing.
    x, y, depth = np.tensordot(np.linalg.inv(matrix), np.stack([columns, rows, np.ones_like(rows)]), 1)
    seen = depth > 1e-6
    places = np.where(seen, np.stack([y, x]) / np.where(seen, depth, 1.0), -last)
    image = map_coordinates(sample.image, places, order=1, mode="constant", prefilter=False)
    masks = (map_coordinates(layer, places, order=0, mode="constant") for layer in (sample.mask, sample.valid))
    return Sample(image, *masks, _warped_azimuth_deg(sample.sun_azimuth_deg, matrix, last / 2))


def _least_corner(corners):
    """Least area of the parallelograms that a quadrilateral's sides span, below 0 where it is not convex."""
    sides = np.roll(corners, -1, axis=0) - corners
    following = np.roll(sides, -1, axis=0)
    return (sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]).min()


def _perspective(start, end):
    """Matrix (3, 3) of the perspective that takes four points (x, y) to four others."""
    rows = []
    for (x, y), (u, v) in zip(start, end, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return np.append(np.linalg.solve(np.array(rows, float), end.reshape(-1).astype(float)), 1.0).reshape(3, 3)


def _warped_azimuth_deg(azimuth_deg, matrix, middle):
    """Azimuth after a perspective, at the middle of the tile."""
    (u, v, depth), derivative = matrix @ [middle, middle, 1.0], matrix[:, :2]
    jacobian = (derivative[:2] - np.outer([u, v], derivative[2]) / depth) / depth
    right, down = jacobian @ [np.sin(np.radians(azimuth_deg)), -np.cos(np.radians(azimuth_deg))]
    return float(np.degrees(np.arctan2(right, -down))) % 360.0


def turn_and_scale(sample, turn_deg, scale):
    """Turn a tile clockwise about its middle and enlarge it; no data where it does not reach."""
    angle = np.radians(turn_deg)
    # Row, column of the source at a pixel of the result.
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = (np.array(sample.image.shape) - 1) / 2
    offset = middle - matrix @ middle
    image = affine_transform(sample.image, matrix, offset, order=1)
    mask, valid = (affine_transform(array, matrix, offset, order=0) for array in (sample.mask, sample.valid))
    return Sample(image, mask, valid, (sample.sun_azimuth_deg + turn_deg) % 360.0)
