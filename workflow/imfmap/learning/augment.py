"""Training augmentation of the two recipes.

An augmentation takes a `Sample`, a NumPy Generator and a probability, and returns a `Sample`. All random numbers come
from the Generator. The ranges are keys of the config's `augmentation`; if one is None, its change is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import img_as_uint
from skimage.exposure import rescale_intensity
from skimage.transform import ProjectiveTransform

from ..core.choices import AUGMENTATION_PROBABILITY, AUGMENTATION_RANGES
from ..tiles.sampling_numba import affine, perspective
from .augment_numba import GREY_LEVELS, equalised

# Least area that two neighbouring sides of a warped tile may span, as a share of the tile's area.
LEAST_CORNER = 0.01
# Depth in a warped tile that is still before its horizon.
_LEAST_DEPTH = 1e-6
_PAPER, _SUN_ALIGNED = (AUGMENTATION_RANGES[recipe] for recipe in ("paper", "sun_aligned"))


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


def augment_paper(
    sample: Sample,
    generator: np.random.Generator,
    probability: float = AUGMENTATION_PROBABILITY,
    *,
    clahe_regions: int | None = _PAPER["clahe_regions"],
    clahe_clip: float = _PAPER["clahe_clip"],
    noise_sigma: Sequence[float] | None = _PAPER["noise_sigma"],
    distortion_scale: Sequence[float] | None = _PAPER["distortion_scale"],
) -> Sample:
    """Apply CLAHE, Gaussian noise and perspective, each independently with `probability` (Le Corre et al. 2025).

    The paper draws the distortion scale from U(0.5, 1.5). It is the share of half a side by which a corner may move,
    and torchvision takes no more than 1. Beyond 1, corners cross the middle, and the tile is folded or mirrored, which
    puts the Sun on the other side of the same fracture. Draws above 1 (half of them) count as 1.

    Parameters
    ----------
    clahe_regions : int
        Regions of CLAHE along a side.
    clahe_clip : float
        Its clip limit, the share of a region's pixels that one of 256 grey values may have.
    noise_sigma, distortion_scale : pair of float
        Least and largest standard deviation of the noise (image in 0..1), and distortion.
    """
    if clahe_regions and generator.random() < probability:
        sample = replace(sample, image=clahe(sample.image, clahe_regions, clahe_clip))
    if noise_sigma and generator.random() < probability:
        sample = replace(sample, image=add_noise(sample.image, generator.uniform(*noise_sigma), generator))
    if distortion_scale and generator.random() < probability:
        sample = distort_perspective(sample, min(generator.uniform(*distortion_scale), 1.0), generator)
    return replace(sample, image=(sample.image * sample.valid).astype(np.float32))


def augment_sun_aligned(
    sample: Sample,
    generator: np.random.Generator,
    probability: float = AUGMENTATION_PROBABILITY,
    *,
    swap: bool = _SUN_ALIGNED["swap"],
    turn_deg: float = _SUN_ALIGNED["turn_deg"],
    scale: Sequence[float] = _SUN_ALIGNED["scale"],
    contrast: Sequence[float] = _SUN_ALIGNED["contrast"],
    brightness: float = _SUN_ALIGNED["brightness"],
    blur_sigma_px: Sequence[float] | None = _SUN_ALIGNED["blur_sigma_px"],
    noise_sigma: Sequence[float] | None = _SUN_ALIGNED["noise_sigma"],
    gamma: Sequence[float] | None = _SUN_ALIGNED["gamma"],
    clipped_share: float = _SUN_ALIGNED["clipped_share"],
    jpeg_quality: Sequence[int] | None = _SUN_ALIGNED["jpeg_quality"],
) -> Sample:
    """Change a tile in ways that leave the Sun on the left.

    Up and down may be swapped, which is exact for a Sun on the left. Left and right may not. Tiles are turned by a few
    degrees only, which stands for a slightly different Sun. Scale, contrast, brightness, blur and noise stand for other
    fractures, incidences and cameras. Gamma, clipped extremes and JPEG stand for pictures that others have stretched
    and saved. Each change is drawn independently with `probability`.

    Parameters
    ----------
    swap : bool
        Whether up and down may be swapped.
    turn_deg : float
        Largest turn to either side; drawn together with the scale.
    scale, contrast, blur_sigma_px, noise_sigma : pair of float
        Least and largest enlargement, factor on the contrast, blur (pixels) and standard deviation of the noise (image
        in 0..1). A contrast stands for an unknown dark offset, too.
    brightness : float
        Most that is added to or subtracted from the image; drawn together with the contrast.
    gamma : pair of float
        Least and largest exponent of a stretch that is not linear.
    clipped_share : float
        Largest share of the pixels that become black, and of those that become white, as a stretch between
        percentiles leaves them.
    jpeg_quality : pair of int
        Least and largest quality of a JPEG file (Pillow's scale, up to 95).
    """
    if swap and generator.random() < probability:
        sample = flip_up_down(sample)
    if generator.random() < probability:
        sample = rotate_and_scale(sample, generator.uniform(-turn_deg, turn_deg), generator.uniform(*scale))
    image, valid = sample.image, sample.valid
    if generator.random() < probability:
        middle = image[valid > 0].mean() if valid.any() else 0.0
        image = (image - middle) * generator.uniform(*contrast) + middle
        image = image + generator.uniform(-brightness, brightness)
    if blur_sigma_px and generator.random() < probability:
        image = gaussian_filter(image, generator.uniform(*blur_sigma_px))
    if noise_sigma and generator.random() < probability:
        image = add_noise(image, generator.uniform(*noise_sigma), generator)
    image = np.clip(image, 0.0, 1.0)
    if gamma and generator.random() < probability:
        image = image ** generator.uniform(*gamma)
    if clipped_share and generator.random() < probability and valid.any():
        low, high = np.quantile(
            image[valid > 0], [generator.uniform(0.0, clipped_share), 1.0 - generator.uniform(0.0, clipped_share)]
        )
        image = np.clip(image, low, high)
    if jpeg_quality and generator.random() < probability:
        image = through_jpeg(image, int(generator.integers(*jpeg_quality, endpoint=True)))
    return replace(sample, image=(image * valid).astype(np.float32))


AUGMENTATIONS = {"paper": augment_paper, "sun_aligned": augment_sun_aligned}


def augmentation(
    recipe: str, settings: Mapping[str, Any], quarter_turns: bool = False
) -> Callable[[Sample, np.random.Generator], Sample]:
    """Return the augmentation of a recipe, as the config sets it.

    Parameters
    ----------
    recipe : str
        A key of `AUGMENTATIONS`.
    settings : mapping
        `probability`, and the recipe's own ranges under its name.
    quarter_turns : bool
        Whether every tile is first turned by a random number of quarter turns, so that the Sun comes from anywhere.

    Returns
    -------
    callable
        Takes a Sample and a Generator, and returns a Sample.
    """
    chosen = partial(
        AUGMENTATIONS[recipe],
        probability=settings.get("probability", AUGMENTATION_PROBABILITY),
        **settings.get(recipe, {}),
    )
    return partial(_turned_first, chosen) if quarter_turns else chosen


def _turned_first(augment, sample, generator):
    return augment(quarter_turn(sample, int(generator.integers(4))), generator)


def quarter_turn(sample: Sample, turns: int) -> Sample:
    """Return a tile turned clockwise by a number of quarter turns."""
    turned = [np.ascontiguousarray(np.rot90(array, -turns)) for array in (sample.image, sample.mask, sample.valid)]
    return Sample(*turned, (sample.sun_azimuth_deg + 90.0 * turns) % 360.0)


def clahe(image: np.ndarray, regions: int = 8, clip: float = 0.01) -> np.ndarray:
    """Return an image after CLAHE over `regions` regions along a side; the result fills 0..1.

    It is that of `skimage.exposure.equalize_adapthist`, to the last bit, without its time.
    """
    side_px = max(1, image.shape[0] // regions)
    grey = np.round(rescale_intensity(img_as_uint(image), out_range=(0, GREY_LEVELS - 1))).astype(np.uint16)
    before = side_px // 2
    margins = [(before, -extent % side_px + side_px - before) for extent in image.shape]
    limit = max(1, int(clip * side_px**2)) if clip > 0 else side_px**2
    result = equalised(np.pad(grey, margins, mode="reflect"), side_px, limit)
    within = tuple(slice(before, before + extent) for extent in image.shape)
    return rescale_intensity(result[within].astype(np.float32)).astype(np.float32)


def add_noise(image: np.ndarray, sigma: float, generator: np.random.Generator) -> np.ndarray:
    """Return an image with Gaussian noise added, clipped to 0..1."""
    noise = generator.standard_normal(image.shape, np.float32)
    return np.clip(image + np.float32(sigma) * noise, 0.0, 1.0).astype(np.float32)


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Return an image (0..1) as a JPEG file of a quality gives it back."""
    file = BytesIO()
    Image.fromarray(np.rint(255.0 * image).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), np.float32) / np.float32(255.0)


