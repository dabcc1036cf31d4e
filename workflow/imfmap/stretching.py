"""The linear stretch of an image to 8 bit."""

import numpy as np


def stretch_to_8bit(image, limits=None):
    """Linear stretch of an image between its extremes, as `gdal_translate -scale` does.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN where there is no data.
    limits : tuple of float, optional
        Least and largest I/F of the whole image, where `image` is a part of it.

    Returns
    -------
    ndarray
        uint8 (rows, columns), 1..255, and 0 where there is no data.
    """
    valid = np.isfinite(image)
    if not valid.any():
        return np.zeros(image.shape, np.uint8)
    low, high = (float(image[valid].min()), float(image[valid].max())) if limits is None else limits
    scaled = 1.0 + 254.0 * (np.where(valid, image, low) - low) / max(high - low, 1e-12)
    return np.where(valid, np.rint(scaled), 0).astype(np.uint8)
