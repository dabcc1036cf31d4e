"""Images that a run leaves out, if the configuration allows it: their marks, and a table of them.

A mark stands in the place of a product of the image. It is a GeoTIFF of one empty pixel; its tags say which step failed
and why. The later steps of the image copy the mark, and the other images of the target are processed as usual.
"""

import csv
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from ..core.errors import InputError
from ..core.files import replacing
from ..maps.reported_writes import open_for_writing

COLUMNS = ("product", "step", "reason")
_STEP, _REASON = "IMF_LEFT_OUT_STEP", "IMF_LEFT_OUT_REASON"
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def write_mark(path: str | Path, step: str, reason: str) -> None:
    """Write the mark of an image that is left out, in the place of a product.

    Parameters
    ----------
    path : str or Path
        Path of the product.
    step : str
        Rule that failed.
    reason : str
        Why, in one line.
    """
    profile = {"driver": "GTiff", "width": 1, "height": 1, "count": 1, "dtype": "float32", "nodata": np.nan}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with replacing(path) as temporary, open_for_writing(temporary, **profile) as dataset:
            dataset.update_tags(**{_STEP: step, _REASON: reason})


def read_mark(path: str | Path) -> tuple[str, str] | None:
    """Return the step and the reason if a file is the mark of an image that is left out; None for a real product."""
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


def write_left_out(images: Mapping[str, str | Path], out: str | Path) -> None:
    """Write which images of a target are left out, and why.

    Parameters
    ----------
    images : mapping of str to str or Path
        Projected file of each image, by product id.
    out : str or Path
        CSV with `COLUMNS`; it has only its header if no image is left out.

    Raises
    ------
    InputError
        If all images are left out.
    """
    marks = {product: read_mark(path) for product, path in images.items()}
    missing = {product: mark for product, mark in marks.items() if mark is not None}
    if len(missing) == len(images):
        product, (step, reason) = next(iter(missing.items()))
        raise InputError(
            out,
            f"no image of the target is left; {product}: {step}: {reason}",
            "mend this, then run the same command again",
        )
    with replacing(out) as temporary, open(temporary, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows((product, *mark) for product, mark in missing.items())


def read_left_out(path: str | Path) -> list[str]:
    """Return the product ids of a table that `write_left_out` wrote."""
    with open(path, newline="") as file:
        return [row["product"] for row in csv.DictReader(file)]
