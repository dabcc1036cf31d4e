"""The attached label of an ISIS cube."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetReader

from ..core.errors import InputError
from .rasters import open_raster

_DOMAIN = "json:ISIS3"
_COPY_AGAIN = "copy the cube again"


def read_cube_label(path: str | Path) -> dict[str, Any]:
    """Return the label of an ISIS cube as nested mappings. Its tables are objects named ``Table_<name>``.

    Raises
    ------
    InputError
        If the file is not an ISIS cube, or its label is broken.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with open_raster(path) as dataset:
            label = label_in_tags(dataset, path)
    if not label:
        raise InputError(path, "is no ISIS cube", "give a cube that spiceinit has been run on")
    return label


def label_in_tags(dataset: DatasetReader, path: str | Path) -> dict[str, Any]:
    """Return the label of an ISIS cube that GDAL gives with a raster: of a cube, or of a GeoTIFF that was made of one.

    Parameters
    ----------
    dataset : rasterio dataset
    path : path
        Named in messages.

    Returns
    -------
    dict
        Empty for a raster without a label.

    Raises
    ------
    InputError
        If the label is broken.
    """
    items = dataset.tags(ns=_DOMAIN)
    if not items:
        return {}
    # The metadata domain is one JSON text. rasterio takes it for "key:value" and splits it at the first colon.
    try:
        label = json.loads(":".join(next(iter(items.items()))))
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"its ISIS label cannot be read ({str(error)[:80]})", _COPY_AGAIN) from None
    if not isinstance(label, dict):
        raise InputError(path, "its ISIS label holds no objects", _COPY_AGAIN)
    return label


def object_in(label: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return an object or group inside a label, by the names that lead to it; empty where it is not there."""
    for name in names:
        label = label.get(name)
        if not isinstance(label, Mapping):
            return {}
    return label
