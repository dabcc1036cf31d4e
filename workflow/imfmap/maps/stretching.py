"""The linear stretch of an image or a mosaic to 8 bit."""

import numpy as np


def stretch_to_8bit(image, limits=None):
    """Linear stretch of an image between its extremes, as `gdal_translate -scale` does, or between given limits.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN where there is no data.
    limits : tuple of float, optional
        I/F that become 1 and 255, such as the extremes of the whole of which `image` is a part; what lies beyond is
        cut off.

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
    return np.where(valid, np.rint(np.clip(scaled, 1.0, 255.0)), 0).astype(np.uint8)
