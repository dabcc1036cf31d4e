"""The attached label of an ISIS cube."""

import json
import warnings

from rasterio.errors import NotGeoreferencedWarning

from ..core.errors import InputError
from .rasters import open_raster


def read_cube_label(path):
    """Label of an ISIS cube as nested mappings; objects named ``Table_<name>`` are its tables.

    Raises
    ------
    InputError
        Where the file is no ISIS cube.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with open_raster(path) as dataset:
            items = dataset.tags(ns="json:ISIS3")
    if not items:
        raise InputError(path, "is no ISIS cube", "give a cube that spiceinit has been run on")
    # The domain is one JSON text; rasterio took it for "key:value" and parted it at its first colon.
    return json.loads(":".join(next(iter(items.items()))))
