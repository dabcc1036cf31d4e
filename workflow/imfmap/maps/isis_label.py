"""The attached label of an ISIS cube."""

import json
import warnings
from pathlib import Path
from typing import Any

from rasterio.errors import NotGeoreferencedWarning

from ..core.errors import InputError
from .rasters import open_raster


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
            items = dataset.tags(ns="json:ISIS3")
    if not items:
        raise InputError(path, "is no ISIS cube", "give a cube that spiceinit has been run on")
    # The metadata domain is one JSON text. rasterio takes it for "key:value" and splits it at the first colon.
    try:
        label = json.loads(":".join(next(iter(items.items()))))
    except (ValueError, RecursionError) as error:
        raise InputError(path, f"its label cannot be read ({str(error)[:80]})", "copy the cube again") from None
    if not isinstance(label, dict):
        raise InputError(path, "its label holds no objects", "copy the cube again")
    return label
