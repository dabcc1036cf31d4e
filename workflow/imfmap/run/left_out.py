"""Images that a run goes on without, where the config allows it: marked, and told in a table.

The mark stands where the image's product would: a GeoTIFF of one empty pixel whose tags say what failed. Every step
after passes it on, so that the other images of the target go their way.
"""

import csv
import warnings

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from ..core.errors import InputError
from ..core.files import replacing

COLUMNS = ("product", "step", "reason")
_STEP, _REASON = "IMF_LEFT_OUT_STEP", "IMF_LEFT_OUT_REASON"
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def write_mark(path, step, reason):
    """Put the mark of an image that is left out in the place of a product.

    Parameters
    ----------
    path : path
    step : str
        Rule that failed.
    reason : str
        One line.
    """
    profile = {"driver": "GTiff", "width": 1, "height": 1, "count": 1, "dtype": "float32", "nodata": np.nan}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with replacing(path) as temporary, rasterio.open(temporary, "w", **profile) as dataset:
            dataset.update_tags(**{_STEP: step, _REASON: reason})


def read_mark(path):
    """Step and reason, where a product is but the mark of an image that is left out; else None."""
    try:
        with open(path, "rb") as file:
            if file.read(4) not in _TIFF_STARTS:
                return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as dataset:
                tags = dataset.tags()
    except (OSError, RasterioIOError):
        return None
    return (tags[_STEP], tags[_REASON]) if _STEP in tags else None


def write_left_out(images, out):
    """Write which images of a target are left out, and why.

    Parameters
    ----------
    images : dict
        Projected file of each image by product id.
    out : path
        CSV with `COLUMNS`; without a line where all images are there.

    Raises
    ------
    InputError
        Where no image is left.
    """
    marks = {product: read_mark(path) for product, path in images.items()}
    missing = {product: found for product, found in marks.items() if found is not None}
    if len(missing) == len(images):
        product, (step, reason) = next(iter(missing.items()))
        raise InputError(out, f"no image of the target is left; {product}: {step}: {reason}", "mend it, and run again")
    with replacing(out) as temporary, open(temporary, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows((product, *found) for product, found in missing.items())


def read_left_out(path):
    """Product ids of a table that `write_left_out` wrote."""
    with open(path, newline="") as file:
        return [row["product"] for row in csv.DictReader(file)]
