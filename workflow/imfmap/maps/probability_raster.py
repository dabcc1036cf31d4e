"""Probability rasters: 8-bit codes, 0..250 for probabilities 0..1, and 255 for no data."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.io import DatasetWriter

from .grids import MapGrid
from .rasters import create_raster

CODES = 250
NODATA = 255
# Tag of the probability raster of an image. It holds the median I/F of the image.
MEDIAN_TAG = "IMF_MEDIAN_IOF"


def encode(probability: np.ndarray) -> np.ndarray:
    """Return the 8-bit codes of probabilities.

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


def decode(codes: np.ndarray) -> np.ndarray:
    """Return the probabilities (float32, NaN for no data) of 8-bit codes."""
    return np.where(codes == NODATA, np.float32(np.nan), codes.astype(np.float32) / CODES)


def code_at_least(threshold: float) -> int:
    """Return the smallest code whose probability is `threshold` or more."""
    return int(np.ceil(threshold * CODES - 1e-6))


@contextmanager
def create_probability(
    path: str | Path, grid: MapGrid, tags: Mapping[str, Any] | None = None
) -> Iterator[DatasetWriter]:
    """Create a probability raster (a COG) to write windows of codes to; see `rasters.create_raster`.

    Its band has the scale 0.004 from codes to probabilities, so that GIS programs show 0..1.
    """
    with create_raster(
        path, grid, "uint8", nodata=NODATA, tags=tags, descriptions=("probability",), cloud=True
    ) as dataset:
        dataset.scales, dataset.offsets = (1 / CODES,), (0.0,)
        yield dataset
