"""Whether a projected image shows enough of a target to be of use."""

import numpy as np

from ..core.errors import InputError

# Below this I/F a pixel is in shadow: some ten counts above the dark, a tenth of grazingly lit ground.
LIT_IOF = 0.002
# Least share of an image's valid pixels that must be lit.
LIT_SHARE = 0.001


class CoverageCheck:
    """Check of how much of a map an image covers, by a count of its pixels.

    Attributes
    ----------
    valid, lit : int
        Pixels with a value; those of them brighter than `LIT_IOF`.
    """

    def __init__(self):
        self.valid = self.lit = 0

    def add(self, pixels):
        """Count pixels (float, NaN for no data)."""
        self.valid += int(np.isfinite(pixels).sum())
        self.lit += int((pixels > LIT_IOF).sum())

    def check(self, path, grid, min_valid_fraction):
        """Stop on an image with too few valid pixels, or in shadow.

        Parameters
        ----------
        path : path
            The image, for messages.
        grid : MapGrid
            The target's.
        min_valid_fraction : float
            Least share of the grid's pixels that it must fill; one at least.

        Raises
        ------
        InputError
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
