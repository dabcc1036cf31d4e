"""Check that a projected image shows enough of a target."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import InputError

if TYPE_CHECKING:
    from ..maps.grids import MapGrid

# Below this I/F a pixel is in shadow: some ten counts above the dark, a tenth of grazingly lit ground.
LIT_IOF = 0.002
# Least share of an image's valid pixels that must be lit.
LIT_SHARE = 0.001


class CoverageCheck:
    """Count of the valid and the lit pixels of an image on a map, and a check of both.

    Attributes
    ----------
    valid, lit : int
        Number of pixels with a value, and of those brighter than `LIT_IOF`.
    """

    def __init__(self) -> None:
        self.valid = self.lit = 0

    def add(self, pixels: np.ndarray) -> None:
        """Count pixels (float, NaN for no data)."""
        self.valid += int(np.isfinite(pixels).sum())
        self.lit += int((pixels > LIT_IOF).sum())

    def check(self, path: str | Path, grid: "MapGrid", min_valid_fraction: float) -> None:
        """Stop if an image has too few valid pixels, or lies in shadow.

        Parameters
        ----------
        path : path
            The image, for messages.
        grid : MapGrid
            Grid of the target.
        min_valid_fraction : float
            Least share of the grid's pixels that must be valid; at least one pixel must be.

        Raises
        ------
        InputError
            If it does.
        """
        wanted = max(1, round(min_valid_fraction * grid.shape[0] * grid.shape[1]))
        if self.valid < wanted:
            raise InputError(
                path,
                f"has {self.valid} valid pixels on the map, {wanted} are needed",
                "leave the image out, or lower processing.min_valid_fraction",
            )
        if self.lit < LIT_SHARE * self.valid:
            raise InputError(
                path,
                f"lies in shadow: {self.lit} of its {self.valid} pixels on the map are brighter than an I/F of "
                f"{LIT_IOF}",
                "leave the image out",
            )
