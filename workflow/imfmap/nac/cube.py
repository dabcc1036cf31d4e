"""NAC images as ISIS cubes, read in the same way as EDRs, at any stage of their processing with ISIS."""

import threading
import warnings
from functools import cached_property
from pathlib import Path

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from ..core.errors import InputError
from ..maps.isis_label import object_in, read_cube_label
from ..maps.pvl import is_special
from ..maps.rasters import opened_raster
from .label import NacLabel

_SCAN_LINES = 1024


class NacCube:
    """An open cube of one NAC image, read on demand.

    Attributes
    ----------
    path : Path
    label : NacLabel
    radiometry : str or None
        Unit that lronaccal calibrated the cube to: ``IOF``, ``AbsoluteRadiance``, or ``counts`` if it left out its
        last step; None for a cube that is not calibrated.
    cropped : bool
        Whether the cube is a piece of its image (it has an AlphaCube group).

    Raises
    ------
    InputError
        If the file is no cube of a NAC image in 32-bit reals, or is map-projected.
    """

    def __init__(self, path: str | Path) -> None:
        label = read_cube_label(path)
        self.path = Path(path)
        self.label = NacLabel.from_cube(label, path)
        self.label.check_product(path)
        radiometry = object_in(label, "IsisCube", "Radiometry").get("RadiometricType", "counts")
        self.radiometry = str(radiometry) if "Radiometry" in label["IsisCube"] else None
        self.cropped = "AlphaCube" in label["IsisCube"]
        if "Mapping" in label["IsisCube"]:
            raise InputError(path, "is map-projected already", "give the cube that cam2map was run on")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            self._dataset = opened_raster(path)
        if self._dataset.dtypes[0] != "float32" or self._dataset.count != 1:
            raise InputError(
                path,
                f"has {self._dataset.count} bands of type {self._dataset.dtypes[0]}",
                "give a cube of one band in 32-bit reals, as lronac2isis writes it",
            )
        self._lock = threading.Lock()

    def read_lines(self, first: int, count: int) -> np.ndarray:
        """Read lines from the zero-based line `first` on: (count, samples) float32; special pixels are NaN.

        Fewer lines than `count` come at the end of the image.
        """
        count = max(0, min(count, self.label.lines - first))
        with self._lock:  # a GDAL dataset allows one read at a time
            lines = self._dataset.read(1, window=Window(0, first, self.label.samples, count))
        lines[is_special(lines)] = np.nan
        return lines

    @cached_property
    def image(self) -> np.ndarray:
        """ndarray: the whole image, (lines, samples) float32."""
        return self.read_lines(0, self.label.lines)

    @cached_property
    def max_count(self) -> float:
        """float: the largest value of the image; -inf if it has none."""
        blocks = (self.read_lines(first, _SCAN_LINES) for first in range(0, self.label.lines, _SCAN_LINES))
        return float(max(np.max(block, initial=-np.inf, where=~np.isnan(block)) for block in blocks))
