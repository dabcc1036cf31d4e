"""Shadow on the ground, judged by an image's brightness."""

import numpy as np
from scipy.ndimage import uniform_filter

# Wider than the paper's widest fracture (90 m): a fracture's own shadow is part of its looks.
NEIGHBOURHOOD_M = 150.0
# Brightness relative to the image's median below which a place is in shadow, and above which it is lit.
SHADOW_RANGE = (0.1, 0.35)


def neighbourhood_px(resolution_m):
    """int: side in pixels of the square around a place, an odd number."""
    return 2 * round(NEIGHBOURHOOD_M / resolution_m / 2) + 1


def surrounding_brightness(image, side_px):
    """Mean over the valid pixels of a square around every pixel.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN for no data.
    side_px : int

    Returns
    -------
    ndarray
        float32 (rows, columns), 0 where no pixel is valid.
    """
    valid = np.isfinite(image)
    share = uniform_filter(valid.astype(np.float32), side_px, mode="constant")
    mean = uniform_filter(np.where(valid, image, 0).astype(np.float32), side_px, mode="constant")
    return mean / np.maximum(share, 1e-6)
