"""Probability rasters: 8-bit, 0..250 for probability 0..1, 255 where nothing is known."""

from contextlib import contextmanager

import numpy as np

from .rasters import create_raster

CODES = 250
NODATA = 255
# Tag of an image's probability: the median I/F of the image it was made from.
MEDIAN_TAG = "IMF_MEDIAN_IOF"


def encode(probability):
    """8-bit codes of probabilities.

    Parameters
    ----------
    probability : ndarray
        Float, 0..1, NaN for no data.

    Returns
    -------
    ndarray
        uint8, same shape.
    """
    codes = np.rint(np.clip(np.nan_to_num(probability), 0, 1) * CODES).astype(np.uint8)
    return np.where(np.isnan(probability), np.uint8(NODATA), codes)


def decode(codes):
    """Probabilities (float32, NaN for no data) of 8-bit codes."""
    return np.where(codes == NODATA, np.float32(np.nan), codes.astype(np.float32) / CODES)


def code_at_least(threshold):
    """int: the smallest code whose probability is `threshold` or more."""
    return int(np.ceil(threshold * CODES - 1e-6))


@contextmanager
def create_probability(path, grid, tags=None):
    """Create a probability raster (a COG), to be filled with codes by windows; see `rasters.create_raster`.

    Its band says how codes become probabilities (scale 0.004), so that GIS programs show 0..1.
    """
    with create_raster(
        path, grid, "uint8", nodata=NODATA, tags=tags, descriptions=("probability",), cloud=True
    ) as dataset:
        dataset.scales, dataset.offsets = (1 / CODES,), (0.0,)
        yield dataset