def flip_up_down(sample: Sample) -> Sample:
    """Return a tile with up and down swapped."""
    turned = [np.ascontiguousarray(array[::-1]) for array in (sample.image, sample.mask, sample.valid)]
    return Sample(*turned, mirrored_azimuth_deg(sample.sun_azimuth_deg, up_down=True))


def mirrored_azimuth_deg(azimuth_deg: float, up_down: bool = False, left_right: bool = False) -> float:
    """Return an azimuth (clockwise from up) as it is in a mirrored image."""
    azimuth_deg = 180.0 - azimuth_deg if up_down else azimuth_deg
    return (-azimuth_deg if left_right else azimuth_deg) % 360.0


def distort_perspective(sample: Sample, distortion_scale: float, generator: np.random.Generator) -> Sample:
    """Move each corner of a tile inwards by up to `distortion_scale` of half a side (torchvision's distortion).

    Corners are drawn again if they make no convex quadrilateral. The perspective of a concave one has its horizon
    inside the tile, and for three corners on a line there is no perspective. The Sun's direction becomes that in the
    middle of the warped tile.
    """
    last = sample.image.shape[0] - 1
    reach = int(distortion_scale * (sample.image.shape[0] // 2))
    start = np.array([[0, 0], [last, 0], [last, last], [0, last]])
    end = start
    while end is start or _least_corner(end) < LEAST_CORNER * last**2:
        end = np.abs(start - generator.integers(0, reach + 1, (4, 2)))
    matrix = ProjectiveTransform.from_estimate(start, end).params
    # Column, row and depth in the tile at each pixel of the warped one.
    places = np.tensordot(np.linalg.inv(matrix), _pixels(last + 1), 1)
    layers = perspective(sample.image, sample.mask, sample.valid, places, _LEAST_DEPTH)
    return Sample(*layers, _warped_azimuth_deg(sample.sun_azimuth_deg, matrix, last / 2))


@lru_cache(maxsize=2)
def _pixels(size_px):
    """Return column, row and 1 at each pixel of a tile, float64 (3, S, S)."""
    rows, columns = np.indices((size_px, size_px), float)
    return np.stack([columns, rows, np.ones_like(rows)])


def _least_corner(corners):
    """Return the least area of the parallelograms that neighbouring sides span; below 0 if the shape is not convex."""
    sides = np.roll(corners, -1, axis=0) - corners
    following = np.roll(sides, -1, axis=0)
    return (sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]).min()


def _warped_azimuth_deg(azimuth_deg, matrix, middle):
    """Return an azimuth after a perspective, at the middle of the tile."""
    (u, v, depth), derivative = matrix @ [middle, middle, 1.0], matrix[:, :2]
    jacobian = (derivative[:2] - np.outer([u, v], derivative[2]) / depth) / depth
    right, down = jacobian @ [np.sin(np.radians(azimuth_deg)), -np.cos(np.radians(azimuth_deg))]
    return float(np.degrees(np.arctan2(right, -down))) % 360.0


def rotate_and_scale(sample: Sample, turn_deg: float, scale: float) -> Sample:
    """Turn a tile clockwise about its middle and enlarge it. Pixels that it does not reach have no data."""
    angle = np.radians(turn_deg)
    # Row, column of the source at a pixel of the result.
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = (np.array(sample.image.shape) - 1) / 2
    offset = middle - matrix @ middle
    layers = affine(sample.image, sample.mask, sample.valid, matrix, offset)
    return Sample(*layers, (sample.sun_azimuth_deg + turn_deg) % 360.0)
