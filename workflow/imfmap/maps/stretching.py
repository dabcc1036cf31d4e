"""Linear stretch of an image or a mosaic to 8 bit."""

import numpy as np


def stretch_to_8bit(image: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Stretch an image linearly between given limits, or between its extremes, as `gdal_translate -scale` does.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN where there is no data.
    limits : tuple of float, optional
        I/F that become 1 and 255. Values beyond them become 1 or 255. If `image` is a window of a larger image, give
        the extremes of the larger one.

    Returns
    -------
    ndarray
        uint8 (rows, columns), 1..255, and 0 where there is no data.
    """
    valid = np.isfinite(image)
    if not valid.any():
        return np.zeros(image.shape, np.uint8)
    low, high = (float(image[valid].min()), float(image[valid].max())) if limits is None else limits
    whole = valid.all()
    # Each step writes over what the last one made: memory is what takes time here.
    scaled = (image if whole else np.where(valid, image, low)) - low
    scaled *= 254.0
    scaled /= max(high - low, 1e-12)
    scaled += 1.0
    np.rint(np.clip(scaled, 1.0, 255.0, out=scaled), out=scaled)
    return (scaled if whole else np.where(valid, scaled, 0)).astype(np.uint8)
