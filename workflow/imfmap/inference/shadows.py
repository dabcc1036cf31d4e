"""Find shadows on the ground by an image's brightness."""

import numpy as np
from scipy.ndimage import uniform_filter

# Wider than the paper's widest fracture (90 m): the shadow within a fracture must not count as a shadow on the ground.
NEIGHBOURHOOD_M = 150.0
# Brightness relative to the image's median below which a place is in shadow, and above which it is lit.
SHADOW_RANGE = (0.1, 0.35)


def neighbourhood_px(resolution_m: float) -> int:
    """Return the side in pixels of a square of about `NEIGHBOURHOOD_M`, an odd number."""
    return 2 * round(NEIGHBOURHOOD_M / resolution_m / 2) + 1


def surrounding_brightness(image: np.ndarray, side_px: int) -> np.ndarray:
    """Return the mean over the valid pixels of a square around every pixel.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN for no data.
    side_px : int
        Side of the square, odd.

    Returns
    -------
    ndarray
        float32 (rows, columns), 0 where no pixel is valid.
    """
    valid = np.isfinite(image)
    share = uniform_filter(valid.astype(np.float32), side_px, mode="constant")
    mean = uniform_filter(np.where(valid, image, 0).astype(np.float32), side_px, mode="constant")
    return mean / np.maximum(share, 1e-6)
