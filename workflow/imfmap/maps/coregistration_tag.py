"""How an image was co-registered: a tag of its projected raster."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from .rasters import open_raster

TAG = "IMF_COREGISTRATION"


@dataclass(frozen=True)
class Coregistration:
    """Shift of one image against the reference image of its target.

    Attributes
    ----------
    reference : str
        Product id of the reference image.
    moved : bool
        Whether the image was moved.
    right_m, up_m : float or None
        Way on the map, in metres, that lays the image on the reference; None if it could not be measured.
    confidence : float or None
        Share of the compared windows that agree on the shift, 0..1.
    windows : int
        Number of windows that were compared.
    note : str
        Why an image was not moved; empty for one that was.
    """

    reference: str
    moved: bool = False
    right_m: float | None = None
    up_m: float | None = None
    confidence: float | None = None
    windows: int = 0
    note: str = ""

    def tags(self) -> dict[str, str]:
        """Return the tag of a raster."""
        return {TAG: json.dumps(asdict(self))}

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> Self | None:
        """Return what the tags of a raster say; None if its image was not co-registered."""
        return cls(**json.loads(tags[TAG])) if TAG in tags else None


def coregistration_of(path: str | Path) -> Coregistration | None:
    """Return how a projected image was co-registered; None if it was not."""
    with open_raster(path) as image:
        return Coregistration.from_tags(image.tags())
